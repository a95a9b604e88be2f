//! A run as a page for people: the templates of `report/`, which the plugin uses too, and the documents around which they are.

use std::collections::BTreeMap;

use gateway_sim::session_log::{SessionLog, SessionRecord};
use gateway_sim::task_log::TaskLog;
use serde_json::{Value, json};

/// Where a prompt gets to its own task. What stands above it is the same for all tasks of an agent type, and is told once.
const OWN_TASK: &str = "\n# Task\n";

/// Tasks, and sessions, in one answer to a page: some 300 KiB. A page that has not seen more of a large run asks again at once.
const MOST_RECORDS: usize = 1_000;

/// The page of a call: the function's name, the component's document, and what the host saw of the sessions.
pub fn page(function: &str, report: &Value, sessions: &[SessionRecord]) -> String {
    let mut heads = BTreeMap::new();
    let sessions: Vec<Value> = sessions.iter().map(|record| without_head(record, &mut heads)).collect();
    let mut texts = vec![""; heads.len()];
    for (text, place) in heads {
        texts[place] = text;
    }
    let document = json!({ "format": 1, "function": function, "report": report, "heads": texts, "sessions": sessions });
    parallel_agents_page::with_document(&parallel_agents_page::template(), &document.to_string())
}

/// What a page that is served shows of a call that came back. Texts of sessions are read one by one.
pub fn document(function: &str, report: &Value, sessions: &[SessionRecord]) -> Value {
    let sessions: Vec<Value> = sessions.iter().map(without_texts).collect();
    json!({ "format": 1, "function": function, "report": report, "sessions": sessions })
}

/// What has become known of a call that goes on, at `now_ms` since it began, since a page was told of it: a bounded part, beside the
/// revision that tells how far it goes. None: the page has seen all there is.
pub fn news(function: &str, tasks: &TaskLog, sessions: &SessionLog, now_ms: u64, seen: Option<&str>) -> Option<Value> {
    let told = seen.and_then(told_before);
    let (from_session, from_task) = told.unwrap_or_default();
    let (new_sessions, new_tasks) = (sessions.since(from_session, MOST_RECORDS), tasks.since(from_task, MOST_RECORDS));
    if told == Some((new_sessions.up_to, new_tasks.up_to)) {
        return None;
    }
    let (ended, running, total) = tasks.counts();
    let live = json!({ "state": "running", "now_ms": now_ms, "ended": ended, "running": running, "total": total });
    let placed: Vec<Value> =
        new_sessions.records.iter().map(|(place, record)| json!([place, without_texts(record)])).collect();
    Some(json!({
        "now_ms": now_ms,
        "revision": format!("{}.{}", new_sessions.up_to, new_tasks.up_to),
        "goes_on": told.is_some(),
        "more": new_sessions.up_to < sessions.changes() || new_tasks.up_to < tasks.changes(),
        "document": { "format": 1, "function": function, "live": live },
        "tasks": new_tasks.records,
        "sessions": placed,
    }))
}

/// The labels of the sessions in whose task or answer some of these words are, each with the places of those words.
pub fn sessions_with<'a>(sessions: &'a [SessionRecord], words: &[String]) -> Vec<(&'a str, Vec<usize>)> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let words_of = |record: &SessionRecord| -> Vec<usize> {
        let (_, own) = split(&record.prompt);
        let text = format!("{own}\n{}", record.answer.as_deref().unwrap_or_default()).to_lowercase();
        (0..words.len()).filter(|place| text.contains(&words[*place])).collect()
    };
    let found = sessions.iter().map(|record| (record.label.as_str(), words_of(record)));
    found.filter(|(_, words)| !words.is_empty()).collect()
}

/// A prompt as its head, which may be empty, and its own part.
fn split(prompt: &str) -> (&str, &str) {
    prompt.split_at(prompt.find(OWN_TASK).map_or(0, |end| end + 1))
}

/// How far a revision tells of sessions and of tasks.
fn told_before(revision: &str) -> Option<(u64, u64)> {
    let (sessions, tasks) = revision.split_once('.')?;
    Some((sessions.parse().ok()?, tasks.parse().ok()?))
}

fn without_head<'a>(record: &'a SessionRecord, heads: &mut BTreeMap<&'a str, usize>) -> Value {
    let mut value = serde_json::to_value(record).unwrap_or_default();
    let (head, own) = split(&record.prompt);
    if let (false, Some(fields)) = (head.is_empty(), value.as_object_mut()) {
        let next = heads.len();
        fields.insert("head".to_owned(), (*heads.entry(head).or_insert(next)).into());
        fields.insert("prompt".to_owned(), own.into());
    }
    value
}

