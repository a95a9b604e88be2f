//! Starts sessions for tasks that are ready and have room.

use std::sync::Arc;

use serde_json::Value;

use super::attempts::Attempt;
use super::choosing::{Choice, Target};
use super::tasks::TaskRun;
use super::{Engine, Purpose};
use crate::canary;
use crate::host::{Command, HostError, SpawnOptions};
use crate::ids::{AttemptIndex, TaskIndex};
use crate::plan::PlannedTask;
use crate::policy::limits::{CAPACITY_PAUSE_MS, MAX_TASK_NAME_CHARS};
use crate::policy::retry::MAX_BUSY;
use crate::policy::{outcome, price};
use crate::prompt::{self, Codes};
use crate::schedule::{Amount, Refusal};
use crate::session::{Machine, Terms};
use crate::task::{AttemptKind, Cleanup, OnDependencyFailure, TaskError, TaskStatus, Usage};
use crate::text;

impl Engine {
    /// Starts as many sessions as there is room for.
    pub(super) fn fill_slots(&mut self) {
        while (self.stop.is_none() || canary::is("spawn-after-stop"))
            && self.now >= self.no_spawn_before
            && self.slots.has_room()
            && self.admission.may_start(self.now)
        {
            match self.choose() {
                None => break,
                Some(Choice::GiveUp(task, why)) => {
                    let error = outcome::error("E_BREAKER_OPEN", format!("not tried any more: {why}"), true);
                    self.settle_unstarted(task, TaskStatus::Failed, error);
                }
                Some(Choice::Start(task, target)) => match self.fill_input(task) {
                    Err(error) => self.settle_unstarted(task, TaskStatus::Failed, error),
                    Ok(()) if self.start(task, target) => {}
                    Ok(()) => break,
                },
            }
        }
        self.start_twins();
        if self.slots.all_lost() {
            self.fail_pending("E_SLOTS_LOST", "sessions that would not stop hold all the room that this run may use");
        }
    }

    /// Takes what the task's input wants from the outputs of its dependencies.
    fn fill_input(&mut self, task: TaskIndex) -> Result<(), TaskError> {
        let Some(planned) = self.plan.tasks.get_mut(task.0) else { return Ok(()) };
        let goes_on = planned.handling.on_dependency_failure == OnDependencyFailure::Run;
        for reference in &planned.input_from {
            let result = self.tasks.get(reference.task.0).and_then(TaskRun::result);
            let completed = result.filter(|result| result.status == TaskStatus::Completed);
            let output = completed.and_then(|result| result.output.as_ref());
            let value = match output.and_then(|output| output.pointer(&reference.pointer)) {
                Some(value) => value.clone(),
                None if goes_on && completed.is_none() => Value::Null,
                None => {
                    let place = text::quoted(&reference.pointer);
                    let message = format!(
                        "input_from: the output that fills {} has nothing at {place}",
                        text::quoted(&reference.field)
                    );
                    return Err(outcome::error("E_REF_MISSING", message, false));
                }
            };
            planned.input.insert(reference.field.clone(), value);
        }
        Ok(())
    }

    /// Asks for the task's next session. False: the budget has no room now, so nothing else is started either.
    fn start(&mut self, task: TaskIndex, target: Target) -> bool {
        let Some(kind) = self.tasks.get(task.0).map(|run| run.next.kind) else { return true };
        match self.open_attempt(task, kind, target) {
            Ok(()) => {
                self.ready.take(task);
                let attempts = self.tasks.get(task.0).map_or(0, |run| run.attempts);
                if let Some(canary) = self.canary.as_mut().filter(|_| attempts == 1) {
                    canary.begun += 1;
                }
                self.tell(task);
                true
            }
            Err(Refusal::NotNow) => {
                if let Some(run) = self.tasks.get_mut(task.0) {
                    run.held_by = "the budget, which running sessions have reserved";
                }
                false
            }
            Err(Refusal::Unpriced) => {
                let message = "money has a cap, and nobody knows what this session's model costs".to_owned();
                let error = outcome::error("E_BUDGET_UNENFORCEABLE", message, false);
                self.settle_unstarted(task, TaskStatus::Failed, error);
                true
            }
            Err(Refusal::Never(dimension)) => {
                self.budget_ended = true;
                let message = format!("the budget of {dimension} leaves too little for another session");
                let error = outcome::error("E_BUDGET", message, true);
                self.settle_unstarted(task, TaskStatus::Cancelled, error);
                true
            }
        }
    }

