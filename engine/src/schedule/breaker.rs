//! Which agent types and models are not worth another session for now, or at all.
//!
//! Two things open a circuit: failures of the infrastructure that come in numbers, which pass, and the same failure again
//! and again, which does not: a schema that no answer can fit must not cost every task its session.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::AgentType;
use crate::policy::ladder::Record;
use crate::task::{Cause, TaskError};

/// Failures of the infrastructure are counted over this long, in milliseconds.
const WINDOW_MS: u64 = 60_000;

/// Sessions within the window below which nothing is concluded, and the share of failures that opens: half.
const LEAST: usize = 5;

/// How long a circuit stays open before one session probes, in milliseconds. Doubles with each probe that fails.
const OPEN_MS: u64 = 30_000;

/// Probes that may fail before the rest is given up.
const MAX_PROBES: u32 = 3;

/// The same refusal by policy, credentials or provider, in a row, before the rest is given up.
const SAME_REFUSAL: u32 = 2;

/// The same unusable answer, in a row, before the rest is given up: with no success so far, and with some. A fault that
/// hits one session in five gets there once in 3,000 and once in 390,000 tries.
const SAME_EVIDENCE: [u32; 2] = [5, 8];

/// One agent type under one model.
pub type Group = (AgentType, String);

#[derive(Debug, Default)]
struct Circuit {
    recent: VecDeque<(u64, bool)>,
    open_until: Option<u64>,
    /// When the session that probes was started.
    probe: Option<u64>,
    failed_probes: u32,
    signature: String,
    same: u32,
    record: Record,
    dead: Option<String>,
}

/// Whether a group gets a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Sessions may start.
    Closed,
    /// Not before this time, or before the probe is back.
    Open(Option<u64>),
    /// It will not; why, in one sentence.
    Dead(String),
}

/// The circuits of a run, one for each agent type under each model.
#[derive(Debug, Default)]
pub struct Breaker {
    off: bool,
    circuits: BTreeMap<Group, Circuit>,
}

impl Breaker {
    /// With `on` false no circuit opens; records are kept all the same.
    pub fn new(on: bool) -> Self {
        Self { off: !on, circuits: BTreeMap::new() }
    }

    /// Whether this group gets a session now.
    pub fn verdict(&self, group: &Group, now: u64) -> Verdict {
        let Some(circuit) = self.circuits.get(group).filter(|_| !self.off) else { return Verdict::Closed };
        match (&circuit.dead, circuit.open_until) {
            (Some(why), _) => Verdict::Dead(why.clone()),
            (None, Some(until)) if now < until => Verdict::Open(Some(until)),
            (None, Some(_)) if circuit.probe.is_some() => Verdict::Open(None),
            (None, _) => Verdict::Closed,
        }
    }

    /// When an open circuit lets a probe through.
    pub fn wake_at(&self, now: u64) -> Option<u64> {
        self.circuits.values().filter_map(|circuit| circuit.open_until).filter(|until| *until > now).min()
    }

    /// A session is asked for; on an open circuit whose time is over it is the probe.
    pub fn started(&mut self, group: &Group, now: u64) {
        if let Some(circuit) = self.circuits.get_mut(group).filter(|circuit| circuit.open_until.is_some()) {
            circuit.probe = Some(now);
        }
    }

    /// The session that was started at this time ended without saying anything about the group: stopped, or never made.
    pub fn withdrawn(&mut self, group: &Group, started: u64) {
        if let Some(circuit) = self.circuits.get_mut(group) {
            circuit.probe.take_if(|probe| *probe == started);
        }
    }

    /// How a group did so far.
    pub fn record(&self, group: &Group) -> Record {
        self.circuits.get(group).map(|circuit| circuit.record).unwrap_or_default()
    }

