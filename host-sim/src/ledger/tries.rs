//! Why a task is given another session, as the host can tell from what became of the ones before.

use parallel_agents_engine::host::{FailureKind, HostError, SessionEnd, SessionOutcome, SessionState, SpawnOptions};
use parallel_agents_engine::ids::SessionKey;

use super::allowance::{FREE_INTERRUPTIONS, FREE_RATE_LIMITS, FREE_REFUSALS, FREE_REVIEWS};
use super::violation::TaskPlaces;
use super::{Excuse, Invariant, Ledger};

/// Characters from which on a label may be cut: the longest has 120, and a number takes some of them.
pub(super) const LONG_LABEL: usize = 112;

/// What became of one spawn request, as far as the call was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// There is no answer yet, or its session has not ended.
    Open,
    /// The host had no room: the task waits and nothing was tried.
    NoRoom,
    /// The host was locked for a moment. The task may be put back some times at no cost.
    Locked,
    /// The host asked for fewer spawn requests; so, too.
    RefusedAsTooFast,
    /// The provider asked for fewer requests. Some of these are waited out at no cost.
    Limited,
    /// A restart of the host cut it off. Some of these are done again at no cost.
    CutOff,
    /// Nobody knows: the answer was lost.
    Lost,
    /// Nothing came of it through no fault of an answer.
    Broke,
    /// There was an answer.
    Answered,
    /// Another session would end the same way.
    Hopeless,
}

/// The sessions of one task so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tries {
    last: Option<Became>,
    refusals: u32,
    limited: u32,
    cut_off: u32,
    /// After something broke.
    pub(super) retries: u32,
    /// After an answer.
    pub(super) second_chances: u32,
    /// Beside a live session.
    pub(super) hedges: u32,
    /// Of another agent type.
    pub(super) judges: u32,
    /// All but judges.
    pub(super) own: u32,
    /// Sessions of which the call was told that they are not its own, before or after a cut.
    pub(super) denied: u32,
}

impl Tries {
    /// What something counts as, once what is free is used up.
    fn counted(&mut self, what: Became) -> Became {
        let refusal = matches!(what, Became::Locked | Became::RefusedAsTooFast);
        self.refusals += u32::from(refusal);
        if refusal && self.refusals <= FREE_REFUSALS {
            return Became::NoRoom;
        }
        match what {
            Became::Locked => Became::Broke,
            Became::CutOff => {
                self.cut_off += 1;
                if self.cut_off <= FREE_INTERRUPTIONS { Became::NoRoom } else { Became::Broke }
            }
            Became::Limited | Became::RefusedAsTooFast => {
                self.limited += 1;
                if self.limited <= FREE_RATE_LIMITS { Became::NoRoom } else { Became::Broke }
            }
            other => other,
        }
    }
}