    /// Enters one more session of a task and asks the host for it, if the budget allows.
    pub(super) fn open_attempt(&mut self, task: TaskIndex, kind: AttemptKind, target: Target) -> Result<(), Refusal> {
        let (Some(planned), Some(run)) = (self.plan.tasks.get(task.0), self.tasks.get(task.0)) else { return Ok(()) };
        let number = run.attempts + 1;
        let earlier = run.next.earlier.as_ref().filter(|_| kind != AttemptKind::Judge);
        let judging = (kind == AttemptKind::Judge).then(|| self.judge_task(task)).flatten();
        let doing = judging.as_ref().unwrap_or(planned);
        let text = match number {
            1 => prompt::for_task(doing, &self.codes),
            _ => prompt::for_attempt(doing, &self.codes, number, earlier),
        };
        let reserved = self.reservation(&target, text.len());
        if self.starts_are_over() {
            return Err(Refusal::Never("seconds"));
        }
        if self.plan.rules.is_unpriced(target.model.as_deref()) {
            return Err(Refusal::Unpriced);
        }
        self.budget.admit(reserved)?;

        let corrects = earlier.is_some_and(|earlier| earlier.correct);
        let tool_free = doing.tool_free() || corrects;
        let terms = Terms {
            timeout_seconds: doing.timeout_seconds,
            start_timeout_seconds: doing.handling.start_timeout_seconds,
            starts_reported: self.facts.as_ref().is_some_and(|facts| facts.reports_starts),
            tools_wanted: doing.handling.proof.wants_tools() && !corrects,
        };
        let options = SpawnOptions {
            cleanup: self.plan.cleanup,
            tool_free,
            max_output_tokens: self.plan.rules.caps.output_tokens(doing.max_output_tokens),
            ..spawn_options(doing, number, text, &self.codes, &target)
        };
        let index = AttemptIndex(self.attempts.len());
        self.budget.reserve(reserved);
        if !canary::is("count-at-acknowledgement") {
            self.slots.take();
        }
        self.admission.started(&target.group.1, self.now);
        self.breaker.started(&target.group);
        let what = self.begin_words(run, kind, number, &target);
        if let Some(run) = self.tasks.get_mut(task.0) {
            run.begin(self.now, index, target.tier.filter(|_| kind != AttemptKind::Judge));
            run.decide(self.now, what);
        }
        self.attempts.push(Attempt {
            task,
            number,
            kind,
            tier: target.tier,
            model: target.model,
            group: target.group,
            options: Some(Arc::new(options)),
            machine: Some(Box::new(Machine::new(terms))),
            alarm: None,
            started_ms: self.now,
            running_since: None,
            reserved,
        });
        self.live.insert(index);
        self.ask_spawn(index);
        Ok(())
    }

    fn begin_words(&self, run: &TaskRun, kind: AttemptKind, number: u32, target: &Target) -> String {
        let model = target.model.as_deref().map(|model| [" with ", model].concat()).unwrap_or_default();
        let tier = target.tier.map(|tier| [" (", tier.name(), ")"].concat()).unwrap_or_default();
        let waited = self.now.saturating_sub(run.ready_at);
        let why = if waited > 0 && kind != AttemptKind::Hedge {
            format!(" after {} of waiting for {}", text::duration(waited), run.held_by)
        } else {
            String::new()
        };
        ["session ", &number.to_string(), " (", kind.name(), ")", &model, &tier, " asked for", &why].concat()
    }

    /// What a session may take: its whole prompt read, and the rest written, at the dearer of both prices.
    fn reservation(&self, target: &Target, prompt_bytes: usize) -> Amount {
        let (prompt, rest) = self.plan.rules.caps.tokens_for(prompt_bytes);
        let rest = if canary::is("budget-reserved-too-low") { rest / 2 } else { rest };
        let usage = Usage { input_tokens: prompt, output_tokens: rest };
        let price = self.plan.rules.prices.of(target.model.as_deref());
        Amount {
            tokens: prompt.saturating_add(rest),
            micro_usd: price.map_or(0, |price| price::cost(price::worst(price), usage)),
        }
    }

