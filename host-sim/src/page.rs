//! A run as a page for people: the templates of `report/`, which the plugin uses too, and the documents around which they are.

use gateway_sim::session_log::SessionRecord;
use gateway_sim::task_log::TaskLog;
use serde_json::{Value, json};

/// The page of a call: the function's name, the component's document, and what the host saw of the sessions.
pub fn page(function: &str, report: &Value, sessions: &[SessionRecord]) -> String {
    let document = document(function, report, sessions);
    parallel_agents_page::with_document(&parallel_agents_page::template(), &document.to_string())
}

/// What the page shows of a call that came back.
pub fn document(function: &str, report: &Value, sessions: &[SessionRecord]) -> Value {
    json!({ "format": 1, "function": function, "report": report, "sessions": sessions })
}

/// What the page shows of a call that goes on, at `now_ms` since it began. It is asked for again and again, so the texts of
/// sessions are left out and read one by one.
pub fn live_document(function: &str, tasks: &TaskLog, sessions: &[SessionRecord], now_ms: u64) -> Value {
    let (ended, running, total) = tasks.counts();
    let live = json!({
        "state": "running", "now_ms": now_ms, "ended": ended, "running": running, "total": total,
        "tasks": tasks.records(),
    });
    let sessions: Vec<Value> = sessions.iter().map(without_texts).collect();
    json!({ "format": 1, "function": function, "live": live, "sessions": sessions })
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
    use super::*;

    #[test]
    fn a_call_that_goes_on_is_told_of_without_texts() {
        let record = SessionRecord {
            label: "code_reviewer one [abc]".to_owned(),
            prompt: "Größe?".to_owned(),
            ..SessionRecord::default()
        };
        let document = live_document("run_tasks", &TaskLog::default(), &[record], 7);
        assert_eq!(document["live"]["now_ms"], 7);
        let [session] = document["sessions"].as_array().expect("a list").as_slice() else { panic!("one session") };
        assert_eq!((&session["prompt_chars"], &session["answer_chars"]), (&json!(6), &json!(0)));
        assert!(session.get("prompt").is_none() && session.get("answer").is_none());
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