/// The part of a label that names agent type and task, without the number of a later session and the code of the run.
pub(crate) fn task_of(label: &str) -> &str {
    let label = match label.strip_suffix(']').and_then(|label| label.rsplit_once(" [")) {
        Some((label, code)) if code.bytes().all(|byte| byte.is_ascii_hexdigit()) => label,
        _ => label,
    };
    match label.rsplit_once(" #") {
        Some((task, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => task,
        _ => label,
    }
}

/// The task id in a label.
pub(super) fn id_of(label: &str) -> &str {
    let task = task_of(label);
    task.split_once(' ').map_or(task, |(_, id)| id)
}

/// The agent type in a label.
pub(super) fn agent_of(label: &str) -> &str {
    label.split_once(' ').map_or("", |(agent, _)| agent)
}

impl Ledger {
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
            let spare = allowed.retries + allowed.second_chances;
            let over = tries.retries.saturating_sub(allowed.retries);
            let over = over.max((tries.retries + tries.second_chances).saturating_sub(spare));
            // Told so of a session that had ended, a call that goes on takes it for cut off, which costs nothing.
            if self.resumes > 0 && (1..=tries.denied).contains(&over) {
                self.excuse(Excuse::HiddenAfterCut);
            } else if tries.retries > allowed.retries {
                let what = format!("{} was tried again {} times", options.label, tries.retries);
                self.note(Invariant::Retries, format!("{what}, {} are allowed", allowed.retries));
            } else if tries.retries + tries.second_chances > spare {
                let what =
                    format!("{} was given {} more sessions", options.label, tries.retries + tries.second_chances);
                self.note(Invariant::Retries, format!("{what}, {spare} are allowed"));
            }
            if tries.judges > tries.own + allowed.retries + FREE_REVIEWS {
                let what = format!("{} answers were judged {} times", tries.own, tries.judges);
                self.note(Invariant::Retries, format!("{}: {what}", options.label));
            }
            self.check_dependencies(&options.label, &allowed.dependencies, allowed.runs_anyway);
        }
        self.check_totals(is_retry, is_hedge);
    }

    /// Holds the run to its totals when one of them has grown.
    fn check_totals(&mut self, is_retry: bool, is_hedge: bool) {
        let retries: u32 = self.tries.values().map(|tries| tries.retries).sum();
        let hedged = super::count(self.tries.values().filter(|tries| tries.hedges > 0).count());
        if let Some(budget) = self.allowed.retry_budget.filter(|budget| is_retry && retries > *budget) {
            self.note(Invariant::Retries, format!("{retries} retries were made in all, {budget} are allowed"));
        }
        if is_hedge && self.allowed.tasks.is_some() && hedged > self.allowed.hedges {
            let what = format!("{hedged} tasks were hedged, {} may be", self.allowed.hedges);
            self.note(Invariant::Retries, what);
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
    /// better.
    pub(super) fn answer_told(&mut self, end: &SessionEnd) {
        let Some(account) = self.sessions.get(&end.session) else { return };
        let Some(tries) = self.tries.get_mut(id_of(&account.label)) else { return };
        if end.outcome == SessionOutcome::Completed && tries.last.is_some_and(is_over) {
            tries.last = Some(Became::Answered);
        }
    }

    /// Enters that the host said of a session that it is not the caller's.
    pub(crate) fn denied(&mut self, key: &SessionKey) {
        let is_first =
            self.sessions.get_mut(key).is_some_and(|account| !std::mem::replace(&mut account.is_denied, true));
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
    pub(crate) fn unreadable(&mut self, key: &SessionKey) {
        let Some(account) = self.sessions.get_mut(key) else { return };
        if account.state != SessionState::Completed || std::mem::replace(&mut account.is_unreadable, true) {
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

/// Whether a session was there and is over. Then nothing follows but the next one.
fn is_over(what: Became) -> bool {
    matches!(what, Became::Limited | Became::Broke | Became::Hopeless | Became::NoRoom)
}

/// What a refused spawn request means for the task.
pub(super) fn refused(error: &HostError) -> Became {
    match error {
        HostError::AtCapacity(_) => Became::NoRoom,
        HostError::InDoubt(_) => Became::Lost,
        HostError::Busy(_) => Became::Locked,
        HostError::RateLimited { .. } => Became::RefusedAsTooFast,
        _ => Became::Broke,
    }
}

/// Failures that the next session would meet again.
fn is_hopeless(kind: FailureKind) -> bool {
    match kind {
        FailureKind::Authentication | FailureKind::Rejected | FailureKind::ContextOverflow | FailureKind::Other => true,
        FailureKind::Infrastructure | FailureKind::NotReady | FailureKind::RateLimited => false,
    }
}

/// What the end of a session means for the task.
pub(super) fn ended(outcome: &SessionOutcome) -> Became {
    match outcome {
        SessionOutcome::Completed => Became::Answered,
        SessionOutcome::Failed { kind, .. } if is_hopeless(*kind) => Became::Hopeless,
        SessionOutcome::Failed { kind: FailureKind::RateLimited, .. } => Became::Limited,
        // Waited for at no cost, in pauses that the call is held to elsewhere.
        SessionOutcome::Failed { kind: FailureKind::NotReady, .. } => Became::NoRoom,
        SessionOutcome::Interrupted => Became::CutOff,
        SessionOutcome::Failed { .. } | SessionOutcome::TimedOut | SessionOutcome::Cancelled => Became::Broke,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_agent_and_task_and_number_later_sessions() {
        assert_eq!((task_of("a b"), id_of("a b"), agent_of("a b")), ("a b", "b", "a"));
        assert_eq!((task_of("a b #12"), id_of("a b #12")), ("a b", "b"));
        assert_eq!((task_of("a b #12 [0f]"), task_of("a b [0f]"), task_of("a [x]")), ("a b", "a b", "a [x]"));
        assert_eq!((task_of("a b #"), task_of("a #x")), ("a b #", "a #x"));
        assert_eq!(id_of("alone"), "alone");
    }
}
