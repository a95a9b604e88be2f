//! The files below `schemas/`.

use std::fs;

use parallel_agents::documents::{Function, functions};
use serde_json::Value;

/// The request schema of a function, with its annotations.
pub fn request(function: Function) -> Value {
    read(function.name())
}

/// A part that several requests share.
pub fn shared(name: &str) -> Value {
    read(&format!("shared/{name}"))
}

/// What a function gives back, or a part of it.
pub fn result(name: &str) -> Value {
    read(&format!("results/{name}"))
}

/// What callers are told of a function.
pub fn description(function: Function) -> String {
    let listed = functions().into_iter().find(|listed| listed.name == function.name());
    listed.expect("every function is listed").description
}

/// The file of a name below `schemas/`.
pub fn read(name: &str) -> Value {
    let path = format!("schemas/{name}.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}
