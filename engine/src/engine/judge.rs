//! Answers that are judged before they count.

use serde_json::{Map, Value};

use super::session_end::Settled;
use super::task_run::{Kept, Next};
use super::tasks::Task;
use super::work::{Actions, Work};
use crate::ids::TaskIndex;
use crate::plan::{Handling, PlannedTask, Rules};
use crate::policy::followup::{self, Followup};
use crate::prompt;
use crate::review::Review;
use crate::task::{AttemptKind, Decided, ErrorCode, OutputFormat, PauseReason, TaskError, TaskStatus};

const JUDGE: &str = include_str!("../../../prompts/workflow/judge.md");

/// Reviews of one answer that may be lost before it counts as not good enough.
const MAX_LOST_REVIEWS: u32 = 1;

/// The judge's task for the answer that is kept, if answers are judged.
pub(super) fn judge_task(rules: &Rules, task: &Task) -> Option<PlannedTask> {
    let judge = rules.judge.as_ref()?;
    let Task { planned, run } = task;
    let kind = format!("answer of a {}", planned.agent.name);
    let mut input = Map::new();
    input.insert("kind".to_owned(), Value::from(kind.as_str()));
    input.insert("purpose".to_owned(), Value::from(planned.description.as_str()));
    input.insert("draft".to_owned(), run.output().cloned().unwrap_or_default());
    Some(PlannedTask {
        id: planned.id.clone(),
        agent: judge.agent.clone(),
        description: prompt::fill(JUDGE, [("kind", &kind)]),
        input,
        input_from: Vec::new(),
        timeout_seconds: rules.timeout_seconds(&judge.agent),
        output_format: OutputFormat::Json,
        output_schema: Some(judge.agent.output_schema.clone()),
        max_output_tokens: judge.agent.max_output_tokens,
        priority: planned.priority,
        dependencies: Vec::new(),
        model: None,
        thinking: planned.thinking.clone(),
        agent_id: planned.agent_id.clone(),
        // The draft may hold what looks like a verdict.
        handling: Handling { answers_alone: true, ..Handling::of(&judge.agent) },
    })
}

impl Work<'_> {
    /// The answer that is kept goes to the judge, after a pause.
    pub(super) fn ask_for_review(&mut self, task: TaskIndex, pause_ms: u64) {
        let run = &mut self.tasks[task].run;
        // What the work was told stays for the case that the judge sends it back.
        run.next = Next { kind: AttemptKind::Judge, tier: None, earlier: None };
        run.status = TaskStatus::Pending;
        self.queue(task, pause_ms);
        self.report(task);
    }

    /// Asks once more for a review that is missing for a reason that passes: the host, the provider, the server. False: that
    /// is not why, or it was done often enough.
    fn waits_for_review(&mut self, settled: &Settled) -> bool {
        let Some(error) = &settled.error else { return false };
        let task = settled.task;
        let standing = self.standing(task, AttemptKind::Judge, None);
        let followup = followup::after(error.code, &standing);
        let pause = self.pause_before(task, followup, settled.retry_after_ms);
        let now = self.run.now();
        if now.saturating_add(pause) >= self.run.clock.deadline() {
            return false;
        }
        let reason = match followup {
            Followup::Retry => {
                self.count_retry(task);
                PauseReason::Failure
            }
            other => match self.count_wait(task, other) {
                Some(reason) => reason,
                None => return false,
            },
        };
        self.tasks[task].run.decide(now, Decided::ReviewAgain { pause_ms: pause, reason });
        self.ask_for_review(task, pause);
        true
    }

    /// The session of a judge is over, with a review or without one.
    pub(super) fn reviewed(&mut self, settled: Settled, review: &Kept) -> Actions {
        let (now, task) = (self.run.now(), settled.task);
        let Some(threshold) = self.run.rules.judge.as_ref().map(|judge| judge.threshold) else { return Vec::new() };
        let Task { planned, run } = &self.tasks[task];
        let judged = run.kept.as_ref();
        let model = judged.and_then(|kept| kept.model_requested.clone()).unwrap_or_default();
        let started = judged.map(|kept| kept.started_ms).unwrap_or_default();
        let (group, tier) = ((planned.agent.name.clone(), model), judged.and_then(|kept| kept.tier));
        let valid = if settled.error.is_none() { review.output.as_ref().and_then(Review::read) } else { None };
        let stopping = settled.leaked || run.stopped || self.run.is_stopping();
        if valid.is_none() && !stopping && self.waits_for_review(&settled) {
            return Vec::new();
        }
        if let Some(error) = settled.error.as_ref().filter(|error| !stopping && error.code.cause().passes()) {
            // Nobody has said that the answer is weak. The next one would meet the same, which its circuit has to know.
            let error = TaskError::new(error.code, format!("nobody could judge it: {}", error.message));
            self.tell_breaker(task, &group, started, Some(&error));
            return self.failed(Settled { error: Some(error), ..settled });
        }
        let run = &mut self.tasks[task].run;
        let message = match valid {
            Some(review) if review.score >= threshold => {
                run.decide(now, Decided::Judged(review.score));
                self.tell_breaker(task, &group, started, None);
                return self.end_task(task, TaskStatus::Completed, None);
            }
            Some(review) => {
                format!("its judge gave {}, {} is needed", review.score.value(), threshold.value())
            }
            None if !stopping && run.used.lost_reviews < MAX_LOST_REVIEWS => {
                run.used.lost_reviews += 1;
                run.decide(now, Decided::ReviewLost);
                self.ask_for_review(task, 0);
                return Vec::new();
            }
            None if stopping => return self.failed(settled),
            None => "nobody gave it a valid review".to_owned(),
        };
        let error = TaskError::new(ErrorCode::BelowThreshold, message);
        self.tell_breaker(task, &group, started, Some(&error));
        self.failed(Settled { tier, status: TaskStatus::Failed, error: Some(error), ..settled })
    }
}
