//! `review`.

use super::{failing_script, file, native, path, sim};

const CODE: &str = "def average(reviews, cache={}):\n    total = eval(reviews[0])\n    return total / len(reviews)\n";

#[test]
fn findings_of_all_reviewers_come_most_severe_first() {
    let code = file("shop.py", CODE);
    let ran = sim(&["review", &code, "--backend", "script"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.starts_with("Next:\n") && ran.err.contains(&format!(" review {code} ")), "{}", ran.err);
    for reviewer in ["code", "security", "performance", "accessibility"] {
        assert!(ran.out.contains(&format!("{reviewer}_reviewer")), "{reviewer} is missing in\n{}", ran.out);
    }
    let severities: Vec<usize> = ran
        .out
        .lines()
        .filter_map(|line| {
            let names = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"];
            names.iter().position(|name| line.split_whitespace().next() == Some(name))
        })
        .collect();
    assert!(severities.len() >= 5, "{}", ran.out);
    assert!(severities.is_sorted(), "{severities:?}");
    assert!(ran.out.contains("Suggestion: ") && ran.out.contains("Verdicts:"), "{}", ran.out);
    assert!(ran.out.lines().any(|line| line.starts_with("    | ") && CODE.contains(line[6..].trim())), "{}", ran.out);
}

#[test]
fn the_next_command_can_be_copied_whatever_the_file_is_called() {
    let code = file("my shop's.py", CODE);
    let ran = native(&["review", &code, "--backend", "script"], "");
    let word = format!(" review '{}'    #", code.replace('\'', "'\\''"));
    assert!(ran.code == 0 && ran.err.contains(&word), "{word}: {}", ran.err);
}

#[test]
fn json_is_the_report_of_the_run() {
    let code = file("shop2.py", CODE);
    let report = sim(&["review", &code, "--json", "--backend", "script"]).json();
    assert_eq!(report["results"].as_array().map(Vec::len), Some(5));
    assert!(report["results"][0]["output"]["findings"].is_array(), "{report}");
}

#[test]
fn a_review_without_reviewers_exits_with_1() {
    let script = failing_script("failing-review.toml");
    let code = file("shop3.py", CODE);
    let ran = native(&["review", &code, "--script", &script], "");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("None of 5 reviewers answered") && ran.out.contains("Not completed:"), "{}", ran.out);
    assert!(!ran.out.contains("No findings"), "{}", ran.out);
}

#[test]
fn files_that_are_no_source_exit_with_2() {
    let cases = [
        (path("no-such.py"), "cannot open"),
        (env!("CARGO_TARGET_TMPDIR").to_owned(), "directory"),
        (file("program.bin", b"\x7fELF\0\0"), "byte 4 is NUL"),
        (file("latin.py", b"# caf\xe9\n"), "byte 5 is 0xe9"),
        (file("large.py", "x = 1\n".repeat(17_000)), "more than 96 KiB"),
        (file("blank.py", " \n"), "E_CODE_EMPTY"),
    ];
    for (file, words) in cases {
        let ran = sim(&["review", &file, "--backend", "script"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{file}");
        assert!(ran.err.contains(words), "{file}: {}", ran.err);
    }
}
