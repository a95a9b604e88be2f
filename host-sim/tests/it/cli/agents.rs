//! `agents`.

use super::{native, sim};

#[test]
fn the_list_has_one_line_per_agent_type() {
    let ran = sim(&["agents", "list"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let listed = sim(&["agents", "list", "--json"]).json()["agents"].as_array().map(Vec::len).expect("a list");
    assert_eq!(ran.out.lines().count(), listed + 1, "and a header");
    assert!(listed >= 20, "{listed}");
    assert!(ran.out.lines().any(|line| line.starts_with("code_reviewer ") && line.contains(" qa ")), "{}", ran.out);
}

#[test]
fn a_category_narrows_the_list_and_an_unknown_one_is_refused() {
    let ran = native(&["agents", "list", "--category", "qa"], "");
    assert!(ran.out.lines().skip(1).all(|line| line.contains(" qa ")), "{}", ran.out);
    assert!(ran.out.lines().count() > 3);
    let unknown = native(&["agents", "list", "--category", "qaa"], "");
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""));
    assert!(unknown.err.contains("E_CATEGORY_UNKNOWN"), "{}", unknown.err);
}

#[test]
fn one_agent_type_is_shown_in_full() {
    let ran = sim(&["agents", "show", "code_reviewer"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for words in ["no tools", "answers as json within 2 min 00 s", "WHAT IT IS TOLD", "WHAT IT EXPECTS", "\"findings\""]
    {
        assert!(ran.out.contains(words), "{words:?} is missing in\n{}", ran.out);
    }
    let unknown = native(&["agents", "show", "code_reviewr"], "");
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("did you mean code_reviewer"), "{}", unknown.err);
}
