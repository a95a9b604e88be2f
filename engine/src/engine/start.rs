//! Starts the next session of a task: what it is told, what it may take of the budget, and what the host is asked for.

use std::sync::Arc;

use serde_json::Value;

use super::attempts::{Attempt, Attempts};
use super::choice::{Choice, Target};
use super::judge::judge_task;
use super::run::Run;
use super::task_run::TaskRun;
use super::work::{Actions, Work};
use crate::host::SpawnOptions;
use crate::ids::TaskIndex;
use crate::plan::{PlannedTask, Rules};
use crate::policy::price;
use crate::prompt;
use crate::schedule::{Amount, Refusal};
use crate::session::{Machine, Terms};
use crate::task::{AttemptKind, Decided, ErrorCode, OnDependencyFailure, TaskError, TaskStatus, Usage};
use crate::text;

/// Characters of a session's `taskName`, OpenClaw's limit.
const MAX_TASK_NAME_CHARS: usize = 64;

impl Work<'_> {
    /// Starts what was chosen, or ends its task. None: the budget has no room now, so nothing else is started either.
    pub(super) fn start(&mut self, attempts: &mut Attempts, choice: Choice) -> Option<Actions> {
        let (task, target) = match choice {
            Choice::Start(task, target) => (task, target),
            Choice::GiveUp(task, why) => {
                let error = TaskError::new(ErrorCode::BreakerOpen, format!("not tried any more: {why}"));
                return Some(self.end_without_session(task, TaskStatus::Failed, error));
            }
        };
        if let Err(error) = self.fill_input(task) {
            return Some(self.end_without_session(task, TaskStatus::Failed, error));
        }
        let kind = self.tasks[task].run.next.kind;
        match self.open_attempt(attempts, task, kind, target) {
            Ok(()) => {
                let first = self.tasks[task].run.attempts == 1;
                self.scheduler.took(task, first);
                self.report(task);
                Some(Vec::new())
            }
            Err(Refusal::NotNow) => {
                self.tasks[task].run.held_by = "the budget, which running sessions have reserved";
                None
            }
            Err(Refusal::Unpriced) => {
                let message = "money has a cap, and nobody knows what this session's model costs";
                let error = TaskError::new(ErrorCode::BudgetUnenforceable, message);
                Some(self.end_without_session(task, TaskStatus::Failed, error))
            }
            Err(Refusal::Never(dimension)) => {
                self.scheduler.end_budget();
                let message = format!("the budget of {dimension} leaves too little for another session");
                let error = TaskError::new(ErrorCode::Budget, message);
                Some(self.end_without_session(task, TaskStatus::Cancelled, error))
            }
        }
    }

    /// Takes what the task's input wants from the outputs of its dependencies.
    fn fill_input(&mut self, task: TaskIndex) -> Result<(), TaskError> {
        let planned = &self.tasks[task].planned;
        let goes_on = planned.handling.on_dependency_failure == OnDependencyFailure::Run;
        let mut filled = Vec::new();
        for reference in &planned.input_from {
            let result = self.tasks[reference.task].run.result();
            let completed = result.filter(|result| result.status == TaskStatus::Completed);
            let output = completed.and_then(|result| result.output.as_ref());
            let value = match output.and_then(|output| output.pointer(&reference.pointer)) {
                Some(value) => value.clone(),
                None if goes_on && completed.is_none() => Value::Null,
                None => {
                    let (field, place) = (text::quoted(&reference.field), text::quoted(&reference.pointer));
                    let message = format!("input_from: the output that fills {field} has nothing at {place}");
                    return Err(TaskError::new(ErrorCode::ReferenceMissing, message));
                }
            };
            filled.push((reference.field.clone(), value));
        }
        self.tasks[task].planned.input.extend(filled);
        Ok(())
    }

    /// Enters one more session of a task and asks the host for it, if the budget allows.
    pub(super) fn open_attempt(
        &mut self,
        attempts: &mut Attempts,
        task: TaskIndex,
        kind: AttemptKind,
        target: Target,
    ) -> Result<(), Refusal> {
        let now = self.run.now();
        let of = &self.tasks[task];
        let number = of.run.attempts + 1;
        let earlier = of.run.next.earlier.as_ref().filter(|_| kind != AttemptKind::Judge);
        let judging = (kind == AttemptKind::Judge).then(|| judge_task(&self.run.rules, of)).flatten();
        let doing = judging.as_ref().unwrap_or(&of.planned);
        let prompt = match number {
            1 => prompt::for_task(doing, &self.run.nonces),
            _ => prompt::for_attempt(doing, &self.run.nonces, number, earlier),
        };
        let reserved = reservation(&self.run.rules, &target, prompt.len());
        self.admit(&target, reserved)?;

        let corrects = earlier.is_some_and(|earlier| earlier.correct);
        let machine = Machine::new(terms(self.run, doing, corrects));
        let options = Arc::new(SpawnOptions {
            tool_free: doing.tool_free() || corrects,
            ..spawn_options(self.run, doing, number, prompt, &target)
        });
        let what = begin(&of.run, now, kind, number, &target);
        let index = attempts.next_index();
        self.scheduler.started(now, &target.group, reserved);
        let run = &mut self.tasks[task].run;
        run.begin(now, index, target.tier.filter(|_| kind != AttemptKind::Judge));
        run.decide(now, what);
        attempts.add(Attempt {
            task,
            number,
            kind,
            tier: target.tier,
            model: target.model,
            group: target.group,
            options: Some(options.clone()),
            machine: Some(Box::new(machine)),
            alarm: None,
            started_ms: now,
            running_since: None,
            reserved,
        });
        self.requests.spawn(index, options);
        Ok(())
    }

    /// Whether the budget has time, a price and room for a session.
    fn admit(&self, target: &Target, reserved: Amount) -> Result<(), Refusal> {
        if self.run.starts_are_over() {
            return Err(Refusal::Never("seconds"));
        }
        if self.run.rules.is_unpriced(target.model.as_deref()) {
            return Err(Refusal::Unpriced);
        }
        self.scheduler.admit(reserved)
    }
}

