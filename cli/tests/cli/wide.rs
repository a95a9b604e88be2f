//! Runs over many items through the real program: what goes in, what comes out, and that no line is lost or double when the program is
//! killed. `cargo xtask wide` does the last with thousands of items and prints what it took.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use rand::{RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::{command, file, native, openai, path};

/// How many items the run that is killed has, and how often it is killed.
const ITEMS: &str = "PARALLEL_AGENTS_WIDE_ITEMS";
const KILLS: &str = "PARALLEL_AGENTS_WIDE_KILLS";

/// The seed of the moments.
const SEED: &str = "PARALLEL_AGENTS_KILL_SEED";

/// `wasm` or `native`.
const ENGINE: &str = "PARALLEL_AGENTS_KILL_ENGINE";

/// Where the figures go.
const TABLE: &str = "PARALLEL_AGENTS_KILL_TABLE";

fn number(variable: &str, default: u32) -> u32 {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A new place for the output of one test.
fn fresh(name: &str) -> String {
    let path = path(name);
    let _ = fs::remove_file(&path);
    let _ = fs::remove_file(format!("{path}.jsonl"));
    path
}

fn lines(path: &str) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// One step on a field of the item.
fn template(name: &str, field: &str) -> String {
    let step = json!({"agent_type": "content_writer_funny", "task_description": format!("On {{{{{field}}}}}")});
    file(name, json!({"steps": [step], "max_concurrent": 4}).to_string())
}

#[test]
fn rows_of_a_table_are_answered_in_lines_and_in_a_table() {
    let items = file("wide.csv", "\u{feff}topic;First Name\n\"tides; high\";Ada\nfog;Bo\n");
    let template = template("wide-rows.json", "topic");
    let output = fresh("wide-rows.csv");
    let ran = native(&["map", &template, "--items", &items, "--output", &output], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    // Where lines end depends on how long the path is.
    let said = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("2 of 2 items are completed.") && said.contains("is the table of them"), "{said}");
    let mut found = lines(&format!("{output}.jsonl"));
    found.sort_by_key(|line| line["item"].as_u64());
    assert_eq!(found[0]["input"], json!({"topic": "tides; high", "First_Name": "Ada"}));
    assert!(found.iter().all(|line| line["status"] == "completed" && line["output"].is_object()));
    let table = fs::read_to_string(&output).expect("the table");
    assert!(table.starts_with("item,topic,First_Name,status,error,"), "{table}");
    assert!(table.lines().nth(1).is_some_and(|row| row.starts_with("1,tides; high,Ada,completed,,")), "{table}");

    let again = native(&["map", &template, "--items", &items, "--output", &output], "");
    assert!(again.code == 2 && again.err.contains("resume JOURNAL --output"), "it is not written over: {}", again.err);
    let before = fs::read_to_string(&items).expect("the items");
    let onto_items = native(&["map", &template, "--items", &items, "--output", &items], "");
    assert_eq!((onto_items.code, fs::read_to_string(&items).expect("the items")), (2, before), "{}", onto_items.err);
}

#[test]
fn lines_and_files_are_items_too() {
    let output = fresh("wide-lines.jsonl");
    let ran =
        native(&["map", &template("wide-lines.json", "item"), "--items", "-", "--output", &output], "\"a\"\n\"b\"\n");
    assert_eq!((ran.code, lines(&output).len()), (0, 2), "{}", ran.err);

    let (by_name, output) = (template("wide-input.json", "name"), fresh("wide-input.jsonl"));
    let map = |items: &str, input: &str| {
        native(&["map", &by_name, "--items", items, "--delimiter", "#", "--output", &output], input)
    };
    let lines_of_json = map(&file("wide-no-table.jsonl", "{\"name\": \"fog\"}\n"), "");
    assert!(
        lines_of_json.code == 2 && lines_of_json.err.contains("a delimiter is for a table"),
        "{}",
        lines_of_json.err
    );
    let ran = map("-", "id#name\n1#fog\n");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(lines(&output)[0]["input"], json!({"id": "1", "name": "fog"}), "a delimiter says that it is a table");

    let place = path("wide-files");
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(Path::new(&place).join("deep")).expect("a directory");
    for (name, text) in [("a.md", "# A"), ("deep/b.md", "# B"), ("c.txt", "C")] {
        fs::write(Path::new(&place).join(name), text).expect("a file");
    }
    let output = fresh("wide-files.jsonl");
    let ran = native(
        &["map", &template("wide-files.json", "path"), "--items", &place, "--pattern", "**/*.md", "--output", &output],
        "",
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let paths: BTreeSet<String> = lines(&output).iter().map(|line| line["input"]["path"].to_string()).collect();
    assert_eq!(paths, ["\"a.md\"", "\"deep/b.md\""].map(str::to_owned).into());
}

#[test]
fn what_cannot_be_run_costs_nothing_and_leaves_nothing() {
    let output = fresh("wide-refused.jsonl");
    let template = template("wide-refused.json", "nothing");
    let cases: [(&str, &str, &str); 4] = [
        ("wide-bad.csv", "a,b\n1\n", "E_FILE"),
        ("wide-bad.jsonl", "{\"a\": 1}\n{\n", "E_FILE"),
        ("wide-empty.csv", "a\n", "E_FILE"),
        ("wide-other.csv", "a\n1\n", "E_PARAMETER_MISSING"),
    ];
    for (name, text, code) in cases {
        let items = file(name, text);
        let ran = native(&["map", &template, "--items", &items, "--output", &output, "--json"], "");
        assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &json!(code)), "{name}: {}", ran.out);
        assert!(!Path::new(&output).exists(), "{name}");
    }
    let own = file("wide-own.json", json!({"steps": [], "items": ["a"]}).to_string());
    let called = native(&["call", "map_tasks", &own, "--base-url", "http://127.0.0.1:9/v1", "--json"], "");
    let error = &called.json()["error"];
    assert_eq!((called.code, &error["code"]), (2, &json!("E_USAGE")), "{error}");
    assert!(
        error["hint"].as_str().is_some_and(|hint| hint.contains("--output")),
        "its answers have a place in `map`: {error}"
    );
    let missing = native(&["map", &template, "--items", "none.csv"], "");
    assert!(missing.code == 2 && missing.err.contains("--output"), "{}", missing.err);
}

