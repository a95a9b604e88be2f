//! Each habit of other servers against what is expected of it; the table in the documentation is that of the code.

use std::sync::Arc;

use parallel_agents_engine::host::{
    AnswerForm, Command, Event, EventKind, FailureKind, SessionEnd, SessionOutcome, SpawnOptions,
};
use parallel_agents_engine::ids::RequestId;
use parallel_agents_engine::task::Cleanup;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::{BASE, report, stats};
use crate::live::{Live, LiveOptions, ModelServer};
use crate::model_server;
use crate::quirks::{self, Expected};
use gateway_sim::clock::Clock;
use gateway_sim::host::{Delivery, Next, SessionHost};
use gateway_sim::native;
use gateway_sim::observed::Observed;
use gateway_sim::script::Script;

const SCRIPT: &str = r#"
[[answers]]
template = '{"answer": "Paris, which is also the capital of the country"}'
"#;

const WORDS: &str = "[[answers]]\ntemplate = 'Rain taps the roof. It runs down the panes, and nobody minds.'\n";

fn request(is_text: bool) -> String {
    let mut agent = json!({ "name": "answerer", "description": "Answers.", "tools": "none", "prompt": "Answer." });
    if !is_text {
        agent["output_schema"] = json!({
            "type": "object",
            "properties": { "answer": { "type": "string" } },
            "required": ["answer"],
            "additionalProperties": false,
        });
    }
    let task = json!({
        "task_id": "t",
        "agent_type": "answerer",
        "task_description": "What is the capital of France?",
        "timeout_seconds": 20,
    });
    json!({ "agents": [agent], "tasks": [task], "retries": 0, "corrections": 0 }).to_string()
}

/// A server with this habit, and a host that asks it. The server's address, the host, and its clock.
async fn serve(name: &str) -> (String, Live, Clock) {
    let quirk = quirks::find(name).expect(name);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let root = format!("http://{}", listener.local_addr().expect("an address"));
    let words = if quirk.expected.is_text { WORDS } else { SCRIPT };
    let script = Script::from_toml(&format!("{BASE}{words}")).expect("a script").with_quirk(quirk.name);
    tokio::spawn(model_server::serve(listener, script, 7, 0.0));
    let clock = Clock::real_time();
    let server = ModelServer::new(&format!("{root}{}", quirk.expected.base), None).expect("an address");
    let options = LiveOptions { model: "standard".to_owned(), seed: 7, host_cap: None, start_ms: None };
    (root, Live::new(server, options, clock.bell()), clock)
}

