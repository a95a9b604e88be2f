//! Reads `table.txt`, whose head says how it is written. `skill/test/bad_input.test.ts` reads it as well.

use std::collections::BTreeMap;

/// A request, and what has to come of it.
pub struct Case {
    /// The line of the table that says what is expected, counted from 1.
    pub line: usize,
    /// The function that is called.
    pub function: String,
    /// Its arguments.
    pub request: String,
    /// Code and place of each problem; none: it is accepted.
    pub problems: Vec<(String, String)>,
    /// The request as the table has it.
    pub shown: String,
}

/// All cases of the table, in order.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut fragments = BTreeMap::new();
    let mut call = ("", String::new());
    for (index, line) in include_str!("table.txt").lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((name, text)) = line.strip_prefix('‹').and_then(|line| line.split_once("› = ")) {
            fragments.insert(format!("‹{name}›"), named(text, &fragments));
            continue;
        }
        let Some(rule) = line.strip_prefix("    ") else {
            let (function, template) = line.split_once("  ").expect("a function and a request");
            call = (function, named(template, &fragments));
            continue;
        };
        let (expected, values) = rule.split_once(": ").unwrap_or((rule, "…"));
        let expected = repeated(expected);
        let problems: Vec<_> = expected
            .split(" + ")
            .filter(|problem| *problem != "ok")
            .map(|problem| problem.split_once(' ').unwrap_or((problem, "")))
            .map(|(code, path)| (code.to_owned(), path.to_owned()))
            .collect();
        for value in named(values, &fragments).split("  ").map(str::trim).filter(|value| !value.is_empty()) {
            let shown = match value {
                "missing" => without_the_field(&call.1),
                value => call.1.replacen('…', value, 1),
            };
            cases.push(Case {
                line: index + 1,
                function: call.0.to_owned(),
                request: repeated(&shown),
                problems: problems.clone(),
                shown: format!("{} {shown}", call.0),
            });
        }
    }
    cases
}

/// The text with what its names stand for.
fn named(text: &str, fragments: &BTreeMap<String, String>) -> String {
    fragments.iter().fold(text.to_owned(), |text, (name, fragment)| text.replace(name, fragment))
}

/// The request without the field that has the value.
fn without_the_field(request: &str) -> String {
    let (before, after) = request.split_once("\": …").expect("a field with a value");
    let (before, _) = before.rsplit_once('"').expect("the name of a field");
    format!("{}{after}", before.strip_suffix(", ").unwrap_or(before))
}

/// The text with everything repeated as often as it says, the innermost first.
fn repeated(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some((before, after)) = text.split_once('›') {
        let (before, inside) = before.rsplit_once('‹').expect("a repetition begins");
        let (what, times) = inside.rsplit_once('×').expect("a repetition says how often");
        let separator = if times.starts_with(',') { "," } else { "" };
        let times: usize = times.trim_start_matches(',').parse().expect("a number");
        let numbered = |number: usize| what.replace('#', &number.to_string()).replace('^', &(number - 1).to_string());
        let all: Vec<String> = (1..=times).map(numbered).collect();
        text = format!("{before}{}{after}", all.join(separator));
    }
    text
}
