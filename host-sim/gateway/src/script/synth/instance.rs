//! An instance that fits a schema.
//!
//! It knows the keywords that the component checks, but for `not`, `propertyNames` and numbers of properties, which hardly any
//! schema of an answer has; and it adds no properties that a schema does not name, so `additionalProperties` needs no thought. A schema that nothing can fit gives something that comes near.

use parallel_agents_engine::json::schema::check;
use serde_json::{Map, Number, Value};

use super::super::chance::Dice;
use super::super::source::{excerpt, first_chars};
use super::words::{Place, Words};

/// Values after which lists get no longer than they must be. A schema of 16 KiB can ask for far more than anybody reads.
const GENEROUS_VALUES: usize = 2_000;
/// Values after which nothing is added any more, even if the answer then does not fit: no reader takes more.
const MOST_VALUES: usize = 10_000;
/// Characters that a text is stretched to at most.
const LONGEST_TEXT: usize = 100_000;

/// Makes an instance of `schema`.
pub(super) fn instance(schema: &Value, words: &Words<'_>, dice: Dice) -> Value {
    let mut maker = Maker { words, dice, values: 0, texts: 0 };
    maker.value(schema, Spot { name: "answer", index: None, depth: 0 })
}

struct Maker<'a> {
    words: &'a Words<'a>,
    dice: Dice,
    values: usize,
    texts: usize,
}

#[derive(Clone, Copy)]
struct Spot<'a> {
    name: &'a str,
    index: Option<usize>,
    depth: usize,
}