/// What a session may take: its whole prompt read, and the rest written, at the dearer of both prices.
fn reservation(rules: &Rules, target: &Target, prompt_bytes: usize) -> Amount {
    let (prompt, rest) = rules.caps.tokens_for(prompt_bytes);
    let usage = Usage { input_tokens: prompt, output_tokens: rest };
    let price = rules.prices.of(target.model.as_deref());
    Amount {
        tokens: prompt.saturating_add(rest),
        micro_usd: price.map_or(0, |price| price::cost(price::worst(price), usage)),
    }
}

/// `corrects`: the session only puts the form of an answer right.
fn terms(run: &Run, task: &PlannedTask, corrects: bool) -> Terms {
    Terms {
        timeout_seconds: task.timeout_seconds,
        start_timeout_seconds: task.handling.start_timeout_seconds,
        starts_reported: run.reports_starts(),
        tools_wanted: task.handling.proof.wants_tools() && !corrects,
    }
}

fn spawn_options(run: &Run, task: &PlannedTask, number: u32, prompt: String, target: &Target) -> SpawnOptions {
    let nonces = &run.nonces;
    let later = if number > 1 { format!("-{number}") } else { String::new() };
    SpawnOptions {
        task: prompt,
        label: prompt::label(task, number, nonces),
        task_name: text::with_suffix(&[task.id.as_str()], &[&later, "-", nonces.short()], MAX_TASK_NAME_CHARS),
        agent_id: task.agent_id.clone(),
        model: target.model.clone(),
        thinking: task.thinking.clone(),
        run_timeout_seconds: task.timeout_seconds,
        cleanup: run.cleanup,
        tool_free: true,
        form: task.form(),
        max_output_tokens: run.rules.caps.output_tokens(task.max_output_tokens),
        // Longer than the code of the labels, as it alone keeps two runs apart.
        idempotency_key: [nonces.run(), "-", task.id.as_str(), "-", &number.to_string()].concat(),
    }
}

fn begin(run: &TaskRun, now: u64, kind: AttemptKind, number: u32, target: &Target) -> Decided {
    let waited = now.saturating_sub(run.ready_at);
    let waited = (waited > 0 && kind != AttemptKind::Hedge).then_some((waited, run.held_by));
    Decided::Begin { number, kind, model: target.model.clone(), tier: target.tier, waited }
}
