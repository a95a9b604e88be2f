//! A session that the host had no room or no time for: its task goes back as if it had never been taken. A second session beside a
//! late one is not asked for again; if the first has failed meanwhile, that is how the task stands.

use super::action::Action;
use super::attempts::Attempts;
use super::work::{Actions, Work};
use crate::host::HostError;
use crate::ids::{AttemptIndex, TaskIndex};
use crate::policy::outcome;
use crate::policy::retry::MAX_BUSY;
use crate::session::Ending;
use crate::task::{AttemptKind, Decided, TaskStatus};
use crate::text;

impl Work<'_> {
    /// Puts a task back for the reason that the host gives; often enough, the session has failed instead.
    pub(super) fn put_back(&mut self, attempts: &mut Attempts, index: AttemptIndex, error: &HostError) -> Actions {
        let now = self.run.now();
        let task = attempts[index].task;
        let is_full = matches!(error, HostError::AtCapacity(_));
        let is_hedge = attempts[index].kind == AttemptKind::Hedge;
        if !is_full && !is_hedge && self.tasks[task].run.used.busy >= MAX_BUSY {
            return vec![Action::SessionOver(index, Box::new(refused(error)))];
        }
        attempts.close(index);
        let attempt = &mut attempts[index];
        let group = std::mem::take(&mut attempt.group);
        let mut pause = 0;
        if is_full {
            self.scheduler.host_is_full(now, &group, attempt.started_ms, attempt.reserved);
        } else {
            self.scheduler.host_is_busy(&group, attempt.started_ms, attempt.reserved);
            let retry_after_ms = match error {
                HostError::RateLimited { retry_after_ms, .. } => {
                    self.scheduler.rate_limited(now, &group, attempt.started_ms, *retry_after_ms);
                    *retry_after_ms
                }
                _ => {
                    self.scheduler.pressed();
                    None
                }
            };
            pause = self.busy_pause(task, retry_after_ms);
        }
        let run = &mut self.tasks[task].run;
        run.withdraw(index);
        run.used.busy += u32::from(!is_full);
        run.ready_at = now;
        run.held_by = "room on the host, which refused one more session";
        run.decide(now, Decided::PutBack(text::message(outcome::words(error))));
        let (is_first, is_alone) = (run.attempts == 0, run.live.is_empty());
        if let Some(failed) = run.failed_twin.take_if(|_| is_hedge && is_alone) {
            return self.failed(*failed);
        }
        if is_alone {
            run.status = TaskStatus::Pending;
            self.queue(task, pause);
            self.report(task);
        }
        if is_first {
            self.scheduler.canary_tasks().put_back();
        }
        Vec::new()
    }

    fn busy_pause(&self, task: TaskIndex, retry_after_ms: Option<u64>) -> u64 {
        let of = &self.tasks[task];
        let purpose = format!("busy {}", of.planned.id);
        self.run.rules.retries.backoff.pause_ms(self.run.seed(), &purpose, of.run.used.busy + 1, retry_after_ms)
    }
}

fn refused(error: &HostError) -> Ending {
    Ending {
        status: TaskStatus::Failed,
        error: Some(outcome::spawn_refused(error)),
        answer: None,
        tools: None,
        usage: None,
        model: None,
        retry_after_ms: outcome::retry_after_ms(error),
        leaked: false,
    }
}