impl Maker<'_> {
    fn value(&mut self, schema: &Value, spot: Spot<'_>) -> Value {
        self.values += 1;
        let Value::Object(keywords) = schema else {
            return self.text(&Map::new(), spot);
        };
        if let Some(value) = keywords.get("const") {
            return value.clone();
        }
        if let Some(Value::Array(choices)) = keywords.get("enum") {
            let fitting: Vec<&Value> = choices.iter().filter(|choice| check(schema, choice).is_empty()).collect();
            let drawn = self.dice.pick(&fitting).copied();
            // What the input already says is not up to chance.
            let given = self.words.given(spot.name).filter(|given| fitting.contains(given));
            return given.or(drawn).cloned().unwrap_or_default();
        }
        if let Some(Value::Array(parts)) = keywords.get("allOf") {
            let mut all = keywords.clone();
            all.shift_remove("allOf");
            let all = parts.iter().fold(all, |all, part| together(&all, part));
            return self.value(&Value::Object(all), spot);
        }
        for alternatives in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = keywords.get(alternatives) {
                let mut beside = keywords.clone();
                beside.shift_remove(alternatives);
                return self.any_of(schema, &beside, branches, spot);
            }
        }
        match kind(keywords) {
            "object" => self.object(keywords, spot),
            "array" => self.array(keywords, spot),
            "integer" => self.integer(keywords),
            "number" => self.number(keywords),
            "boolean" => Value::Bool(self.dice.below(2) == 1),
            "null" => Value::Null,
            _ => self.text(keywords, spot),
        }
    }

    /// The first alternative that fits together with the keywords beside it; null only if nothing else does.
    fn any_of(&mut self, schema: &Value, keywords: &Map<String, Value>, branches: &[Value], spot: Spot<'_>) -> Value {
        let is_null = |branch: &&Value| branch.get("type").and_then(Value::as_str) == Some("null");
        let (nulls, others): (Vec<_>, Vec<_>) = branches.iter().partition(is_null);
        let mut made = Value::Null;
        for branch in others.into_iter().chain(nulls) {
            made = self.value(&Value::Object(together(keywords, branch)), spot);
            if self.values >= GENEROUS_VALUES || check(schema, &made).is_empty() {
                break;
            }
        }
        made
    }

    fn object(&mut self, keywords: &Map<String, Value>, spot: Spot<'_>) -> Value {
        let nothing = Map::new();
        let properties = keywords.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
        let required: Vec<&str> = keywords
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut object = Map::new();
        for (name, schema) in properties {
            if self.values < GENEROUS_VALUES || required.contains(&name.as_str()) {
                let inner = Spot { name, index: None, depth: spot.depth + 1 };
                object.insert(name.clone(), self.value(schema, inner));
            }
        }
        for name in required {
            if !object.contains_key(name) {
                let inner = Spot { name, index: None, depth: spot.depth + 1 };
                object.insert(name.to_owned(), self.value(&Value::Bool(true), inner));
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, keywords: &Map<String, Value>, spot: Spot<'_>) -> Value {
        let least = length(keywords, "minItems").unwrap_or(0);
        let most = length(keywords, "maxItems").unwrap_or(usize::MAX);
        // Near the root a reader wants to see that it is a list; further down two of everything is soon too much.
        let wanted = if spot.depth <= 1 { 2 + self.dice.index(2) } else { 1 + self.dice.index(2) };
        let wanted = if self.values < GENEROUS_VALUES { wanted } else { 0 };
        let first = keywords.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        // A list whose places are named has just these.
        let wanted = if first.is_empty() { wanted } else { first.len() };
        let count = wanted.max(least).min(most.max(least));
        let any = Value::Bool(true);
        let items = keywords.get("items").unwrap_or(&any);
        let differ = keywords.get("uniqueItems") == Some(&Value::Bool(true));
        let mut list: Vec<Value> = Vec::new();
        for index in 0..count {
            if self.values >= MOST_VALUES {
                break;
            }
            let schema = first.get(index).unwrap_or(items);
            let made = self.value(schema, Spot { name: spot.name, index: Some(index), depth: spot.depth + 1 });
            if !(differ && list.len() >= least && list.contains(&made)) {
                list.push(made);
            }
        }
        Value::Array(list)
    }

    fn integer(&mut self, keywords: &Map<String, Value>) -> Value {
        let (low, high) = bounds(keywords, 1.0);
        // The casts saturate, which is as near as an integer can come.
        let (low, high) = (low.ceil() as i64, high.floor() as i64);
        let span = u64::try_from(i128::from(high) - i128::from(low)).unwrap_or(0);
        let drawn = low.saturating_add_unsigned(self.dice.between(0, span));
        let step = keywords.get("multipleOf").and_then(Value::as_i64).filter(|step| *step > 0).unwrap_or(1);
        // The multiple below, unless it is too small.
        let multiple = drawn.saturating_sub(drawn.rem_euclid(step));
        Value::from(if multiple < low { multiple.saturating_add(step) } else { multiple })
    }

    fn number(&mut self, keywords: &Map<String, Value>) -> Value {
        let (low, high) = bounds(keywords, 0.1);
        if let Some(step) = keywords.get("multipleOf").and_then(Value::as_f64).filter(|step| *step > 0.0) {
            return Number::from_f64((low / step).ceil() * step).map_or(Value::Null, Value::Number);
        }
        let drawn = low + self.dice.unit() * (high - low).max(0.0);
        let rounded = (drawn * 10.0).round() / 10.0;
        let kept = if (low..=high).contains(&rounded) { rounded } else { low };
        Number::from_f64(kept).map_or(Value::Null, Value::Number)
    }

    fn text(&mut self, keywords: &Map<String, Value>, spot: Spot<'_>) -> Value {
        let text = self.words.text(Place { name: spot.name, index: spot.index, count: self.texts });
        self.texts += 1;
        let least = length(keywords, "minLength").unwrap_or(0).min(LONGEST_TEXT);
        let most = length(keywords, "maxLength").unwrap_or(usize::MAX).max(least);
        Value::String(fit(&text, least, most))
    }
}

/// The text, cut or stretched to a number of characters.
fn fit(text: &str, least: usize, most: usize) -> String {
    let length = text.chars().count();
    if length > most {
        let short = if most == 0 { String::new() } else { excerpt(text, most) };
        // Cutting at a word may cut too much.
        return if short.chars().count() >= least { short } else { first_chars(text, most).to_owned() };
    }
    let mut fitted = text.to_owned();
    let filler = " scripted";
    for _ in 0..least.saturating_sub(length).div_ceil(filler.len()) {
        fitted.push_str(filler);
    }
    first_chars(&fitted, most).to_owned()
}

/// The keywords of an alternative and those beside it, as those of one schema.
fn together(keywords: &Map<String, Value>, branch: &Value) -> Map<String, Value> {
    let mut all = keywords.clone();
    for (name, value) in branch.as_object().into_iter().flatten() {
        let both = match (name.as_str(), all.get(name), value) {
            ("required", Some(Value::Array(outer)), Value::Array(inner)) => {
                Value::Array(outer.iter().chain(inner).cloned().collect())
            }
            ("properties", Some(Value::Object(outer)), Value::Object(inner)) => {
                let mut members = outer.clone();
                members.extend(inner.clone());
                Value::Object(members)
            }
            (name, Some(outer), inner) if name.starts_with("min") => tighter(outer, inner, f64::gt),
            (name, Some(outer), inner) if name.starts_with("max") => tighter(outer, inner, f64::lt),
            _ => value.clone(),
        };
        all.insert(name.clone(), both);
    }
    all
}

/// The limit that allows less.
fn tighter(outer: &Value, inner: &Value, is_tighter: fn(&f64, &f64) -> bool) -> Value {
    match (outer.as_f64(), inner.as_f64()) {
        (Some(a), Some(b)) if is_tighter(&a, &b) => outer.clone(),
        _ => inner.clone(),
    }
}

/// The type to make: the one that is named, the first of several that is not null, else what the keywords speak of.
fn kind(keywords: &Map<String, Value>) -> &str {
    match keywords.get("type") {
        Some(Value::String(name)) => return name,
        Some(Value::Array(names)) => {
            let names = || names.iter().filter_map(Value::as_str);
            if let Some(name) = names().find(|name| *name != "null").or(names().next()) {
                return name;
            }
        }
        _ => {}
    }
    let has = |names: &[&str]| names.iter().any(|name| keywords.contains_key(*name));
    if has(&["properties", "required"]) {
        "object"
    } else if has(&["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]) {
        "array"
    } else if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) {
        "number"
    } else {
        "string"
    }
}

fn length(keywords: &Map<String, Value>, name: &str) -> Option<usize> {
    keywords.get(name).and_then(Value::as_u64).map(|length| usize::try_from(length).unwrap_or(usize::MAX))
}

/// The numbers to draw between: the schema's limits, or ten steps from the one that it has. `within`: how far from a limit
/// that may not be reached.
fn bounds(keywords: &Map<String, Value>, within: f64) -> (f64, f64) {
    let limit = |name: &str| keywords.get(name).and_then(Value::as_f64);
    let low = limit("minimum").or_else(|| limit("exclusiveMinimum").map(|limit| limit + within));
    let high = limit("maximum").or_else(|| limit("exclusiveMaximum").map(|limit| limit - within));
    match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low + 10.0),
        (None, Some(high)) => (high - 10.0, high),
        (None, None) => (1.0, 10.0),
    }
}
