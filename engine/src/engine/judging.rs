//! Answers that are judged before they count, and the checks that concern several tasks at once.

use serde_json::{Map, Value};

use super::Engine;
use super::settling::Settled;
use super::tasks::{Kept, Next, TaskRun};
use crate::ids::TaskIndex;
use crate::plan::{Handling, PlannedTask};
use crate::policy::followup::{self, Followup};
use crate::policy::{outcome, wait};
use crate::prompt;
use crate::review::Review;
use crate::session::StopReason;
use crate::task::{AttemptKind, OutputFormat, TaskStatus};

const JUDGE: &str = include_str!("../../../prompts/workflow/judge.md");

/// Reviews of one answer that may be lost before it counts as not good enough.
const MAX_LOST_REVIEWS: u32 = 1;

impl Engine {
    /// Whether the task's next session is a judge.
    pub(super) fn is_judging(&self, task: TaskIndex) -> bool {
        self.tasks.get(task.0).is_some_and(|run| run.next.kind == AttemptKind::Judge)
    }

    /// The judge's task for the answer that is kept, if answers are judged.
    pub(super) fn judge_task(&self, task: TaskIndex) -> Option<PlannedTask> {
        let judge = self.plan.rules.judge.as_ref()?;
        let (planned, run) = (self.plan.tasks.get(task.0)?, self.tasks.get(task.0)?);
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
            timeout_seconds: self.plan.rules.timeout_seconds(&judge.agent),
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

    /// The answer that is kept goes to the judge, after a pause.
    pub(super) fn ask_for_review(&mut self, task: TaskIndex, pause_ms: u64) {
        let Some(run) = self.tasks.get_mut(task.0) else { return };
        // What the work was told stays for the case that the judge sends it back.
        run.next = Next { kind: AttemptKind::Judge, tier: None, earlier: None };
        run.status = TaskStatus::Pending;
        self.queue(task, pause_ms);
        self.tell(task);
    }

    /// Asks for the review once more that the host cut off or has no room for now. False: that is no reason, or it was done
    /// often enough.
    fn waits_for_review(&mut self, settled: &Settled) -> bool {
        let Some(error) = &settled.error else { return false };
        let task = settled.task;
        let standing = self.standing(task, AttemptKind::Judge, None);
        let followup = followup::after(&error.code, &standing);
        if !matches!(followup, Followup::WaitOut | Followup::WaitReady | Followup::Redo) {
            return false;
        }
        let pause = self.pause_before(task, followup, settled.retry_after_ms);
        if self.now.saturating_add(pause) >= self.deadline_ms() {
            return false;
        }
        let Some(why) = self.wait_for_host(task, followup, pause) else { return false };
        if let Some(run) = self.tasks.get_mut(task.0) {
            run.decide(self.now, format!("the review is asked for {why}"));
        }
        self.ask_for_review(task, pause);
        true
    }

    /// A judge has answered, or not.
    pub(super) fn reviewed(&mut self, settled: Settled, review: &Kept) {
        let task = settled.task;
        let Some(threshold) = self.plan.rules.judge.as_ref().map(|judge| judge.threshold) else { return };
        let Some(run) = self.tasks.get_mut(task.0) else { return };
        let group = {
            let agent = self.plan.tasks.get(task.0).map(|planned| planned.agent.name.clone()).unwrap_or_default();
            (agent, run.kept.as_ref().and_then(|kept| kept.model_requested.clone()).unwrap_or_default())
        };
        let tier = run.kept.as_ref().and_then(|kept| kept.tier);
        let valid = if settled.error.is_none() { review.output.as_ref().and_then(Review::read) } else { None };
        let stopping = settled.leaked || run.stopped || self.stop.is_some();
        if valid.is_none() && !stopping && self.waits_for_review(&settled) {
            return;
        }
        let Some(run) = self.tasks.get_mut(task.0) else { return };
        let message = match valid {
            Some(review) if review.score >= threshold => {
                run.decide(self.now, format!("its judge gave {}", review.score.value()));
                self.tell_breaker(task, &group, None);
                self.decide_end(task, TaskStatus::Completed, None);
                return;
            }
            Some(review) => {
                format!("its judge gave {}, {} is needed", review.score.value(), threshold.value())
            }
            None if !stopping && run.used.lost_reviews < MAX_LOST_REVIEWS => {
                run.used.lost_reviews += 1;
                run.decide(self.now, "the review did not count and is asked for again".to_owned());
                self.ask_for_review(task, 0);
                return;
            }
            None if stopping => {
                self.failed(settled);
                return;
            }
            None => "nobody gave it a valid review".to_owned(),
        };
        let error = outcome::error("E_BELOW_THRESHOLD", message, true);
        self.tell_breaker(task, &group, Some(&error));
        self.failed(Settled { tier, status: TaskStatus::Failed, error: Some(error), ..settled });
    }

    /// Once the canaries have ended, the rest may start; if all of them failed in the same way, it will not.
    pub(super) fn canary_ended(&mut self, task: TaskIndex) {
        let Some(run) = self.tasks.get(task.0).filter(|run| run.attempts > 0) else { return };
        let code = run.result().and_then(|result| result.error.as_ref().map(|error| error.code.clone()));
        let Some(canary) = &mut self.canary else { return };
        canary.ended.push(code);
        let wanted = self.plan.rules.canary.unwrap_or(0) as usize;
        if canary.ended.len() < wanted {
            return;
        }
        let first = canary.ended.first().cloned().flatten();
        let all_the_same = first.is_some() && canary.ended.iter().all(|code| *code == first);
        self.canary = None;
        if let Some(code) = first.filter(|_| all_the_same) {
            let message = format!("all {wanted} tasks that went ahead ended with {code}");
            self.fail_pending("E_CANARY_FAILED", &message);
        }
    }

    /// Stops the rest once what there is is enough.
    pub(super) fn enough_yet(&mut self) {
        if self.stop.is_some() {
            return;
        }
        let results = self.tasks.iter().filter_map(TaskRun::result);
        self.enough = wait::enough(&self.plan.rules.wait, results);
        if self.enough.is_some() {
            self.stop_all(StopReason::Enough);
        }
    }
}
