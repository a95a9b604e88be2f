//! The spine: events go in, commands come out. No clock, no chance, no input or output, and no rule of its own.
//!
//! What happens is decided elsewhere: the plan says what may start, `schedule` what starts next, `session` what a session
//! does, `policy` how often and how long, `answer` whether an answer is good. Here each event is taken to the one that it
//! concerns and what follows is carried on.

mod answers;
mod cleaning;
mod stopping;
mod tasks;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::host::{Command, Event, Happening, HistoryQuery, HostFacts, Progress, SpawnOptions};
use crate::ids::{RequestId, SessionKey, TaskIndex};
use crate::plan::{Plan, PlannedTask};
use crate::policy::limits::{CAPACITY_PAUSE_MS, CLEANUP_GRACE_MS, HISTORY_PAGE};
use crate::policy::outcome;
use crate::problem::CallError;
use crate::prompt;
use crate::report;
use crate::schedule::{Ready, Slots};
use crate::session::{Effect, Ending, Input, Machine, StopReason};
use crate::task::{Cleanup, RunReport, TaskError, TaskStatus};
use crate::text;
use crate::workflow::Director;

use cleaning::Cleaning;
use tasks::TaskRun;

/// What a request to the host was for.
#[derive(Debug)]
enum Purpose {
    Spawn(TaskIndex),
    Read(TaskIndex),
    Cancel(TaskIndex),
    Delete(SessionKey),
}

/// A session that was given to this run.
#[derive(Debug)]
struct Known {
    task: TaskIndex,
    ended: bool,
}

/// One run of one plan.
#[derive(Debug)]
pub struct Engine {
    plan: Plan,
    facts: Option<HostFacts>,
    /// Time of this run: milliseconds since `opened`, never running backwards.
    now: u64,
    host_now: u64,
    next_seq: u64,
    tasks: Vec<TaskRun>,
    ready: Ready,
    slots: Slots,
    sessions: BTreeMap<SessionKey, Known>,
    requests: BTreeMap<RequestId, Purpose>,
    next_request: u64,
    alarms: BTreeSet<(u64, TaskIndex)>,
    cleaning: Cleaning,
    stop: Option<StopReason>,
    give_up_at: u64,
    no_spawn_before: u64,
    progress_seq: u64,
    ended: u32,
    /// Tasks whose end the director has not been told.
    just_ended: VecDeque<TaskIndex>,
    spawn_calls: u32,
    ignored_events: u32,
    leaked: Vec<SessionKey>,
    out: Vec<Command>,
    over: bool,
    finished: Option<Result<RunReport, CallError>>,
}

impl Engine {
    /// A run that begins with its first event.
    pub fn new(plan: Plan) -> Self {
        let deadline_ms = u64::from(plan.deadline_seconds) * 1_000;
        Self {
            tasks: plan.tasks.iter().map(|_| TaskRun::default()).collect(),
            ready: Ready::new(&plan),
            slots: Slots::new(plan.max_concurrent),
            facts: None,
            now: 0,
            host_now: 0,
            next_seq: 0,
            sessions: BTreeMap::new(),
            requests: BTreeMap::new(),
            next_request: 1,
            alarms: BTreeSet::new(),
            cleaning: Cleaning::default(),
            stop: None,
            give_up_at: deadline_ms + CLEANUP_GRACE_MS,
            no_spawn_before: 0,
            progress_seq: 0,
            ended: 0,
            just_ended: VecDeque::new(),
            spawn_calls: 0,
            ignored_events: 0,
            leaked: Vec::new(),
            out: Vec::new(),
            over: false,
            finished: None,
            plan,
        }
    }

    /// Takes in one event and returns what is to be done, in order.
    pub fn step(&mut self, event: Event, director: &mut dyn Director) -> Vec<Command> {
        if self.over {
            return Vec::new();
        }
        if event.seq < self.next_seq {
            self.ignored_events += 1;
            return Vec::new();
        }
        self.next_seq = event.seq + 1;
        self.advance(event.at_ms);
        match (&self.facts, event.what) {
            (None, Happening::Opened(facts)) => self.open(facts),
            (None, _) => {
                let message = "the first event has to be `opened`".to_owned();
                self.over = true;
                self.finished = Some(Err(CallError::HostProtocol(message)));
                return Vec::new();
            }
            (Some(_), what) => self.handle(what),
        }
        self.ring_alarms();
        self.fill_slots();
        self.direct(director);
        self.conclude();
        std::mem::take(&mut self.out)
    }

