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
    /// What is left to a task.
    pub(super) fn standing(&self, task: TaskIndex, ran: Option<Tier>) -> Standing {
        let (Some(planned), Some(run)) = (self.plan.tasks.get(task.0), self.tasks.get(task.0)) else {
            return Standing::default();
        };
        let rules = &self.plan.rules;
        let budget = rules.retry_budget.unwrap_or_else(|| retry::default_budget(self.plan.tasks.len()));
        let ladder = rules.ladder.as_ref().filter(|_| rules.escalate && planned.model.is_none());
        // A tier that was asked for once and did not run is not asked for again and again.
        let floor = ran.or(run.tiers.last().copied());
        let above = ladder.and_then(|ladder| {
            let mut above = ladder.above(floor?)?;
            while run.tiers.contains(&above) {
                above = ladder.above(above)?;
            }
            Some(above)
        });
        Standing {
            retries: planned.handling.retries.saturating_sub(run.used.retries),
            run_retries: if canary::is("retry-budget-ignored") { 1 } else { budget.saturating_sub(self.retries) },
            rate_limits: retry::MAX_RATE_LIMITED.saturating_sub(run.used.rate_limited),
            corrections: rules.corrections.saturating_sub(run.used.corrections),
            blanks: MAX_BLANKS.saturating_sub(run.used.blanks),
            above,
            repeatable: planned.is_repeatable(),
        }
    }

    pub(super) fn pause_before(&self, task: TaskIndex, followup: Followup, error: &TaskError) -> u64 {
        let (Some(planned), Some(run)) = (self.plan.tasks.get(task.0), self.tasks.get(task.0)) else { return 0 };
        let seed = self.seed();
        let backoff = &self.plan.rules.backoff;
        match followup {
            Followup::Retry => backoff.pause_ms(seed, planned.id.as_str(), run.used.retries + 1, None),
            Followup::WaitOut => {
                let wish = retry::wish_ms(&error.message);
                backoff.pause_ms(seed, &format!("rate {}", planned.id), run.used.rate_limited + 2, wish)
            }
            // Whoever climbs away from a host that is too busy still has to give it the time that it asked for.
            Followup::AskAgain | Followup::Correct | Followup::Climb(_) if error.code == "E_RATE_LIMITED" => {
                retry::wish_ms(&error.message).unwrap_or(0)
            }
            Followup::Fail | Followup::AskAgain | Followup::Correct | Followup::Climb(_) => 0,
        }
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
        let Some(run) = self.tasks.get_mut(task.0) else { return };
        // A correction that is tried again is still one.
        let corrects = run.next.earlier.as_ref().is_some_and(|earlier| earlier.correct);
        let again = if corrects { AttemptKind::Correction } else { AttemptKind::Retry };
        let asked = run.last().and_then(|record| record.tier);
        let told = Earlier { problems: vec![error.message.clone()], draft: run.output().cloned(), correct: false };
        let what = match followup {
            Followup::Fail => return,
            Followup::Retry => {
                run.used.retries += 1;
                self.retries += 1;
                run.next = Next { kind: again, tier: asked, earlier: run.next.earlier.take() };
                format!("retry {} in {}, since {} may pass", run.used.retries, text::duration(pause), error.code)
            }
            Followup::WaitOut => {
                run.used.rate_limited += 1;
                run.next = Next { kind: again, tier: asked, earlier: run.next.earlier.take() };
                format!("again in {}, since the rate is limited", text::duration(pause))
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
