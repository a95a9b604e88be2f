//! The spine: events go in, commands come out. No clock, no chance, no input or output, and no rule of its own.
//!
//! What happens is decided elsewhere: the plan says what may start, `schedule` what starts next and whether there is room,
//! `session` what a session does, `policy` what follows from how it ended, `answer` whether an answer is good. Here each
//! event is taken to the one that it concerns and what follows is carried on.

mod alarms;
mod answers;
mod attempts;
mod booking;
mod choosing;
mod cleaning;
mod concluding;
mod driving;
mod ending;
mod going_on;
mod hedging;
mod judging;
mod known;
mod reconciling;
mod settling;
mod starting;
mod stopping;
mod tasks;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::canary;
use crate::host::{Command, Event, Happening, HostFacts, Progress};
use crate::ids::{AgentType, AttemptIndex, RequestId, SessionKey, TaskIndex};
use crate::plan::{Plan, PlannedTask};
use crate::policy::hedge::Durations;
use crate::policy::limits::{CLEANUP_GRACE_MS, CLOCK_JUMP_MS};
use crate::policy::wait::Enough;
use crate::problem::CallError;
use crate::prompt::Codes;
use crate::schedule::{Admission, Breaker, Budget, Ready, Slots};
use crate::session::{Input, StopReason};
use crate::task::{Forecast, RunReport, TaskStatus};
use crate::workflow::Workflow;

use alarms::Alarms;
use attempts::Attempt;
use cleaning::Cleaning;
use known::KnownSessions;
use reconciling::Reconciling;
use tasks::TaskRun;

/// What a request to the host was for.
#[derive(Debug)]
enum Purpose {
    Spawn(AttemptIndex),
    Read(AttemptIndex),
    Cancel(AttemptIndex),
    Delete(SessionKey),
    /// `look`: which of the run's looks at the list.
    List {
        look: u32,
        page: u32,
    },
    Adopt(AttemptIndex),
}

/// The first tasks of a run that goes on only if they show that it can work.
#[derive(Debug, Default)]
struct Canary {
    /// Tasks that were started.
    begun: u32,
    /// Their error codes; None: completed.
    ended: Vec<Option<String>>,
}

