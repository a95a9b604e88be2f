//! Puts the pieces of a completion together, whichever server wrote them.

use std::time::SystemTime;

use parallel_agents_engine::host::{FailureKind, FinishReason};
use parallel_agents_engine::task::Usage;
use serde_json::Value;

use super::error_form::{is_error, is_nothing};
use super::failure::{CompletionFailure, Refusal};
use super::finish::Finish;
use super::told::Told;
use super::tool_call::ToolCall;
use super::usage::Counts;

/// Bytes of an answer that are passed on, as the contract has it.
pub(super) const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Bytes that are read beyond those, more than any header holds: a key that straddles the cut has to be whole to be found.
const BEYOND_BYTES: usize = 64 << 10;

/// Members of a message that hold what a model thinks.
const THOUGHTS: [&str; 4] = ["reasoning_content", "reasoning", "thinking", "thoughts"];

/// What a model said, whole or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    /// The limit here cut it.
    pub(super) is_cut: bool,
    pub(super) finish: FinishReason,
    /// None: the server does not say.
    pub(super) usage: Option<Usage>,
    /// None: the server does not say.
    pub(super) model: Option<String>,
}

impl Said {
    /// What is passed on of it. Words of the server go through `hide` first: a key that is cut in two is not found any more.
    pub(super) fn told(self, hide: impl Fn(String) -> String) -> Self {
        let mut text = hide(self.text);
        let is_cut = self.is_cut || text.len() > MAX_ANSWER_BYTES;
        text.truncate(text.floor_char_boundary(MAX_ANSWER_BYTES));
        Self { text, is_cut, model: self.model.map(hide), ..self }
    }
}

/// What was read of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    text: String,
    thoughts: String,
    refusal: String,
    tool: ToolCall,
    finish: Option<Finish>,
    /// The server's own word for the end.
    finish_word: String,
    counts: Counts,
    model: Option<String>,
    /// Which of several answers is read: the first that came.
    index: Option<u64>,
    /// The server said that nothing follows.
    is_closed: bool,
    /// Nobody wants the rest.
    is_long: bool,
    /// Something of what came is part of an answer.
    is_completion: bool,
    /// The form is JSON, which may be found in other places too.
    wants_json: bool,
}

impl Pieces {
    pub(super) fn new(wants_json: bool) -> Self {
        Self { wants_json, ..Self::default() }
    }

    /// Whether the model has said anything.
    pub(super) fn has_text(&self) -> bool {
        !self.text.is_empty()
    }

