//! Good answers from templates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::Rest;
use minijinja::{Environment, ErrorKind, Value};

use super::about::About;
use super::chance::Dice;
use super::memory::{Memory, Question, Recorded};
use super::prompt::Prompt;
use super::source::{excerpt, hashtag, line_with, telling_lines};

/// What minijinja calls a template that has no name of its own.
const NAME: &str = "<string>";

/// A template that has been read once, for any number of fillings.
#[derive(Clone, Debug)]
pub(super) struct Template {
    environment: Environment<'static>,
    /// What it looks up. Nothing else is made ready for a filling, which is most of what a filling would cost.
    names: Arc<BTreeSet<String>>,
    /// What it was filled with before.
    memory: Arc<Memory>,
}

impl Template {
    /// Reads a template. The error is a sentence for people.
    pub(super) fn new(source: String) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.add_template_owned(NAME, source).map_err(|error| describe(&error))?;
        let template = environment.get_template(NAME).map_err(|error| describe(&error))?;
        let names = Arc::new(template.undeclared_variables(false).into_iter().collect());
        Ok(Self { environment, names, memory: Arc::default() })
    }

    /// Fills it. The error is a sentence for people.
    pub(super) fn render(&self, prompt: &Prompt, about: About<'_>, dice: Dice) -> Result<String, String> {
        let question = Question::of(&self.names, prompt, about);
        if let Some(known) = self.memory.recall(&question, &dice) {
            return Ok(known);
        }
        let dice = Arc::new(Mutex::new(Recorded::new(dice)));
        let filled = self.fill(prompt, about, &dice)?;
        self.memory.keep(question, &dice.lock().unwrap_or_else(PoisonError::into_inner), &filled);
        Ok(filled)
    }

    fn fill(&self, prompt: &Prompt, about: About<'_>, dice: &Arc<Mutex<Recorded>>) -> Result<String, String> {
        let mut known = Known { wanted: &self.names, values: BTreeMap::new() };
        known.put("agent_type", || Value::from(&prompt.agent_type));
        known.put("task_id", || Value::from(&prompt.task_id));
        known.put("output_format", || Value::from(prompt.output_format.name()));
        known.put("description", || Value::from(&prompt.description));
        known.put("input", || Value::from_serialize(&prompt.input));
        known.put("schema", || Value::from_serialize(prompt.schema()));
        known.put("model", || Value::from(about.model));
        known.put("tier", || Value::from(about.tier));
        known.put("attempt", || Value::from(about.attempt));
        known.put("call", || Value::from(about.call));
        add_functions(&mut known, dice.clone());
        let context = Value::from(known.values);
        let template = self.environment.get_template(NAME);
        template.and_then(|template| template.render(context)).map_err(|error| describe(&error))
    }
}

fn describe(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("{error:#}{line}").lines().next().unwrap_or_default().to_owned()
}

/// What one filling can look up.
struct Known<'a> {
    wanted: &'a BTreeSet<String>,
    values: BTreeMap<&'static str, Value>,
}

impl Known<'_> {
    /// Adds a value under a name, if the template wants it.
    fn put(&mut self, name: &'static str, value: impl FnOnce() -> Value) {
        if self.wanted.contains(name) {
            self.values.insert(name, value());
        }
    }
}

/// What a template can call. It is a part of each filling, since the draws are.
fn add_functions(known: &mut Known<'_>, dice: Arc<Mutex<Recorded>>) {
    // Functions are shared by design; one rendering calls them one after the other, so the order of draws is fixed.
    let draw = move |bound: u64| dice.lock().unwrap_or_else(PoisonError::into_inner).below(bound);

    let dice = draw.clone();
    let pick = move |list: Vec<Value>| {
        let index = dice(list.len() as u64) as usize;
        list.get(index).cloned().unwrap_or_default()
    };
    let dice = draw.clone();
    let number = move |low: i64, high: i64| {
        let span = high.checked_sub(low).and_then(|span| u64::try_from(span).ok());
        match span {
            Some(span) => Ok(low.saturating_add_unsigned(dice(span.saturating_add(1)))),
            None => {
                Err(minijinja::Error::new(ErrorKind::InvalidOperation, "number: the limits are the wrong way round"))
            }
        }
    };
    let dice = draw;
    let line = move |text: Value| {
        let lines = telling_lines(&as_text(&text));
        let index = dice(lines.len() as u64) as usize;
        lines.get(index).map(Value::from_serialize)
    };
    let find_line = |text: Value, words: Rest<String>| line_with(&as_text(&text), &words).map(Value::from_serialize);
    known.put("pick", || Value::from_function(pick));
    known.put("number", || Value::from_function(number));
    known.put("line", || Value::from_function(line));
    known.put("find_line", || Value::from_function(find_line));
    known.put("excerpt", || Value::from_function(|text: Value, chars: usize| excerpt(&as_text(&text), chars)));
    known.put("hashtag", || Value::from_function(|text: Value| hashtag(&as_text(&text))));
    known.put("count_lines", || Value::from_function(|text: Value| as_text(&text).lines().count()));
}

/// The text of a value: strings as they are, nothing for what is missing, indented JSON for the rest.
fn as_text(value: &Value) -> String {
    if value.is_undefined() || value.is_none() {
        return String::new();
    }
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use parallel_agents_engine::task::OutputFormat;
    use serde_json::{Map, json};

    use super::super::chance::{Chance, Purpose};
    use super::*;

    const SOURCE: &str =
        "{{ input.code }} {{ number(1, 3) }} {% if number(1, 2) == 1 %}{{ pick(['x', 'y']) }}{% endif %} {{ attempt }}";

    #[test]
    fn an_answer_from_memory_is_the_one_that_filling_gives() {
        let template = || Template::new(SOURCE.to_owned()).expect("a template");
        let (warm, mut answers) = (template(), BTreeSet::new());
        for (seed, attempt, code) in (0..200).flat_map(|seed| [(seed, 1, "a"), (seed, 2, "a"), (seed, 1, "b")]) {
            let prompt = Prompt {
                agent_type: "a".to_owned(),
                task_id: "t".to_owned(),
                output_format: OutputFormat::Text,
                description: "d".to_owned(),
                input: Map::from_iter([("code".to_owned(), json!(code))]),
                code: None,
                schema_text: None,
            };
            let about = About { model: "m", tier: None, attempt, call: 0 };
            let dice = Chance::of(seed, "a", "t", "m", attempt).dice(Purpose::Text);
            let answer = warm.render(&prompt, about, dice.clone()).expect("it can be filled");
            assert_eq!(Ok(&answer), template().render(&prompt, about, dice).as_ref());
            answers.insert(answer);
        }
        // Of three inputs and attempts each: a number, and another one, with one of two letters behind one of its values.
        assert_eq!(answers.len(), 3 * 3 * (2 + 1));
        // Each was filled once.
        assert_eq!(warm.memory.len(), answers.len());
    }
}
