//! Random answers, made of what models write, read by the crate and by the specification's second reading.

use parallel_agents_fuzz::extract_json;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// Pieces of values, whole and broken, and of the prose around them.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "'",
    "\\",
    "\n",
    " ",
    "#",
    "//",
    "/*",
    "*/",
    "\u{201c}",
    "\u{201d}",
    "\u{feff}",
    "é",
    "{\"a\": 1}",
    "{\"a\": 2}",
    "{'a': 1}",
    "{a: 1}",
    "{\"a\": [1, 2,]}",
    "[1]",
    "[2, 3]",
    "[1.5]",
    "[\"x\"]",
    "[]",
    "[ ]",
    "{}",
    "\"a\": ",
    "\"a\"",
    "'b'",
    "a",
    "name",
    "1",
    "-1",
    ".5",
    "5.",
    "1e9",
    "007",
    "12345678901234567890123",
    "True",
    "None",
    "null",
    "NaN",
    "{name}",
    "{{x}}",
    "[text](url)",
    "[x]",
    "```",
    "```json\n",
    "\n```\n",
    "~~~\n",
    "My own: ",
    "{\"a\": ",
    "{\"a\": \"x\ny\"}",
    "{\"a\": \"it\\'s\"}",
    "\\\"",
    "&quot;",
    "\u{1}",
    "\u{a0}",
    "{\"a\": {\"b\": [{}]}}",
    "{\"a\":1,\"a\":2}",
    "[[",
    "]]",
    "/",
    "$x",
];

fn answers() -> impl Strategy<Value = String> {
    let piece = prop_oneof![9 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn both_readings_agree(answer in answers()) {
        extract_json::check(answer.as_bytes());
    }
}
