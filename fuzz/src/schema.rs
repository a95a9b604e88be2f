//! A schema in the first line, a value in the others: what does not fit, and that small changes change it as they should.

use parallel_agents_engine::json::schema::{self, Rule, Violation};
use parallel_agents_engine::json::strict::{self, ANSWER_BOUNDS};
use serde_json::{Value, json};

/// Checks one pair for the invariants.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (rules, value) = text.split_once('\n').unwrap_or((&text, "null"));
    let (Ok(rules), Ok(value)) = (strict::parse(rules, ANSWER_BOUNDS), strict::parse(value, ANSWER_BOUNDS)) else {
        return;
    };
    for (path, reason) in schema::faults(&rules) {
        assert!(!reason.is_empty() && (path.is_empty() || path.starts_with('/')), "{path}: {reason}");
    }
    let published = schema::published(&rules);
    assert_eq!(schema::published(&published), published, "what is shown holds no annotations");
    // A caller's schema with faults is refused and never used; using it all the same must do no harm.
    let found = schema::check(&rules, &value);
    if schema::faults(&rules).is_empty() {
        places_exist(&found, &value);
        keeps_its_meaning(&rules, &value, &found);
    }
}

/// Every place is one of the value, or of a field that is missing from one.
fn places_exist(found: &[Violation], value: &Value) {
    for violation in found {
        let parent = violation.path.rsplit_once('/').map(|(parent, _)| parent);
        let there = value.pointer(&violation.path).or_else(|| value.pointer(parent?));
        assert!(there.is_some(), "{} is no place of {value}", violation.path);
        // A field without a name is unknown under just that.
        assert!(!violation.got.is_empty() || violation.rule == Rule::Unknown, "{violation:?}");
        assert!(!violation.limit.is_empty(), "{violation:?}");
    }
}

/// What says the same in other words finds the same.
fn keeps_its_meaning(rules: &Value, value: &Value, found: &[Violation]) {
    let fits = |rules: Value, value: &Value| schema::check(&rules, value).is_empty();
    assert!(fits(json!({}), value) && fits(json!({"const": value}), value) && fits(json!({"enum": [value]}), value));
    assert_eq!(fits(json!({"anyOf": [rules]}), value), found.is_empty());
    assert_eq!(fits(json!({"items": rules}), &json!([value])), found.is_empty());
    let inside = schema::check(&json!({"properties": {"a/b": rules}}), &json!({"a/b": value}));
    let paths = |found: &[Violation], before: &str| -> Vec<String> {
        found.iter().map(|violation| format!("{before}{}", violation.path)).collect()
    };
    assert_eq!(paths(&inside, ""), paths(found, "/a~1b"), "the same, one level deeper");
}
