//! The entry points: one strict reader of JSON for every function, so that each host refuses the same things with the same
//! bytes.

mod approval;
mod catalogue;
mod functions;
pub mod journals;
pub mod reports;
mod saved;
mod schemas;
mod spawning;
pub mod spec;
mod workflows;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::catalogue::BUILT_IN;
use parallel_agents_engine::collect::Collect;
use parallel_agents_engine::driver;
use parallel_agents_engine::host::Host;
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::journal::Journaled;
use parallel_agents_engine::json::strict::{self, JsonError, MAX_REQUEST_BYTES, REQUEST_BOUNDS};
use parallel_agents_engine::plan;
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::report::document;
use parallel_agents_engine::task::OutputFormat;
use parallel_agents_engine::workflow::AsPlanned;
use parallel_agents_workflows::graft::Checks;
use parallel_agents_workflows::map::{Mapping, mapping};
use parallel_agents_workflows::request::{self, Goal, Improvement};
use parallel_agents_workflows::teams::{self, Kind};

pub use functions::{Function, FunctionInfo, functions, refuse_name};

use functions::{described, known};
use spawning::Helper;
use spec::CollectSpec;

/// What a call gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentReply {
    /// The result, as JSON.
    Answer(String),
    /// The problems of the request, as JSON.
    Refused(String),
}

/// Calls a function with a JSON object. That may be large: its text is given up once it has been read and written down.
pub async fn call(function: Function, arguments: String, host: &mut impl Host) -> DocumentReply {
    let read = read(function, &arguments);
    let mut host = Journaled::new(host, function.name(), arguments);
    let answered = answer(read, &mut host).await;
    reply(host.close(answered))
}

/// The same by name; one that is not known is refused.
pub async fn call_named(function: &str, arguments: String, host: &mut impl Host) -> DocumentReply {
    match known(function, "") {
        Ok(function) => call(function, arguments, host).await,
        Err(error) => reply(Err(error)),
    }
}

fn reply(answered: Result<String, CallError>) -> DocumentReply {
    match answered {
        Ok(text) => DocumentReply::Answer(text),
        Err(error) => DocumentReply::Refused(document::refusal(&error)),
    }
}

async fn answer<H: Host>(read: Result<Read, CallError>, host: &mut Journaled<H>) -> Result<String, CallError> {
    match read? {
        Read::Run(plan) => driver::run(*plan, &mut AsPlanned, host).await.map(|report| document::report(&report)),
        Read::One(plan) => one(*plan, host).await,
        Read::Collect(mut what) => {
            driver::drive(&mut *what, host).await.map(|sessions| document::to_text(&json!({ "sessions": sessions })))
        }
        Read::Map(what) => workflows::map(*what, host).await.map(|done| document::to_text(&done)),
        Read::Refine(what) => workflows::refine(*what, host).await.map(|done| document::to_text(&done)),
        Read::Create(what) => workflows::create(*what, host).await.map(|done| document::to_text(&done)),
        Read::Reach(goal) => workflows::reach(*goal, host).await.map(|done| document::to_text(&done)),
        Read::Done(text) => Ok(text),
    }
}

/// Runs one task and gives back its record.
async fn one(plan: plan::Plan, host: &mut impl Host) -> Result<String, CallError> {
    let report = driver::run(plan, &mut AsPlanned, host).await?;
    Ok(report.results.first().map(document::result_text).unwrap_or_default())
}

/// The request schema of `run_tasks`.
pub fn run_schema() -> &'static Value {
    Function::RunTasks.schema()
}

/// What workflows check lists of tasks with.
fn checks() -> Checks {
    Checks { run_schema: run_schema(), built_in: BUILT_IN }
}

/// A checked call: either there is something to run, or it is done already.
enum Read {
    Run(Box<plan::Plan>),
    One(Box<plan::Plan>),
    Collect(Box<Collect>),
    Map(Box<Mapping>),
    Refine(Box<Improvement>),
    Create(Box<Improvement>),
    Reach(Box<Goal>),
    Done(String),
}

fn read_named(function: &str, arguments: &str) -> Result<Read, CallError> {
    read(known(function, "")?, arguments)
}