/// One run of one plan.
#[derive(Debug)]
pub struct Engine {
    plan: Plan,
    facts: Option<HostFacts>,
    codes: Codes,
    forecast: Forecast,
    /// Time of this run: milliseconds since `opened`, never running backwards.
    now: u64,
    host_now: u64,
    next_seq: u64,
    tasks: Vec<TaskRun>,
    attempts: Vec<Attempt>,
    /// Sessions that have not ended.
    live: BTreeSet<AttemptIndex>,
    ready: Ready,
    /// Tasks that pause before their next session.
    pausing: BTreeSet<(u64, TaskIndex)>,
    slots: Slots,
    admission: Admission,
    breaker: Breaker,
    budget: Budget,
    /// Something was not started for lack of budget.
    budget_ended: bool,
    /// Only while the canaries are out.
    canary: Option<Canary>,
    retries: u32,
    hedges: u32,
    /// How long sessions that ended well took, by agent type.
    durations: BTreeMap<AgentType, Durations>,
    sessions: KnownSessions,
    requests: BTreeMap<RequestId, Purpose>,
    next_request: u64,
    alarms: Alarms,
    cleaning: Cleaning,
    reconciling: Reconciling,
    enough: Option<Enough>,
    stop: Option<StopReason>,
    give_up_at: u64,
    no_spawn_before: u64,
    progress_seq: u64,
    ended: u32,
    /// Tasks whose end the workflow has not been told.
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
        let rules = &plan.rules;
        Self {
            tasks: plan.tasks.iter().map(|_| TaskRun::default()).collect(),
            attempts: Vec::with_capacity(plan.tasks.len()),
            live: BTreeSet::new(),
            ready: Ready::new(&plan),
            pausing: BTreeSet::new(),
            slots: Slots::new(plan.max_concurrent),
            admission: Admission::new(plan.max_concurrent, rules.start_interval_ms, 0),
            breaker: Breaker::new(rules.breaker),
            budget: Budget::new(&rules.caps),
            budget_ended: false,
            canary: rules.canary.map(|_| Canary::default()),
            retries: 0,
            hedges: 0,
            durations: BTreeMap::new(),
            forecast: plan.forecast(),
            facts: None,
            codes: Codes::new(0),
            now: 0,
            host_now: 0,
            next_seq: 0,
            sessions: KnownSessions::default(),
            requests: BTreeMap::new(),
            next_request: 1,
            alarms: Alarms::default(),
            cleaning: Cleaning::default(),
            reconciling: Reconciling::default(),
            enough: None,
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
    pub fn step(&mut self, event: Event, workflow: &mut dyn Workflow) -> Vec<Command> {
        if self.over {
            return Vec::new();
        }
        // What was told before tells nothing but the time, which a host that counts wrong has as well.
        let is_news = event.seq >= self.next_seq;
        if is_news {
            self.next_seq = event.seq.saturating_add(1);
            self.advance(event.at_ms);
        } else {
            self.ignored_events += 1;
            self.advance(event.at_ms.max(self.host_now));
        }
        match (&self.facts, event.what) {
            (None, Happening::Opened(facts)) => self.open(facts),
            (None, _) => {
                let message = "the first event has to be `opened`".to_owned();
                self.over = true;
                self.finished = Some(Err(CallError::HostProtocol(message)));
                return Vec::new();
            }
            (Some(_), what) if is_news => self.handle(what),
            (Some(_), _) => {}
        }
        self.ring_alarms();
        self.fill_slots();
        self.direct(workflow);
        self.conclude();
        std::mem::take(&mut self.out)
    }

    /// Tells the workflow what has ended and takes in what it wants done next.
    fn direct(&mut self, workflow: &mut dyn Workflow) {
        while let Some(task) = self.just_ended.pop_front() {
            let Some(result) = self.tasks.get(task.0).and_then(TaskRun::result) else { continue };
            let more = workflow.ended(result, TaskIndex(self.tasks.len()));
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
        let failed: Vec<TaskIndex> = planned
            .dependencies
            .iter()
            .copied()
            .filter(|on| self.status(*on).is_final() && self.status(*on) != TaskStatus::Completed)
            .collect();
        self.ready.add(task, &open, planned.priority);
        self.plan.tasks.push(planned);
        let mut run = TaskRun::default();
        run.ready_at = self.now;
        self.tasks.push(run);
        if let Some(reason) = self.stop.clone() {
            self.stop_task(task, &reason);
        }
        for dependency in failed {
            self.without(task, dependency, false);
        }
    }

    /// The result, once there is one. After it, `step` does nothing.
    pub fn finished(&mut self) -> Option<Result<RunReport, CallError>> {
        self.finished.take()
    }

    /// Until when to wait for the next event, on the host's clock. None: before the first event.
    pub fn wake_at(&self) -> Option<u64> {
        self.facts.as_ref()?;
        let waiting = !self.ready.is_empty() && self.slots.has_room();
        let by_clock = [
            (self.no_spawn_before > self.now).then_some(self.no_spawn_before),
            self.admission.wake_at(self.now),
            self.breaker.wake_at(self.now),
        ];
        let own = [
            self.alarms.first().map(|(at, _)| at),
            self.pausing.first().map(|(at, _)| *at).filter(|_| !canary::is("timer-forgotten")),
            self.cleaning.wake_at(),
            self.reconciling.wake_at().filter(|_| !self.live.is_empty()),
            by_clock.into_iter().flatten().min().filter(|_| waiting),
            self.next_hedge(),
            self.soft_end().filter(|at| *at > self.now && self.stop.is_none()),
            Some(if self.stop.is_none() { self.deadline_ms() } else { self.give_up_at }),
        ];
        let wake = own.into_iter().flatten().min()?;
        Some(self.host_now.saturating_add(wake.saturating_sub(self.now)))
    }

    /// The run's only source of chance.
    fn seed(&self) -> u64 {
        self.facts.as_ref().map_or(0, |facts| facts.seed)
    }

    fn deadline_ms(&self) -> u64 {
        u64::from(self.plan.deadline_seconds) * if canary::is("deadline-ignored") { 100_000 } else { 1_000 }
    }

    fn advance(&mut self, at_ms: u64) {
        if self.facts.is_some() {
            let mut passed = at_ms.saturating_sub(self.host_now);
            // No wait lasts much longer than was asked for; what lies beyond that did not pass here.
            if passed > CLOCK_JUMP_MS {
                let asked = self.wake_at().map_or(0, |until| until.saturating_sub(self.host_now));
                passed = passed.min(asked.saturating_add(CLOCK_JUMP_MS));
            }
            self.now = self.now.saturating_add(passed);
        }
        // A clock that was set back counts from where it stands now.
        self.host_now = at_ms;
    }

    fn open(&mut self, facts: HostFacts) {
        let cap = self.confine(&facts);
        self.forecast = self.plan.forecast();
        self.slots = Slots::new(cap);
        self.admission = Admission::new(cap, self.plan.rules.start_interval_ms, facts.seed);
        self.codes = Codes::new(facts.seed);
        self.facts = Some(facts);
    }

    /// The host is another one than the one that opened this run, or its operator has changed his mind.
    fn open_again(&mut self, facts: HostFacts) -> bool {
        let cap = self.confine(&facts);
        self.slots.resize(cap);
        true
    }

    /// Holds the run to what the host and its operator allow; how many sessions that are at once.
    fn confine(&mut self, facts: &HostFacts) -> u32 {
        if let Some(limits) = &facts.limits {
            self.plan.rules.confine(limits);
            self.budget.confine(&self.plan.rules.caps);
        }
        facts.max_concurrent.map_or(self.plan.max_concurrent, |host| host.min(self.plan.max_concurrent))
    }

    fn handle(&mut self, what: Happening) {
        let used = match what {
            Happening::Woke => true,
            Happening::Opened(facts) => self.open_again(facts),
            Happening::Answered { request, outcome } => self.answered(request, outcome),
            Happening::SessionStarted(session) => match self.sessions.get(&session).map(|known| known.attempt) {
                Some(attempt) => {
                    self.reconciling.heard(self.now);
                    if let Some(attempt) = self.attempts.get_mut(attempt.0) {
                        attempt.running_since.get_or_insert(self.now);
                    }
                    let used = self.drive(attempt, Input::Started);
                    self.alarms.moved(self.now);
                    used
                }
                None => false,
            },
            Happening::SessionEnded(end) => match self.sessions.get_mut(&end.session) {
                Some(known) if !known.ended => {
                    known.ended = true;
                    let attempt = known.attempt;
                    self.no_longer_leaked(&end.session);
                    // An end that follows an answered cancellation is expected and changes nothing.
                    self.reconciling.heard(self.now);
                    self.book_excess(attempt, &end);
                    self.book_late(attempt, &end);
                    self.drive(attempt, Input::Ended(end));
                    self.alarms.moved(self.now);
                    true
                }
                Some(known) if canary::is("late-completion-overwrites") => {
                    let attempt = known.attempt;
                    self.end_again(attempt)
                }
                _ => false,
            },
            Happening::StopRequested { task, reason } => self.stop_requested(task, reason),
        };
        if !used {
            self.ignored_events += 1;
        }
    }

    fn status(&self, task: TaskIndex) -> TaskStatus {
        self.tasks.get(task.0).map_or(TaskStatus::Skipped, |run| run.status)
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
        self.progress_seq += 1 + u64::from(canary::is("progress-gap"));
        self.out.push(Command::Progress(progress));
    }
}

#[cfg(test)]
mod tests;
