use serde_json::{Value, json};

use super::*;

fn taken(schema: Value) -> Value {
    inlined(&schema).unwrap_or_else(|faults| panic!("{schema}: {faults:?}"))
}

fn fits(schema: &Value, value: &Value) -> bool {
    check(schema, value).is_empty()
}

/// As Pydantic writes a model with a nested model, an optional field, a default, an enum and a mapping.
#[test]
fn a_schema_of_pydantic_is_taken() {
    let schema = taken(json!({
        "$defs": {
            "City": {"properties": {"name": {"title": "Name", "type": "string"}}, "required": ["name"], "title": "City", "type": "object"},
            "Kind": {"enum": ["a", "b"], "title": "Kind", "type": "string"},
            "Unused": {"$ref": "#/$defs/Unused"}
        },
        "properties": {
            "home": {"$ref": "#/$defs/City", "description": "Where."},
            "others": {"items": {"$ref": "#/$defs/City"}, "type": "array", "uniqueItems": true},
            "kind": {"allOf": [{"$ref": "#/$defs/Kind"}], "default": "a"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null, "title": "Note"},
            "day": {"type": "string", "format": "date", "examples": ["2024-01-01"], "deprecated": true, "readOnly": true},
            "counts": {"additionalProperties": {"type": "integer", "exclusiveMinimum": 0}, "type": "object"},
            "pair": {"prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2, "maxItems": 2, "type": "array"}
        },
        "required": ["home"], "title": "Weather", "type": "object", "additionalProperties": false
    }));
    assert_eq!(schema["properties"]["home"]["description"], "Where.");
    assert_eq!(
        schema["properties"]["kind"],
        json!({"enum": ["a", "b"], "title": "Kind", "type": "string", "default": "a"})
    );
    assert_eq!(schema["properties"]["day"], json!({"type": "string", "format": "date", "examples": ["2024-01-01"]}));
    assert!(schema.get("$defs").is_none());
    let good = json!({"home": {"name": "Bern"}, "others": [{"name": "Ulm"}], "kind": "b", "note": null, "day": "soon",
        "counts": {"x": 3.0}, "pair": ["a", 1]});
    assert_eq!(check(&schema, &good), []);
    for (pointer, wrong) in [
        ("/home", json!({})),
        ("/others", json!([{"name": "Ulm"}, {"name": "Ulm"}])),
        ("/kind", json!("c")),
        ("/note", json!(1)),
        ("/counts/x", json!(0)),
        ("/counts/x", json!(0.5)),
        ("/pair", json!([1, "a"])),
        ("/pair", json!(["a", 1, 2])),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).expect("there") = wrong.clone();
        assert!(!fits(&schema, &bad), "{pointer} {wrong}");
    }
}

/// As Zod and the libraries around it write theirs, and OpenAPI.
#[test]
fn schemas_of_zod_and_openapi_are_taken() {
    let schema = taken(json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": "#/definitions/User",
        "definitions": {"User": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]{36}$"},
                "age": {"type": "integer", "exclusiveMinimum": true, "minimum": 0, "multipleOf": 2},
                "address": {"type": "object", "properties": {"street": {"type": "string", "minLength": 1}}},
                "second": {"$ref": "#/definitions/User/properties/address"},
                "nick": {"type": "string", "nullable": true},
                "role": {"type": "string", "enum": ["x"], "nullable": true},
                "event": {"oneOf": [
                    {"type": "object", "properties": {"t": {"const": "a"}}, "required": ["t"]},
                    {"type": "object", "properties": {"t": {"const": "b"}}, "required": ["t"]}
                ], "discriminator": {"propertyName": "t"}},
                "map": {"type": "object", "propertyNames": {"type": "string", "maxLength": 3}, "additionalProperties": {}},
                "pair": {"type": "array", "items": [{"type": "string"}], "additionalItems": false},
                "any": true,
                "x": {"x-order": 1, "not": {"type": "null"}, "contentEncoding": "base64"}
            },
            "required": ["id"],
            "additionalProperties": false
        }}
    }));
    let good = json!({"id": "1", "age": 4, "address": {"street": "s"}, "second": {"street": "s"}, "nick": null, "role": null,
        "event": {"t": "b"}, "map": {"abc": 1}, "pair": ["a"], "any": [1], "x": 1});
    assert_eq!(check(&schema, &good), []);
    for (pointer, wrong) in [
        ("/age", json!(0)),
        ("/age", json!(3)),
        ("/second/street", json!("")),
        ("/role", json!("y")),
        ("/event/t", json!("c")),
        ("/map", json!({"abcd": 1})),
        ("/pair", json!(["a", "b"])),
        ("/x", json!(null)),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).expect("there") = wrong.clone();
        assert!(!fits(&schema, &bad), "{pointer} {wrong}");
    }
}

