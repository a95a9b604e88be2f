//! One template over many items.

use gateway_sim::answering;
use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::host::SpawnOptions;
use parallel_agents_engine::order;
use serde_json::{Value, json};

/// What came of a request: the reply, what was told of the items, and what sessions were asked for.
struct Done {
    reply: Value,
    items: Vec<Value>,
    prompts: Vec<SpawnOptions>,
}

fn map(request: &Value, answer: impl FnMut(&str, &str) -> String) -> Done {
    let done = answering::call("map_tasks", &request.to_string(), answer);
    let DocumentReply::Answer(text) = done.reply else { panic!("refused: {:?}", done.reply) };
    let items = done.items.iter().map(|item| {
        let document: Value = serde_json::from_str(&item.document).expect("JSON");
        assert_eq!(document["item"], json!(item.item));
        assert!(!item.document.contains('\n'), "one line");
        document
    });
    Done { reply: serde_json::from_str(&text).expect("JSON"), items: items.collect(), prompts: done.prompts }
}

fn refused(function: &str, request: &Value) -> Vec<(String, String)> {
    let reply = answering::call(function, &request.to_string(), |_, _| String::new()).reply;
    let DocumentReply::Refused(text) = reply else { panic!("accepted: {reply:?}") };
    let refusal: Value = serde_json::from_str(&text).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    refusal["errors"].as_array().expect("a list").iter().map(|one| (text(&one["code"]), text(&one["path"]))).collect()
}

/// One step that works with text.
fn step(id: &str, description: &str, on: Option<&str>) -> Value {
    let mut step = json!({"task_id": id, "agent_type": "code_reviewer", "task_description": description,
        "output_format": "text"});
    if let Some(on) = on {
        step["dependencies"] = json!([on]);
        step["input_from"] = json!([{"field": "before", "task": on}]);
    }
    step
}

/// Draft, review, refine, over items with a title and a text.
fn chain(items: usize) -> Value {
    let item = |number: usize| json!({"title": format!("T{number}"), "text": {"words": [number]}});
    let mut draft = step("draft", "Write about {{title}}.", None);
    draft["input_data"] = json!({"text": "{{text}}", "note": "{{title}} of {{item_number}}"});
    json!({
        "items": (1..=items).map(item).collect::<Vec<_>>(),
        "steps": [draft, step("review", "Review it.", Some("draft")), step("refine", "Refine {{title}}.", Some("review"))],
        "max_concurrent": 7,
    })
}

#[test]
fn every_item_goes_through_all_steps_and_is_told_once() {
    let done = map(&chain(12), |id, _| format!("answer of {id}"));
    assert_eq!((&done.reply["status"], &done.reply["items"]["completed"]), (&json!("completed"), &json!(12)));
    assert_eq!(done.prompts.len(), 36);
    let told =
        |item: &Value| (item["item"].as_i64().expect("a number"), item["output"].as_str().expect("a text").to_owned());
    let told = order::sorted(done.items.iter().map(told).collect());
    let expected: Vec<(i64, String)> = (1..=12).map(|n| (n, format!("answer of item-{n}-refine"))).collect();
    assert_eq!(told, expected);
    assert!(done.items.iter().all(|item| item["attempts"] == 3 && item["error"].is_null()));
    let of = |label: &str| done.prompts.iter().find(|prompt| prompt.label.contains(label)).expect("it was spawned");
    let draft = &of(" item-3-draft ").task;
    assert!(draft.contains("Write about T3.") && draft.contains("T3 of 3"), "{draft}");
    assert!(draft.contains("\"words\": [\n    3\n  ]"), "the field keeps its type: {draft}");
    assert!(of(" item-3-review ").task.contains("answer of item-3-draft") && of(" item-3-review ").tool_free);
    assert!(of(" item-3-refine ").task.contains("Refine T3.") && !of(" item-3-refine ").task.contains("item-4"));
}

