//! Where people see a run: its tab in the Control UI, and the progress card of the session that asked for it.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{browser, npm, workspace};

use super::bench::{Bench, Gateway, Started, plain_task, step};

const RUNS: &str = "parallel_agents_runs";

/// The session whose run is looked at.
const SESSION: &str = "watched";

/// Tasks of that run; some of them wait for the others, so that it has all states.
const TASKS: usize = 6;
const AT_ONCE: usize = 4;

const SOON: Duration = Duration::from_secs(60);
const BROWSING: Duration = Duration::from_secs(180);

/// The page of a run that goes on, behind the gateway's own authentication, and the card beside it.
///
/// # Errors
/// The first that is not shown, or shown to somebody who must not see it.
pub fn run(bench: &Bench, gateway: &Gateway) -> Result<()> {
    step("show a run in the Control UI", || is_shown(bench, gateway))?;
    step("keep one progress card", || has_a_card(gateway))?;
    step("leave alone a card that the agent keeps", || leaves_the_agents_card(gateway))
}

fn is_shown(bench: &Bench, gateway: &Gateway) -> Result<()> {
    let models = gateway.models()?;
    models.hold(true)?;
    let watched = watch(bench, gateway);
    // Whatever came of it, nobody else is to wait for these answers.
    models.hold(false)?;
    watched
}

fn watch(bench: &Bench, gateway: &Gateway) -> Result<()> {
    let request = json!({ "tasks": vec![plain_task(); TASKS], "max_concurrent": AT_ONCE, "timeoutSeconds": 1 });
    let reply = gateway.call_in(SESSION, "parallel_agents_run", &request)?;
    let run = reply.get("run_id").and_then(Value::as_str).context("a run without a name")?.to_owned();
    gateway.wait_until("its sessions run", SOON, |gateway| {
        gateway.receipts(&run).is_some_and(|receipts| receipts.len() == AT_ONCE)
    })?;

    let report = gateway.call_in(SESSION, RUNS, &json!({ "action": "report", "run_id": run }))?;
    let link = report.pointer("/result/link").and_then(Value::as_str).context("a report without a link")?;
    ensure!(link == format!("{}/parallel-agents", gateway.origin()), "the link leads to {link}");
    ensure!(report.get("state") == Some(&json!("running")), "{report:#}");

    let page = format!("/plugins/parallel-agents/runs?run={run}");
    let refused = gateway.page(&page, None).expect_err("nobody is let in without the token");
    ensure!(format!("{refused:#}").contains("401"), "{refused:#}");
    ensure!(gateway.page(&page, Some(gateway.token()))?.contains("\"feed\""), "the operator sees the page");
    let feed =
        gateway.page("/plugins/parallel-agents/feed?of=list", Some(gateway.token())).expect_err("a feed needs its key");
    ensure!(format!("{feed:#}").contains("401"), "{feed:#}");

    let node = &bench.tools.plugin.node;
    let mut command = Command::new(node);
    command.args(["--test", "report/test/tab.mjs"]).current_dir(workspace::root());
    command.env("URL", gateway.with_token(link)).env("RUN", &run).env("TASKS", TASKS.to_string());
    command.env("RELEASE", format!("http://{}/release", gateway.models()?.address));
    command.env("SESSION", format!("agent:main:{SESSION}"));
    command.env("CHROMIUM", browser::browser()?).env("TOOLS", npm::browser_tools(node)?);
    command.env("SHOTS", workspace::root().join(browser::PICTURES));
    Started::start("tab", &mut command, &bench.place("pages")?)?.finish(BROWSING).map(drop)
}

/// A run that lasts leaves one card, which changed as it went, and no message in the session.
fn has_a_card(gateway: &Gateway) -> Result<()> {
    let run = lasts(gateway, "carded")?;
    gateway.wait_until("the card", SOON, |gateway| {
        gateway.card("carded").is_ok_and(|card| card.to_string().contains(&run))
    })?;
    gateway.models()?.hold(false)?;
    let status = json!({ "action": "status", "run_id": run, "timeoutSeconds": 120 });
    gateway.call_in("carded", RUNS, &status)?;
    gateway.wait_until("the card shows the end", SOON, |gateway| {
        gateway.card("carded").is_ok_and(|card| text(&card).contains("2 of 2 tasks ended"))
    })?;
    let card = gateway.card("carded")?;
    let revision = card.get("revision").and_then(Value::as_u64).context("a card without a revision")?;
    ensure!((2..=10).contains(&revision), "it was written {revision} times: {card:#}");
    ensure!(text(&card).contains("value=\"2\" max=\"2\"") && text(&card).contains(" tokens"), "{card:#}");
    // Two turns were asked for, and each has said one thing.
    let said = gateway.said("carded")?;
    ensure!(said.len() == 2, "{} messages: {said:?}", said.len());
    Ok(())
}

/// An agent that has written its own card finds that on it afterwards.
fn leaves_the_agents_card(gateway: &Gateway) -> Result<()> {
    let own = json!({ "markdown": "My own plan." });
    gateway.say("planned", &format!("CALL_TOOL progress_card {own}"))?;
    let run = lasts(gateway, "planned")?;
    gateway.models()?.hold(false)?;
    let status = json!({ "action": "status", "run_id": run, "timeoutSeconds": 120 });
    gateway.call_in("planned", RUNS, &status)?;
    let card = gateway.card("planned")?;
    ensure!(text(&card) == "My own plan.", "{card:#}");
    Ok(())
}

/// A run of two tasks whose answers were kept back for longer than it takes until a card is written.
fn lasts(gateway: &Gateway, session: &str) -> Result<String> {
    gateway.models()?.hold(true)?;
    let request = json!({ "tasks": [plain_task(), plain_task()], "timeoutSeconds": 6 });
    let reply = gateway.call_in(session, "parallel_agents_run", &request)?;
    ensure!(reply.get("state") == Some(&json!("running")), "{reply:#}");
    Ok(reply.get("run_id").and_then(Value::as_str).context("a run without a name")?.to_owned())
}

fn text(card: &Value) -> &str {
    card.get("markdown").and_then(Value::as_str).unwrap_or_default()
}
