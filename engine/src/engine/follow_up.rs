//! The session that follows one whose answer does not count.

use super::task_run::Next;
use super::tasks::Task;
use super::work::Work;
use crate::ids::TaskIndex;
use crate::policy::followup::{Followup, Standing};
use crate::policy::retry;
use crate::prompt::Earlier;
use crate::task::{AttemptKind, Decided, PauseReason, TaskError, TaskStatus, Tier};

/// Empty answers of one task that are asked for again.
const MAX_BLANKS: u32 = 1;

impl Work<'_> {
    /// What is left to a task after a session of this kind, for which a model of tier `ran` was used.
    pub(super) fn standing(&self, task: TaskIndex, kind: AttemptKind, ran: Option<Tier>) -> Standing {
        let Task { planned, run } = &self.tasks[task];
        let rules = &self.run.rules;
        let budget = rules.retries.budget.unwrap_or_else(|| retry::default_budget(self.tasks.len()));
        let ladder = rules.ladder.as_ref().filter(|_| rules.escalate && planned.model.is_none());
        // The host may have run a model below the tier that was asked for. That tier is what the task was promised, so that
        // only a better one is a climb; nor is a tier that did not run asked for again and again.
        let above = ladder.and_then(|ladder| ladder.above(ran.max(run.reached)?));
        Standing {
            retries: planned.handling.retries.saturating_sub(run.used.retries),
            run_retries: budget.saturating_sub(self.tasks.retries()),
            rate_limits: retry::MAX_RATE_LIMITED.saturating_sub(run.used.rate_limited),
            interruptions: retry::MAX_INTERRUPTED.saturating_sub(run.used.interrupted),
            not_ready: retry::MAX_NOT_READY.saturating_sub(run.used.not_ready),
            corrections: rules.corrections.saturating_sub(run.used.corrections),
            blanks: MAX_BLANKS.saturating_sub(run.used.blanks),
            above,
            // Corrections and judges have no tools to do harm with, whatever the task has.
            repeatable: planned.is_repeatable() || matches!(kind, AttemptKind::Correction | AttemptKind::Judge),
        }
    }

    /// How long to wait before what follows, at least as long as the host asked for.
    pub(super) fn pause_before(&self, task: TaskIndex, followup: Followup, retry_after_ms: Option<u64>) -> u64 {
        let Task { planned, run } = &self.tasks[task];
        let pause = |purpose: &str, number| {
            let backoff = &self.run.rules.retries.backoff;
            backoff.pause_ms(self.run.seed(), &[purpose, planned.id.as_str()].concat(), number, retry_after_ms)
        };
        match followup {
            Followup::Retry => pause("", run.used.retries + 1),
            Followup::WaitOut => pause("rate ", run.used.rate_limited + 2),
            Followup::WaitReady => pause("ready ", run.used.not_ready + 1),
            Followup::Redo => pause("cut ", run.used.interrupted + 1),
            Followup::Fail | Followup::AskAgain | Followup::Correct | Followup::Climb(_) => retry_after_ms.unwrap_or(0),
        }
    }

    /// Counts a pause for which the task is not to blame, and says what it is for. None: this is no such pause.
    pub(super) fn count_wait(&mut self, task: TaskIndex, followup: Followup) -> Option<PauseReason> {
        let used = &mut self.tasks[task].run.used;
        let (count, reason) = match followup {
            Followup::WaitOut => (&mut used.rate_limited, PauseReason::RateLimit),
            Followup::WaitReady => (&mut used.not_ready, PauseReason::NotReady),
            Followup::Redo => (&mut used.interrupted, PauseReason::Interruption),
            Followup::Fail | Followup::Retry | Followup::AskAgain | Followup::Correct | Followup::Climb(_) => {
                return None;
            }
        };
        *count += 1;
        Some(reason)
    }

    /// Prepares the task's next session. `ran`: the tier of the model that ran.
    pub(super) fn follow_up(
        &mut self,
        task: TaskIndex,
        ran: Option<Tier>,
        followup: Followup,
        pause: u64,
        error: &TaskError,
    ) {
        let now = self.run.now();
        let what = match followup {
            Followup::Fail => return,
            Followup::Retry => {
                let retries = self.count_retry(task);
                self.same_again(task);
                Decided::Retry { number: retries, pause_ms: pause, code: error.code }
            }
            Followup::WaitOut | Followup::WaitReady | Followup::Redo => {
                self.same_again(task);
                let Some(reason) = self.count_wait(task, followup) else { return };
                Decided::WaitOut { pause_ms: pause, reason }
            }
            Followup::AskAgain => {
                self.tasks[task].run.used.blanks += 1;
                self.tasks.count_retry();
                self.same_again(task);
                Decided::AskAgain
            }
            Followup::Correct => {
                self.correct(task, error);
                Decided::Correct(error.message.clone())
            }
            Followup::Climb(tier) => {
                let asked = self.climb(task, tier, error);
                Decided::Climb { from: ran.or(asked), to: tier, code: error.code, message: error.message.clone() }
            }
        };
        let run = &mut self.tasks[task].run;
        run.decide(now, what);
        run.status = TaskStatus::Pending;
        run.held_by = "its pause or a free slot";
        self.queue(task, pause);
        self.report(task);
    }

    /// Counts a retry; how many the task has had with it.
    pub(super) fn count_retry(&mut self, task: TaskIndex) -> u32 {
        self.tasks.count_retry();
        let used = &mut self.tasks[task].run.used;
        used.retries += 1;
        used.retries
    }

    /// The same session again. A correction that is tried again is still one.
    fn same_again(&mut self, task: TaskIndex) {
        let run = &mut self.tasks[task].run;
        let corrects = run.next.earlier.as_ref().is_some_and(|earlier| earlier.correct);
        run.next.kind = if corrects { AttemptKind::Correction } else { AttemptKind::Retry };
        run.next.tier = run.reached;
    }

    fn correct(&mut self, task: TaskIndex, error: &TaskError) {
        let run = &mut self.tasks[task].run;
        run.used.corrections += 1;
        let problems = vec![error.message.clone()];
        let earlier = Some(Earlier { problems, draft: run.output().cloned(), correct: true });
        run.next = Next { kind: AttemptKind::Correction, tier: run.reached, earlier };
    }

    /// A better model is asked for. The tier that was asked for before.
    fn climb(&mut self, task: TaskIndex, tier: Tier, error: &TaskError) -> Option<Tier> {
        let Task { planned, run } = &mut self.tasks[task];
        // Who may use tools reads no text that an earlier session wrote.
        let draft = run.output().filter(|_| planned.tool_free()).cloned();
        let earlier = Some(Earlier { problems: vec![error.message.clone()], draft, correct: false });
        run.next = Next { kind: AttemptKind::Climb, tier: Some(tier), earlier };
        run.reached
    }
}