fn read(function: Function, arguments: &str) -> Result<Read, CallError> {
    let document = parse(function, arguments)?;
    let request_schema = function.schema();
    match function {
        // What is left of a request that does not fit is looked at as well, so that all problems are told at once.
        Function::RunTasks => plan::plan(request_schema, BUILT_IN, document).map(|plan| Read::Run(Box::new(plan))),
        Function::MapTasks => mapping(request_schema, BUILT_IN, document).map(|what| Read::Map(Box::new(what))),
        Function::ForecastRun => forecast(document).map(Read::Done),
        Function::RunIterativeRefinement => {
            let what = request::refinement(request_schema, checks(), document);
            what.map(|what| Read::Refine(Box::new(what)))
        }
        Function::CreateAgents => {
            let what = request::creation(request_schema, checks(), document);
            what.map(|what| Read::Create(Box::new(what)))
        }
        Function::Orchestrate => {
            let goal = request::orchestration(request_schema, checks(), document);
            goal.map(|goal| Read::Reach(Box::new(goal)))
        }
        Function::CollectResults => collection(request_schema, document).map(|what| Read::Collect(Box::new(what))),
        Function::SpawnWithRetry => helped(function, Helper { is_single: true, escalates: false }, document),
        Function::SpawnWithModelHierarchy => helped(function, Helper { is_single: true, escalates: true }, document),
        Function::SpawnParallelWithRetry => helped(function, Helper { is_single: false, escalates: false }, document),
        Function::ContentTeam => team(request_schema, Kind::Content, document),
        Function::DevelopmentTeam => team(request_schema, Kind::Development, document),
        Function::ReviewTeam => team(request_schema, Kind::Review, document),
        Function::CustomAgent => team(request_schema, Kind::CustomAgent, document),
        Function::MetaWorkflow => team(request_schema, Kind::MetaWorkflow, document),
        Function::ResultDigest => reports::digest(&wanted(request_schema, document)?).map(Read::Done),
        Function::ResultPage => reports::page(&wanted(request_schema, document)?).map(Read::Done),
        Function::ExplainTask => reports::story(&wanted(request_schema, document)?).map(Read::Done),
        Function::ListAgents => catalogue::list_agents(&wanted(request_schema, document)?).map(Read::Done),
        Function::DescribeAgent => catalogue::describe_agent(&wanted(request_schema, document)?).map(Read::Done),
        Function::RenderPrompt => catalogue::render_prompt(wanted(request_schema, document)?).map(Read::Done),
        Function::DefinitionFile => {
            let mut document = checked(request_schema, document)?;
            let definition = document.get_mut("definition").map(Value::take).unwrap_or_default();
            catalogue::definition_file(definition).map(Read::Done)
        }
        Function::DescribeFunction => {
            let document = checked(request_schema, document)?;
            described(document.get("function").and_then(Value::as_str).unwrap_or_default()).map(Read::Done)
        }
        Function::CheckApproval => approval::check(&checked(request_schema, document)?).map(Read::Done),
        Function::FillRequest => saved::fill(&checked(request_schema, document)?).map(Read::Done),
        Function::Versions => checked(request_schema, document).map(|_| Read::Done(catalogue::versions())),
    }
}

/// The forecast of a run, or of one over many items.
fn forecast(document: Value) -> Result<String, CallError> {
    let is_wide = document.get("items").is_some() || document.get("steps").is_some();
    let plan = match is_wide {
        true => mapping(Function::MapTasks.schema(), BUILT_IN, document)?.plan,
        false => plan::plan(run_schema(), BUILT_IN, document)?,
    };
    Ok(document::to_text(&plan.forecast()))
}

/// A document that fits its schema.
fn checked(request_schema: &Value, mut document: Value) -> Result<Value, CallError> {
    let problems = plan::check_document(request_schema, &mut document);
    if problems.is_empty() { Ok(document) } else { Err(CallError::invalid(problems)) }
}

/// What a document that fits its schema asks for.
fn wanted<T: DeserializeOwned>(request_schema: &Value, document: Value) -> Result<T, CallError> {
    // As an object, since it is one: for any value, each type would bring code for lists along.
    let fields = match checked(request_schema, document)? {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    T::deserialize(fields)
        .map_err(|error| CallError::invalid(vec![Problem::new("E_REQUEST_TYPE", "", error.to_string())]))
}

fn helped(function: Function, helper: Helper, document: Value) -> Result<Read, CallError> {
    let plan = Box::new(spawning::plan(function, helper, document)?);
    Ok(if helper.is_single { Read::One(plan) } else { Read::Run(plan) })
}

/// A team's request for `run_tasks`, or its run if that is wanted.
fn team(request_schema: &Value, kind: Kind, document: Value) -> Result<Read, CallError> {
    let team = teams::make(kind, BUILT_IN, checked(request_schema, document)?)?;
    let request = serde_json::to_value(&team.run).unwrap_or_default();
    if team.at_once {
        return plan::plan(run_schema(), BUILT_IN, request).map(|plan| Read::Run(Box::new(plan)));
    }
    Ok(Read::Done(document::to_text(&request)))
}

/// Whose answers to collect.
fn collection(request_schema: &Value, mut document: Value) -> Result<Collect, CallError> {
    let mut problems = plan::check_document(request_schema, &mut document);
    let wanted = CollectSpec::deserialize(&document).unwrap_or_default();
    for (index, key) in wanted.sessions.iter().enumerate() {
        if wanted.sessions.iter().take(index).any(|earlier| earlier == key) {
            let message = format!("sessions: {} stands twice", parallel_agents_engine::text::quoted(key));
            problems.push(Problem::new("E_SESSIONS", format!("/sessions/{index}"), message).got(key));
        }
    }
    if !problems.is_empty() {
        return Err(CallError::invalid(problems));
    }
    let keys = wanted.sessions.into_iter().map(SessionKey::new).collect();
    let format = wanted.output_format.unwrap_or(OutputFormat::Text);
    Ok(Collect::new(keys, wanted.wait_seconds.unwrap_or(0), format))
}

fn parse(function: Function, text: &str) -> Result<Value, CallError> {
    let refuse = |problem| CallError::invalid(vec![problem]);
    let reads_report = matches!(function, Function::ResultDigest | Function::ResultPage | Function::ExplainTask);
    let (most, bounds) =
        if reads_report { (reports::MAX_BYTES, reports::BOUNDS) } else { (MAX_REQUEST_BYTES, REQUEST_BOUNDS) };
    if text.len() > most {
        let message = format!("the request has {} bytes, need at most {most}", text.len());
        let problem = Problem::new("E_REQUEST_TOO_LARGE", "", message).got(text.len());
        return Err(refuse(problem.limit(format!("0..={most} bytes")).hint("split the run")));
    }
    strict::parse(text, bounds).map_err(|error| {
        let code = match error {
            JsonError::Syntax { .. } | JsonError::Inexact(_) => "E_REQUEST_JSON",
            JsonError::DuplicateKey(_) => "E_DUPLICATE_KEY",
            JsonError::TooDeep(_) | JsonError::TooMany(_) => "E_REQUEST_DEPTH",
        };
        refuse(Problem::new(code, "", format!("the request is not acceptable JSON: {error}")))
    })
}
