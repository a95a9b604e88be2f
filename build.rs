//! Does once what every call would have to do again, as each call begins in a component that knows nothing.
//!
//! Agent definitions are read with the engine's own parser: one that cannot be used ends the build, and of the others the
//! fields are left as JSON. The request schemas are left without blanks, and a second time without words, for checking.

#![expect(clippy::disallowed_methods, reason = "a build script reads files")]

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::order;
use parallel_agents_engine::task::AgentSource;
use serde_json::Value;

const DEFINITIONS: &str = "prompts/agents";

/// The schemas of requests, and their shared parts.
const SCHEMAS: [&str; 2] = ["schemas", "schemas/shared"];

fn main() -> Result<(), Box<dyn Error>> {
    for path in SCHEMAS.iter().chain([&DEFINITIONS]) {
        println!("cargo::rerun-if-changed={path}");
    }
    let made = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no directory")?);
    make_definitions(&made.join("agents"))?;
    for folder in SCHEMAS {
        make_schemas(Path::new(folder), &made.join(folder))?;
    }
    Ok(())
}

fn make_definitions(made: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(made)?;
    let files = fs::read_dir(DEFINITIONS)?.collect::<Result<Vec<_>, _>>()?;
    for file in order::sorted_by_key(files, fs::DirEntry::file_name) {
        let path = file.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        match fields(&path, &name)? {
            Ok(fields) => fs::write(made.join(format!("{name}.json")), fields)?,
            Err(problems) => problems.iter().for_each(|why| println!("cargo::error={}: {why}", path.display())),
        }
    }
    Ok(())
}

/// The fields of a definition file as JSON, or everything that is wrong with it.
fn fields(path: &Path, name: &str) -> Result<Result<String, Vec<String>>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    if path.extension().is_none_or(|extension| extension != "md") {
        return Ok(Err(vec!["a definition ends in .md".to_owned()]));
    }
    // Both forms, so that every built-in type can also be written down again.
    Ok(match AgentDefinition::forms(&AgentSource::File(text)) {
        Ok(forms) if forms.definition.get("name").is_some_and(|own| *own == *name) => Ok(forms.definition.to_string()),
        Ok(_) => Err(vec![format!("its name is not {name}")]),
        Err(faults) => Err(faults.iter().map(ToString::to_string).collect()),
    })
}

/// Writes both forms of the schemas of a folder.
fn make_schemas(folder: &Path, made: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(made)?;
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|extension| extension == "json")) {
            let made = made.join(name);
            let mut schema: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
            fs::write(&made, schema.to_string())?;
            take_words_out(&mut schema);
            fs::write(made.with_extension("checks.json"), schema.to_string())?;
        }
    }
    Ok(())
}

/// A text under `description` is words; a property of that name is a schema, and stays.
fn take_words_out(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.retain(|name, field| name != "description" || !field.is_string());
            fields.values_mut().for_each(take_words_out);
        }
        Value::Array(items) => items.iter_mut().for_each(take_words_out),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