    /// Tells the director what has ended and takes in what it wants done next.
    fn direct(&mut self, director: &mut dyn Director) {
        while let Some(task) = self.just_ended.pop_front() {
            let Some(result) = self.tasks.get(task.0).and_then(TaskRun::result) else { continue };
            let more = director.ended(result, TaskIndex(self.tasks.len()));
            for planned in more {
                self.add(planned);
            }
            // What was added may end at once, which is told in the next round.
            self.fill_slots();
        }
    }

    /// Takes in a task while the run lasts. On a run that is being stopped it ends without having started.
    fn add(&mut self, planned: PlannedTask) {
        let task = TaskIndex(self.tasks.len());
        let open: Vec<TaskIndex> =
            planned.dependencies.iter().copied().filter(|on| !self.status(*on).is_final()).collect();
        let failed = planned
            .dependencies
            .iter()
            .find(|on| self.status(**on).is_final() && self.status(**on) != TaskStatus::Completed);
        let failed = failed.copied();
        self.ready.add(task, &open, planned.priority);
        self.plan.tasks.push(planned);
        self.tasks.push(TaskRun::default());
        if let Some(reason) = self.stop.clone() {
            self.stop_task(task, &reason);
        } else if let Some(dependency) = failed {
            self.skip(task, dependency);
        }
    }

    /// The result, once there is one. After it, `step` does nothing.
    pub fn finished(&mut self) -> Option<Result<RunReport, CallError>> {
        self.finished.take()
    }

    /// Until when to wait for the next event, on the host's clock. None: before the first event.
    pub fn wake_at(&self) -> Option<u64> {
        self.facts.as_ref()?;
        let own = [
            self.alarms.first().map(|(at, _)| *at),
            self.cleaning.wake_at(),
            (!self.ready.is_empty() && self.no_spawn_before > self.now).then_some(self.no_spawn_before),
            Some(if self.stop.is_none() { self.deadline_ms() } else { self.give_up_at }),
        ];
        let wake = own.into_iter().flatten().min()?;
        Some(self.host_now.saturating_add(wake.saturating_sub(self.now)))
    }

    fn deadline_ms(&self) -> u64 {
        u64::from(self.plan.deadline_seconds) * 1_000
    }

    fn advance(&mut self, at_ms: u64) {
        if self.facts.is_some() {
            self.now += at_ms.saturating_sub(self.host_now);
        }
        // A clock that was set back counts from where it stands now.
        self.host_now = at_ms;
    }

    fn open(&mut self, facts: HostFacts) {
        let cap = facts.max_concurrent.map_or(self.plan.max_concurrent, |host| host.min(self.plan.max_concurrent));
        self.slots = Slots::new(cap);
        self.facts = Some(facts);
    }

    fn handle(&mut self, what: Happening) {
        let used = match what {
            Happening::Woke => true,
            Happening::Opened(_) => false,
            Happening::Answered { request, outcome } => self.answered(request, outcome),
            Happening::SessionStarted(session) => match self.sessions.get(&session) {
                Some(known) => self.drive(known.task, Input::Started),
                None => false,
            },
            Happening::SessionEnded(end) => match self.sessions.get_mut(&end.session) {
                Some(known) if !known.ended => {
                    known.ended = true;
                    let task = known.task;
                    self.no_longer_leaked(&end.session);
                    // An end that follows an answered cancellation is expected and changes nothing.
                    self.drive(task, Input::Ended(end));
                    true
                }
                _ => false,
            },
            Happening::StopRequested { task, reason } => self.stop_requested(task, reason),
        };
        if !used {
            self.ignored_events += 1;
        }
    }

    /// Lets a session take a step and carries out what it wants. False: the input changed nothing.
    fn drive(&mut self, task: TaskIndex, input: Input) -> bool {
        let now = self.now;
        let Some(run) = self.tasks.get_mut(task.0) else { return false };
        let Some(machine) = run.machine.as_mut() else { return false };
        let Some(effects) = machine.step(now, input) else { return false };
        self.reset_alarm(task);
        for effect in effects {
            self.carry_out(task, effect);
        }
        true
    }