fn without_texts(record: &SessionRecord) -> Value {
    let chars = |text: &str| text.chars().count();
    let (prompt, answer) = (chars(&record.prompt), record.answer.as_deref().map_or(0, chars));
    let mut value = serde_json::to_value(record).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("prompt");
        fields.remove("answer");
        fields.insert("prompt_chars".to_owned(), prompt.into());
        fields.insert("answer_chars".to_owned(), answer.into());
    }
    value
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    use gateway_sim::clock::Clock;
    use gateway_sim::native;
    use gateway_sim::options::SimulationOptions;
    use gateway_sim::script::Script;
    use gateway_sim::simulation::Simulation;

    use super::*;

    /// A gateway that takes as many sessions as there are tasks.
    const GATEWAY: &str = "version = 1\ndefault_model = \"sim/standard\"\n[models.\"sim/standard\"]\n\
        [host]\nmax_concurrent = 500\nmax_children = 1000\nmax_total = 100_000\n";

    /// What a host saw of a run of so many tasks.
    async fn seen(tasks: usize) -> (TaskLog, SessionLog) {
        let task = |number| {
            json!({ "agent_type": "code_reviewer", "task_id": format!("task-{number}"), "task_description": "Say the Größe.",
                "output_format": "text" })
        };
        let tasks: Vec<Value> = (0..tasks).map(task).collect();
        let request = json!({ "tasks": tasks, "max_concurrent": 500 }).to_string();
        let (tasks, sessions) = (Arc::new(Mutex::new(TaskLog::default())), Arc::new(Mutex::new(SessionLog::default())));
        let simulation =
            Simulation::new(Script::from_toml(GATEWAY).expect("a script"), 1, SimulationOptions::default());
        let simulation = simulation.by(tasks.clone()).by(sessions.clone());
        let called = native::call("run_tasks", &request, simulation, &Clock::virtual_time()).await;
        assert!(called.result.is_ok());
        drop(called);
        let tasks = Arc::into_inner(tasks).expect("nobody else has it").into_inner().expect("nobody panicked");
        let sessions = Arc::into_inner(sessions).expect("nobody else has it").into_inner().expect("nobody panicked");
        (tasks, sessions)
    }

    #[tokio::test]
    async fn a_page_is_told_in_bounded_parts_without_texts_and_then_only_what_is_new() {
        let (tasks, sessions) = seen(MOST_RECORDS + 100).await;
        let first = news("run_tasks", &tasks, &sessions, 7, None).expect("all is new");
        assert_eq!((&first["now_ms"], &first["goes_on"], &first["more"]), (&json!(7), &json!(false), &json!(true)));
        assert!(first.to_string().len() < 600 << 10, "{} bytes", first.to_string().len());
        let [_, session] = first["sessions"][0].as_array().expect("a place and a session").as_slice() else { panic!() };
        assert!(session["prompt_chars"].as_u64() > Some(100) && session.get("prompt").is_none());
        assert!(session.get("answer").is_none());
        let revision = first["revision"].as_str();
        let rest = news("run_tasks", &tasks, &sessions, 7, revision).expect("the rest");
        assert_eq!((&rest["goes_on"], &rest["more"]), (&json!(true), &json!(false)));
        for (name, all) in [("tasks", tasks.records().len()), ("sessions", sessions.records().len())] {
            let places =
                |news: &Value| news[name].as_array().expect("a list").iter().map(|one| one[0].clone()).collect();
            let parts: [Vec<Value>; 2] = [places(&first), places(&rest)];
            assert_eq!(parts[0].len(), MOST_RECORDS, "{name}");
            let places: BTreeSet<u64> = parts.concat().iter().filter_map(Value::as_u64).collect();
            assert_eq!((places.len(), parts.concat().len()), (all, all), "{name}: each is told once");
        }
        assert_eq!(news("run_tasks", &tasks, &sessions, 9, rest["revision"].as_str()), None);
        // Of another program, or none.
        for unknown in ["", "x", "1", "1.x"] {
            let all = news("run_tasks", &tasks, &sessions, 9, Some(unknown)).expect("from the beginning");
            assert_eq!(all["goes_on"], false, "{unknown}");
        }
    }

    #[tokio::test]
    async fn what_prompts_have_in_common_is_in_a_page_once() {
        let (_, sessions) = seen(20).await;
        let page = page("run_tasks", &Value::Null, sessions.records());
        let (_, rest) = page.split_once("id=\"document\">").expect("the document");
        let (document, _) = rest.split_once("</script>").expect("its end");
        let document: Value = serde_json::from_str(document).expect("JSON");
        assert_eq!(document["heads"].as_array().map(Vec::len), Some(1), "one agent type");
        let told = document["sessions"].as_array().expect("a list");
        for (session, record) in told.iter().zip(sessions.records()) {
            let head =
                session["head"].as_u64().and_then(|head| document["heads"][usize::try_from(head).ok()?].as_str());
            let own = session["prompt"].as_str().expect("its own part");
            assert_eq!(format!("{}{own}", head.expect("a head")), record.prompt);
            assert!(own.contains("Größe") && own.len() * 2 < record.prompt.len());
        }
        assert_eq!(told.len(), sessions.records().len());
        let found = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            sessions_with(sessions.records(), &words).into_iter().map(|(_, places)| places).collect::<Vec<_>>()
        };
        assert_eq!(found(&["TASK-7", "GRÖSSE"]), [[0]], "another letter");
        let places = found(&["GRÖßE", "nowhere", "TASK-7"]);
        assert_eq!(
            (places.len(), places.iter().filter(|places| **places == [0, 2]).count()),
            (20, 1),
            "each word by itself"
        );
        assert!(found(&["senior engineer"]).is_empty(), "the head is not searched");
    }

    #[test]
    fn what_an_agent_wrote_cannot_leave_its_place() {
        let hostile = "null</script><script>alert(1)</script><!-- <style>";
        let page = page("run_tasks", &json!({ "results": [{ "output": hostile }] }), &[]);
        let (_, rest) = page.split_once("id=\"document\">").expect("the document");
        let (document, _) = rest.split_once("</script>").expect("its end");
        let document: Value = serde_json::from_str(document).expect("JSON");
        assert_eq!(document["function"], "run_tasks");
        assert_eq!(document["report"]["results"][0]["output"], hostile);
        assert!(!page.contains("alert(1)</script>"));
    }
}
