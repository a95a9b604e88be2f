//! Why a task is given another session, as the host can tell from what became of the ones before.

use parallel_agents_engine::host::{SessionEnd, SessionOutcome, SessionState, SpawnOptions};
use parallel_agents_engine::ids::SessionKey;

use super::allowance::{FREE_REVIEWS, TaskAllowance};
use super::excuse::Excuse;
use super::invariant::Invariant;
use super::outcomes::{self, Became, Tries};
use super::state::{Checker, TaskPlaces, count};
use crate::label::{LONG_LABEL, agent_of, id_of};

impl Checker {
    /// Enters a spawn call that is not a repetition and says what of the policy it breaks.
    pub(super) fn check_tries(&mut self, options: &SpawnOptions, places: TaskPlaces) {
        let live_for_task = places.known;
        let id = id_of(&options.label).to_owned();
        let allowed = match &self.allowed.tasks {
            None => None,
            Some(tasks) => match tasks.get(&id) {
                Some(task) => Some(task.clone()),
                // The end of a long label is cut off, and with it what tells the task.
                None if options.label.chars().count() >= LONG_LABEL => None,
                None => {
                    let what = format!("{} was spawned for no task of the request", options.label);
                    self.note(Invariant::OneAttempt, what);
                    return;
                }
            },
        };
        let is_judge = allowed.as_ref().is_some_and(|task| task.agent_type != agent_of(&options.label));
        let may_hedge = allowed.as_ref().is_some_and(|task| task.hedged);
        if live_for_task > usize::from(may_hedge) {
            self.note(Invariant::OneAttempt, format!("{} was spawned while it was alive", options.label));
        } else if let Some(why) = places.why_unknown.filter(|_| places.all > usize::from(may_hedge)) {
            self.excuse(why);
        }
        let tries = self.tries.entry(id).or_default();
        let before = tries.clone();
        let last = tries.last.replace(Became::Open);
        if is_judge {
            tries.judges += 1;
        } else {
            tries.own += 1;
            tries.last_label.clone_from(&options.label);
            match last {
                None | Some(Became::NoRoom) => {}
                Some(_) if live_for_task > 0 => tries.hedges += 1,
                Some(
                    Became::Broke
                    | Became::CutOff
                    | Became::Lost
                    | Became::Locked
                    | Became::RefusedAsTooFast
                    | Became::Limited,
                ) => tries.retries += 1,
                Some(Became::Answered | Became::Open | Became::Hopeless) => tries.second_chances += 1,
            }
        }
        // Who judges can only be told where the tasks are known.
        if last == Some(Became::Hopeless) && !is_judge && allowed.is_some() {
            let what = format!("{} was tried again although the session before was refused", options.label);
            self.note(Invariant::Retries, what);
        }
        let Some(tries) = self.tries.get_mut(id_of(&options.label)) else { return };
        let (is_retry, is_hedge) = (tries.retries > before.retries, tries.hedges > before.hedges);
        let tries = tries.clone();
        if let Some(allowed) = allowed {
            self.check_allowed(&options.label, &tries, &allowed);
        }
        self.check_totals(is_retry, is_hedge);
    }

    /// Holds a task to what its request allows.
    fn check_allowed(&mut self, label: &str, tries: &Tries, allowed: &TaskAllowance) {
        let spare = allowed.retries + allowed.second_chances;
        let over = tries.retries.saturating_sub(allowed.retries);
        let over = over.max((tries.retries + tries.second_chances).saturating_sub(spare));
        // Told so of a session that had ended, a call that goes on takes it for cut off, which costs nothing.
        if self.cuts.resumes > 0 && (1..=tries.denied).contains(&over) {
            self.excuse(Excuse::HiddenAfterCut);
        } else if tries.retries > allowed.retries {
            let what = format!("{} was tried again {} times", label, tries.retries);
            self.note(Invariant::Retries, format!("{what}, {} are allowed", allowed.retries));
        } else if tries.retries + tries.second_chances > spare {
            let what = format!("{} was given {} more sessions", label, tries.retries + tries.second_chances);
            self.note(Invariant::Retries, format!("{what}, {spare} are allowed"));
        }
        if tries.judges > tries.own + allowed.retries + FREE_REVIEWS {
            let what = format!("{} answers were judged {} times", tries.own, tries.judges);
            self.note(Invariant::Retries, format!("{}: {what}", label));
        }
        self.check_dependencies(label, &allowed.dependencies, allowed.runs_anyway);
    }

