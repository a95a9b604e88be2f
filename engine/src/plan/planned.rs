//! What a checked request has become.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::agents::AgentDefinition;
use crate::answer;
use crate::host::{AnswerForm, OperatorLimits};
use crate::ids::{TaskId, TaskIndex};
use crate::json;
use crate::json::output_schema::OutputSchema;
use crate::policy::caps::Caps;
use crate::policy::ladder::Ladder;
use crate::policy::price::Prices;
use crate::policy::retry::{Backoff, DEFAULT_RETRIES};
use crate::policy::wait::Wait;
use crate::score::Score;
use crate::task::{Cleanup, OnDependencyFailure, OutputFormat, Proof, Tier};

/// One task, ready to be started when its dependencies are completed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlannedTask {
    /// Unique within the plan.
    pub id: TaskId,
    /// Who does it.
    pub agent: Arc<AgentDefinition>,
    /// What to do.
    pub description: String,
    /// The input, as an object; fields of `input_from` are added at the start.
    pub input: Map<String, Value>,
    /// With what from the outputs of dependencies.
    pub input_from: Vec<Reference>,
    /// At least 1.
    pub timeout_seconds: u32,
    /// The form of the answer.
    pub output_format: OutputFormat,
    /// What a JSON answer has to fit.
    pub output_schema: Option<OutputSchema>,
    /// Tokens that the answer may have. None: the host's limit.
    pub max_output_tokens: Option<u32>,
    /// Higher starts first.
    pub priority: i32,
    /// What has to be completed before.
    pub dependencies: Vec<TaskIndex>,
    /// The model to ask for.
    pub model: Option<String>,
    /// The thinking level to ask for.
    pub thinking: Option<String>,
    /// The host's agent to run under.
    pub agent_id: Option<String>,
    /// How it is dealt with.
    pub handling: Handling,
}

/// How one task is dealt with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Handling {
    /// The tier that it starts with, where the run has models for tiers.
    pub tier: Tier,
    /// Retries for reasons that pass.
    pub retries: u32,
    /// How long the host may leave it in a queue that does not move.
    pub start_timeout_seconds: u32,
    /// What it does without a dependency.
    pub on_dependency_failure: OnDependencyFailure,
    /// It may run twice without harm.
    pub idempotent: bool,
    /// The run is not completed without it.
    pub required: bool,
    /// What has to be there before it counts as completed.
    pub proof: Proof,
    /// Characters of its answer; None: no limit.
    pub max_output_chars: Option<u32>,
    /// A text that was cut is a success as well.
    pub accept_truncated: bool,
    /// Its JSON has to be the whole answer, with nothing beside it.
    pub answers_alone: bool,
    /// It is a step on the way to another task's answer, and nothing that a run waits for.
    pub is_interim: bool,
}

/// Seconds that an accepted session may wait while nothing of the run moves, when a request names no number.
pub const DEFAULT_START_TIMEOUT_SECONDS: u32 = 120;

impl Handling {
    /// As the agent type and the defaults have it.
    pub fn of(agent: &AgentDefinition) -> Self {
        Self {
            tier: agent.tier,
            retries: DEFAULT_RETRIES,
            start_timeout_seconds: DEFAULT_START_TIMEOUT_SECONDS,
            on_dependency_failure: OnDependencyFailure::Skip,
            idempotent: false,
            required: true,
            proof: Proof { min_tool_calls: agent.min_tool_calls, ..Proof::default() },
            max_output_chars: None,
            accept_truncated: false,
            answers_alone: false,
            is_interim: false,
        }
    }
}

/// A field of the input that a dependency's output fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name of that field.
    pub field: String,
    /// The dependency whose output is read.
    pub task: TaskIndex,
    /// JSON pointer into its output.
    pub pointer: String,
}

/// Bytes of a prompt besides what the task brings: its frame and the words about the form of the answer.
const FRAME_BYTES: usize = 1_500;

impl PlannedTask {
    /// About how many bytes its prompt has, before anything is filled in from other tasks.
    pub fn estimated_bytes(&self) -> usize {
        let input: usize = self.input.iter().map(|(name, value)| name.len() + 40 + json::length(value)).sum();
        let schema = self.output_schema.as_ref().map_or(0, |schema| schema.text().len());
        FRAME_BYTES + self.agent.prompt.len() + self.description.len() + input + schema
    }

    /// What a host that can do so makes the model keep to.
    pub fn form(&self) -> AnswerForm {
        match (self.output_format, &self.output_schema) {
            (OutputFormat::Json, Some(schema)) if !schema.fits_everything() => {
                AnswerForm::Json(Some(schema.shared_text()))
            }
            (OutputFormat::Json, _) => AnswerForm::Json(None),
            (OutputFormat::Markdown | OutputFormat::Code | OutputFormat::Text, _) => AnswerForm::Text,
        }
    }

