//! The rules of a script, checked.

use parallel_agents_engine::host::FailureKind;

use super::chance::Dice;
use super::fault::Fault;
use super::file::DamageName;
use super::latency::Latency;
use super::template::Template;

/// How one kind of agent behaves.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub matcher: Matcher,
    pub odds: Odds,
    pub latency: Latency,
    pub late: Late,
    /// None: counted from the text.
    pub input_tokens: Option<u64>,
    /// None: counted from the text.
    pub output_tokens: Option<u64>,
    /// Never empty.
    pub damage: Vec<DamageName>,
    /// Never empty, and the weights add up to more than 0.
    pub failures: Vec<Failure>,
    /// None: the answer is made from the schema in the prompt.
    pub template: Option<Template>,
    /// Tool messages before a good answer.
    pub tool_calls: u32,
    /// What each of them says.
    pub tool_text: Option<Template>,
}

/// Which attempts a rule is for; what is not named matches everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Matcher {
    pub agent_type: Option<String>,
    pub tier: Option<String>,
    pub model: Option<String>,
    pub task_contains: Option<String>,
    pub max_attempt: Option<u32>,
}

/// What a rule is matched against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spawned<'a> {
    pub agent_type: &'a str,
    /// The task's words, or the whole prompt if it is not one of ours.
    pub task: &'a str,
    pub model: &'a str,
    pub tier: Option<&'a str>,
    pub attempt: u32,
}

impl Matcher {
    pub(super) fn matches(&self, spawned: Spawned<'_>) -> bool {
        let same = |wanted: &Option<String>, got: Option<&str>| wanted.is_none() || wanted.as_deref() == got;
        same(&self.agent_type, Some(spawned.agent_type))
            && same(&self.tier, spawned.tier)
            && self.model.as_deref().is_none_or(|model| model == spawned.model || model == bare(spawned.model))
            && self.task_contains.as_deref().is_none_or(|part| spawned.task.contains(part))
            && self.max_attempt.is_none_or(|last| spawned.attempt <= last)
    }
}

/// A model's name without its provider.
pub(super) fn bare(model: &str) -> &str {
    model.split_once('/').map_or(model, |(_, name)| name)
}

/// How an attempt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Good,
    Malformed,
    Empty,
    Late,
    Failing,
    Hanging,
}

impl Fate {
    /// The name under which it is counted. None: the attempt goes well, or is counted by the kind of its damage.
    pub(super) fn fault(self) -> Option<Fault> {
        match self {
            Self::Good | Self::Malformed => None,
            Self::Empty => Some(Fault::EmptyAnswer),
            Self::Late => Some(Fault::LateAnswer),
            Self::Failing => Some(Fault::FailedSession),
            Self::Hanging => Some(Fault::HangingSession),
        }
    }
}

/// Chances per mille that add up to 1,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Odds(pub [(Fate, u32); 6]);

impl Odds {
    /// Nothing goes wrong.
    pub(super) const GOOD: Self = Self([(Fate::Good, 1_000); 6]);

    pub(super) fn draw(&self, dice: &mut Dice) -> Fate {
        let mut left = dice.below(1_000);
        for (fate, chance) in self.0 {
            match left.checked_sub(u64::from(chance)) {
                Some(rest) => left = rest,
                None => return fate,
            }
        }
        Fate::Good
    }
}

/// When a late answer comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Late {
    pub factor: u32,
    pub min_ms: u64,
}

/// A way to fail.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub kind: FailureKind,
    pub weight: u32,
    pub message: String,
    /// None: as long as an answer takes.
    pub latency_ms: Option<u64>,
}

/// One of the failures, by weight. None if there is none with a weight.
pub(super) fn draw_failure<'a>(failures: &'a [Failure], dice: &mut Dice) -> Option<&'a Failure> {
    let mut left = dice.below(failures.iter().map(|failure| u64::from(failure.weight)).sum());
    failures.iter().find(|failure| match left.checked_sub(u64::from(failure.weight)) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    })
}