#[test]
fn references_that_cannot_be_inlined_are_told_with_what_to_do() {
    let reason = |schema: Value| {
        let faults = inlined(&schema).expect_err("no schema");
        let (path, reason) = faults.first().cloned().expect("a fault");
        format!("{path}: {reason}")
    };
    let tree = json!({"$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}}, "$ref": "#/$defs/Node"});
    assert!(reason(tree).starts_with("/properties/next/$ref: `$ref` \"#/$defs/Node\" leads back to itself"));
    for (reference, words) in [
        ("#", "leads back"),
        ("other.json", "names nothing in this schema"),
        ("https://example.org/s.json#/a", "names nothing"),
        ("#/$defs/Gone", "names nothing"),
        ("#anchor", "names nothing"),
    ] {
        let told = reason(json!({"properties": {"a": {"$ref": reference}}}));
        assert!(told.starts_with("/properties/a/$ref: ") && told.contains(words), "{told}");
    }
    let escaped = taken(json!({"$defs": {"a/b c": {"const": 1}}, "properties": {"x": {"$ref": "#/$defs/a~1b%20c"}}}));
    assert_eq!(escaped["properties"]["x"], json!({"const": 1}));
    let both = taken(json!({"$defs": {"A": {"type": "string", "minLength": 3}}, "$ref": "#/$defs/A", "minLength": 5}));
    assert!(!fits(&both, &json!("abcd")) && fits(&both, &json!("abcde")));
}

/// Each level names the one below twice, so that the whole would have 2 to the 30 parts.
#[test]
fn references_cannot_make_a_small_schema_large() {
    let mut levels = serde_json::Map::new();
    for level in 0..30 {
        let below = format!("#/$defs/l{}", level + 1);
        levels.insert(format!("l{level}"), json!({"anyOf": [{"$ref": below}, {"$ref": below}]}));
    }
    levels.insert("l30".to_owned(), json!({"type": "string"}));
    let faults = inlined(&json!({"$defs": levels, "$ref": "#/$defs/l0"})).expect_err("too large");
    assert!(faults.len() < 40_000 && faults.iter().any(|(_, why)| why.contains("levels") || why.contains("bytes")));
    let wide: Vec<Value> = (0..200).map(|_| json!({"$ref": "#/$defs/big"})).collect();
    let big = json!({"enum": ["x".repeat(1_000)]});
    let faults = inlined(&json!({"$defs": {"big": big}, "anyOf": wide})).expect_err("too large");
    assert_eq!(
        faults,
        [(String::new(), "the schema has more than 16384 bytes once its references are inlined".to_owned())]
    );
}

#[test]
fn what_is_not_supported_is_named() {
    let reason =
        |schema: Value| inlined(&schema).expect_err("no schema").first().map(|(_, why)| why.clone()).expect("one");
    assert!(reason(json!({"type": "string", "pattern": "^a"})).contains("say it in `description`"));
    assert!(reason(json!({"if": {}})).contains("`if` is not a supported keyword"));
    assert!(reason(json!({"exclusiveMinimum": "1"})).contains("a number"));
    assert!(reason(json!({"minLength": -1})).contains("whole number"));
    assert!(reason(json!([])).contains("JSON object"));
    assert_eq!(taken(json!({"type": "string", "minLength": 2.0})), json!({"type": "string", "minLength": 2.0}));
}

#[test]
fn whole_numbers_are_integers_and_none_is_rounded() {
    let integer = json!({"type": "integer", "maximum": 9_007_199_254_740_992_u64});
    for text in ["3", "3.0", "1e2", "-0.0", "9007199254740992"] {
        let value: Value = serde_json::from_str(text).expect(text);
        assert!(fits(&integer, &value), "{text}");
    }
    for text in ["3.5", "\"3\"", "9007199254740993", "1e300"] {
        let value: Value = serde_json::from_str(text).expect(text);
        assert!(!fits(&integer, &value), "{text}");
    }
    let schema = json!({"properties": {"n": {"type": ["integer", "null"]}, "f": {"type": "number"}, "list": {"items": {"type": "integer"}},
        "m": {"x-values": {"anyOf": [{"type": "integer"}]}}}});
    let mut value = json!({"n": 120.0, "f": 120.0, "list": [1.0, 1.5], "m": {"a": 2.0}, "other": 3.0});
    with_integers(&schema, &mut value);
    assert_eq!(value.to_string(), r#"{"n":120,"f":120.0,"list":[1,1.5],"m":{"a":2},"other":3.0}"#);
}

/// A name as long as a document stands in the path of everything below it, and each unknown field lists all known ones.
#[test]
fn what_is_wrong_ten_thousand_times_costs_no_more_than_a_list() {
    let rows = |count: usize| -> Value { (0..count).map(|at| json!({"bad": at})).collect() };
    let schema =
        json!({"additionalProperties": {"items": {"properties": {"good": {}}, "additionalProperties": false}}});
    for count in [10_000, 20_000, 40_000] {
        let found = check(&schema, &json!({ "k".repeat(1_000): rows(count) }));
        assert!(found.len() <= 1_000, "{}", found.len());
        let bytes: usize = found.iter().map(|violation| violation.path.len()).sum();
        assert!(bytes < 300_000, "{bytes}");
    }
}
