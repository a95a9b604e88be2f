//! `docs/functions.md`, the reference of the functions, is made of the schemas, of the requests in `tests/bad_input` that are
//! refused, and of the requests in `examples.txt`, which are called here.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p parallel-agents --test schemas_page` writes the file again.

#![allow(clippy::disallowed_methods, reason = "a test reads the files of the tree")]

mod arguments;
mod cells;
mod codes;
mod examples;
mod files;
mod results;
#[path = "../bad_input/table.rs"]
#[allow(dead_code, reason = "the requests themselves are called by another test")]
mod table;

use std::collections::BTreeSet;
use std::{env, fs};

use parallel_agents::documents::Function;

use arguments::{Arguments, Shared};
use codes::Codes;

/// Where the page stands.
const PAGE: &str = "docs/functions.md";

const HEAD: &str = "# Functions

The component's functions: what each takes, gives back and refuses. This page is made of the files in `schemas/`; do not edit it.
The plugin calls a function with the tool `parallel_agents_call`, the command line with `parallel-agents call FUNCTION FILE`. Tools and
commands for single functions take the same arguments. `describe_function` gives a function's arguments as JSON Schema.

- A request is a JSON object of at most 16 MiB; one with a report has at most 96 MiB.
- An optional field may be `null`, which is the same as leaving it out, unless it is a list or marked *not null*.
- A refused request lists all of its problems, and nothing has run. The tables name the codes of each field; [errors.md](errors.md)
  explains them. Every function can also answer with ";

/// The page's second part.
const SHARED: &str = "
## Shared arguments

Parts of requests that several functions have in common.
";

/// The page's third part.
const RESULTS: &str = "
## Shared results

Parts of results that several functions have in common. `null` and a missing field mean that there is no such thing.
";

/// What a call gives back: a file of `schemas/results/`. With two, the second is that of a call with `run`.
fn returns(function: Function) -> &'static [&'static str] {
    match function {
        Function::RunTasks | Function::SpawnParallelWithRetry => &["report"],
        Function::MapTasks => &["mapped"],
        Function::RunIterativeRefinement => &["refinement"],
        Function::CreateAgents => &["creation"],
        Function::Orchestrate => &["orchestration"],
        Function::SpawnWithRetry | Function::SpawnWithModelHierarchy => &["task_result"],
        Function::CollectResults => &["collected"],
        Function::ForecastRun => &["forecast"],
        Function::CheckApproval => &["approval"],
        Function::FillRequest => &["filled"],
        Function::ResultDigest => &["digest"],
        Function::ResultPage => &["output_page"],
        Function::ExplainTask => &["story"],
        Function::ListAgents => &["agent_list"],
        Function::DescribeAgent => &["agent_description"],
        Function::RenderPrompt => &["prompt"],
        Function::DefinitionFile => &["definition_forms"],
        Function::ContentTeam
        | Function::DevelopmentTeam
        | Function::ReviewTeam
        | Function::CustomAgent
        | Function::MetaWorkflow => &["request", "report"],
        Function::DescribeFunction => &["function_description"],
        Function::Versions => &["versions"],
    }
}

/// The whole page, and the codes that it names.
fn page() -> (String, BTreeSet<String>) {
    let codes = Codes::of_refused_requests();
    let mut arguments = Arguments::new(&codes);
    let shared: String = Shared::ALL.iter().map(|part| arguments.shared(*part)).collect();
    let mut page = format!("{HEAD}{}.\n\n", cells::codes(&codes::GENERAL));
    page += "| Function | What it does |\n|---|---|\n";
    for function in Function::ALL {
        let name = function.name();
        page += &format!("| [`{name}`](#{name}) | {} |\n", files::description(*function));
    }
    for function in Function::ALL {
        let name = function.name();
        page += &format!("\n## {name}\n\n{}\n\n", files::description(*function));
        page += &arguments.function(*function);
        page += &results::returned(returns(*function));
        page += &examples::shown(name);
    }
    page += SHARED;
    page += &shared;
    page += RESULTS;
    page += &results::shared(Function::ALL.iter().map(|function| returns(*function)));
    while page.contains("\n\n\n") {
        page = page.replace("\n\n\n", "\n\n");
    }
    (page.trim_end().to_owned() + "\n", arguments.named)
}

#[test]
fn the_reference_is_that_of_the_schemas() {
    let (page, _) = page();
    if env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(PAGE, page).expect("the file can be written");
    } else {
        let old = fs::read_to_string(PAGE).expect("the file is there");
        let line = old.lines().zip(page.lines()).position(|(old, new)| old != new).map_or(0, |at| at + 1);
        assert!(old == page, "{PAGE} is old from line {line} on; write it with UPDATE_SCHEMAS=1");
    }
}

#[test]
fn every_link_of_the_reference_leads_somewhere() {
    let (page, _) = page();
    let anchor = |heading: &str| heading.trim_start_matches(['#', ' ']).to_lowercase().replace(' ', "-");
    let anchors: Vec<String> = page.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let single: BTreeSet<&String> = anchors.iter().collect();
    assert_eq!(single.len(), anchors.len(), "two headings are alike: {anchors:?}");
    let links: Vec<&str> = page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 60, "{} links", links.len());
    let lost: Vec<_> = links.iter().filter(|link| !anchors.iter().any(|anchor| anchor == *link)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// The codes of the first part of `docs/errors.md` are on the page, but for those of journals, which no function takes, and the
/// one of missing fields that have none of their own: all have one.
#[test]
fn every_code_of_a_refused_request_is_in_the_reference() {
    let errors = fs::read_to_string("docs/errors.md").expect("the list");
    let (_, refused) = errors.split_once("## A request is refused").expect("the part");
    let (refused, _) = refused.split_once("\n## ").expect("another part");
    let listed: BTreeSet<&str> = refused.split('`').filter(|word| word.starts_with("E_")).collect();
    assert!(listed.len() > 60, "{} codes", listed.len());
    let (_, named) = page();
    let known = |code: &str| named.contains(code) || codes::GENERAL.contains(&code);
    let missing: Vec<_> = listed.iter().filter(|code| !known(code)).collect();
    let others = ["E_NONDETERMINISM", "E_FIELD_MISSING"];
    assert!(missing.iter().all(|code| code.starts_with("E_JOURNAL") || others.contains(code)), "{missing:?}");
    let unlisted: Vec<_> = named.iter().filter(|code| !listed.contains(code.as_str())).collect();
    assert!(unlisted.is_empty(), "not in docs/errors.md: {unlisted:?}");
}
