//! From a request document to a plan: everything that the shape alone cannot tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use serde_json::Value;

use super::{Handling, Plan, PlannedTask, Reference, check_document, graph, rules};
use crate::agents::{AgentDefinition, Catalogue};
use crate::ids::{TaskId, TaskIndex};
use crate::json::output_schema::OutputSchema;
use crate::json::{self, schema};
use crate::marker;
use crate::policy::limits::{
    DEFAULT_DEADLINE_SECONDS, DEFAULT_MAX_CONCURRENT, MAX_DESCRIPTION_BYTES, MAX_INPUT_BYTES, MAX_NAME_CHARS,
    MAX_TEXT_BYTES,
};
use crate::problem::{CallError, Problem};
use crate::task::{InputSource, OnDependencyFailure, OutputFormat, Proof, RunSpec, TaskSpec};

/// Names that OpenClaw gives a meaning of their own.
const RESERVED_IDS: [&str; 2] = ["last", "all"];

/// Checks a request for `run_tasks` and makes a plan of it, or lists all of its problems.
pub fn plan(request_schema: &Value, mut document: Value) -> Result<Plan, CallError> {
    let problems = check_document(request_schema, &mut document);
    plan_what_fits(document, problems)
}

/// The same for a request that came as a record, and that request as a document.
pub fn plan_record(request_schema: &Value, spec: RunSpec) -> Result<(Value, Plan), CallError> {
    // A record goes through the same checks as a document, so that there is one set of them.
    let mut document = serde_json::to_value(&spec).unwrap_or_default();
    let problems = check_document(request_schema, &mut document);
    if !problems.is_empty() {
        return plan_what_fits(document, problems).map(|plan| (Value::Null, plan));
    }
    // All of it fits, so the document says what the record says.
    plan_spec(spec, problems).map(|plan| (document, plan))
}

/// `problems`: what did not fit and was taken out.
fn plan_what_fits(document: Value, mut problems: Vec<Problem>) -> Result<Plan, CallError> {
    match serde_json::from_value(document) {
        Ok(spec) => plan_spec(spec, problems),
        Err(error) => {
            // Only a schema that says less than the type can lead here.
            problems.push(Problem::new("E_REQUEST_TYPE", "", format!("the request cannot be read: {error}")));
            Err(CallError::invalid(problems))
        }
    }
}

fn plan_spec(spec: RunSpec, mut problems: Vec<Problem>) -> Result<Plan, CallError> {
    let covered: Vec<String> = problems.iter().map(|problem| problem.path.clone()).collect();
    let (catalogue, faults) = match Catalogue::with(&spec.agents) {
        Ok(catalogue) => (catalogue, Vec::new()),
        Err(faults) => (Catalogue::default(), faults),
    };
    let mut checker = Checker { problems: faults, catalogue, last_schema: None };
    let planned = checker.run(spec);
    // A place that already has a problem gets no second one that only follows from it.
    problems.extend(checker.problems.into_iter().filter(|problem| {
        !covered.iter().any(|path| problem.path == *path || problem.path.starts_with(&format!("{path}/")))
    }));
    match planned {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(CallError::invalid(problems)),
    }
}

/// What holds for tasks that say nothing else.
struct Defaults {
    deadline: u32,
    model: Option<String>,
    thinking: Option<String>,
    retries: Option<u32>,
    start_timeout_seconds: Option<u32>,
    on_dependency_failure: Option<OnDependencyFailure>,
}

/// Where a task stands in the request. The path becomes text only when there is something to say of it.
#[derive(Clone, Copy)]
struct Place(usize);

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/tasks/{}", self.0)
    }
}

struct Checker {
    problems: Vec<Problem>,
    catalogue: Catalogue,
    /// The one that was read last, if it is in order.
    last_schema: Option<OutputSchema>,
}