/// The end of one session that is asked for a JSON value by a schema, without an engine.
async fn ended(live: &mut Live, clock: &Clock) -> SessionEnd {
    let options = SpawnOptions {
        task: "Agent type: answerer\nTask id: t\nOutput format: json\n\n# Task\n\nThe capital of France?".to_owned(),
        label: "answerer t".to_owned(),
        task_name: "t".to_owned(),
        agent_id: None,
        model: None,
        thinking: None,
        run_timeout_seconds: 20,
        cleanup: Cleanup::Keep,
        tool_free: true,
        form: AnswerForm::Json(Some(r#"{"type":"object","properties":{"answer":{"type":"string"}}}"#.into())),
        max_output_tokens: None,
        idempotency_key: "r-t-1".to_owned(),
    };
    let mut options = Some(Arc::new(options));
    let mut now_ms = live.now_ms();
    let passing = clock.begin(now_ms);
    loop {
        match live.poll(now_ms, None) {
            Next::Event(Delivery { event: Event { what: EventKind::SessionEnded(end), .. }, .. }) => return end,
            Next::Event(_) => {
                if let Some(options) = options.take() {
                    live.perform(Command::Spawn(RequestId(1), options));
                }
            }
            // Until the host rings the clock's bell.
            Next::SleepUntil(at_ms) => now_ms = passing.pass(at_ms).await,
            Next::Stuck(why) => panic!("{why}"),
        }
    }
}

/// One session's answer, wherever the server put it and however often it had to be asked.
async fn check_form(name: &str) {
    let (root, mut live, clock) = serve(name).await;
    let end = ended(&mut live, &clock).await;
    assert_eq!(end.outcome, SessionOutcome::Completed, "{name}: {end:?}");
    let text = end.completion.expect("an answer").text;
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["answer"], "Paris, which is also the capital of the country", "{name}");
    let asked = stats(&format!("{root}/v1")).await["requests"].as_u64();
    assert_eq!(asked, quirks::find(name).map(|quirk| quirk.expected.requests), "{name}");
}

/// A server that is not ready says so, and when it will be.
async fn check_loading(name: &str, retry_after_ms: Option<u64>) {
    let (_, mut live, clock) = serve(name).await;
    let end = ended(&mut live, &clock).await;
    let SessionOutcome::Failed { kind, retry_after_ms: wait, message } = end.outcome else { panic!("{end:?}") };
    assert_eq!((kind, wait), (FailureKind::NotReady, retry_after_ms), "{name}: {message}");
}

/// Runs a task on a server with this habit and compares.
async fn check(name: &str) {
    let expected: Expected = quirks::find(name).expect(name).expected;
    let (root, live, clock) = serve(name).await;
    let began = Instant::now();
    let live = Observed::of(live);
    let called = native::call("run_tasks", &request(expected.is_text), live, &clock).await;
    let took = began.elapsed();
    let report = report(&called);
    let result = &report["results"][0];
    let error = &result["error"];
    let message = error["message"].as_str().unwrap_or_default();
    let context = format!("{name}: {result:#}");

    assert_eq!(error["code"].as_str().unwrap_or_default(), expected.code, "{context}");
    assert_eq!(result["status"] == "completed", expected.code.is_empty(), "{context}");
    assert!(message.contains(expected.says), "{context}");
    let has_output = result["output"] != Value::Null;
    assert_eq!(has_output, expected.has_output, "{context}");
    if expected.has_output && expected.code.is_empty() && !expected.is_text {
        assert_eq!(result["output"]["answer"], "Paris, which is also the capital of the country", "{context}");
    }
    if expected.is_text && has_output {
        assert!(result["output"].as_str().is_some_and(|text| text.starts_with("Rain taps the roof.")), "{context}");
    }
    if expected.code.is_empty() {
        assert_eq!(result["metadata"]["truncated"], expected.is_truncated, "{context}");
        assert_eq!(report["usage_complete"], expected.has_usage, "{context}");
    }
    if expected.has_usage {
        assert!(report["usage"]["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{context}");
    }
    if expected.requests > 0 {
        let asked = stats(&format!("{root}/v1")).await["requests"].as_u64();
        assert_eq!(asked, Some(expected.requests), "{context}");
    }
    assert!(took.as_secs() >= expected.waits_seconds, "{context} took {took:?}");
}

/// Habits that only show where a form is asked for.
const FORMS: [&str; 5] =
    ["thoughts_hold_json", "form_as_tool_call", "no_json_schema", "no_response_format", "schema_makes_no_grammar"];

/// One test for each, under its name.
macro_rules! tests {
    ($($name:ident)*) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];

        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                match stringify!($name) {
                    name @ "model_loads" => check_loading(name, None).await,
                    name @ "model_loads_with_estimate" => check_loading(name, Some(20_000)).await,
                    name if FORMS.contains(&name) => check_form(name).await,
                    name => check(name).await,
                }
            }
        )*
    };
}

tests! {
    finish_other_words finish_length finish_length_then_empty finish_empty_and_cut finish_missing finish_error finish_abort
    finish_no_resources finish_network_error finish_filtered finish_unknown done_reason cut_off silent_end hang_half_way
    cut_after_end hang_after_end cut_after_document text_after_stop last_chunk_repeats_all counts_in_each_chunk counts_elsewhere counts_zero counts_missing
    thoughts_beside_answer thoughts_hold_json thoughts_only thoughts_to_the_limit content_in_parts refusal tool_call
    form_as_tool_call no_stream other_index rejected_json empty_body
    lines_end_with_cr no_space_after_data one_line_end_between_events data_twice comments only_comments byte_order_mark
    no_last_line_end split_characters bytes_that_are_no_text lines_of_json blank_lines_before_json wrong_content_type
    no_choices_in_chunks coded_gzip coded_deflate coded_brotli coded_zstd coded_error
    error_in_200 error_code_as_text error_packed_in_error error_in_stream error_in_choice error_event error_like_anthropic
    error_as_text error_detail error_detail_list error_list error_unknown_form error_plain_text error_xml error_page
    page_in_200 no_such_path base_without_version base_with_endpoint moved unpaid overflow_500 overflow_of_a_rate hang
    wait_in_words wait_in_minutes wait_in_milliseconds wait_until_a_date wait_in_details wait_for_a_limit rate_limit_in_200
    busy model_loads model_loads_with_estimate
    no_stream_options no_stream_options_list no_streams no_json_schema no_response_format schema_makes_no_grammar
}

#[test]
fn each_quirk_has_a_test_and_a_row_in_the_documentation() {
    let names: Vec<&str> = quirks::all().map(|quirk| quirk.name).collect();
    assert_eq!(names, TESTED);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/model-servers.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let (head, rest) = page.split_once("<!-- table -->\n").expect("the beginning of the table");
    let (table, tail) = rest.split_once("<!-- end of table -->").expect("the end of the table");
    if table != quirks::table() && std::env::var_os("INSTA_UPDATE").is_some_and(|it| it == "always") {
        let page = format!("{head}<!-- table -->\n{}<!-- end of table -->{tail}", quirks::table());
        std::fs::write(path, page).expect("written");
        return;
    }
    assert_eq!(table, quirks::table(), "INSTA_UPDATE=always writes it anew");
}
