//! Good answers without a template: made from the schema in the prompt, with the input quoted in them.

mod instance;
#[cfg(test)]
mod tests;
mod words;

use parallel_agents_engine::task::OutputFormat;
use serde_json::json;

use super::chance::Dice;
use super::prompt::Prompt;
use super::source::excerpt;
use words::{SCRIPTED, Words};

/// An answer in the form that the prompt asks for.
pub(super) fn answer(prompt: &Prompt, dice: Dice) -> String {
    match prompt.output_format {
        OutputFormat::Json => {
            let words = Words::of(prompt);
            let value = match prompt.schema() {
                Some(schema) => instance::instance(&schema, &words, dice),
                None => json!({ "answer": words.summary(), "notes": [SCRIPTED] }),
            };
            // Indented, as models write it.
            serde_json::to_string_pretty(&value).unwrap_or_else(|_| value.to_string())
        }
        OutputFormat::Markdown => markdown(prompt),
        OutputFormat::Code => code(prompt),
        OutputFormat::Text => text(prompt),
    }
}

/// An answer to a prompt that is not one of ours.
pub(super) fn plain(prompt: &str) -> String {
    format!("{SCRIPTED} The message began with: {}", excerpt(prompt, 120))
}

fn markdown(prompt: &Prompt) -> String {
    let mut text = format!("## {}\n\n{SCRIPTED}\n\n{}\n", words::sentence_case(&prompt.agent_type), task_line(prompt));
    for (name, quote) in words::quotes(prompt) {
        text.push_str(&format!("\n- **{}**: “{quote}”", words::sentence_case(&name)));
    }
    text.push('\n');
    text
}

fn code(prompt: &Prompt) -> String {
    let language = prompt.input.get("language").and_then(|value| value.as_str()).unwrap_or_default();
    let language: String = language.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    let mut lines = vec![format!("// {SCRIPTED}"), format!("// {}", task_line(prompt))];
    lines.extend(words::quotes(prompt).into_iter().map(|(name, quote)| format!("// {name}: {quote}")));
    format!("```{}\n{}\n```\n", language.to_lowercase(), lines.join("\n"))
}

fn text(prompt: &Prompt) -> String {
    let mut sentences = vec![SCRIPTED.to_owned(), task_line(prompt)];
    sentences.extend(
        words::quotes(prompt)
            .into_iter()
            .map(|(name, quote)| format!("The {} says “{quote}”.", words::plain_words(&name))),
    );
    sentences.join(" ")
}

fn task_line(prompt: &Prompt) -> String {
    format!("The task was: {}", excerpt(&prompt.description, 200))
}
