//! A component that misbehaves, and answers of any size and shape: the call ends with a code, its sessions are stopped,
//! and the next call is as good as ever. `skill/test/limits.ts` holds the plugin to the same.

use std::path::PathBuf;

use gateway_sim::Called;
use gateway_sim::clock::Clock;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use host_sim::component::{ComponentHost, GuestLimits, find};
use parallel_agents::documents::DocumentReply;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::component::component;
use crate::requests_of::many;

/// Sessions that never end by themselves.
const HANGING: &str = "version = 1\n[[answers]]\nodds = { good = 0, hanging = 1000 }\n";

/// Perturbation, and the code of what comes of it; none: a reply.
const DEEDS: [(&str, Option<&str>); 9] = [
    ("spin", Some("E_GUEST_STUCK")),
    ("ask", Some("E_GUEST_STUCK")),
    ("tell", Some("E_GUEST_STUCK")),
    ("allocate", Some("E_GUEST_TRAP")),
    ("recurse", Some("E_GUEST_TRAP")),
    ("recurse-flat", Some("E_GUEST_TRAP")),
    ("panic", Some("E_GUEST_TRAP")),
    ("shout", None),
    ("answer", None),
];

/// Sessions that run when the perturbation is done.
const CHILDREN: u32 = 3;

async fn hostile() -> &'static ComponentHost {
    static HOST: OnceCell<ComponentHost> = OnceCell::const_new();
    HOST.get_or_init(async || {
        let path: PathBuf = find().unwrap_or_else(|error| panic!("{error}")).with_file_name("hostile.wasm");
        let loaded = ComponentHost::load(&path, None).await;
        loaded.unwrap_or_else(|error| panic!("{error}; `cargo xtask build` makes it"))
    })
    .await
}

fn simulation(script: &str) -> Simulation {
    let script = Script::from_toml(script).unwrap_or_else(|error| panic!("{error}"));
    // What comes after the first broken invariant is to be seen.
    Simulation::new(script, 1, SimulationOptions { stops_at_violation: false, ..SimulationOptions::default() })
}

fn outcome<'a>(called: &'a Called<DocumentReply>, place: &str) -> Result<Value, &'a str> {
    match &called.result {
        Ok(DocumentReply::Answer(text) | DocumentReply::Refused(text)) => {
            Ok(serde_json::from_str(text).unwrap_or_else(|error| panic!("{place}: {error}")))
        }
        Err(error) => Err(error.code()),
    }
}

#[tokio::test]
async fn whatever_a_component_does_its_host_and_its_sessions_come_through() {
    let host = hostile().await;
    let before =
        component().await.call("run_tasks", &many(3, ""), simulation("version = 1\n"), &Clock::virtual_time()).await;
    // What is asked for takes the host's memory; the default has room for the longest runs.
    let host = &host.with_limits(GuestLimits { import_calls: 50_000, ..GuestLimits::default() });
    for (deed, expected) in DEEDS {
        // Even the first call of a host may be a bad one, and none spoils the next.
        let called =
            host.call("run_tasks", &format!("{deed} {CHILDREN}"), simulation(HANGING), &Clock::virtual_time()).await;
        // The checker knows no run with such sessions and may have the first word.
        let code = outcome(&called, deed).err();
        let is_invariant = code == Some("E_GUEST_PROMISE") && !called.backend.checker().violations().is_empty();
        assert!(code == expected || (expected.is_some() && is_invariant), "{deed}: {:?}", called.result);
        let summary = called.backend.checker().summary();
        assert_eq!((summary.sessions, summary.live), (CHILDREN, 0), "{deed}");
        assert_eq!(summary.cancelled, CHILDREN, "{deed}: nobody but the host stopped them");
        let end = if expected.is_some() { "> break off\n" } else { "> return\n" };
        assert!(called.backend.trace().text().ends_with(end), "{deed}");

        let next = host.call("run_tasks", "answer 0", simulation(HANGING), &Clock::virtual_time()).await;
        assert_eq!(outcome(&next, deed), Ok(json!({})), "after {deed}");
    }
    let after =
        component().await.call("run_tasks", &many(3, ""), simulation("version = 1\n"), &Clock::virtual_time()).await;
    assert_eq!(before.backend.trace().text(), after.backend.trace().text());
}