impl Checker {
    fn run(&mut self, spec: RunSpec) -> Option<Plan> {
        let deadline = spec.deadline_seconds.unwrap_or(DEFAULT_DEADLINE_SECONDS);
        let defaults = Defaults {
            deadline,
            model: spec.model.clone(),
            thinking: spec.thinking.clone(),
            retries: spec.rules.retries,
            start_timeout_seconds: spec.rules.start_timeout_seconds,
            on_dependency_failure: spec.rules.on_dependency_failure,
        };
        self.name("E_MODEL_FORMAT", "/model", spec.model.as_deref());
        self.name("E_THINKING_FORMAT", "/thinking", spec.thinking.as_deref());
        let ids = self.ids(&spec.tasks);
        let dependencies: Vec<Vec<String>> = spec.tasks.iter().map(|task| task.dependencies.clone()).collect();
        self.references(&ids, &spec.tasks);
        let edges = graph::resolve(&ids, &dependencies).map_err(|problems| self.problems.extend(problems)).ok();
        let references: Vec<Vec<Reference>> = spec.tasks.iter().map(|task| references_of(task, &ids)).collect();
        let mut total_bytes = 0;
        let mut tasks = Vec::with_capacity(spec.tasks.len());
        for (index, (task, id)) in spec.tasks.into_iter().zip(ids).enumerate() {
            let place = Place(index);
            total_bytes += task.task_description.len() + self.input_bytes(&task, place);
            let planned = self.task(task, id, place, &defaults);
            tasks.extend(planned);
        }
        if total_bytes > MAX_TEXT_BYTES {
            let message = format!("tasks: {total_bytes} bytes of text in all, need at most {MAX_TEXT_BYTES}");
            let problem = Problem::new("E_TASK_TOO_LARGE", "/tasks", message).got(total_bytes);
            self.problems.push(problem.limit(format!("1..={MAX_TEXT_BYTES} bytes")).hint("split the run"));
        }
        let rules = rules::rules(spec.rules, &mut self.catalogue, &mut self.problems);
        rules::check_budget(&rules, &tasks, &mut self.problems);
        for ((task, edges), references) in tasks.iter_mut().zip(edges?).zip(references) {
            task.dependencies = edges;
            task.input_from = references;
        }
        Some(Plan {
            tasks,
            max_concurrent: spec.max_concurrent.unwrap_or(DEFAULT_MAX_CONCURRENT),
            deadline_seconds: deadline,
            cleanup: spec.cleanup.unwrap_or_default(),
            rules,
        })
    }

    /// The id of each task: its own, or one by position that nobody else has.
    fn ids(&mut self, tasks: &[TaskSpec]) -> Vec<String> {
        let given: BTreeSet<&str> = tasks.iter().filter_map(|task| task.task_id.as_deref()).collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut ids = Vec::with_capacity(tasks.len());
        for (index, task) in tasks.iter().enumerate() {
            let id = match &task.task_id {
                Some(id) => {
                    self.id(id, &format!("/tasks/{index}/task_id"));
                    id.clone()
                }
                None => {
                    let plain = format!("task-{}", index + 1);
                    if given.contains(plain.as_str()) { format!("{plain}-auto") } else { plain }
                }
            };
            if let Some(first) = seen.insert(id.clone(), index) {
                let path = format!("/tasks/{index}/task_id");
                let message = format!("{} is also the id of task {}", crate::text::quoted(&id), first + 1);
                self.problems
                    .push(Problem::new("E_ID_DUPLICATE", path, message).got(&id).hint("ids are unique within a run"));
            }
            ids.push(id);
        }
        ids
    }

    fn id(&mut self, id: &str, path: &str) {
        let well_formed = id.len() <= 64
            && id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
        if !well_formed {
            let message = format!("task_id: {} has another form", crate::text::quoted(id));
            self.problems.push(Problem::new("E_ID_FORMAT", path, message).got(id).limit("[a-z][a-z0-9_-]{0,63}"));
        } else if RESERVED_IDS.contains(&id) {
            let problem =
                Problem::new("E_ID_RESERVED", path, format!("task_id: {id} has a meaning of its own in OpenClaw"));
            self.problems.push(problem.got(id).hint("choose another id"));
        }
    }