#[test]
fn nothing_is_written_over_the_lines_or_the_journal() {
    let (template, items) = (template("wide-over.json", "topic"), file("wide-over-items.csv", "topic\nfog\n"));
    let (lines, table, journal) = (fresh("wide-over.jsonl"), fresh("wide-over.csv"), fresh("wide-over.journal"));
    let beside = format!("{table}.jsonl");
    let usage_error = |arguments: &[&str]| {
        let ran = native(&[arguments, &["--json"]].concat(), "");
        assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &json!("E_USAGE")), "{arguments:?}: {}", ran.err);
    };
    let map = ["map", &template, "--items", &items, "--output"];
    let cases: [&[&str]; 7] = [
        &[&lines, "--report", &lines],
        &[&lines, "--trace", &lines],
        &[&lines, "--record", &lines],
        &[&table, "--report", &table],
        &[&table, "--report", &beside],
        &[&table, "--journal", &table],
        &[&lines, "--journal", &journal, "--report", &journal],
    ];
    for more in cases {
        usage_error(&[&map[..], more].concat());
        for path in [&lines, &table, &beside, &journal] {
            assert!(!Path::new(path).exists(), "{more:?}: {path} was made");
        }
    }
    let ran = native(&[&map[..], &[lines.as_str(), "--journal", &journal]].concat(), "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let written = || [&lines, &journal].map(|path| fs::read_to_string(path).expect("a file"));
    let before = written();
    for over in [&lines, &journal] {
        usage_error(&["resume", &journal, "--output", &lines, "--report", over]);
        assert_eq!(written(), before, "{over}");
    }
}

#[test]
fn items_without_an_answer_are_counted_by_their_error_and_the_run_is_not_completed() {
    let script = super::failing_script("wide-failing.toml");
    let output = fresh("wide-failing.jsonl");
    let ran = native(
        &["map", &template("wide-failing.json", "item"), "--items", "-", "--output", &output, "--script", &script],
        "1\n2\n3\n",
    );
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("0 of 3 items are completed."), "{}", ran.out);
    assert!(ran.out.contains("E_MODEL_REJECTED: "), "{}", ran.out);
    assert_eq!(lines(&output).len(), 3, "each has its line");
}

