//! The words of a made-up answer: property names turned into sentences about the input.

use serde_json::Value;

use super::super::prompt::Prompt;
use super::super::source::{capitalised, excerpt, hashtag, telling_lines};
/// The sentence that tells a reader what wrote the answer.
pub(super) const SCRIPTED: &str = "Scripted answer of the simulator: no model was asked.";

/// Characters of an input field that are quoted.
const QUOTE_CHARS: usize = 60;

/// Fields of an answer that hold remarks on the answer itself.
const NOTE_FIELDS: [&str; 9] = [
    "notes",
    "assumptions",
    "open_questions",
    "questions",
    "gaps",
    "warnings",
    "missing_information",
    "not_covered",
    "limitations",
];

/// What an answer is written from.
pub(super) struct Words<'a> {
    prompt: &'a Prompt,
    /// The fields of the input with a quotation each; the description if there are none.
    quotes: Vec<(String, String)>,
}

/// Where in an answer a text stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The property, or the one that holds the list.
    pub name: &'a str,
    /// The position in that list, if it is one.
    pub index: Option<usize>,
    /// The number of texts made so far; it varies the words.
    pub count: usize,
}

impl<'a> Words<'a> {
    pub(super) fn of(prompt: &'a Prompt) -> Self {
        let mut quotes = quotes(prompt);
        if quotes.is_empty() {
            quotes.push(("task".to_owned(), excerpt(&prompt.description, QUOTE_CHARS)));
        }
        Self { prompt, quotes }
    }

    /// A text for this place, whatever its length.
    pub(super) fn text(&self, place: Place<'_>) -> String {
        let first = place.index.is_none_or(|index| index == 0);
        if NOTE_FIELDS.contains(&place.name) && first {
            return SCRIPTED.to_owned();
        }
        if let Some(Value::String(given)) = self.given(place.name) {
            // A field that comes in and goes out under one name is most likely passed on.
            return given.clone();
        }
        self.special(place).unwrap_or_else(|| self.sentence(place))
    }

    /// The value that the input has under a name.
    pub(super) fn given(&self, name: &str) -> Option<&Value> {
        self.prompt.input.get(name)
    }

    pub(super) fn summary(&self) -> String {
        let fields: Vec<String> =
            self.quotes.iter().map(|(name, quote)| format!("{} “{quote}”", plain_words(name))).collect();
        format!("{SCRIPTED} Task: {} Given: {}.", excerpt(&self.prompt.description, 160), fields.join(", "))
    }

    /// Texts that have to look like what their name says.
    fn special(&self, place: Place<'_>) -> Option<String> {
        let number = place.index.unwrap_or(0) + 1;
        let slug = self.slug();
        let text = match place.name {
            "summary" => self.summary(),
            "hashtags" => match number {
                1 => hashtag(&self.quotes[0].1),
                number => format!("#Scripted{number}"),
            },
            "path" | "file" | "file_path" => format!("src/{slug}_{}.txt", place.count),
            "url" | "endpoint" => format!("/{slug}/{number}"),
            "date" | "due" => {
                self.quotes.iter().find_map(|(_, quote)| date_in(quote)).unwrap_or("2026-01-15").to_owned()
            }
            "time" => format!("{:02}:00", 8 + number.min(12)),
            "currency" => "EUR".to_owned(),
            name if name == "id" || name.ends_with("_id") => {
                format!("{}-{}", name.trim_end_matches("_id"), place.count + 1)
            }
            _ => return None,
        };
        Some(text)
    }

    fn sentence(&self, place: Place<'_>) -> String {
        let label = match place.index {
            Some(index) => format!("{} {}", sentence_case(singular(place.name)), index + 1),
            None => sentence_case(place.name),
        };
        let (field, quote) = &self.quotes[place.count % self.quotes.len()];
        match place.count % 3 {
            0 => format!("{label} for “{quote}”."),
            1 => format!("{label}, from the {} “{quote}”.", plain_words(field)),
            _ => format!("{label}: “{quote}” (scripted)."),
        }
    }

    /// A short name made of the first quotation.
    fn slug(&self) -> String {
        let (_, quote) = &self.quotes[0];
        let words: Vec<String> = quote
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() > 2)
            .take(3)
            .map(str::to_lowercase)
            .collect();
        if words.is_empty() { "scripted".to_owned() } else { words.join("_") }
    }
}

/// Every field of the input with the beginning of its value.
pub(super) fn quotes(prompt: &Prompt) -> Vec<(String, String)> {
    prompt
        .input
        .iter()
        .map(|(name, value)| (name.clone(), quote(value)))
        .filter(|(_, quote)| !quote.is_empty())
        .collect()
}

fn quote(value: &Value) -> String {
    excerpt(&flat(value), QUOTE_CHARS)
}

/// A value as words: no brackets, no field names.
fn flat(value: &Value) -> String {
    let joined = |values: &mut dyn Iterator<Item = &Value>| values.take(3).map(flat).collect::<Vec<_>>().join(", ");
    match value {
        // The first line of a source text says more than its beginning on one line.
        Value::String(text) => telling_lines(text).into_iter().next().map(|line| line.text).unwrap_or_default(),
        Value::Array(items) => joined(&mut items.iter()),
        Value::Object(fields) => joined(&mut fields.values()),
        other => other.to_string(),
    }
}

/// The first date of the form 2026-01-31 in a text.
fn date_in(text: &str) -> Option<&str> {
    let is_date = |word: &&str| {
        let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = word.split('-').collect();
        matches!(parts.as_slice(), [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
    };
    text.split(|c: char| !c.is_ascii_digit() && c != '-').find(is_date)
}

/// `open_questions` as `Open questions`.
pub(super) fn sentence_case(name: &str) -> String {
    capitalised(&plain_words(name))
}

/// `open_questions` as `open questions`.
pub(super) fn plain_words(name: &str) -> String {
    name.replace(['_', '-'], " ").trim().to_owned()
}

fn singular(name: &str) -> &str {
    match name.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem,
        _ => name,
    }
}
