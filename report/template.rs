//! The pages that show runs, each as one file that needs no other.
//!
//! They lack their document: whoever shows a run, the simulator or the plugin, puts that in place of the one `null</script>`,
//! with each `<` in it as `\u003c`. Then it cannot end its element, whatever an agent wrote. A page runs its own script and no
//! other: its policy names that by its hash.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("page.css");

/// What both pages use.
const SHARED: [&str; 4] =
    [include_str!("dom.js"), include_str!("kept.js"), include_str!("feed.js"), include_str!("about.js")];

const RUN: [&str; 17] = [
    include_str!("model.js"),
    include_str!("live.js"),
    include_str!("outcome.js"),
    include_str!("groups.js"),
    include_str!("search.js"),
    include_str!("texts.js"),
    include_str!("rows.js"),
    include_str!("summary.js"),
    include_str!("bars.js"),
    include_str!("tips.js"),
    include_str!("timeline.js"),
    include_str!("columns.js"),
    include_str!("kinds.js"),
    include_str!("graph.js"),
    include_str!("details.js"),
    include_str!("filters.js"),
    include_str!("page.js"),
];

const LIST: [&str; 1] = [include_str!("runs.js")];

/// The page of a run, without a document: `{"format": 1, "function", "report", "sessions"}`, or `{"feed": {"url", "texts", "find"}}` for
/// one that asks for that again and again while the run lasts.
pub fn template() -> String {
    filled(include_str!("page.html"), &RUN)
}

/// The page that lists runs, without a document: `{"feed": {"url"}}`.
pub fn list_template() -> String {
    filled(include_str!("runs.html"), &LIST)
}

/// What a page lets a browser do, for the header of whoever serves it.
pub fn policy(page: &str) -> &str {
    let (_, rest) = page.split_once("http-equiv=\"Content-Security-Policy\" content=\"").unwrap_or_default();
    rest.split_once('"').map_or("default-src 'none'", |(policy, _)| policy)
}

/// A page with its document.
pub fn with_document(template: &str, document: &str) -> String {
    template.replacen("null</script>", &format!("{}</script>", document.replace('<', "\\u003c")), 1)
}

/// A page with its style sheet and its scripts inside.
fn filled(page: &str, own: &[&str]) -> String {
    let script = SHARED.iter().chain(own).copied().collect::<Vec<_>>().join("");
    let (style, script) = (format!("\n{STYLE}"), format!("\n{script}"));
    page.replace("'STYLE'", &source(&style))
        .replace("'SCRIPT'", &source(&script))
        .replace("<link rel=\"stylesheet\" href=\"page.css\">", &format!("<style>{style}</style>"))
        .replace("<script src=\"page.js\"></script>", &format!("<script>{script}</script>"))
}

/// An inline text as a Content-Security-Policy names it.
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_in_the_file_and_nothing_else_is_loaded() {
        for page in [template(), list_template()] {
            for outside in ["src=", "href=\"page", "@import", "url(", "unsafe", "'STYLE'", "'SCRIPT'"] {
                assert!(!page.contains(outside), "{outside}");
            }
            assert_eq!(page.matches("<style>").count(), 1);
            assert_eq!(page.matches("<script>").count(), 1);
            assert_eq!(page.matches("null</script>").count(), 1, "one place for the document");
            let (_, rest) = page.split_once("<script>").expect("the script");
            let (script, _) = rest.split_once("</script>").expect("its end");
            assert!(policy(&page).contains(&format!("script-src {};", source(script))), "the policy names the script");
            assert!(policy(&page).starts_with("default-src 'none'; ") && policy(&page).ends_with("form-action 'none'"));
        }
        for script in SHARED.iter().chain(&RUN).chain(&LIST) {
            assert!(!script.contains("</script") && !script.contains("innerHTML"));
        }
    }

    #[test]
    fn a_document_cannot_end_its_element() {
        let page = with_document(&template(), r#"{"a": "</script><script>alert(1)</script>"}"#);
        assert!(page.contains(r#"{"a": "\u003c/script>\u003cscript>alert(1)\u003c/script>"}</script>"#));
    }
}