    /// Whether its session gets no tools. Whoever reads what other agents wrote gets none, whatever its type says: their
    /// text may try to use them.
    pub fn tool_free(&self) -> bool {
        self.agent.tool_free || !self.input_from.is_empty()
    }

    /// Whether its session may run twice without harm: the caller says so, or it has no tools to do harm with.
    pub fn is_repeatable(&self) -> bool {
        self.handling.idempotent || self.tool_free()
    }
}

/// A run that can be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// In the order of the request.
    pub tasks: Vec<PlannedTask>,
    /// Sessions alive at once.
    pub max_concurrent: u32,
    /// For the whole run.
    pub deadline_seconds: u32,
    /// For all sessions.
    pub cleanup: Cleanup,
    /// Everything else that holds for the whole run.
    pub rules: Rules,
    /// Tasks that a workflow will add, for the forecast.
    pub foreseen: Option<Foreseen>,
    /// The workflow hands answers over while the run lasts, so that the report has none of them.
    pub hands_over: bool,
}

impl Plan {
    /// Bytes that are kept of each answer.
    pub fn kept_bytes(&self) -> usize {
        if self.hands_over { answer::MAX_KEPT_BYTES } else { answer::share(self.tasks.len()) }
    }
}

/// Tasks of one kind that are added to a run later.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreseen {
    /// One of them, with an input as large as expected.
    pub expected: PlannedTask,
    /// One of them with the largest input.
    pub worst: PlannedTask,
    /// How many, if every task before them answers as expected.
    pub count_expected: u32,
    /// How many at the most.
    pub count_worst: u32,
}

/// The rules of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// When it is enough.
    pub wait: Wait,
    /// Retries for reasons that pass.
    pub retries: Retries,
    /// Corrective sessions for one task.
    pub corrections: u32,
    /// The models of the tiers, if the run has any.
    pub ladder: Option<Ladder>,
    /// Whether evidence leads to a better model.
    pub escalate: bool,
    /// Another model than the one asked for fails the session.
    pub strict_model: bool,
    /// An answer that may be an error message is a success all the same.
    pub accept_error_text: bool,
    /// Who judges every answer.
    pub judge: Option<Judge>,
    /// What may be spent.
    pub caps: Caps,
    /// What models cost.
    pub prices: Prices,
    /// Tasks that have to end before the others start.
    pub canary: Option<u32>,
    /// Circuits may open.
    pub breaker: bool,
    /// Late sessions get a twin.
    pub hedge: bool,
    /// Between two starts, on average.
    pub start_interval_ms: u64,
    /// Seconds for sessions of tasks that name no time. None: those of their agent types.
    pub task_timeout_seconds: Option<u32>,
}

impl Rules {
    /// How long a session of this agent type may run, in seconds, if its task names no time.
    pub fn timeout_seconds(&self, agent: &AgentDefinition) -> u32 {
        self.task_timeout_seconds.unwrap_or(agent.timeout_seconds)
    }

    /// The tier under which answers are judged. None: they are not, or there are no tiers, and a judge has the model of its task.
    pub fn judge_tier(&self) -> Option<Tier> {
        let (judge, ladder) = (self.judge.as_ref()?, self.ladder.as_ref()?);
        Some(ladder.at_least(judge.agent.tier))
    }
}

impl Rules {
    /// Holds the rules to what the operator allows: this is the one place where a run meets its limits.
    pub fn confine(&mut self, limits: &OperatorLimits) {
        self.caps.confine(limits);
        if limits.micro_usd.is_some() || !limits.prices.is_empty() {
            self.prices = Prices(limits.prices.clone());
        }
    }

    /// Whether money has a cap and nobody knows what this model costs.
    pub fn is_unpriced(&self, model: Option<&str>) -> bool {
        self.caps.micro_usd.is_some() && self.prices.of(model).is_none()
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            wait: Wait::default(),
            retries: Retries::default(),
            corrections: 1,
            ladder: None,
            escalate: true,
            strict_model: false,
            accept_error_text: true,
            judge: None,
            caps: Caps::default(),
            prices: Prices::default(),
            canary: None,
            breaker: true,
            hedge: false,
            start_interval_ms: 0,
            task_timeout_seconds: None,
        }
    }
}

/// The retries of a whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retries {
    /// How long they wait.
    pub backoff: Backoff,
    /// Retries of all tasks together. None: by the number of tasks.
    pub budget: Option<u32>,
}

/// Who judges answers, and what is good enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Judge {
    /// An agent type that only reads.
    pub agent: Arc<AgentDefinition>,
    /// The lowest score with which an answer counts.
    pub threshold: Score,
}
