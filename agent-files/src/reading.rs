//! One file, from its bytes to a definition.

use std::path::Path;

use parallel_agents_engine::agents::{self, AgentDefinition, Fault};
use parallel_agents_engine::task::AgentSource;
use serde_json::Value;

use super::head::{self, Head};
use super::text::{self, MAX_FILE_BYTES, NoText};
use super::{FileProblem, Warning, convert, fences, kind, naming};

/// An agent type that a file defines.
#[derive(Clone, Debug)]
pub struct Agent {
    /// What a request takes: the file's own text where the component reads it as the same, otherwise an object.
    pub source: AgentSource,
    /// `source` as the component reads it.
    pub definition: AgentDefinition,
    /// What was not used, and how the file was understood.
    pub warnings: Vec<Warning>,
}

/// What a file is.
#[derive(Clone, Debug)]
pub enum Reading {
    /// A definition that can be used.
    Taken(Box<Agent>),
    /// Something that is meant to be one and cannot be used.
    Refused {
        /// The id that it would have.
        id: Option<String>,
        /// Everything that is wrong with it.
        problems: Vec<FileProblem>,
    },
    /// A file of another kind, such as a page of instructions.
    Passed {
        /// What it is instead.
        why: String,
        /// What it would be if a request asked for it by the name of the file.
        if_named: Option<Box<Agent>>,
    },
}

/// Reads a file. `own` says that the component itself wrote it, so that nothing but its own form is meant.
pub fn read(path: &Path, bytes: &[u8], own: bool) -> Reading {
    let text = match as_text(path, bytes) {
        Ok(text) => text,
        Err(reading) => return *reading,
    };
    if text.trim().is_empty() {
        return passed("it is empty");
    }
    let stem = kind::stem(path);
    let parts = fences::split(&text);
    let Some(head_text) = parts.head else { return without_head(path, &text, &stem) };
    let mut head = head::read(&head_text, parts.first_line);
    head.warnings.splice(0..0, parts.warnings);
    if !kind::is_agent_head(&head.fields, path) {
        let keys = head.fields.keys().take(4).map(String::as_str).collect::<Vec<_>>().join(", ");
        return passed(&format!(
            "its head is not that of an agent: it has {}",
            if keys.is_empty() { "no keys" } else { &keys }
        ));
    }
    definition(&text, &head, &parts.body, &stem, own)
}

fn passed(why: &str) -> Reading {
    Reading::Passed { why: why.to_owned(), if_named: None }
}

fn as_text(path: &Path, bytes: &[u8]) -> Result<String, Box<Reading>> {
    let refused = |problem: FileProblem| {
        Box::new(Reading::Refused { id: naming::id_of(&kind::stem(path)), problems: vec![problem] })
    };
    if bytes.len() > MAX_FILE_BYTES {
        let allowed = Some(format!("{} KiB", MAX_FILE_BYTES / 1024));
        return Err(refused(FileProblem { allowed, ..FileProblem::of("", "the file is too large") }));
    }
    text::decode(bytes).map_err(|error| match error {
        NoText::Binary(at) => Box::new(passed(&format!("it is no text: byte {at} is NUL"))),
        NoText::Encoding(at, byte) => {
            let problem = FileProblem::of("", format!("the file is not UTF-8: byte {at} is 0x{byte:02x}"));
            let got = Some(format!("byte {at}: 0x{byte:02x}"));
            let allowed = Some("text in UTF-8, or in UTF-16 with a byte order mark".to_owned());
            refused(FileProblem { got, allowed, ..problem.hint("save it as UTF-8") })
        }
    })
}

/// A text without a head is an agent if it speaks to one, or if a request asks for it by the name of the file.
fn without_head(path: &Path, text: &str, stem: &str) -> Reading {
    if text.trim_start().starts_with("+++") {
        return passed("its head is TOML, and only YAML is read");
    }
    if kind::is_document(path) {
        return passed("it has no head, and its name is that of a document");
    }
    let mut head = Head::default();
    head.warnings.push(Warning::whole("there is no head; the whole text is the prompt"));
    match definition(text, &head, text.trim(), stem, false) {
        Reading::Taken(agent) if kind::speaks_to_an_agent(text) => Reading::Taken(agent),
        Reading::Taken(agent) => {
            Reading::Passed { why: "it has no head with a name and a description".to_owned(), if_named: Some(agent) }
        }
        Reading::Refused { .. } | Reading::Passed { .. } => passed("it has no head with a name and a description"),
    }
}

fn definition(text: &str, head: &Head, body: &str, stem: &str, own: bool) -> Reading {
    let strict = AgentDefinition::parse(text);
    if let (true, Ok(definition)) = (own, &strict) {
        return taken(AgentSource::File(text.to_owned()), definition.clone(), Vec::new());
    }
    let mut made = convert::convert(head, body, stem);
    let source = AgentSource::Definition(Value::Object(made.definition));
    let read = AgentDefinition::read(&source);
    let id = match &source {
        AgentSource::Definition(object) => object.get("name").and_then(Value::as_str).map(str::to_owned),
        AgentSource::File(_) => None,
    };
    if let Err(faults) = &read {
        // What is missing because it could not be made was told already.
        let told = |fault: &Fault| made.problems.iter().any(|problem| problem.field == fault.field);
        let more: Vec<FileProblem> = faults.iter().filter(|fault| !told(fault)).map(problem).collect();
        made.problems.extend(more);
    }
    if id.as_deref().is_some_and(agents::is_reserved) {
        let problem = FileProblem::of("name", "is that of an agent of the host");
        made.problems.push(FileProblem { got: id.clone(), ..problem.hint("give it another name") });
    }
    let mut warnings = head.warnings.clone();
    warnings.extend(made.warnings);
    for warning in &mut warnings {
        warning.line = warning.line.or_else(|| head.lines.get(&warning.field).copied());
    }
    for problem in &mut made.problems {
        let key = problem.field.split('/').next().unwrap_or_default();
        problem.line = problem.line.or_else(|| head.lines.get(key).copied());
    }
    match read {
        Ok(definition) if made.problems.is_empty() => {
            let same = strict.is_ok_and(|strict| strict == definition);
            taken(if same { AgentSource::File(text.to_owned()) } else { source }, definition, warnings)
        }
        _ => Reading::Refused { id, problems: made.problems },
    }
}

fn taken(source: AgentSource, definition: AgentDefinition, warnings: Vec<Warning>) -> Reading {
    Reading::Taken(Box::new(Agent { source, definition, warnings }))
}

fn problem(fault: &Fault) -> FileProblem {
    let problem = FileProblem::of(&fault.field, fault.message.clone());
    let problem = FileProblem { got: fault.got.clone(), allowed: fault.allowed.clone(), ..problem };
    match fault.field.as_str() {
        "tier" | "timeout_seconds" | "max_output_tokens" | "min_tool_calls" | "output_format" => {
            problem.hint("leave it out for the usual value")
        }
        "prompt" if fault.allowed.is_some() => problem.hint("make it shorter: a prompt is never cut"),
        _ => problem,
    }
}
