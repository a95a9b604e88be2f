//! What recorded sessions say when they are played again, and what those say that nobody recorded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use parallel_agents_engine::host::FailureKind;
use parallel_agents_engine::task::Usage;

use super::format::{RecordedOutcome, RecordedSession, Recording};
use crate::script::{Scripted, ScriptedOutcome, SessionSource};

/// One in per mille.
const ONE: u64 = 1_000;

/// The sessions of a recording, by task.
#[derive(Clone, Debug)]
pub struct Tape {
    takes: BTreeMap<(String, String), Vec<RecordedSession>>,
    /// Median run time of answers by model.
    pace: BTreeMap<String, u64>,
    default_model: String,
    /// How much slower a model is taken to be than the recorded one, per mille.
    factors: BTreeMap<String, u64>,
    scale: u64,
    assumed: Arc<Mutex<Assumed>>,
}

/// What was made up because no session of that kind was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assumed {
    /// By model: sessions that said what another model said, and the factor in per mille by which their time was changed.
    /// None: by the recorded times of both models, which differ from task to task.
    pub models: BTreeMap<String, (u32, Option<u64>)>,
    /// Tasks of which nothing was recorded; their sessions failed.
    pub unknown: Vec<String>,
    /// Answers of which only the beginning was recorded.
    pub in_part: u32,
    /// Sessions beyond those that their tasks had with that model; each repeated the last of them.
    pub repeated: u32,
    /// Sessions that were stopped, so that another answer to the same task stands in for what they would have said: a
    /// little later than they were stopped, since until then they had not answered.
    pub stopped: u32,
    /// Sessions that were stopped and whose tasks have no answer that could stand in. They say nothing at all.
    pub silent: u32,
    /// Sessions that had reached their time limit. Nobody knows what they would have said, so they reach any other limit too.
    pub timed_out: u32,
    /// Spawn calls that the host refused; none of them is refused again for the same reason.
    pub refused: u32,
}

impl Tape {
    /// The sessions of a recording. `factors`: how many times as long as the recorded ones a model takes that was not
    /// recorded, per mille.
    pub fn new(recording: &Recording, factors: BTreeMap<String, u64>) -> Self {
        let mut takes: BTreeMap<_, Vec<RecordedSession>> = BTreeMap::new();
        let mut times: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let default_model = recording
            .sessions
            .iter()
            .find(|session| session.model_asked.is_none())
            .and_then(|session| session.model.clone())
            .unwrap_or_else(|| "recorded".to_owned());
        let mut assumed = Assumed::default();
        for session in &recording.sessions {
            if matches!(session.outcome, RecordedOutcome::Refused(_)) {
                assumed.refused += 1;
                continue;
            }
            if matches!(session.outcome, RecordedOutcome::Answered(_)) {
                let model = session.model_asked.clone().unwrap_or_else(|| default_model.clone());
                times.entry(model).or_default().push(session.run_ms());
            }
            takes.entry((session.agent_type.clone(), session.task_id.clone())).or_default().push(session.clone());
        }
        let pace = times.into_iter().map(|(model, mut times)| {
            times.sort_unstable();
            let middle = times.len() / 2;
            (model, times.get(middle).copied().unwrap_or(0))
        });
        let assumed = Arc::new(Mutex::new(assumed));
        Self { takes, pace: pace.collect(), default_model, factors, scale: ONE, assumed }
    }

    /// The same with every session taking so many times as long, per mille.
    #[must_use]
    pub fn scaled(self, scale: u64) -> Self {
        Self { scale, ..self }
    }