#[test]
fn the_reply_has_no_answers_of_items_and_says_how_long_they_were() {
    let done = map(&chain(2), |_, _| "twelve bytes".to_owned());
    let results = done.reply["run"]["results"].as_array().expect("results");
    assert_eq!(results.len(), 6);
    let ids: Vec<&str> = results.iter().filter_map(|row| row["task_id"].as_str()).collect();
    assert_eq!(ids[..4], ["item-1-draft", "item-1-review", "item-1-refine", "item-2-draft"]);
    for row in results {
        assert_eq!((&row["output"], &row["metadata"]["output_bytes"]), (&Value::Null, &json!(12)), "{row}");
        assert_eq!(row["status"], "completed");
    }
    assert_eq!(results[1]["metadata"]["dependencies"], json!(["item-1-draft"]));
}

#[test]
fn one_step_needs_no_name_and_items_need_no_fields() {
    let request = json!({"items": ["tides", 7], "steps": [{"agent_type": "content_writer_funny", "output_format": "text",
        "task_description": "On {{item}}"}]});
    let done = map(&request, |id, _| id.to_owned());
    let answers: Vec<&Value> = done.items.iter().map(|item| &item["output"]).collect();
    assert_eq!(answers, [&json!("item-1"), &json!("item-2")]);
    assert!(done.prompts[1].task.contains("On 7"));
}

#[test]
fn an_item_fails_with_the_step_that_kept_it_from_its_answer() {
    let mut request = chain(3);
    request["retries"] = json!(0);
    let done = map(&request, |id, _| if id == "item-2-review" { String::new() } else { "text".to_owned() });
    let second = done.items.iter().find(|item| item["item"] == 2).expect("it was told");
    assert_eq!((&second["status"], &second["task_id"]), (&json!("failed"), &json!("item-2-review")));
    assert_eq!((&second["error"]["code"], &second["output"]), (&json!("E_EMPTY_OUTPUT"), &Value::Null));
    assert_eq!(
        done.reply["items"],
        json!({"items": 3, "completed": 2, "failed": 1, "timeout": 0, "cancelled": 0,
        "skipped": 0})
    );
    assert_eq!((&done.reply["status"], &done.reply["run"]["census"]["skipped"]), (&json!("partial"), &json!(1)));
}

#[test]
fn answers_are_reduced_in_groups_and_their_answers_again() {
    let mut request = json!({"items": (1..=50).collect::<Vec<_>>(),
        "steps": [step("only", "On {{item}}", None)], "retries": 0});
    request["reduce"] = json!({"group_size": 6, "task": {"agent_type": "documentation_writer", "output_format": "text",
        "task_description": r"Sum them up, \{{so}}.", "input_data": {"style": "short"}}});
    let done = map(&request, |id, _| if id == "item-8-only" { String::new() } else { format!("<{id}>") });
    // 9 groups of items, 2 of those, 1 of these.
    let reducers: Vec<&SpawnOptions> = done.prompts.iter().filter(|prompt| prompt.label.contains(" reduce-")).collect();
    let ids: Vec<&str> = reducers.iter().filter_map(|prompt| prompt.label.split(' ').nth(1)).collect();
    assert_eq!(ids.len(), 12, "{ids:?}");
    assert_eq!(ids[9..], ["reduce-2-1", "reduce-2-2", "reduce-3-1"]);
    assert!(reducers.iter().all(|prompt| prompt.tool_free && prompt.task.contains("Sum them up, {{so}}.")));
    let group = |id: &str| &reducers.iter().find(|one| one.label.contains(&format!(" {id} "))).expect("a group").task;
    let of_items: Vec<bool> = (1..=50)
        .map(|n| reducers[..9].iter().filter(|one| one.task.contains(&format!("<item-{n}-only>"))).count() == 1)
        .collect();
    let missing: Vec<usize> = of_items.iter().enumerate().filter(|(_, there)| !**there).map(|(n, _)| n + 1).collect();
    assert_eq!(missing, [8], "every answer is in exactly one group");
    assert!(group("reduce-3-1").contains("<reduce-2-1>") && group("reduce-3-1").contains("<reduce-2-2>"));
    let reduced = &done.reply["reduced"];
    assert_eq!((&reduced["status"], &reduced["output"]), (&json!("completed"), &json!("<reduce-3-1>")));
    assert_eq!((&reduced["task_id"], &reduced["items"]), (&json!("reduce-3-1"), &json!(49)));
    assert_eq!(done.reply["status"], "partial", "item 8 has no answer");
}

