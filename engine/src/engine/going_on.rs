//! The session that follows one that did not do.

use super::Engine;
use super::tasks::Next;
use crate::canary;
use crate::ids::TaskIndex;
use crate::policy::followup::{Followup, Standing};
use crate::policy::retry;
use crate::prompt::Earlier;
use crate::task::{AttemptKind, TaskError, TaskStatus, Tier};
use crate::text;

/// Empty answers of one task that are asked for again.
const MAX_BLANKS: u32 = 1;

impl Engine {
    /// What is left to a task after a session of this kind, for which a model of tier `ran` was used.
    pub(super) fn standing(&self, task: TaskIndex, kind: AttemptKind, ran: Option<Tier>) -> Standing {
        let (Some(planned), Some(run)) = (self.plan.tasks.get(task.0), self.tasks.get(task.0)) else {
            return Standing::default();
        };
        let rules = &self.plan.rules;
        let budget = rules.retry_budget.unwrap_or_else(|| retry::default_budget(self.plan.tasks.len()));
        let ladder = rules.ladder.as_ref().filter(|_| rules.escalate && planned.model.is_none());
        // The host may have run a model below the tier that was asked for. That tier is what the task was promised, so that
        // only a better one is a climb; nor is a tier that did not run asked for again and again.
        let above = ladder.and_then(|ladder| ladder.above(ran.max(run.reached)?));
        Standing {
            retries: planned.handling.retries.saturating_sub(run.used.retries),
            run_retries: if canary::is("retry-budget-ignored") { 1 } else { budget.saturating_sub(self.retries) },
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
        let (Some(planned), Some(run)) = (self.plan.tasks.get(task.0), self.tasks.get(task.0)) else { return 0 };
        let pause = |purpose: &str, number| {
            let backoff = &self.plan.rules.backoff;
            backoff.pause_ms(self.seed(), &[purpose, planned.id.as_str()].concat(), number, retry_after_ms)
        };
        match followup {
            Followup::Retry => pause("", run.used.retries + 1),
            Followup::WaitOut => pause("rate ", run.used.rate_limited + 2),
            Followup::WaitReady => pause("ready ", run.used.not_ready + 1),
            Followup::Redo => pause("cut ", run.used.interrupted + 1),
            Followup::Fail | Followup::AskAgain | Followup::Correct | Followup::Climb(_) => retry_after_ms.unwrap_or(0),
        }
    }

    /// Counts that a task waits for reasons that are not its own, and says so. None: it does something else.
    pub(super) fn wait_for_host(&mut self, task: TaskIndex, followup: Followup, pause: u64) -> Option<String> {
        let used = &mut self.tasks.get_mut(task.0)?.used;
        let (count, why) = match followup {
            Followup::WaitOut => (&mut used.rate_limited, "since the rate is limited"),
            Followup::WaitReady => (&mut used.not_ready, "since the server is not ready"),
            Followup::Redo => (&mut used.interrupted, "since the host cut it off"),
            _ => return None,
        };
        *count += 1;
        Some(format!("again in {}, {why}", text::duration(pause)))
    }

    /// Prepares the task's next session.
    pub(super) fn go_on(
        &mut self,
        task: TaskIndex,
        ran: Option<Tier>,
        followup: Followup,
        pause: u64,
        error: &TaskError,
    ) {
        let now = self.now;
        let tool_free = self.plan.tasks.get(task.0).is_some_and(crate::plan::PlannedTask::tool_free);
        let waits = self.wait_for_host(task, followup, pause);
        let Some(run) = self.tasks.get_mut(task.0) else { return };
        // A correction that is tried again is still one.
        let corrects = run.next.earlier.as_ref().is_some_and(|earlier| earlier.correct);
        let again = if corrects { AttemptKind::Correction } else { AttemptKind::Retry };
        let asked = run.reached;
        let told = Earlier { problems: vec![error.message.clone()], draft: run.output().cloned(), correct: false };
        let what = match followup {
            Followup::Fail => return,
            Followup::Retry => {
                run.used.retries += 1;
                self.retries += 1;
                run.next = Next { kind: again, tier: asked, earlier: run.next.earlier.take() };
                format!("retry {} in {}, since {} may pass", run.used.retries, text::duration(pause), error.code)
            }
            Followup::WaitOut | Followup::WaitReady | Followup::Redo => {
                run.next = Next { kind: again, tier: asked, earlier: run.next.earlier.take() };
                waits.unwrap_or_default()
            }
            Followup::AskAgain => {
                run.used.blanks += 1;
                self.retries += 1;
                run.next = Next { kind: again, tier: asked, earlier: run.next.earlier.take() };
                "asked again, since the answer was empty".to_owned()
            }
            Followup::Correct => {
                run.used.corrections += 1;
                run.next = Next {
                    kind: AttemptKind::Correction,
                    tier: asked,
                    earlier: Some(Earlier { correct: true, ..told }),
                };
                format!("a correction is asked for: {}", error.message)
            }
            Followup::Climb(tier) => {
                // Who may use tools reads no text that an earlier session wrote.
                let draft = told.draft.filter(|_| tool_free);
                run.next =
                    Next { kind: AttemptKind::Climb, tier: Some(tier), earlier: Some(Earlier { draft, ..told }) };
                let from = ran.or(asked).map_or("an unknown tier", Tier::name);
                format!("climbs from {from} to {}: {}: {}", tier.name(), error.code, error.message)
            }
        };
        run.decide(now, what);
        run.status = TaskStatus::Pending;
        run.held_by = "its pause or a free slot";
        self.queue(task, pause);
        self.tell(task);
    }
}
