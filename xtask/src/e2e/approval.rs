//! Runs that somebody has to agree to before anything is spawned.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::bench::{Approver, Gateway, plain_task, step};

const RUN: &str = "parallel_agents_run";
const RUNS: &str = "parallel_agents_runs";

/// What OpenClaw shows of a question at the most, in characters.
const MOST_SHOWN: usize = 512;

const SOON: Duration = Duration::from_secs(60);

/// Changes with which the gateway says that it has read the plugin's configuration. They are its own defaults.
const LIMITS: [u64; 2] = [599, 600];

/// How long a question waits. A gateway whose thread is busy for as long as that takes an answer for none.
const ANSWER_SECONDS: u32 = 10;

/// Asked, answered in every way, and not asked again.
///
/// # Errors
/// The first run that begins without a yes, or does not begin after one.
pub fn run(gateway: &mut Gateway) -> Result<()> {
    let [other, own] = LIMITS.map(|limit| json!({ "tools": { "swarm": { "waitTimeoutSecondsMax": limit } } }));
    let asking = json!({ "approval": { "above_sessions": 0, "seconds": ANSWER_SECONDS } });
    step("have runs asked about", || gateway.reconfigure(&other, &asking))?;
    step("run nothing where nobody can be asked", || nobody_is_there(gateway))?;
    step("run nothing after a no, or without an answer", || is_refused(gateway))?;
    step("run after a yes", || is_allowed(gateway))?;
    step("agree to a slash command", || is_agreed_to(gateway))?;
    step("ask nobody when a run goes on", || goes_on(gateway))?;
    // There is no way to take a field away while the gateway runs.
    let never = json!({ "approval": { "above_sessions": 100_000 } });
    step("have no runs asked about", || gateway.reconfigure(&own, &never))
}

fn request(tasks: usize) -> Value {
    json!({ "tasks": vec![plain_task(); tasks], "max_concurrent": 1 })
}

/// Says what came of a call, which spawned nothing.
fn is_blocked(gateway: &Gateway, session: &str, words: &[&str]) -> Result<()> {
    let said = gateway.say(session, &format!("CALL_TOOL {RUN} {}", request(2)))?;
    ensure!(words.iter().all(|word| said.contains(word)), "not refused with {words:?}: {said}");
    ensure!(gateway.runs_of(session)?.is_empty(), "{session} has runs");
    Ok(())
}

/// Nobody is connected; and in a turn of a scheduled job nobody is asked, although somebody is.
fn nobody_is_there(gateway: &Gateway) -> Result<()> {
    is_blocked(gateway, "unasked", &["Plugin approval unavailable (no approval route)"])?;
    let _somebody = gateway.approver("allow-once")?;
    let message = format!("CALL_TOOL {RUN} {}", request(1));
    let ended = gateway.run_job("approval", &["--message", &message])?;
    let said = ended.get("summary").and_then(Value::as_str).unwrap_or_default();
    ensure!(said.contains("cron runs have no approval-capable initiating surface"), "{ended:#}");
    Ok(())
}

fn is_refused(gateway: &Gateway) -> Result<()> {
    {
        let _somebody = gateway.approver("deny")?;
        is_blocked(gateway, "denied", &["Denied by user. The tool call did not run."])?;
    }
    let somebody = gateway.approver("silent")?;
    is_blocked(
        gateway,
        "unanswered",
        &[&format!("E_APPROVAL_TIMEOUT: nobody agreed to this within {ANSWER_SECONDS} s")],
    )?;
    one_question(&somebody).map(drop)
}

fn one_question(somebody: &Approver) -> Result<Value> {
    let questions = somebody.questions();
    ensure!(questions.len() == 1, "{} questions: {questions:#?}", questions.len());
    Ok(questions.into_iter().next().unwrap_or_default())
}

fn is_allowed(gateway: &Gateway) -> Result<()> {
    let somebody = gateway.approver("allow-once")?;
    let reply = gateway.call_in("allowed", RUN, &request(2))?;
    ensure!(reply.pointer("/result/status") == Some(&json!("completed")), "{reply:#}");
    let question = one_question(&somebody)?;
    let shown = question.get("description").and_then(Value::as_str).unwrap_or_default();
    let says = ["run_tasks: 2 sessions expected, ", "Models: ", "it could need more than 0 sessions."];
    ensure!(says.iter().all(|words| shown.contains(words)), "the question is {question:#}");
    ensure!(shown.chars().count() <= MOST_SHOWN, "the question is too long: {question:#}");
    let run = reply.get("run_id").and_then(Value::as_str).context("a run without a name")?;
    let record = gateway.record(run)?;
    ensure!(record.pointer("/approved/to") == Some(&json!(shown)), "the yes is not kept: {record:#}");
    Ok(())
}

/// OpenClaw asks nobody about a slash command, so the person agrees with a second one.
fn is_agreed_to(gateway: &Gateway) -> Result<()> {
    let _somebody = gateway.approver("allow-once")?;
    let line = format!("/parallel_agents run_tasks {}", request(1));
    let asked = gateway.slash_in("agreed", &line, SOON)?;
    let code = asked.split("/parallel_agents yes ").nth(1).and_then(|rest| rest.split(' ').next());
    let code = code.filter(|_| asked.contains("E_APPROVAL")).with_context(|| format!("not asked: {asked}"))?;
    ensure!(gateway.runs_of("agreed")?.is_empty(), "it runs before anybody has agreed");
    // A model may have read the code.
    let call = json!({ "command": format!("yes {code}") });
    let reply = gateway.call_in("agreed", "parallel_agents_call", &call)?;
    ensure!(reply.pointer("/errors/0/code") == Some(&json!("E_APPROVAL_UNKNOWN")), "{reply:#}");
    let done = gateway.slash_in("agreed", &format!("/parallel_agents yes {code}"), SOON)?;
    ensure!(done.contains("| code_reviewer | completed |"), "{done}");
    Ok(())
}

/// The kill takes with it whoever could answer.
fn goes_on(gateway: &mut Gateway) -> Result<()> {
    let somebody = gateway.approver("allow-once")?;
    let mut arguments = request(3);
    if let Some(fields) = arguments.as_object_mut() {
        fields.insert("timeoutSeconds".to_owned(), json!(1));
    }
    let reply = gateway.call_in("asked-once", RUN, &arguments)?;
    let run = reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?.to_owned();
    one_question(&somebody)?;
    gateway.wait_until("the second session is there", SOON, |gateway| {
        gateway.receipts(&run).is_some_and(|receipts| receipts.len() >= 2)
    })?;
    gateway.kill_and_start()?;
    let resume = json!({ "action": "resume", "run_id": run, "timeoutSeconds": 180 });
    let reply = gateway.call_in("asked-once", RUNS, &resume)?;
    ensure!(reply.pointer("/result/status") == Some(&json!("completed")), "{reply:#}");
    ensure!(gateway.record(&run)?.get("approved").is_some(), "the yes of {run} is lost");
    Ok(())
}