    /// The session that was started at this time ended. True: the circuit opened just now, for a while or for good.
    pub fn ended(
        &mut self,
        group: &Group,
        started: u64,
        now: u64,
        error: Option<&TaskError>,
        repeatable: bool,
    ) -> bool {
        let circuit = self.circuits.entry(group.clone()).or_default();
        let was_shut = circuit.dead.is_none() && circuit.open_until.is_none();
        circuit.probe.take_if(|probe| *probe == started);
        match error.map(|error| (error, error.code.cause())) {
            None => circuit.went_well(started, now),
            Some((_, Cause::RateLimited | Cause::NotReady)) => {}
            Some((error, Cause::Passing)) => circuit.broke(started, now, error),
            Some((error, Cause::Interrupted)) if repeatable => circuit.broke(started, now, error),
            Some((error, Cause::Interrupted | Cause::Form | Cause::Weak | Cause::Refusal | Cause::Final)) => {
                circuit.recent.push_back((now, false));
                circuit.same_again(error);
            }
        }
        !self.off && was_shut && (circuit.dead.is_some() || circuit.open_until.is_some())
    }
}

impl Circuit {
    /// Whether a session that was started at this time says how an open circuit stands. Those from before say nothing of
    /// that: they met what opened it.
    fn is_probe(&self, started: u64) -> bool {
        self.open_until.is_some_and(|until| started >= until)
    }

    fn went_well(&mut self, started: u64, now: u64) {
        self.record.passed += 1;
        self.same = 0;
        if self.is_probe(started) {
            self.open_until = None;
            self.failed_probes = 0;
            self.recent.clear();
        }
        self.recent.push_back((now, false));
    }

    fn broke(&mut self, started: u64, now: u64, error: &TaskError) {
        self.recent.push_back((now, true));
        while self.recent.front().is_some_and(|(at, _)| at.saturating_add(WINDOW_MS) < now) {
            self.recent.pop_front();
        }
        if self.is_probe(started) {
            self.failed_probes += 1;
            if self.failed_probes >= MAX_PROBES {
                self.dead = Some(format!("{} probes in a row failed, the last one with {}", MAX_PROBES, error.code));
            }
            self.open_until = Some(now.saturating_add(OPEN_MS << self.failed_probes.min(MAX_PROBES)));
            return;
        }
        let failures = self.recent.iter().filter(|(_, failed)| *failed).count();
        if self.open_until.is_none() && self.recent.len() >= LEAST && failures * 2 >= self.recent.len() {
            self.open_until = Some(now.saturating_add(OPEN_MS));
        }
    }

    /// Evidence against the model, and refusals that the next session would meet again, open the circuit when they repeat.
    fn same_again(&mut self, error: &TaskError) {
        let evidence = error.code.cause().is_evidence();
        if evidence {
            self.record.failed += 1;
        } else if error.code.cause() != Cause::Refusal {
            return;
        }
        let signature = signature(error);
        self.same = if self.signature == signature { self.same + 1 } else { 1 };
        self.signature = signature;
        let [without, with] = SAME_EVIDENCE;
        let allowed = match (evidence, self.record.passed) {
            (false, _) => SAME_REFUSAL,
            (true, 0) => without,
            (true, _) => with,
        };
        if self.same >= allowed {
            self.dead = Some(format!("{} sessions in a row ended the same way: {}", self.same, error.message));
        }
    }
}

