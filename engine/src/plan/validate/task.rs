//! What holds for one task.

use std::fmt::Display;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::checker::{Checker, Defaults, Place};
use crate::agents::AgentDefinition;
use crate::ids::TaskId;
use crate::json::output_schema::OutputSchema;
use crate::json::schema;
use crate::plan::names::check_name;
use crate::plan::planned::{Handling, PlannedTask};
use crate::plan::rules;
use crate::plan::texts::check_description;
use crate::problem::Problem;
use crate::task::{OutputFormat, Proof, TaskSpec};

impl Checker {
    pub(super) fn task(
        &mut self,
        mut task: TaskSpec,
        id: String,
        place: Place,
        defaults: &Defaults,
    ) -> Option<PlannedTask> {
        let deadline = defaults.deadline;
        check_description(&task.task_description, format_args!("{place}/task_description"), &mut self.problems);
        self.name("E_MODEL_FORMAT", format_args!("{place}/model"), task.model.as_deref());
        self.name("E_THINKING_FORMAT", format_args!("{place}/thinking"), task.thinking.as_deref());
        self.name("E_AGENT_FORMAT", format_args!("{place}/agent_id"), task.agent_id.as_deref());
        let agent = self
            .catalogue
            .find(&task.agent_type, format_args!("{place}/agent_type"))
            .map_err(|problem| self.problems.push(problem))
            .ok();
        let own = task.timeout_seconds.or(defaults.timeout_seconds);
        let timeout = own.or(agent.as_ref().map(|agent| agent.timeout_seconds.min(deadline)));
        if let Some(seconds) = task.timeout_seconds.filter(|seconds| *seconds > deadline) {
            let message = format!("timeout_seconds: got {seconds}, but the whole run ends after {deadline}");
            let problem =
                Problem::new("E_TIMEOUT_GT_DEADLINE", format!("{place}/timeout_seconds"), message).got(seconds);
            self.problems.push(problem.limit(format!("1..={deadline}")).hint("lower it or raise deadline_seconds"));
        }
        let agent = agent?;
        let output_format = task.output_format.unwrap_or(agent.output_format);
        let own_schema = task
            .output_schema
            .take()
            .map(|own| self.output_schema(own, output_format, format_args!("{place}/output_schema")));
        let handling = self.handling(&task, &agent, place, defaults);
        let output_schema = match output_format {
            OutputFormat::Json => Some(own_schema.unwrap_or_else(|| agent.output_schema.clone())),
            OutputFormat::Markdown | OutputFormat::Code | OutputFormat::Text => None,
        };
        Some(PlannedTask {
            id: TaskId::new(id),
            description: task.task_description,
            input_from: Vec::new(),
            input: match task.input_data {
                Some(Value::Object(input)) => input,
                _ => Map::new(),
            },
            timeout_seconds: timeout?,
            output_format,
            output_schema,
            max_output_tokens: task.max_output_tokens.or(agent.max_output_tokens),
            priority: task.priority.unwrap_or(0),
            dependencies: Vec::new(),
            model: task.model.or_else(|| defaults.model.clone()),
            thinking: task.thinking.or_else(|| defaults.thinking.clone()),
            agent_id: task.agent_id,
            agent,
            handling,
        })
    }

    fn handling(&mut self, task: &TaskSpec, agent: &AgentDefinition, place: Place, defaults: &Defaults) -> Handling {
        let own = Handling::of(agent);
        let proof = match &task.proof {
            // Who reads other tasks' answers has no tools to prove anything with.
            None if !task.input_from.is_empty() => Proof::default(),
            None => own.proof,
            Some(proof) => self.proof(task, agent, proof, &format!("{place}/proof")),
        };
        Handling {
            tier: task.tier.unwrap_or(own.tier),
            retries: task.retries.or(defaults.retries).unwrap_or(own.retries),
            start_timeout_seconds: task
                .start_timeout_seconds
                .or(defaults.start_timeout_seconds)
                .unwrap_or(own.start_timeout_seconds),
            on_dependency_failure: task
                .on_dependency_failure
                .or(defaults.on_dependency_failure)
                .unwrap_or(own.on_dependency_failure),
            idempotent: task.idempotent.unwrap_or(own.idempotent),
            required: task.required.unwrap_or(own.required),
            proof,
            max_output_chars: task.max_output_chars,
            accept_truncated: task.accept_truncated.or(defaults.accept_truncated).unwrap_or(own.accept_truncated),
            answers_alone: own.answers_alone,
            is_interim: false,
        }
    }

    fn proof(&mut self, task: &TaskSpec, agent: &AgentDefinition, proof: &Proof, path: &str) -> Proof {
        for (list, pointers) in [("fields", &proof.fields), ("artefacts", &proof.artefacts)] {
            for (index, pointer) in pointers.iter().enumerate() {
                rules::check_pointer("E_PROOF", &format!("{path}/{list}/{index}"), pointer, &mut self.problems);
            }
        }
        if proof.wants_tools() && (agent.tool_free || !task.input_from.is_empty()) {
            let why =
                if agent.tool_free { "its agent type has no tools" } else { "who reads other tasks' answers has none" };
            let problem = Problem::new("E_PROOF", path, format!("proof: asks for the work of tools, but {why}"));
            self.problems.push(problem.hint("ask for `fields` only, or for another agent type"));
        }
        Proof { min_tool_calls: proof.min_tool_calls.max(agent.min_tool_calls), ..proof.clone() }
    }

    pub(super) fn name(&mut self, code: &str, path: impl Display, name: Option<&str>) {
        check_name(code, path, name, &mut self.problems);
    }

    fn output_schema(&mut self, own: Arc<Value>, format: OutputFormat, path: impl Display) -> OutputSchema {
        if format != OutputFormat::Json {
            let message = format!("output_schema: the answer is {}, a schema is for json", format.name());
            self.problems.push(
                Problem::new("E_SCHEMA", path.to_string(), message)
                    .hint("set output_format to json or leave the schema out"),
            );
        }
        // Tasks of one kind stand together, and have one schema. One without a fault is looked at once.
        if let Some((_, last)) = self.last_schema.as_ref().filter(|(last, _)| Arc::ptr_eq(last, &own) || *last == own) {
            return last.clone();
        }
        let faults = match schema::inlined(&own) {
            Ok(inlined) => {
                let read = OutputSchema::new(inlined);
                let bytes = read.text().len();
                if bytes <= schema::MAX_SCHEMA_BYTES {
                    self.last_schema = Some((own, read.clone()));
                } else {
                    let message =
                        format!("output_schema: got {bytes} bytes, need at most {}", schema::MAX_SCHEMA_BYTES);
                    self.problems.push(Problem::new("E_SCHEMA", path.to_string(), message).got(bytes));
                }
                return read;
            }
            Err(faults) => faults,
        };
        for (place, reason) in faults {
            let problem = Problem::new("E_SCHEMA", format!("{path}{place}"), format!("output_schema: {reason}"));
            self.problems.push(problem.limit(schema::KEYWORDS.join(", ")));
        }
        OutputSchema::default()
    }
}