    /// Takes the data of one event or line. Whether more is wanted.
    pub(super) fn take(&mut self, event: Option<&str>, data: &str) -> Result<bool, Refusal> {
        let data = data.trim_start_matches('\u{feff}').trim();
        // A proxy that writes events anew may do it twice.
        let data = data.strip_prefix("data:").map_or(data, str::trim);
        if data.is_empty() {
            return Ok(true);
        }
        if data.starts_with("[DONE]") {
            self.is_closed = true;
            return Ok(false);
        }
        if event.is_some_and(|name| name.eq_ignore_ascii_case("error")) {
            return self.broken(Told::read(data)).map(|()| false);
        }
        match serde_json::from_str(data) {
            Ok(chunk) => self.chunk(&chunk),
            // Several in one: events without a blank line between them come as lines of one.
            Err(_) if data.contains('\n') => {
                for line in data.lines() {
                    if !self.take(event, line)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Err(error) => self.broken(unreadable(&error)).map(|()| false),
        }
    }

    /// Takes a whole answer that came in another way.
    pub(super) fn take_whole(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.is_completion = true;
        self.is_closed = true;
    }

    /// The server sends no more. A body that is one document is whole without another word.
    pub(super) fn end(&mut self, is_document: bool) {
        self.is_closed |= is_document;
    }

    /// Whether the answer is all there: whatever comes after that, or does not come, does not make it a bad one.
    pub(super) fn is_whole(&self) -> bool {
        self.finish == Some(Finish::Whole) && self.has_text()
    }

    fn broken(&self, told: Told) -> Result<(), Refusal> {
        if self.is_whole() {
            return Ok(());
        }
        Err(Refusal::of_answer(told, SystemTime::now()))
    }

    fn chunk(&mut self, chunk: &Value) -> Result<bool, Refusal> {
        if let Value::Array(chunks) = chunk {
            for chunk in chunks {
                if !self.chunk(chunk)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        if is_error(chunk) {
            return self.broken(Told::of(chunk.clone())).map(|()| false);
        }
        let model = chunk.get("model").and_then(Value::as_str).filter(|name| !name.is_empty());
        self.model = model.map(str::to_owned).or(self.model.take());
        self.counts.take(chunk);
        match chunk.get("choices").and_then(Value::as_array) {
            Some(choices) => {
                self.is_completion = true;
                for choice in choices {
                    self.choice(choice);
                }
                if let Some(error) = choices.iter().find_map(|choice| choice.get("error")).filter(|it| !is_nothing(it))
                {
                    return self.broken(Told::of(error.clone())).map(|()| false);
                }
            }
            None => self.foreign(chunk),
        }
        self.is_long = self.text.len() > MAX_ANSWER_BYTES + BEYOND_BYTES;
        Ok(!self.is_long)
    }

    fn choice(&mut self, choice: &Value) {
        let index = choice.get("index").and_then(Value::as_u64).unwrap_or(0);
        // Nobody asked for a second answer.
        if *self.index.get_or_insert(index) != index {
            return;
        }
        let member = |name| choice.get(name).filter(|it: &&Value| it.is_object());
        if let Some(delta) = member("delta") {
            self.message(delta, false);
        } else if let Some(text) = choice.get("text").and_then(Value::as_str) {
            self.add(text, false);
        }
        if let Some(message) = member("message") {
            self.message(message, true);
        }
        for name in ["finish_reason", "finishReason", "stop_reason"] {
            self.note_end(choice.get(name));
        }
    }

    /// Forms of servers that have an API of their own too: Ollama's, llama.cpp's, Anthropic's.
    fn foreign(&mut self, chunk: &Value) {
        if let Some(message) = chunk.get("message").filter(|it| it.is_object()) {
            self.message(message, false);
        } else if let Some(delta) = chunk.get("delta").filter(|it| it.is_object()) {
            self.add(delta.get("text").and_then(Value::as_str).unwrap_or_default(), false);
            self.note_end(delta.get("stop_reason"));
        } else {
            self.add(&text_of(chunk.get("content")), false);
            self.add(chunk.get("response").and_then(Value::as_str).unwrap_or_default(), false);
        }
        self.note_end(chunk.get("done_reason"));
        self.note_end(chunk.get("stop_reason"));
        self.is_completion |= self.has_text() || self.finish.is_some();
        self.is_closed |= [chunk.get("done"), chunk.get("stop")].contains(&Some(&Value::Bool(true)))
            || chunk.get("type").and_then(Value::as_str) == Some("message_stop");
    }

    fn message(&mut self, message: &Value, is_whole: bool) {
        for name in ["content", "text"] {
            self.add(&text_of(message.get(name)), is_whole);
        }
        // Some servers write the same thoughts under two names.
        let thoughts = THOUGHTS.iter().map(|name| text_of(message.get(name))).find(|text| !text.is_empty());
        self.thoughts.push_str(&thoughts.unwrap_or_default());
        if let Some(refusal) = message.get("refusal").and_then(Value::as_str) {
            self.refusal.push_str(refusal);
        }
        self.tool.take(message);
    }

    /// Adds text. A whole one that comes after its pieces takes their place, and the last piece may repeat all of them.
    fn add(&mut self, text: &str, is_whole: bool) {
        let is_after_end = self.finish.is_some_and(|finish| finish <= Finish::Unknown);
        if text.is_empty() || (self.has_text() && is_after_end && text == self.text) {
            return;
        }
        if is_whole && self.has_text() {
            if text.starts_with(&self.text) {
                text.clone_into(&mut self.text);
            }
            return;
        }
        self.text.push_str(text);
    }

    fn note_end(&mut self, reason: Option<&Value>) {
        let Some(word) = reason.and_then(Value::as_str) else { return };
        let finish = Finish::of(word);
        if finish > self.finish {
            self.finish = finish;
            word.clone_into(&mut self.finish_word);
        }
    }

    /// What was said so far, with whatever end it has.
    pub(super) fn said(&self) -> Said {
        let is_over = self.finish.is_some() || self.is_closed;
        let elsewhere = self.elsewhere().filter(|_| is_over && !self.has_text());
        let text = elsewhere.unwrap_or(&self.text).clone();
        let finish = match self.finish {
            Some(finish) if !self.is_long => finish.told(),
            None if self.is_closed && !self.is_long => FinishReason::Stop,
            _ => FinishReason::Unknown,
        };
        let usage = self.counts.known(!text.is_empty());
        Said { text, is_cut: self.is_long, finish, usage, model: self.model.clone() }
    }

    /// An answer in another place than that of answers.
    fn elsewhere(&self) -> Option<&String> {
        let form = Some(&self.tool.arguments).filter(|_| self.is_form_as_tool());
        form.into_iter().chain([&self.thoughts]).find(|text| !text.trim().is_empty())
    }

    /// A form may come as the arguments of a tool, which is how gateways make other models keep to it.
    fn is_form_as_tool(&self) -> bool {
        self.wants_json && self.tool.is_form()
    }

    /// Whether there is an answer, after the last event.
    pub(super) fn verdict(&self) -> Result<(), CompletionFailure> {
        let Some(finish) = self.finish.or_else(|| (self.is_closed || self.is_long).then_some(Finish::Whole)) else {
            return Err(CompletionFailure::infrastructure("the answer broke off before its end"));
        };
        let failed = |kind, message: String| Err(CompletionFailure::new(kind, message));
        if !self.is_completion {
            return Err(CompletionFailure::infrastructure("what the server sent is no completion: it has no choices"));
        }
        match finish {
            Finish::Broken => {
                let words = format!("the server gave the answer up: finish_reason {:?}", self.finish_word);
                failed(FailureKind::Infrastructure, words)
            }
            Finish::Filtered if self.refusal.is_empty() => {
                let words =
                    format!("the server's content filter cut the answer off: finish_reason {:?}", self.finish_word);
                failed(FailureKind::Rejected, words)
            }
            _ if self.has_text() => Ok(()),
            _ if !self.refusal.trim().is_empty() => {
                failed(FailureKind::Rejected, format!("the model refused: {}", self.refusal.trim()))
            }
            Finish::Length if !self.thoughts.is_empty() => failed(
                FailureKind::Other,
                "the model reached its limit of tokens while it was still reasoning".to_owned(),
            ),
            _ => self.without_text(),
        }
    }

    /// An answer that consists of other things than text.
    fn without_text(&self) -> Result<(), CompletionFailure> {
        let failed = |message: String| Err(CompletionFailure::new(FailureKind::Other, message));
        if !self.tool.name.is_empty() || self.finish == Some(Finish::ToolCall) {
            let name = if self.tool.name.is_empty() { "a tool" } else { &self.tool.name };
            return match self.is_form_as_tool() {
                true => Ok(()),
                false => failed(format!("the model called {name:?} instead of answering")),
            };
        }
        if self.thoughts.trim().is_empty() {
            return Ok(());
        }
        // A JSON value can be told from the thoughts around it; words cannot.
        if self.wants_json && self.thoughts.contains(['{', '[']) {
            return Ok(());
        }
        failed("the model wrote only reasoning and no answer; the output is that reasoning".to_owned())
    }
}

/// The text of a content: one, or its parts. Parts that are thoughts are none of it.
fn text_of(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter(|part| !matches!(part.get("type").and_then(Value::as_str), Some("thinking" | "reasoning")))
            .map(|part| part.as_str().map_or_else(|| text_of(part.get("text")), str::to_owned))
            .collect(),
        Some(Value::Object(part)) => text_of(part.get("text")),
        _ => String::new(),
    }
}

fn unreadable(error: &serde_json::Error) -> Told {
    Told { words: format!("it cannot be read: {error}"), ..Told::default() }
}

#[cfg(test)]
#[path = "tests/pieces.rs"]
mod tests;
