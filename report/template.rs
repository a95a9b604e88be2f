//! The page that shows a run, as one file that needs no network and no server.
//!
//! It lacks its document: whoever shows a run, the simulator or the plugin, puts that in place of the one `null</script>`,
//! with each `<` in it as `\u003c`. Then it cannot end its element, whatever an agent wrote.

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// Each under the name by which the page refers to it.
const SCRIPTS: [(&str, &str); 8] = [
    ("model.js", include_str!("model.js")),
    ("dom.js", include_str!("dom.js")),
    ("outcome.js", include_str!("outcome.js")),
    ("summary.js", include_str!("summary.js")),
    ("timeline.js", include_str!("timeline.js")),
    ("graph.js", include_str!("graph.js")),
    ("details.js", include_str!("details.js")),
    ("page.js", include_str!("page.js")),
];

/// The page with its style sheet and its scripts inside, without a document.
pub fn template() -> String {
    let style = "<link rel=\"stylesheet\" href=\"page.css\">";
    SCRIPTS.iter().fold(PAGE.replace(style, &format!("<style>\n{STYLE}</style>")), |page, (name, script)| {
        page.replace(&format!("<script src=\"{name}\"></script>"), &format!("<script>\n{script}</script>"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_in_the_file_and_nothing_is_fetched() {
        let page = template();
        for outside in ["src=", "href=\"page", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert_eq!(page.matches("<style>").count(), 1);
        assert_eq!(page.matches("<script>").count(), SCRIPTS.len());
        assert_eq!(page.matches("null</script>").count(), 1, "one place for the document");
        for (name, script) in SCRIPTS {
            assert!(!script.contains("</script") && !script.contains("innerHTML"), "{name}");
        }
    }
}