/// So many numbers with one step each, made into one answer in groups of two.
fn in_twos(items: usize) -> Value {
    let mut request = json!({"items": (1..=items).collect::<Vec<_>>(),
        "steps": [step("only", "On {{item}}", None)], "retries": 0});
    request["reduce"] = json!({"group_size": 2, "task": {"agent_type": "documentation_writer", "output_format": "text",
        "task_description": "Sum them up."}});
    request
}

/// Runs it; these tasks answer nothing.
fn map_without(request: &Value, empty: &[&str]) -> Done {
    map(request, |id, _| if empty.contains(&id) { String::new() } else { format!("<{id}>") })
}

#[test]
fn items_that_are_not_in_the_one_answer_count_once() {
    for (empty, items, missing) in
        [(&["item-1-only"][..], 5, "1"), (&["item-3-only", "item-4-only"][..], 4, "2"), (&["reduce-1-2"][..], 4, "2")]
    {
        let done = map_without(&in_twos(6), empty);
        let prompt = done.prompts.iter().find(|prompt| prompt.label.contains(" reduce-2-1 ")).expect("a second level");
        let (_, field) = prompt.task.split_once("<<<FIELD items_without_answer ").expect("the field");
        assert_eq!(field.lines().nth(1), Some(missing), "{empty:?}");
        let reduced = &done.reply["reduced"];
        assert_eq!((&reduced["status"], &reduced["items"]), (&json!("completed"), &json!(items)), "{empty:?}");
    }
}

#[test]
fn the_one_answer_names_the_task_that_gave_it_or_failed_last() {
    // One after the other, a group as soon as its items have ended.
    let mut request = in_twos(4);
    request["max_concurrent"] = json!(1);
    request["reduce"]["task"]["priority"] = json!(9);
    let reduced = |empty: &[&str]| map_without(&request, empty).reply["reduced"].clone();
    for empty in [&["reduce-1-2"][..], &["item-3-only", "item-4-only"][..]] {
        let one = reduced(empty);
        assert_eq!((&one["status"], &one["output"]), (&json!("completed"), &json!("<reduce-1-1>")), "{empty:?}");
        assert_eq!((&one["task_id"], &one["items"]), (&json!("reduce-1-1"), &json!(2)), "{empty:?}");
    }
    let none = reduced(&["reduce-1-1", "item-3-only", "item-4-only"]);
    assert_eq!((&none["status"], &none["output"]), (&json!("failed"), &Value::Null));
    assert_eq!((&none["task_id"], &none["error"]["code"]), (&json!("reduce-1-1"), &json!("E_EMPTY_OUTPUT")));
}

#[test]
fn answers_that_do_not_fit_into_one_prompt_make_smaller_groups() {
    let mut request = json!({"items": [1, 2, 3, 4, 5], "steps": [step("only", "On {{item}}", None)]});
    request["reduce"] = json!({"task": {"agent_type": "documentation_writer", "output_format": "text",
        "task_description": "Sum them up."}});
    let done = map(&request, |id, _| if id.starts_with("item") { "x".repeat(60_000) } else { "short".to_owned() });
    let longest = done.prompts.iter().map(|prompt| prompt.task.len()).max().expect("prompts");
    assert!(longest < 140_000, "{longest}");
    let ids: Vec<&str> = done.prompts.iter().filter_map(|one| one.label.split(' ').nth(1)).skip(5).collect();
    assert_eq!(ids, ["reduce-1-1", "reduce-1-2", "reduce-1-3", "reduce-2-1"]);
    assert!(done.prompts[5].task.contains("[cut]"), "an answer of 60,000 bytes is shown in part");
    assert_eq!(done.reply["status"], "completed");
}

#[test]
fn without_an_answer_there_is_nothing_to_reduce() {
    let mut request = json!({"items": [1, 2], "steps": [step("only", "On {{item}}", None)], "retries": 0});
    request["reduce"] = json!({"task": {"agent_type": "documentation_writer", "task_description": "Sum them up."}});
    let done = map(&request, |_, _| String::new());
    assert_eq!((&done.reply["reduced"]["status"], &done.reply["status"]), (&json!("skipped"), &json!("failed")));
    assert!(done.prompts.iter().all(|prompt| !prompt.label.contains("reduce")));
}