    fn input_bytes(&mut self, task: &TaskSpec, place: Place) -> usize {
        let Some(input) = &task.input_data else { return 0 };
        let bytes = json::length(input);
        let path = || format!("{place}/input_data");
        if bytes > MAX_INPUT_BYTES {
            let message = format!("input_data: got {bytes} bytes, need at most {MAX_INPUT_BYTES}");
            let problem = Problem::new("E_INPUT_TOO_LARGE", path(), message).got(bytes);
            self.problems.push(problem.limit(format!("0..={MAX_INPUT_BYTES} bytes")));
        }
        if holds_nul(input) {
            self.problems.push(Problem::new("E_TASK_CHARS", path(), "input_data: a text holds the character U+0000"));
        }
        bytes
    }

    fn task(&mut self, mut task: TaskSpec, id: String, place: Place, defaults: &Defaults) -> Option<PlannedTask> {
        let deadline = defaults.deadline;
        self.description(&task.task_description, format_args!("{place}/task_description"));
        self.name("E_MODEL_FORMAT", format_args!("{place}/model"), task.model.as_deref());
        self.name("E_THINKING_FORMAT", format_args!("{place}/thinking"), task.thinking.as_deref());
        self.name("E_AGENT_FORMAT", format_args!("{place}/agent_id"), task.agent_id.as_deref());
        let agent = self
            .catalogue
            .find(&task.agent_type, format_args!("{place}/agent_type"))
            .map_err(|problem| self.problems.push(problem))
            .ok();
        let timeout = task.timeout_seconds.or(agent.as_ref().map(|agent| agent.timeout_seconds.min(deadline)));
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
            .map(|own| self.output_schema(own, output_format, &format!("{place}/output_schema")));
        let handling = self.handling(&task, &agent, place, defaults);
        let output_schema = match output_format {
            OutputFormat::Json => Some(own_schema.unwrap_or_else(|| agent.output_schema.clone())),
            OutputFormat::Markdown | OutputFormat::Code | OutputFormat::Text => None,
        };
        Some(PlannedTask {
            id: TaskId::new(id),
            description: task.task_description,
            input_from: Vec::new(),
            input: task.input_data.and_then(|input| input.as_object().cloned()).unwrap_or_default(),
            timeout_seconds: timeout?,
            output_format,
            output_schema,
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

    /// A reference has to name a declared dependency, and a field that nothing else fills.
    fn references(&mut self, ids: &[String], tasks: &[TaskSpec]) {
        for (index, task) in tasks.iter().enumerate() {
            let mut filled: BTreeSet<&str> = BTreeSet::new();
            for (place, source) in task.input_from.iter().enumerate() {
                let path = format!("/tasks/{index}/input_from/{place}");
                if !task.dependencies.contains(&source.task) {
                    let known =
                        if ids.contains(&source.task) { "add it to dependencies" } else { "no task has this id" };
                    let message = format!("input_from: {} is not a dependency", crate::text::quoted(&source.task));
                    let problem = Problem::new("E_REF_UNDECLARED", format!("{path}/task"), message);
                    self.problems.push(problem.got(&source.task).hint(known));
                }
                if !(source.pointer.is_empty() || source.pointer.starts_with('/')) {
                    let message = "input_from: a JSON pointer is empty or begins with /";
                    self.problems.push(Problem::new("E_REF", format!("{path}/pointer"), message).got(&source.pointer));
                }
                let given = task.input_data.as_ref().is_some_and(|input| input.get(&source.field).is_some());
                if given || !filled.insert(&source.field) {
                    let message =
                        format!("input_from: the field {} is filled twice", crate::text::quoted(&source.field));
                    self.problems.push(Problem::new("E_REF", format!("{path}/field"), message).got(&source.field));
                }
            }
        }
    }

    fn description(&mut self, text: &str, path: impl Display) {
        if text.trim().is_empty() {
            self.problems.push(
                Problem::new("E_TASK_EMPTY", path.to_string(), "task_description: is blank")
                    .got(text)
                    .hint("say what to do"),
            );
        } else if text.len() > MAX_DESCRIPTION_BYTES {
            let message = format!("task_description: got {} bytes, need at most {MAX_DESCRIPTION_BYTES}", text.len());
            let problem = Problem::new("E_TASK_TOO_LARGE", path.to_string(), message).got(text.len());
            let hint = "long material belongs into input_data";
            self.problems.push(problem.limit(format!("1..={MAX_DESCRIPTION_BYTES} bytes")).hint(hint));
        } else if text.contains('\0') || marker::holds_marker(text) {
            let message = "task_description: holds U+0000 or a line that looks like a marker of the prompt";
            self.problems.push(
                Problem::new("E_TASK_CHARS", path.to_string(), message)
                    .hint("material to work on belongs into input_data"),
            );
        }
    }

    fn name(&mut self, code: &str, path: impl Display, name: Option<&str>) {
        check_name(code, path, name, &mut self.problems);
    }

    fn output_schema(&mut self, own: Value, format: OutputFormat, path: &str) -> OutputSchema {
        if format != OutputFormat::Json {
            let message = format!("output_schema: the answer is {}, a schema is for json", format.name());
            self.problems.push(
                Problem::new("E_SCHEMA", path, message).hint("set output_format to json or leave the schema out"),
            );
        }
        // Tasks of one kind stand together, and have one schema. One without a fault is looked at once.
        if let Some(last) = self.last_schema.as_ref().filter(|last| *last.value() == own) {
            return last.clone();
        }
        let own = OutputSchema::new(own);
        let (bytes, faults) = (own.text().len(), schema::faults(own.value()));
        if bytes <= schema::MAX_SCHEMA_BYTES && faults.is_empty() {
            self.last_schema = Some(own.clone());
        }
        if bytes > schema::MAX_SCHEMA_BYTES {
            let message = format!("output_schema: got {bytes} bytes, need at most {}", schema::MAX_SCHEMA_BYTES);
            self.problems.push(Problem::new("E_SCHEMA", path, message).got(bytes));
        }
        for (place, reason) in faults {
            let problem = Problem::new("E_SCHEMA", format!("{path}{place}"), format!("output_schema: {reason}"));
            self.problems.push(problem.limit(schema::KEYWORDS.join(", ")));
        }
        own
    }
}

/// `[A-Za-z0-9._:/@-]{1,128}` without `..`: a name of the host's, never a path that climbs.
pub fn check_name(code: &str, path: impl Display, name: Option<&str>, problems: &mut Vec<Problem>) {
    let Some(name) = name else { return };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '/' | '@' | '-');
    if name.is_empty() || name.len() > MAX_NAME_CHARS || !name.chars().all(allowed) || name.contains("..") {
        let path = path.to_string();
        let field = path.rsplit('/').next().unwrap_or_default();
        let message = format!("{field}: {} has another form", crate::text::quoted(name));
        let limit = format!("[A-Za-z0-9._:/@-]{{1,{MAX_NAME_CHARS}}} without `..`");
        problems.push(Problem::new(code, path, message).got(name).limit(limit));
    }
}

/// The references of a task that can be resolved; the others have been told.
fn references_of(task: &TaskSpec, ids: &[String]) -> Vec<Reference> {
    let resolve = |source: &InputSource| {
        let index = ids.iter().position(|id| *id == source.task)?;
        Some(Reference { field: source.field.clone(), task: TaskIndex(index), pointer: source.pointer.clone() })
    };
    task.input_from.iter().filter_map(resolve).collect()
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, field)| name.contains('\0') || holds_nul(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