    /// What was made up so far. Clones of a tape share it.
    pub fn assumed(&self) -> Assumed {
        self.assumed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn asked_model<'a>(&'a self, take: &'a RecordedSession) -> &'a str {
        take.model_asked.as_deref().unwrap_or(&self.default_model)
    }

    fn played(&self, take: &RecordedSession, factor: u64) -> Scripted {
        let outcome = match &take.outcome {
            RecordedOutcome::Answered(text) => ScriptedOutcome::Answer(text.clone()),
            RecordedOutcome::AnsweredInPart(text) => {
                self.note(|assumed| assumed.in_part += 1);
                ScriptedOutcome::Answer(text.clone())
            }
            RecordedOutcome::Failed { kind, message, retry_after_ms } => {
                ScriptedOutcome::Fail { kind: *kind, message: message.clone(), retry_after_ms: *retry_after_ms }
            }
            // The limit that ended it then ends it again.
            RecordedOutcome::TimedOut => {
                self.note(|assumed| assumed.timed_out += 1);
                ScriptedOutcome::Hang
            }
            RecordedOutcome::Stopped | RecordedOutcome::Refused(_) => ScriptedOutcome::Hang,
        };
        scripted(self.scaled_ms(take.run_ms(), factor), outcome, take.usage.unwrap_or_default())
    }

    /// A session that was stopped, as it might have gone on. As long as it ran it says nothing; whoever stops it again is
    /// in time.
    fn unstopped(&self, take: &RecordedSession, answer: Option<&RecordedSession>) -> Scripted {
        let Some(answer) = answer else {
            self.note(|assumed| assumed.silent += 1);
            return self.played(take, ONE);
        };
        self.note(|assumed| assumed.stopped += 1);
        let ran_ms = take.run_ms().saturating_add(1).max(answer.run_ms());
        Scripted { latency_ms: self.scaled_ms(ran_ms, ONE), ..self.played(answer, ONE) }
    }

    fn scaled_ms(&self, ms: u64, factor: u64) -> u64 {
        let ms = u128::from(ms) * u128::from(factor) * u128::from(self.scale);
        u64::try_from(ms / u128::from(ONE * ONE)).unwrap_or(u64::MAX)
    }

    fn note(&self, note: impl FnOnce(&mut Assumed)) {
        note(&mut self.assumed.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl SessionSource for Tape {
    fn applied_model(&self, requested: Option<&str>) -> String {
        requested.unwrap_or(&self.default_model).to_owned()
    }

    fn play(&self, agent_type: &str, task_id: &str, model: &str, attempt: u32) -> Scripted {
        let takes = self.takes.get(&(agent_type.to_owned(), task_id.to_owned())).map(Vec::as_slice).unwrap_or_default();
        let is_same = |take: &&RecordedSession| self.asked_model(take) == model;
        let answer = || {
            let answers = || takes.iter().filter(|take| take.answer().is_some());
            answers().rfind(is_same).or_else(|| answers().next_back())
        };
        let exact = takes.iter().filter(is_same).find(|take| take.attempt == attempt);
        if let Some(take) = exact {
            return if take.outcome == RecordedOutcome::Stopped {
                self.unstopped(take, answer())
            } else {
                self.played(take, ONE)
            };
        }
        let was_stopped = |take: &&RecordedSession| take.outcome == RecordedOutcome::Stopped;
        if let Some(take) = takes.iter().filter(|take| !was_stopped(take)).rfind(is_same) {
            self.note(|assumed| assumed.repeated += 1);
            return self.played(take, ONE);
        }
        let Some(take) = answer().or_else(|| takes.iter().rfind(|take| !was_stopped(take))).or(takes.last()) else {
            self.note(|assumed| assumed.unknown.push(format!("{agent_type} {task_id}")));
            let message = format!("nothing was recorded of {agent_type} {task_id}");
            return scripted(
                0,
                ScriptedOutcome::Fail { kind: FailureKind::Rejected, message, retry_after_ms: None },
                Usage::default(),
            );
        };
        if was_stopped(&take) {
            return self.unstopped(take, None);
        }
        let measured = match (self.pace.get(model), self.pace.get(self.asked_model(take))) {
            (Some(new), Some(old)) if *old > 0 => Some(new.saturating_mul(ONE) / old),
            _ => None,
        };
        let assumed = measured.is_none().then(|| self.factors.get(model).copied().unwrap_or(ONE));
        self.note(|notes| notes.models.entry(model.to_owned()).or_insert((0, assumed)).0 += 1);
        self.played(take, measured.or(assumed).unwrap_or(ONE))
    }
}

impl RecordedSession {
    /// How long it ran.
    pub fn run_ms(&self) -> u64 {
        self.ended_ms.unwrap_or(self.started_ms).saturating_sub(self.started_ms)
    }

    /// What it said, or the beginning of it.
    fn answer(&self) -> Option<&str> {
        match &self.outcome {
            RecordedOutcome::Answered(text) | RecordedOutcome::AnsweredInPart(text) => Some(text),
            RecordedOutcome::Failed { .. }
            | RecordedOutcome::TimedOut
            | RecordedOutcome::Stopped
            | RecordedOutcome::Refused(_) => None,
        }
    }
}

fn scripted(latency_ms: u64, outcome: ScriptedOutcome, usage: Usage) -> Scripted {
    Scripted { latency_ms, outcome, usage, cost_micro_usd: 0, tools: Vec::new(), fault: None }
}
