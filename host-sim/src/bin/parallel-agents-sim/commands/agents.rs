//! `agents`: what there is to choose from.

use parallel_agents::task::OutputFormat;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{AgentsCommand, Guest};
use crate::input;
use crate::outcome::{Failure, Finish};
use crate::simulation::Engine;
use crate::table::Layout;
use crate::text::{duration, shown, shown_lines};
use crate::ui::{Tone, Ui};

#[derive(Deserialize)]
struct Agents {
    agents: Vec<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    name: String,
    description: String,
    category: String,
}

#[derive(Deserialize)]
struct Description {
    #[serde(flatten)]
    summary: Summary,
    tier: String,
    tool_free: bool,
    timeout_seconds: u32,
    output_format: OutputFormat,
    prompt: String,
    input: String,
    output_schema: Value,
    example_input: Value,
}

/// The options of the command that say which code is called.
pub fn guest(command: &AgentsCommand) -> &Guest {
    match command {
        AgentsCommand::List { guest, .. } | AgentsCommand::Show { guest, .. } => guest,
    }
}

pub async fn carry_out(ui: &Ui, command: AgentsCommand) -> Result<Finish, Failure> {
    let (function, mut arguments, own_agents) = match &command {
        AgentsCommand::List { category: Some(name), own_agents, .. } => {
            ("list_agents", json!({ "category": name }), own_agents)
        }
        AgentsCommand::List { category: None, own_agents, .. } => ("list_agents", json!({}), own_agents),
        AgentsCommand::Show { agent_type, own_agents, .. } => {
            ("describe_agent", json!({ "agent_type": agent_type }), own_agents)
        }
    };
    if let Some(directory) = &own_agents.directory {
        arguments["agents"] = input::definitions(directory)?.into();
    }
    let engine = Engine::load(guest(&command)).await?;
    let reply = engine.ask(function, &arguments).await?;
    let text = match &command {
        AgentsCommand::List { .. } => list(ui, &reply.document),
        AgentsCommand::Show { .. } => show(ui, &reply.document),
    };
    let text = text.map_err(|error| Failure::reply(error.to_string()))?;
    ui.print(&if ui.is_json() { format!("{}\n", reply.text) } else { text })?;
    Ok(Finish::Complete)
}

fn list(ui: &Ui, document: &Value) -> Result<String, serde_json::Error> {
    let Agents { agents } = Agents::deserialize(document)?;
    let mut table = Layout::new(ui, &["AGENT", "CATEGORY", "WHAT IT DOES"]);
    for agent in agents {
        table.row(vec![shown(&agent.name), shown(&agent.category), shown(&agent.description)], None);
    }
    Ok(table.finish())
}

fn show(ui: &Ui, document: &Value) -> Result<String, serde_json::Error> {
    let agent = Description::deserialize(document)?;
    let heading = |words: &str| ui.tone(Tone::Strong, words);
    let tools = if agent.tool_free { "no tools" } else { "tools" };
    Ok(format!(
        "{}  {}\n{}\n{} tier, {tools}, answers as {} within {}\n\n{}\n{}\n\n{}\n{}\n\n{}\n{:#}\n\n{}\n{:#}\n",
        heading(&shown(&agent.summary.name)),
        ui.tone(Tone::Faint, &shown(&agent.summary.category)),
        shown(&agent.summary.description),
        shown(&agent.tier),
        agent.output_format.name(),
        duration(f64::from(agent.timeout_seconds)),
        heading("WHAT IT IS TOLD"),
        shown_lines(agent.prompt.trim()),
        heading("WHAT IT EXPECTS"),
        shown_lines(agent.input.trim()),
        heading("AN EXAMPLE OF THAT"),
        agent.example_input,
        heading("WHAT IT ANSWERS"),
        agent.output_schema,
    ))
}