#[test]
fn a_thousand_items_get_through_a_server_that_refuses() {
    const ITEMS: u64 = 1_000;
    // A tenth of all requests, and whatever is more than 64 at once.
    let script = openai::one_model("wide-server.toml", "max_concurrent = 64\n[wire]\nrate_limited = 100\n");
    let server = openai::Server::start(&script);
    let step = json!({"agent_type": "content_writer_funny", "task_description": "On {{item}}"});
    let backoff = json!({"base_ms": 100, "max_ms": 200});
    let request =
        json!({"steps": [step], "max_concurrent": 100, "retries": 5, "retry_budget": 10_000, "backoff": backoff});
    let template = file("wide-server.json", request.to_string());
    let (output, journal) = (fresh("wide-server.jsonl"), fresh("wide-server.journal"));
    let rows: String = (1..=ITEMS).map(|row| format!("\"topic {row}\"\n")).collect();
    let to = ["--backend", "openai", "--base-url", &server.base, "--journal", &journal, "--json"];
    let ran = native(&[&["map", &template, "--items", "-", "--output", &output][..], &to].concat(), rows);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let reply = ran.json();
    assert_eq!(reply["items"]["completed"], ITEMS, "{}", reply["items"]);
    assert_eq!(told(&output), (1..=ITEMS).collect());
    let found = lines(&output);
    let attempts: u64 = found.iter().map(|line| line["attempts"].as_u64().expect("a number")).sum();
    assert!(attempts > ITEMS, "nothing was refused");
    assert!(found.iter().all(|line| line["status"] == "completed" && !line["output"].is_null()));
}

/// Two steps with a few faults, and one answer of all.
fn wide_template() -> String {
    let step = |id: &str, words: &str| {
        json!({"task_id": id, "agent_type": "content_writer_educational", "task_description": words,
            "input_data": {"topic": "{{topic}}"}, "idempotent": true})
    };
    let mut second = step("polish", "Polish what {{id}} says.");
    second["dependencies"] = json!(["draft"]);
    second["input_from"] = json!([{"field": "draft", "task": "draft"}]);
    let reduce = json!({"agent_type": "documentation_writer", "task_description": "Sum them up."});
    let items = number(ITEMS, 200);
    json!({
        "steps": [step("draft", "Write about {{topic}}."), second],
        "reduce": {"task": reduce, "group_size": 50},
        "max_concurrent": 200, "deadline_seconds": 86_400, "canary": 5, "retries": 2, "retry_budget": items.min(10_000),
        "budget": {"tokens": u64::from(items) * 60_000, "session_tokens": 4_000},
    })
    .to_string()
}

fn table() -> String {
    let rows = (1..=number(ITEMS, 200)).map(|row| format!("row-{row},\"topic {row}, with a comma\"\n"));
    format!("id,topic\n{}", rows.collect::<String>())
}

/// The program, on a gateway with faults.
fn program(arguments: &[&str]) -> std::process::Command {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../host-sim/scripts/wide.toml");
    let mut program = command(arguments);
    program.args(["--script", script, "--engine", &env::var(ENGINE).unwrap_or_else(|_| "native".to_owned())]);
    program.stdin(Stdio::null());
    program
}

/// The items of the lines, each once.
fn told(output: &str) -> BTreeSet<u64> {
    // The program may have been killed in the middle of a line.
    let text = fs::read_to_string(output).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| text.get(..=end).unwrap_or_default());
    let items: Vec<u64> = whole
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["item"].as_u64().expect("a number"))
        .collect();
    let once: BTreeSet<u64> = items.iter().copied().collect();
    assert_eq!(once.len(), items.len(), "an item has two lines");
    once
}