#[tokio::test]
async fn a_reply_that_leaves_sessions_behind_is_a_broken_invariant() {
    let called = hostile().await.call("run_tasks", "answer 2", simulation(HANGING), &Clock::virtual_time()).await;
    assert_eq!(called.backend.checker().summary().orphans, 2);
    assert!(!called.backend.checker().violations().is_empty());
}

#[tokio::test]
async fn an_import_may_fail_at_any_call() {
    let good = |limits| async {
        let host = component().await.with_limits(limits);
        host.call("run_tasks", &many(8, ""), simulation("version = 1\n"), &Clock::virtual_time()).await
    };
    let whole = good(GuestLimits::default()).await;
    let calls = |called: &Called<DocumentReply>| {
        called.backend.trace().text().lines().filter(|line| line.contains(" > ") && !line.contains("> return")).count()
            as u64
    };
    let all = calls(&whole);
    assert!(all >= 40, "{all} calls are too few to fail at");
    let mut swept = 0;
    for import_calls in 0..all {
        let called = good(GuestLimits { import_calls, ..GuestLimits::default() }).await;
        assert_eq!(outcome(&called, "").err(), Some("E_GUEST_STUCK"), "after {import_calls}: {:?}", called.result);
        let summary = called.backend.checker().summary();
        assert_eq!((summary.live, summary.orphans), (0, 0), "after {import_calls}");
        swept += summary.cancelled;
    }
    assert!(swept > 0, "no call failed while sessions were alive");
    let enough = good(GuestLimits { import_calls: all, ..GuestLimits::default() }).await;
    assert_eq!(enough.backend.trace().text(), whole.backend.trace().text());
}

/// The result of the one task of a run whose agent answers with the template.
async fn answered(template: &str, format: &str) -> Value {
    let script = format!(
        "version = 1\n[[answers]]\ntokens = {{ input = 10, output = 10 }}\nlatency = {{ constant_ms = 100 }}\ntemplate = '''{template}'''\n"
    );
    let task = json!({ "agent_type": "code_reviewer", "task_description": "Say it.", "output_format": format });
    let request = json!({ "tasks": [task], "corrections": 0, "retries": 0 }).to_string();
    let called = component().await.call("run_tasks", &request, simulation(&script), &Clock::virtual_time()).await;
    assert_eq!(called.backend.checker().violations(), [], "{template}");
    assert_eq!(called.backend.checker().live(), 0, "{template}");
    outcome(&called, template).unwrap_or_else(|code| panic!("{template}: {code}: {:?}", called.result))["results"][0]
        .clone()
}

#[tokio::test]
async fn of_an_answer_of_a_megabyte_the_beginning_and_the_end_are_kept() {
    let one = "BEGIN{{ 'abcdefghij' * 100000 }}END";
    let result = answered(one, "text").await;
    assert_eq!(result["status"], "completed", "{}", result["error"]);
    let kept = result["output"].as_str().expect("a text");
    assert!(
        kept.starts_with("BEGINabc") && kept.ends_with("hijEND") && kept.contains("bytes left out"),
        "{}",
        kept.len()
    );
    assert!(kept.len() < 70_000, "{} bytes were kept", kept.len());

    let result = answered(&format!("{{\"text\": \"{one}\"}}"), "json").await;
    assert_eq!((&result["status"], &result["error"]["code"]), (&json!("failed"), &json!("E_OUTPUT_TOO_LARGE")));

    // The host cuts a longer one at the contract's limit, so that it is no success.
    let result = answered("BEGIN{{ 'abcdefghij' * 500000 }}END", "text").await;
    assert_eq!((&result["status"], &result["error"]["code"]), (&json!("failed"), &json!("E_OUTPUT_TRUNCATED")));
    assert!(result["output"].as_str().is_some_and(|kept| kept.starts_with("BEGINabc")), "{result}");
}

#[tokio::test]
async fn json_of_ten_thousand_levels_is_refused_and_not_followed() {
    for deep in ["{{ '[' * 10000 }}{{ ']' * 10000 }}", "{{ '{\"a\":' * 10000 }}1{{ '}' * 10000 }}", "{{ '[' * 10000 }}"]
    {
        let result = answered(deep, "json").await;
        assert_eq!(result["status"], "failed", "{deep}");
        assert_eq!(result["error"]["code"], "E_OUTPUT_TOO_DEEP", "{deep}: {}", result["error"]);
    }
}