/// What two failures share if they are the same: the code and the words, without numbers and quoted values.
fn signature(error: &TaskError) -> String {
    let mut quoted = false;
    let mut plain = format!("{} ", error.code);
    for character in error.message.chars() {
        match character {
            '"' => quoted = !quoted,
            _ if quoted => {}
            c if c.is_ascii_digit() => {
                if !plain.ends_with('#') {
                    plain.push('#');
                }
            }
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::ErrorCode;

    fn group() -> Group {
        (AgentType::new("a"), "m".to_owned())
    }

    fn fail(breaker: &mut Breaker, now: u64, code: ErrorCode, message: &str) -> bool {
        breaker.ended(&group(), now, now, Some(&TaskError::new(code, message)), false)
    }

    #[test]
    fn failures_in_numbers_open_for_a_while_and_one_probe_decides() {
        let mut breaker = Breaker::new(true);
        let opened: Vec<bool> =
            (0..5).map(|n| fail(&mut breaker, n, ErrorCode::ModelUnavailable, "HTTP 500")).collect();
        assert_eq!(opened, [false, false, false, false, true]);
        assert_eq!(breaker.verdict(&group(), 5), Verdict::Open(Some(30_004)));
        assert_eq!(breaker.verdict(&group(), 30_004), Verdict::Closed);
        breaker.started(&group(), 30_004);
        assert_eq!(breaker.verdict(&group(), 30_005), Verdict::Open(None), "one probe only");
        breaker.ended(&group(), 30_004, 31_000, None, false);
        assert_eq!(breaker.verdict(&group(), 31_000), Verdict::Closed);
    }

    #[test]
    fn a_session_from_before_the_break_is_no_probe() {
        let unavailable = TaskError::new(ErrorCode::ModelUnavailable, "HTTP 500");
        let mut breaker = Breaker::new(true);
        for now in 0..5 {
            fail(&mut breaker, now, ErrorCode::ModelUnavailable, "HTTP 500");
        }
        breaker.started(&group(), 30_004);
        breaker.ended(&group(), 0, 40_000, Some(&unavailable), false);
        breaker.withdrawn(&group(), 1);
        breaker.ended(&group(), 2, 40_001, None, false);
        assert_eq!(breaker.verdict(&group(), 40_002), Verdict::Open(None), "the probe is still under way");
        breaker.ended(&group(), 30_004, 45_000, None, false);
        assert_eq!(breaker.verdict(&group(), 45_000), Verdict::Closed);
    }

    #[test]
    fn probes_that_fail_end_it() {
        let mut breaker = Breaker::new(true);
        let opened = (0..5).filter(|n| fail(&mut breaker, *n, ErrorCode::ModelUnavailable, "HTTP 500")).count();
        assert_eq!(opened, 1);
        let mut now = 0;
        for _ in 0..3 {
            now = breaker.wake_at(now).expect("a probe is due");
            assert_eq!(breaker.verdict(&group(), now), Verdict::Closed);
            breaker.started(&group(), now);
            fail(&mut breaker, now, ErrorCode::ModelUnavailable, "HTTP 500");
        }
        assert!(matches!(breaker.verdict(&group(), u64::MAX), Verdict::Dead(_)));
    }

    #[test]
    fn the_same_answer_again_and_again_ends_it() {
        let mut breaker = Breaker::new(true);
        for (n, got) in [11, 12, 250, 13].into_iter().enumerate() {
            assert!(!fail(&mut breaker, n as u64, ErrorCode::OutputSchema, &format!("/score: got {got}, need 0..=10")));
        }
        assert!(fail(&mut breaker, 9, ErrorCode::OutputSchema, "/score: got 99, need 0..=10"));
        assert!(matches!(breaker.verdict(&group(), 9), Verdict::Dead(why) if why.contains("5 sessions in a row")));
        let mut breaker = Breaker::new(true);
        assert!(
            !fail(&mut breaker, 0, ErrorCode::SpawnForbidden, "no")
                && fail(&mut breaker, 1, ErrorCode::SpawnForbidden, "no")
        );
    }

    #[test]
    fn one_in_five_does_not() {
        for seed in 0..200 {
            let mut breaker = Breaker::new(true);
            for number in 0..100 {
                if crate::policy::chance::draw(seed, "flaky", number, 4) == 0 {
                    fail(&mut breaker, number, ErrorCode::OutputInvalid, "no JSON");
                } else {
                    breaker.ended(&group(), number, number, None, false);
                }
            }
            assert_eq!(breaker.verdict(&group(), 100), Verdict::Closed, "seed {seed}");
        }
    }

    #[test]
    fn switched_off_it_only_counts() {
        let mut breaker = Breaker::new(false);
        (0..20).for_each(|n| assert!(!fail(&mut breaker, n, ErrorCode::OutputSchema, "no")));
        assert_eq!((breaker.verdict(&group(), 20), breaker.record(&group()).failed), (Verdict::Closed, 20));
    }
}