    /// Holds the run to its totals when one of them has grown.
    fn check_totals(&mut self, is_retry: bool, is_hedge: bool) {
        if let Some(budget) = self.allowed.retry_budget.filter(|_| is_retry) {
            let retries: u32 = self.tries.values().map(|tries| tries.retries).sum();
            if retries > budget {
                self.note(Invariant::Retries, format!("{retries} retries were made in all, {budget} are allowed"));
            }
        }
        if is_hedge && self.allowed.tasks.is_some() {
            let hedged = count(self.tries.values().filter(|tries| tries.hedges > 0).count());
            if hedged > self.allowed.hedges {
                let what = format!("{hedged} tasks were hedged, {} may be", self.allowed.hedges);
                self.note(Invariant::Retries, what);
            }
        }
    }

    fn check_dependencies(&mut self, label: &str, dependencies: &[String], runs_anyway: bool) {
        for dependency in dependencies {
            let is_met = self.progress.status(dependency).is_some_and(|status| {
                status == parallel_agents_engine::task::TaskStatus::Completed || (runs_anyway && status.is_final())
            });
            if !is_met {
                self.note(Invariant::Dependencies, format!("{label} was spawned before {dependency} was completed"));
            }
        }
    }

    /// Enters an end that is told: a session that is said to have answered did so for the call, whatever the host knows
    /// better. A call that goes on is told the ends of earlier sessions once more; they say nothing about the last one.
    pub(super) fn answer_told(&mut self, end: &SessionEnd) {
        let Some(account) = self.accounts.sessions.get(&end.session) else { return };
        let Some(tries) = self.tries.get_mut(id_of(&account.label)) else { return };
        let is_last = account.label == tries.last_label;
        if is_last && end.outcome == SessionOutcome::Completed && tries.last.is_some_and(outcomes::is_over) {
            tries.last = Some(Became::Answered);
        }
    }

    /// Enters that the host said of a session that it is not the caller's.
    pub(super) fn denied(&mut self, key: &SessionKey) {
        let is_first = self
            .accounts
            .sessions
            .get_mut(key)
            .is_some_and(|account| !std::mem::replace(&mut account.lies.denied, true));
        if !is_first {
            return;
        }
        let Some((label, _)) = self.holder_of(key) else { return };
        if let Some(tries) = self.tries.get_mut(id_of(&label)) {
            tries.denied += 1;
        }
    }

    /// Enters that the transcript of a session cannot be read any more. What a completed one said is lost then, and whoever
    /// may run twice is asked again at no cost, as if the session had been cut off.
    pub(super) fn unreadable(&mut self, key: &SessionKey) {
        let Some(account) = self.accounts.sessions.get_mut(key) else { return };
        if account.state != SessionState::Completed || std::mem::replace(&mut account.lies.unreadable, true) {
            return;
        }
        let label = account.label.clone();
        self.became(&label, Became::CutOff);
    }

    /// Enters what a session, or the request for it, came to.
    pub(super) fn became(&mut self, label: &str, what: Became) {
        let id = id_of(label);
        // What a judge comes to says nothing about the task's own sessions.
        let is_judge = self
            .allowed
            .tasks
            .as_ref()
            .and_then(|tasks| tasks.get(id))
            .is_some_and(|task| task.agent_type != agent_of(label));
        let Some(tries) = self.tries.get_mut(id) else { return };
        if !is_judge {
            tries.last = Some(tries.counted(what));
        } else if matches!(
            what,
            Became::NoRoom | Became::CutOff | Became::Locked | Became::RefusedAsTooFast | Became::Limited
        ) {
            tries.judges = tries.judges.saturating_sub(1);
        }
    }
}
