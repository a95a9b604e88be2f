//! Good answers from templates.

use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::Rest;
use minijinja::{Environment, ErrorKind, Value};

use super::chance::Dice;
use super::prompt::Prompt;
use super::source::{excerpt, hashtag, line_with, telling_lines};

/// What minijinja calls a template that has no name of its own.
const NAME: &str = "<string>";

/// A template that has been read once, for any number of fillings.
#[derive(Clone, Debug)]
pub(super) struct Template {
    environment: Environment<'static>,
}

impl Template {
    /// Reads a template. The error is a sentence for people.
    pub(super) fn new(source: String) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.add_template_owned(NAME, source).map_err(|error| describe(&error))?;
        Ok(Self { environment })
    }

    /// Fills it. The error is a sentence for people.
    pub(super) fn render(&self, prompt: &Prompt, about: About<'_>, dice: Dice) -> Result<String, String> {
        let context = minijinja::context! {
            agent_type => prompt.agent_type,
            task_id => prompt.task_id,
            output_format => prompt.output_format.name(),
            description => prompt.description,
            input => prompt.input,
            schema => prompt.schema,
            model => about.model,
            tier => about.tier,
            attempt => about.attempt,
            call => about.call,
            ..functions(dice)
        };
        let template = self.environment.get_template(NAME);
        template.and_then(|template| template.render(context)).map_err(|error| describe(&error))
    }
}

/// What a template may know beside the prompt.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub model: &'a str,
    pub tier: Option<&'a str>,
    /// Counted from 1.
    pub attempt: u32,
    /// The tool call that the text is for, counted from 1; 0 for an answer.
    pub call: u32,
}

fn describe(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("{error:#}{line}").lines().next().unwrap_or_default().to_owned()
}

/// What a template can call. It is a part of each filling, since the draws are.
fn functions(dice: Dice) -> Value {
    // Functions are shared by design; one rendering calls them one after the other, so the order of draws is fixed.
    let dice = Arc::new(Mutex::new(dice));
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
    minijinja::context! {
        pick => Value::from_function(pick),
        number => Value::from_function(number),
        line => Value::from_function(line),
        find_line => Value::from_function(find_line),
        excerpt => Value::from_function(|text: Value, chars: usize| excerpt(&as_text(&text), chars)),
        hashtag => Value::from_function(|text: Value| hashtag(&as_text(&text))),
        count_lines => Value::from_function(|text: Value| as_text(&text).lines().count()),
    }
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