    pub(super) fn ask_spawn(&mut self, index: AttemptIndex) {
        let Some(mut options) = self.attempts.get(index.0).and_then(|attempt| attempt.options.clone()) else { return };
        if canary::is("other-key-when-asked-again") {
            Arc::make_mut(&mut options).idempotency_key.push_str(&self.spawn_calls.to_string());
        }
        self.spawn_calls += 1;
        let request = self.request(Purpose::Spawn(index));
        self.out.push(Command::Spawn(request, options));
    }

    /// The host had no room or no time: the task goes back as if it had never been taken.
    pub(super) fn requeue(&mut self, index: AttemptIndex, error: &HostError) {
        let Some(attempt) = self.attempts.get_mut(index.0) else { return };
        let (task, group, started, reserved) =
            (attempt.task, attempt.group.clone(), attempt.started_ms, attempt.reserved);
        let busy = self.tasks.get(task.0).map_or(0, |run| run.used.busy);
        let full = matches!(error, HostError::AtCapacity(_));
        if !full && busy >= MAX_BUSY {
            self.settle(index, refused(error));
            return;
        }
        attempt.machine = None;
        attempt.options = None;
        self.live.remove(&index);
        self.budget.withdraw(reserved);
        self.admission.over(&group.1);
        self.breaker.withdrawn(&group);
        let seed = self.seed();
        let mut pause = 0;
        if full {
            self.slots.host_is_full();
            if self.slots.in_use() == 0 {
                self.no_spawn_before = self.now + CAPACITY_PAUSE_MS;
            }
        } else {
            self.slots.put_back();
            let wish = match error {
                HostError::RateLimited { .. } if canary::is("retry-before-retry-after") => None,
                HostError::RateLimited { retry_after_ms, .. } => {
                    self.admission.rate_limited(&group.1, started, self.now, *retry_after_ms);
                    *retry_after_ms
                }
                _ => {
                    self.admission.pressed();
                    None
                }
            };
            let id = self.plan.tasks.get(task.0).map_or("", |planned| planned.id.as_str());
            pause = self.plan.rules.backoff.pause_ms(seed, &format!("busy {id}"), busy + 1, wish);
        }
        let now = self.now;
        if let Some(run) = self.tasks.get_mut(task.0) {
            run.withdraw(index);
            run.used.busy += u32::from(!full);
            run.ready_at = now;
            run.held_by = "room on the host, which refused one more session";
            if run.live.is_empty() {
                run.status = TaskStatus::Pending;
            }
            run.decide(now, format!("put back without an attempt: {}", text::message(outcome::words(error))));
        }
        if self.tasks.get(task.0).is_some_and(|run| run.live.is_empty()) {
            self.queue(task, pause);
            self.tell(task);
        }
        if let Some(canary) = self.canary.as_mut()
            && self.tasks.get(task.0).is_some_and(|run| run.attempts == 0)
        {
            canary.begun = canary.begun.saturating_sub(1);
        }
    }

    /// Whether the budget's time is over.
    pub(super) fn starts_are_over(&self) -> bool {
        self.plan.rules.caps.seconds.is_some_and(|seconds| self.now >= u64::from(seconds) * 1_000)
    }

    /// Makes a task ready, after a pause.
    pub(super) fn queue(&mut self, task: TaskIndex, pause_ms: u64) {
        let at = self.now.saturating_add(pause_ms);
        if let Some(run) = self.tasks.get_mut(task.0) {
            run.ready_at = at;
        }
        if pause_ms == 0 {
            self.ready.put(task);
        } else {
            self.pausing.insert((at, task));
        }
    }
}

fn refused(error: &HostError) -> crate::session::Ending {
    crate::session::Ending {
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

fn spawn_options(task: &PlannedTask, number: u32, text: String, codes: &Codes, target: &Target) -> SpawnOptions {
    let later = if number > 1 { format!("-{number}") } else { String::new() };
    SpawnOptions {
        task: text,
        label: prompt::label(task, number, codes),
        task_name: text::with_suffix(&[task.id.as_str()], &[&later, "-", codes.short()], MAX_TASK_NAME_CHARS),
        agent_id: task.agent_id.clone(),
        model: target.model.clone(),
        thinking: task.thinking.clone(),
        run_timeout_seconds: task.timeout_seconds,
        cleanup: Cleanup::Keep,
        tool_free: true,
        form: task.form(),
        max_output_tokens: None,
        // Longer than the code of the labels, as it alone keeps two runs apart.
        idempotency_key: [codes.run(), "-", task.id.as_str(), "-", &number.to_string()].concat(),
    }
}