/// Sessions that were asked for an item after it was final, over all lives of the run: its journal has both in their order.
fn asked_again(journal: &str) -> Vec<String> {
    let mut over = BTreeSet::new();
    let mut again = Vec::new();
    for line in fs::read_to_string(journal).expect("the journal").lines() {
        let Some((_, entry)) = line.split_once(' ') else { continue };
        let entry: Value = serde_json::from_str(entry).unwrap_or_default();
        for words in
            entry["step"]["commands"].as_array().into_iter().flatten().filter_map(|command| command[0].as_str())
        {
            if let Some(item) = words.strip_prefix("item ") {
                over.insert(item.to_owned());
            }
            let item = words.split_once(" item-").and_then(|(_, rest)| rest.split(['-', ' ']).next());
            if words.starts_with("spawn ") && item.is_some_and(|item| over.contains(item)) {
                again.push(words.to_owned());
            }
        }
    }
    assert!(!over.is_empty(), "the journal names no item");
    again
}

#[test]
fn a_run_over_many_items_survives_its_program() {
    let (items, kills) = (number(ITEMS, 200), number(KILLS, 4));
    let seed = u64::from(number(SEED, 27));
    let (template, rows) = (file("wide-kill.json", wide_template()), file("wide-kill.csv", table()));
    let whole_output = fresh("wide-whole.jsonl");
    let began = Instant::now();
    let whole = program(&["map", &template, "--items", &rows, "--output", &whole_output]).output().expect("it runs");
    let took = began.elapsed();
    let shown = String::from_utf8_lossy(&whole.stdout).into_owned();
    assert!(matches!(whole.status.code(), Some(0 | 1)), "{}{shown}", String::from_utf8_lossy(&whole.stderr));
    assert_eq!(told(&whole_output), (1..=items.into()).collect(), "every item has its line");

    let (output, journal) = (fresh("wide-kill.jsonl"), fresh("wide-kill.journal"));
    let run = ["map", &template, "--items", &rows, "--output", &output, "--journal", &journal];
    let resume = ["resume", &journal, "--output", &output];
    let lines = || fs::read(&output).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
    let mut draws = ChaCha8Rng::seed_from_u64(seed);
    let (mut hit, mut before) = (0, Vec::new());
    for life in 0..kills {
        let begun = fs::metadata(&journal).is_ok_and(|about| about.len() > 0) && life > 0;
        if !begun {
            let _ = fs::remove_file(&journal);
            let _ = fs::remove_file(&output);
        }
        let mut child = program(if begun { &resume[..] } else { &run[..] });
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        // By what it has done and not by the time, which is another one in each life on a busy machine.
        let there = lines();
        let wanted = there + draws.random_range(0..=(items as usize - there) / 2);
        while lines() < wanted && child.try_wait().expect("it can be asked").is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        hit += u32::from(child.try_wait().expect("it can be asked").is_none());
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        before.push(told(&output).len());
    }
    let last = program(&[&resume[..], &["--json"]].concat()).output().expect("it runs");
    let out = String::from_utf8_lossy(&last.stdout).into_owned();
    let done: Value = serde_json::from_str(&out).unwrap_or_else(|error| {
        panic!("{error} with {SEED}={seed}: {:?} {out} {}", last.status.code(), String::from_utf8_lossy(&last.stderr))
    });
    assert_eq!(told(&output), (1..=items.into()).collect(), "with {SEED}={seed}, after {before:?}");
    assert_eq!(asked_again(&journal), Vec::<String>::new(), "with {SEED}={seed}");
    let count = |name: &str| done["items"][name].as_u64().expect("a number");
    let ends: u64 = ["completed", "failed", "timeout", "cancelled", "skipped"].map(count).iter().sum();
    assert_eq!((count("items"), ends), (items.into(), items.into()));
    let tokens = &done["run"]["budget"]["tokens"];
    let [spent, beyond, cap] = ["spent", "overshoot", "cap"].map(|name| tokens[name].as_u64().expect("a number"));
    assert!(spent - beyond <= cap, "{tokens}");
    assert!(hit > 0, "nothing was hit: {before:?}");
    if let Ok(place) = env::var(TABLE) {
        let figures = format!(
            "{shown}{:.1} s by the wall clock.\n\nThe same once more, killed {hit} times ({kills} tries, {SEED}={seed}): {items} \
             lines, none double, none missing;\nlines after each kill: {before:?}; no session was asked for an item that had its \
             line; {} items completed.\n",
            took.as_secs_f64(),
            count("completed"),
        );
        fs::write(&place, figures).expect("the figures can be written");
    }
}
