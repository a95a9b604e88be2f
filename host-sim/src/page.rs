//! A report as one page for people: the template of `report/`, which the plugin uses too, around a document.

use serde_json::{Value, json};

use gateway_sim::session_log::SessionRecord;

/// The page of a call: the function's name, the component's document, and what the host saw of the sessions.
pub fn page(function: &str, report: &Value, sessions: &[SessionRecord]) -> String {
    let document = json!({ "format": 1, "function": function, "report": report, "sessions": sessions });
    // A document that holds no `<` cannot end its element, whatever an agent wrote.
    let text = document.to_string().replace('<', "\\u003c");
    parallel_agents_page::template().replacen("null</script>", &format!("{text}</script>"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

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