    fn carry_out(&mut self, task: TaskIndex, effect: Effect) {
        let session = self.tasks.get(task.0).and_then(|run| run.machine.as_ref()).and_then(Machine::session).cloned();
        match (effect, session) {
            (Effect::Spawn, _) => self.ask_spawn(task),
            (Effect::Read { offset }, Some(session_key)) => {
                let request = self.request(Purpose::Read(task));
                let query = HistoryQuery { session_key, offset, limit: HISTORY_PAGE, include_tools: false };
                self.out.push(Command::History(request, query));
            }
            (Effect::Cancel, Some(session)) => {
                let request = self.request(Purpose::Cancel(task));
                self.out.push(Command::Cancel(request, session));
            }
            // A machine asks for these only once it has a session.
            (Effect::Read { .. } | Effect::Cancel, None) => {}
            (Effect::Requeue, _) => self.requeue(task),
            (Effect::Settle(ending), _) => self.settle(task, *ending),
        }
    }

    fn request(&mut self, purpose: Purpose) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.requests.insert(id, purpose);
        id
    }

    fn reset_alarm(&mut self, task: TaskIndex) {
        let Some(run) = self.tasks.get_mut(task.0) else { return };
        let wanted = run.machine.as_ref().and_then(Machine::wake_at);
        if let Some(old) = std::mem::replace(&mut run.alarm, wanted) {
            self.alarms.remove(&(old, task));
        }
        if let Some(at) = wanted {
            self.alarms.insert((at, task));
        }
    }

    fn ring_alarms(&mut self) {
        while let Some(&(_, task)) = self.alarms.first().filter(|(at, _)| *at <= self.now) {
            self.alarms.pop_first();
            if let Some(run) = self.tasks.get_mut(task.0) {
                run.alarm = None;
            }
            self.drive(task, Input::TimeIsUp);
        }
        if self.stop.is_none() && self.now >= self.deadline_ms() {
            let seconds = self.plan.deadline_seconds;
            self.stop_all(StopReason::Deadline { seconds });
        }
        if self.now >= self.give_up_at {
            self.give_up();
        }
        self.cleaning.time_is_up(self.now);
    }

    /// Starts as many tasks as there is room for.
    fn fill_slots(&mut self) {
        while self.stop.is_none() && self.now >= self.no_spawn_before && self.slots.has_room() {
            let Some(task) = self.ready.take() else { break };
            match self.fill_input(task) {
                Ok(()) => {
                    self.slots.take();
                    self.start(task);
                }
                Err(error) => self.settle_unstarted(task, TaskStatus::Failed, error),
            }
        }
        if self.slots.all_lost() {
            self.fail_pending("E_SLOTS_LOST", "sessions that would not stop hold all the room that this run may use");
        }
    }

    /// Takes what the task's input wants from the outputs of its dependencies.
    fn fill_input(&mut self, task: TaskIndex) -> Result<(), TaskError> {
        let Some(planned) = self.plan.tasks.get_mut(task.0) else { return Ok(()) };
        for reference in &planned.input_from {
            let output =
                self.tasks.get(reference.task.0).and_then(TaskRun::result).and_then(|result| result.output.as_ref());
            let Some(value) = output.and_then(|output| output.pointer(&reference.pointer)) else {
                let place = text::quoted(&reference.pointer);
                let message = format!(
                    "input_from: the output that fills {} has nothing at {place}",
                    text::quoted(&reference.field)
                );
                return Err(outcome::error("E_REF_MISSING", message, false));
            };
            planned.input.insert(reference.field.clone(), value.clone());
        }
        Ok(())
    }

    fn start(&mut self, task: TaskIndex) {
        let Some(planned) = self.plan.tasks.get(task.0) else { return };
        let starts_reported = self.facts.as_ref().is_some_and(|facts| facts.reports_starts);
        let machine = Machine::new(planned.timeout_seconds, starts_reported);
        if let Some(run) = self.tasks.get_mut(task.0) {
            run.begin(self.now, machine);
        }
        self.ask_spawn(task);
        self.tell(task);
    }

    fn ask_spawn(&mut self, task: TaskIndex) {
        let Some(planned) = self.plan.tasks.get(task.0) else { return };
        let seed = self.facts.as_ref().map_or(0, |facts| facts.seed);
        let run_code = prompt::code(seed, "run");
        let attempt = self.tasks.get(task.0).map_or(0, |run| run.attempts);
        let suffix = format!("-{}", run_code.get(..6).unwrap_or_default());
        let name: String = planned.id.as_str().chars().take(64 - suffix.len()).collect();
        let options = SpawnOptions {
            task: prompt::for_task(planned, seed),
            label: prompt::label(planned),
            task_name: name + &suffix,
            agent_id: planned.agent_id.clone(),
            model: planned.model.clone(),
            thinking: planned.thinking.clone(),
            run_timeout_seconds: planned.timeout_seconds,
            cleanup: self.plan.cleanup,
            tool_free: planned.tool_free(),
            idempotency_key: format!("{run_code}-{}-{attempt}", planned.id),
        };
        self.spawn_calls += 1;
        let request = self.request(Purpose::Spawn(task));
        self.out.push(Command::Spawn(request, options));
    }

    fn requeue(&mut self, task: TaskIndex) {
        self.slots.host_is_full();
        if self.slots.in_use() == 0 {
            self.no_spawn_before = self.now + CAPACITY_PAUSE_MS;
        }
        if let Some(run) = self.tasks.get_mut(task.0) {
            run.withdraw();
        }
        self.ready.put(task);
        self.tell(task);
    }

    fn settle(&mut self, task: TaskIndex, ending: Ending) {
        let Some(planned) = self.plan.tasks.get(task.0) else { return };
        let Some(run) = self.tasks.get_mut(task.0) else { return };
        if ending.leaked {
            self.slots.lose();
            self.leaked.extend(run.machine.as_ref().and_then(Machine::session).cloned());
        } else {
            self.slots.give_back();
        }
        let session = run.finish(self.now, planned, ending);
        if let (Some(session), Cleanup::Delete) = (session, self.plan.cleanup) {
            self.cleaning.add(session);
        }
        self.final_status(task);
    }

    /// A session that would not stop has ended by itself.
    fn no_longer_leaked(&mut self, session: &SessionKey) {
        if let Some(place) = self.leaked.iter().position(|leaked| leaked == session) {
            self.leaked.remove(place);
            self.slots.regain();
        }
    }

    /// Ends a task that never got a session.
    fn settle_unstarted(&mut self, task: TaskIndex, status: TaskStatus, error: TaskError) {
        self.ready.withdraw(task);
        let Some(planned) = self.plan.tasks.get(task.0) else { return };
        if let Some(run) = self.tasks.get_mut(task.0) {
            run.end_unstarted(self.now, planned, status, error);
        }
        self.final_status(task);
    }

    fn final_status(&mut self, task: TaskIndex) {
        self.ended += 1;
        self.just_ended.push_back(task);
        self.tell(task);
        if self.status(task) == TaskStatus::Completed {
            self.ready.completed(task);
            return;
        }
        for dependant in self.ready.dependants_of(task) {
            if self.status(dependant) == TaskStatus::Pending {
                self.skip(dependant, task);
            }
        }
    }

    fn skip(&mut self, task: TaskIndex, dependency: TaskIndex) {
        let id = self.plan.tasks.get(dependency.0).map_or("?", |planned| planned.id.as_str());
        let message = format!("it depends on {id}, which is {}", self.status(dependency).name());
        self.settle_unstarted(task, TaskStatus::Skipped, outcome::error("E_DEP_FAILED", message, false));
    }

    fn status(&self, task: TaskIndex) -> TaskStatus {
        self.tasks.get(task.0).map_or(TaskStatus::Skipped, |run| run.status)
    }

    fn conclude(&mut self) {
        if (self.ended as usize) < self.tasks.len() {
            return;
        }
        for session in self.cleaning.due() {
            let request = self.request(Purpose::Delete(session.clone()));
            self.cleaning.asked(self.now, session.clone());
            self.out.push(Command::Delete(request, session));
        }
        if !self.cleaning.is_done() {
            return;
        }
        self.leaked.extend(self.cleaning.take_failed());
        let deleted = self.cleaning.take_deleted();
        let results = self.tasks.iter_mut().filter_map(|run| run.take_result(&deleted));
        let totals = report::Totals {
            elapsed_ms: self.now,
            spawn_calls: self.spawn_calls,
            peak_in_flight: self.slots.peak(),
            ignored_events: self.ignored_events,
            leaked: std::mem::take(&mut self.leaked),
            stopped_by: self.stop.take(),
        };
        self.over = true;
        self.finished = Some(Ok(report::assemble(results.collect(), totals)));
    }

    fn tell(&mut self, task: TaskIndex) {
        let Some(planned) = self.plan.tasks.get(task.0) else { return };
        let progress = Progress {
            seq: self.progress_seq,
            at_ms: self.host_now,
            task: planned.id.clone(),
            agent_type: planned.agent.name.clone(),
            status: self.status(task),
            ended: self.ended,
            running: self.slots.in_use(),
            total: u32::try_from(self.tasks.len()).unwrap_or(u32::MAX),
        };
        self.progress_seq += 1;
        self.out.push(Command::Progress(progress));
    }
}

#[cfg(test)]
mod tests;