#[test]
fn a_run_waits_for_items_and_not_for_their_first_steps() {
    let mut request = chain(20);
    request["wait"] = json!({"mode": "first", "count": 3});
    let done = map(&request, |id, _| id.to_owned());
    assert_eq!(done.reply["status"], "completed");
    assert!(done.reply["items"]["completed"].as_i64().is_some_and(|count| count >= 3), "{}", done.reply["items"]);
    assert_eq!(done.items.len(), 20, "those that were not needed are told as well");
    assert!(done.items.iter().any(|item| item["error"]["code"] == "E_NOT_NEEDED"));
}

#[test]
fn canary_tasks_and_the_budget_hold_for_all_items_together() {
    let mut request = chain(30);
    request["canary"] = json!(2);
    request["steps"][0]["output_format"] = json!("json");
    let done = map(&request, |_, _| "no JSON".to_owned());
    let codes: Vec<&str> = done.items.iter().filter_map(|item| item["error"]["code"].as_str()).collect();
    assert_eq!(codes.iter().filter(|code| **code == "E_CANARY_FAILED").count(), 28, "{codes:?}");

    let mut request = chain(30);
    request["budget"] = json!({"spawns": 10});
    let done = map(&request, |id, _| id.to_owned());
    assert_eq!((done.prompts.len(), &done.reply["status"]), (10, &json!("budget")));
    assert_eq!(done.items.len(), 30);
}

#[test]
fn a_forecast_knows_items_steps_and_groups() {
    let forecast = |request: &Value| -> Value {
        let reply = answering::call("forecast_run", &request.to_string(), |_, _| String::new()).reply;
        let DocumentReply::Answer(text) = reply else { panic!("refused: {reply:?}") };
        serde_json::from_str(&text).expect("JSON")
    };
    let mut request = chain(100);
    assert_eq!(forecast(&request)["sessions_expected"], json!(300));
    request["reduce"] =
        json!({"group_size": 10, "task": {"agent_type": "documentation_writer", "task_description": "Sum up."}});
    let with = forecast(&request);
    assert!(with["sessions_expected"].as_u64().is_some_and(|count| (311..=420).contains(&count)), "{with}");
    request["budget"] = json!({"tokens": 5_000_000});
    assert_eq!(forecast(&request)["tokens_worst"], json!(5_000_000));
    request["reduce"] = json!({"group_size": 10, "task": {"agent_type": "documentation_writer",
        "task_description": "Sum up.", "max_output_chars": 400}});
    request["budget"] = Value::Null;
    let small = forecast(&request);
    assert!(small["sessions_worst"].as_u64() < with["sessions_worst"].as_u64(), "{small}");
    // The run itself says the same beforehand.
    let done = map(&request, |id, _| id.to_owned());
    assert_eq!(done.reply["run"]["forecast"], small);
    let both = json!({"tasks": [], "items": ["a"], "steps": request["steps"]});
    assert!(refused("forecast_run", &both).contains(&("E_UNKNOWN_FIELD".to_owned(), "/tasks".to_owned())));
}

#[test]
fn everything_that_is_wrong_with_template_and_items_is_told_at_once() {
    let request = json!({
        "items": [{"a": "x"}, {"b": "x"}, null],
        "steps": [
            {"agent_type": "nobody", "task_description": "{{a}}"},
            {"agent_type": "code_reviewer", "task_description": "{{zzz}}", "dependencies": ["step-9"]},
        ],
        "reduce": {"task": {"agent_type": "code_reviewer", "task_description": ""}},
        "max_concurrent": 0,
        "wait": {"mode": "quorum", "count": 2, "pointer": "/verdict"},
    });
    let told = refused("map_tasks", &request);
    for expected in [
        ("E_PARAMETER_MISSING", "/items/1"),
        ("E_ITEM", "/items/2"),
        ("E_AGENT_UNKNOWN", "/steps/0/agent_type"),
        ("E_PARAMETER_MISSING", "/steps/1/task_description"),
        ("E_DEP_UNKNOWN", "/steps/1/dependencies/0"),
        ("E_TASK_EMPTY", "/reduce/task/task_description"),
        ("E_CONCURRENCY", "/max_concurrent"),
        ("E_WAIT", "/wait/mode"),
    ] {
        assert!(told.iter().any(|(code, path)| (code.as_str(), path.as_str()) == expected), "{expected:?}: {told:?}");
    }
}
