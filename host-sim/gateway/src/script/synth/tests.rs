//! Made-up answers fit their schemas and speak of the input.

use std::collections::BTreeSet;

use parallel_agents_engine::json::schema::{check, faults};
use serde_json::{Value, json};

use super::super::chance::{Chance, Dice, Purpose};
use super::super::prompt::Prompt;
use super::instance::instance;
use super::words::Words;

fn dice(seed: u64) -> Dice {
    Chance::of(seed, "a", "b", "c", 1).dice(Purpose::Text)
}

fn made(schema: &Value, seed: u64) -> Value {
    let prompt =
        Prompt::parse("Agent type: a\nTask id: b\nOutput format: json\n\n# Task\n\nBake bread.").expect("ours");
    instance(schema, &Words::of(&prompt), dice(seed))
}

/// A schema that something fits, of any of the keywords.
fn schema(dice: &mut Dice, depth: usize) -> Value {
    let low = dice.below(5);
    let high = low + dice.below(30);
    match dice.index(if depth == 0 { 11 } else { 17 }) {
        0 => json!({}),
        1 => json!({ "type": "boolean", "title": "A switch" }),
        2 => json!({ "type": ["null", "string"], "minLength": low, "maxLength": high }),
        3 => json!({ "type": "integer", "minimum": low as f64 - 2.5, "maximum": high }),
        4 => json!({ "type": "number", "minimum": -(low as f64) / 7.0, "maximum": high as f64 / 7.0 }),
        5 => json!({ "enum": ["a", 1, null, [2]], "type": ["string", "array"] }),
        6 => json!({ "const": { "a": [1, "b"] } }),
        7 => json!({ "type": "number", "maximum": -3 }),
        8 => json!({ "type": "integer", "exclusiveMinimum": low, "exclusiveMaximum": high + 9, "multipleOf": 2 }),
        9 => json!({ "type": "number", "exclusiveMinimum": low, "format": "double" }),
        10 => json!({ "allOf": [{ "type": "string", "minLength": 3 }, { "maxLength": 9 }] }),
        11 => {
            json!({ "type": "array", "prefixItems": [schema(dice, depth - 1), { "const": 1 }], "items": { "not": {} } })
        }
        12 => json!({ "oneOf": [{ "type": "null" }, { "type": "object", "required": ["a"] }] }),
        13 => json!({ "type": "array", "items": schema(dice, depth - 1), "minItems": low, "maxItems": high }),
        14 => json!({ "anyOf": [{ "type": "null" }, schema(dice, depth - 1), schema(dice, depth - 1)] }),
        15 => json!({
            "type": "object",
            "properties": { "b": schema(dice, depth - 1), "a": schema(dice, depth - 1) },
            "required": ["a", "elsewhere"],
            "anyOf": [{ "required": ["b"], "properties": { "a": { "const": 1 } } }, { "required": ["b", "a"] }],
        }),
        _ => json!({
            "type": "object",
            "properties": { "summary": schema(dice, depth - 1), "path": schema(dice, depth - 1) },
            "required": ["path"],
            "additionalProperties": false,
        }),
    }
}

#[test]
fn an_instance_fits_whatever_can_be_fitted() {
    let mut seen = BTreeSet::new();
    for seed in 0..3_000 {
        let schema = schema(&mut dice(seed), 3);
        assert_eq!(faults(&schema), [], "seed {seed}: {schema:#}");
        let made = made(&schema, seed);
        assert_eq!(check(&schema, &made), [], "seed {seed}: {schema:#} gave {made:#}");
        seen.insert(schema.to_string());
    }
    assert!(seen.len() > 1_000, "only {} different schemas", seen.len());
}

#[test]
fn texts_keep_to_their_length_in_characters() {
    for (least, most) in [(0, 0), (0, 1), (3, 3), (20, 24), (500, 500), (2_000, 1_000_000)] {
        let schema = json!({ "type": "string", "minLength": least, "maxLength": most });
        let made = made(&schema, 1);
        let length = made.as_str().map_or(0, |text| text.chars().count());
        assert!((least..=most).contains(&length), "{length} is not from {least} to {most}");
    }
}

#[test]
fn a_greedy_schema_costs_no_more_than_a_reader_takes() {
    let mut schema = json!({ "type": "string", "minLength": 10 });
    for _ in 0..12 {
        schema = json!({ "type": "array", "items": schema, "minItems": 1_000_000_000 });
    }
    let text = made(&schema, 1).to_string();
    assert!(text.len() < 10_000_000, "{} bytes", text.len());
}

#[test]
fn what_nothing_fits_still_ends() {
    made(&json!({ "type": "integer", "minimum": 5, "maximum": 2 }), 1);
    made(&json!({ "type": "number", "minimum": -1e308, "maximum": 1e308 }), 1);
    made(&json!({ "enum": [], "anyOf": [] }), 1);
    made(&json!("not a schema"), 1);
}

#[test]
fn answers_keep_to_what_the_input_says() {
    let prompt = "Agent type: a\nTask id: b\nOutput format: json\n\n# Task\n\nPlan.\n\n# Input\n\nThey carry the code n.\n\n\
        <<<INPUT n>>>\n<<<FIELD kind n>>>\nthird\n<<<FIELD days n>>>\n[\n  \"2027-06-11 at noon\"\n]\n<<<END INPUT n>>>\n";
    let prompt = Prompt::parse(prompt).expect("ours");
    let schema = json!({
        "type": "object",
        "properties": {
            "kind": { "enum": ["first", "second", "third"] },
            "due": { "type": "string" },
            "purpose": { "type": "string" },
        },
    });
    for seed in 0..20 {
        let made = instance(&schema, &Words::of(&prompt), dice(seed));
        assert_eq!((&made["kind"], &made["due"]), (&json!("third"), &json!("2027-06-11")));
        assert!(made["purpose"].as_str().is_some_and(|text| text.contains("noon")), "{made}");
    }
}
