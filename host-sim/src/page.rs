//! A report as one page for people: a file that needs no network and no server.
//!
//! The page itself is `report/` in the root of the repository; both hosts put their document into the same template. What
//! agents wrote is data of the page, never a part of its markup or code.

use serde_json::{Value, json};

use crate::session_log::SessionRecord;

const TEMPLATE: &str = include_str!("../../report/page.html");
const STYLE: &str = include_str!("../../report/page.css");

/// In the order of the template, which names them.
const SCRIPTS: [(&str, &str); 7] = [
    ("model.js", include_str!("../../report/model.js")),
    ("dom.js", include_str!("../../report/dom.js")),
    ("summary.js", include_str!("../../report/summary.js")),
    ("timeline.js", include_str!("../../report/timeline.js")),
    ("graph.js", include_str!("../../report/graph.js")),
    ("details.js", include_str!("../../report/details.js")),
    ("page.js", include_str!("../../report/page.js")),
];

/// Where the document goes.
const DOCUMENT: (&str, &str) = ("<script type=\"application/json\" id=\"document\">", "null</script>");

/// The page of a call: the function's name, the component's document, and what the host saw of the sessions.
pub fn page(function: &str, report: &Value, sessions: &[SessionRecord]) -> String {
    let document = json!({ "format": 1, "function": function, "report": report, "sessions": sessions });
    // A document that holds no `<` cannot end its element, whatever an agent wrote.
    let document = document.to_string().replace('<', "\\u003c");
    let style = "<link rel=\"stylesheet\" href=\"page.css\">";
    let mut template = TEMPLATE.replace(style, &format!("<style>\n{STYLE}</style>"));
    for (name, script) in SCRIPTS {
        let place = format!("<script src=\"{name}\"></script>");
        template = template.replace(&place, &format!("<script>\n{script}</script>"));
    }
    let (before, after) = DOCUMENT;
    template.replacen(&format!("{before}{after}"), &format!("{before}{document}</script>"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_in_the_file_and_nothing_is_fetched() {
        let page = page("run_tasks", &json!({ "results": [] }), &[]);
        for outside in ["src=", "href=\"page", "@import", "url(", "null</script>"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("\"function\":\"run_tasks\""));
        assert_eq!(page.matches("<script>").count(), SCRIPTS.len());
        for (name, script) in SCRIPTS {
            assert!(!script.contains("</script") && !script.contains("innerHTML"), "{name}");
        }
    }

    #[test]
    fn what_an_agent_wrote_cannot_leave_its_place() {
        let hostile = "</script><script>alert(1)</script><!-- <style>";
        let page = page("run_tasks", &json!({ "results": [{ "output": hostile }] }), &[]);
        let (_, rest) = page.split_once(DOCUMENT.0).expect("the document");
        let (document, _) = rest.split_once("</script>").expect("its end");
        let document: Value = serde_json::from_str(document).expect("JSON");
        assert_eq!(document["report"]["results"][0]["output"], hostile);
        assert!(!page.contains("alert(1)</script>"));
    }
}
