//! The JSON door: one strict reader for every function, so that each host refuses the same things with the same bytes.

mod catalogue;
mod functions;
pub mod journals;
pub mod reports;
mod schemas;
pub mod spawning;
pub mod workflows;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::catalogue::BUILT_IN;
use parallel_agents_engine::collect::{Collect, Collected};
use parallel_agents_engine::driver;
use parallel_agents_engine::host::Host;
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::journal::Journaled;
use parallel_agents_engine::json;
use parallel_agents_engine::json::strict::{self, JsonError, REQUEST_BOUNDS};
use parallel_agents_engine::plan;
use parallel_agents_engine::policy::limits::MAX_REQUEST_BYTES;
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::report::document;
use parallel_agents_engine::task::OutputFormat;
use parallel_agents_engine::workflow::AsPlanned;
use parallel_agents_workflows::join::Checks;
use parallel_agents_workflows::request::{self, Goal, Improvement};
use parallel_agents_workflows::teams;

pub use catalogue::render_prompt;
pub use functions::{DocumentFunction, functions};

use functions::{described, known};
use schemas::schema_of;

/// What a call gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentReply {
    /// The result.
    Answer(String),
    /// The problems.
    Refused(String),
}

/// Calls a function with a JSON object.
pub async fn call(function: &str, arguments: &str, host: &mut impl Host) -> DocumentReply {
    let mut host = Journaled::new(host, function, arguments.to_owned());
    let answered = answer(function, arguments, &mut host).await;
    reply(host.close(answered))
}

fn reply(answered: Result<String, CallError>) -> DocumentReply {
    match answered {
        Ok(text) => DocumentReply::Answer(text),
        Err(error) => DocumentReply::Refused(document::refusal(&error)),
    }
}

async fn answer<H: Host>(function: &str, arguments: &str, host: &mut Journaled<H>) -> Result<String, CallError> {
    match read(function, arguments) {
        Ok(Read::Run(plan)) => driver::run(*plan, &mut AsPlanned, host).await.map(|report| document::report(&report)),
        Ok(Read::One(plan)) => one(*plan, host).await,
        Ok(Read::Collect(mut what)) => {
            driver::drive(&mut *what, host).await.map(|sessions| document::to_text(&json!({ "sessions": sessions })))
        }
        Ok(Read::Refine(what)) => workflows::refine(*what, host).await.map(|done| document::to_text(&done)),
        Ok(Read::Create(what)) => workflows::create(*what, host).await.map(|done| document::to_text(&done)),
        Ok(Read::Reach(goal)) => workflows::reach(*goal, host).await.map(|done| document::to_text(&done)),
        Ok(Read::Done(text)) => Ok(text),
        Err(error) => Err(error),
    }
}

/// Runs one task and gives back its record.
async fn one(plan: plan::Plan, host: &mut impl Host) -> Result<String, CallError> {
    let report = driver::run(plan, &mut AsPlanned, host).await?;
    Ok(report.results.first().map(document::result_text).unwrap_or_default())
}

/// The request schema of `run_tasks`, for requests that come as records.
pub fn run_schema() -> Value {
    let mut schema = schema_of("run_tasks");
    if cfg!(feature = "bench-limits") {
        for (place, limit) in [("/properties/tasks", "maxItems"), ("/properties/max_concurrent", "maximum")] {
            schema.pointer_mut(place).and_then(Value::as_object_mut).map(|rules| rules.shift_remove(limit));
        }
    }
    schema
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
    Refine(Box<Improvement>),
    Create(Box<Improvement>),
    Reach(Box<Goal>),
    Done(String),
}

fn read(function: &str, arguments: &str) -> Result<Read, CallError> {
    let known = known(function, "")?;
    let mut document = parse(function, arguments)?;
    let request_schema = schema_of(known.name);
    if function == "run_tasks" {
        return plan::plan(&request_schema, BUILT_IN, document).map(|plan| Read::Run(Box::new(plan)));
    }
    let improvement = |document| request::improvement(&request_schema, checks(), document).map(Box::new);
    match function {
        "describe_function" => {
            let problems = plan::check_document(&request_schema, &mut document);
            if !problems.is_empty() {
                return Err(CallError::invalid(problems));
            }
            return described(document.get("function").and_then(Value::as_str).unwrap_or_default()).map(Read::Done);
        }
        "forecast_run" => {
            let forecast = plan::plan(&request_schema, BUILT_IN, document)?.forecast();
            return Ok(Read::Done(document::to_text(&forecast)));
        }
        "run_iterative_refinement" => return improvement(document).map(Read::Refine),
        "create_agents" => return improvement(document).map(Read::Create),
        "orchestrate" => {
            let goal = request::orchestration(&request_schema, checks(), document);
            return goal.map(|goal| Read::Reach(Box::new(goal)));
        }
        "collect_results" => return collection(&request_schema, document).map(|what| Read::Collect(Box::new(what))),
        _ if spawning::NAMES.contains(&function) => {
            let plan = Box::new(spawning::plan(function, document)?);
            return Ok(if spawning::is_single(function) { Read::One(plan) } else { Read::Run(plan) });
        }
        _ if reports::NAMES.contains(&function) => return reports::read(function, document).map(Read::Done),
        _ if teams::NAMES.contains(&function) => return team(function, document),
        _ => {}
    }
    let problems = plan::check_document(&request_schema, &mut document);
    if !problems.is_empty() {
        return Err(CallError::invalid(problems));
    }
    catalogue::read(function, document).map(Read::Done)
}

/// A team's request for `run_tasks`, or its run if that is wanted.
fn team(function: &str, document: Value) -> Result<Read, CallError> {
    let team = team_of(function, document)?;
    let request = serde_json::to_value(&team.run).unwrap_or_default();
    if team.at_once {
        return plan::plan(&run_schema(), BUILT_IN, request).map(|plan| Read::Run(Box::new(plan)));
    }
    Ok(Read::Done(document::to_text(&request)))
}

/// Makes a team of a checked or unchecked document, which has to fit the function's schema.
pub fn team_of(function: &str, mut document: Value) -> Result<teams::Team, CallError> {
    let problems = plan::check_document(&schema_of(function), &mut document);
    if !problems.is_empty() {
        return Err(CallError::invalid(problems));
    }
    teams::make(function, BUILT_IN, document)
}

/// Collects answers, for requests that come as records.
pub async fn collect(request: Value, host: &mut impl Host) -> Result<Vec<Collected>, CallError> {
    let text = json::text(&request);
    let mut what = collection(&schema_of("collect_results"), request)?;
    journals::recorded("collect_results", text, host, async |host| driver::drive(&mut what, host).await).await
}

/// Whose answers to collect.
fn collection(request_schema: &Value, mut document: Value) -> Result<Collect, CallError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Wanted {
        sessions: Vec<String>,
        wait_seconds: Option<u32>,
        output_format: Option<OutputFormat>,
    }
    let mut problems = plan::check_document(request_schema, &mut document);
    let wanted = Wanted::deserialize(&document).unwrap_or_default();
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

fn parse(function: &str, text: &str) -> Result<Value, CallError> {
    let refuse = |problem| CallError::invalid(vec![problem]);
    let reads_report = reports::NAMES.contains(&function);
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
