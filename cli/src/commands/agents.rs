//! `agents`: what there is to choose from.

mod check;

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use agent_files::{Agent, Library};
use clap::Subcommand;
use parallel_agents_engine::task::OutputFormat;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{InstanceArguments, OwnAgents};
use crate::outcome::{Failure, Finish};
use crate::own_agents;
use crate::reply::Reply;
use crate::simulation::Engine;
use crate::table::Layout;
use crate::text::{duration, shown, shown_json, shown_lines};
use crate::ui::{Tone, Ui};

/// How files are read, as `help agent-files` tells it.
pub const AGENT_FILES: &str = "\
Files in Markdown with a head in YAML are taken as they are: agents of Claude Code, opencode, Gemini CLI and Copilot
(.agent.md, .chatmode.md), skills (SKILL.md), rules of Cursor (.mdc). TOML, JSON and plain YAML are not.

  name                the id: lower case, _ for all else, other scripts in Latin letters; the name is kept as the title;
                      without one the name of the file. A request may use either
  description         up to 1,024 characters, the rest is cut; without one the first sentence of the text
  model               haiku, sonnet, opus, alone or within a longer name: economy, standard, premium; others: a warning
  tools, permission   [] or `none`, or all denied: no tools; anything else: all tools of the host, with a warning
  timeout_mins        timeout_seconds
  category            up to 64 characters; any other value is left out, with a warning
  tier, timeout_seconds, max_output_tokens, min_tool_calls, output_format, # Input, # Output schema, # Example input:
                      as in the built-in types; a wrong value is an error
  everything else     not used, with a warning
  the text            the prompt, up to 128 KiB; never cut

A head that is not YAML is read line by line, and a missing fence is made up for, with a warning. Files without a head are
agents if their text speaks to an agent (`Act as …`), or if a request names the file.

Exit codes:
  0  all files that are meant as definitions are taken
  1  at least one of them cannot be used
  2  there is no such directory, or no file of it could hold a definition

Examples:
  parallel-agents agents check ~/.claude/agents
  parallel-agents agents check my-agents --json | jq '.files[] | select(.result == \"refused\")'
";

#[derive(Debug, Subcommand)]
pub enum AgentsCommand {
    /// List the agent types
    #[command(after_help = "\
Examples:
  parallel-agents agents list
  parallel-agents agents list --category qa
  parallel-agents agents list --category custom --agents my-agents")]
    List {
        /// Only one category: content, development, qa, documentation, …
        #[arg(long, value_name = "NAME")]
        category: Option<String>,

        #[command(flatten)]
        own_agents: OwnAgents,

        #[command(flatten)]
        instance: InstanceArguments,
    },

    /// Show one agent type: what it is told, what it expects, what it answers
    #[command(after_help = "\
Examples:
  parallel-agents agents show code_reviewer
  parallel-agents agents show my_agent --agents my-agents")]
    Show {
        /// The agent type
        #[arg(value_name = "TYPE")]
        agent_type: String,

        #[command(flatten)]
        own_agents: OwnAgents,

        #[command(flatten)]
        instance: InstanceArguments,
    },

    /// Say of each file whether it is taken as an agent type, and why if not
    #[command(
        after_help = "\
Exit codes: 0 all are taken; 1 one cannot be used; 2 there is none. See `help agent-files`.

Example:
  parallel-agents agents check ~/.claude/agents",
        after_long_help = AGENT_FILES
    )]
    Check {
        /// The directory, or one file
        #[arg(value_name = "DIR")]
        directory: PathBuf,

        #[command(flatten)]
        instance: InstanceArguments,
    },
}

#[derive(Deserialize)]
struct Agents {
    agents: Vec<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    name: String,
    title: Option<String>,
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
pub fn instance(command: &AgentsCommand) -> &InstanceArguments {
    match command {
        AgentsCommand::List { instance, .. }
        | AgentsCommand::Show { instance, .. }
        | AgentsCommand::Check { instance, .. } => instance,
    }
}

pub async fn carry_out(ui: &Ui, command: AgentsCommand) -> Result<Finish, Failure> {
    let engine = match &command {
        AgentsCommand::Check { directory, .. } => return check::carry_out(ui, directory),
        other => Engine::load(ui, instance(other)).await?,
    };
    let (json, text) = match &command {
        AgentsCommand::Show { agent_type, own_agents, .. } => {
            let reply = describe(ui, &engine, agent_type, own_agents).await?;
            (reply.text, show(ui, &reply.document))
        }
        AgentsCommand::List { category, own_agents: OwnAgents { directory: Some(directory) }, .. } => {
            let document = with_own(ui, &engine, category.as_deref(), directory).await?;
            (document.to_string(), list(ui, &document))
        }
        AgentsCommand::List { category, .. } => {
            let reply = catalogue(&engine, category.as_deref()).await?;
            (reply.text, list(ui, &reply.document))
        }
        AgentsCommand::Check { .. } => return Ok(Finish::Complete),
    };
    let text = text.map_err(|error| Failure::reply(error.to_string()))?;
    ui.print(&if ui.is_json() { format!("{json}\n") } else { text })?;
    Ok(Finish::Complete)
}

/// The built-in types, or those of one category.
async fn catalogue(engine: &Engine, category: Option<&str>) -> Result<Reply, Failure> {
    let arguments = category.map_or_else(|| json!({}), |name| json!({ "category": name }));
    engine.ask("list_agents", &arguments).await
}

/// The built-in types and those of a directory, which are in the same order as if a request had brought all of them.
async fn with_own(ui: &Ui, engine: &Engine, category: Option<&str>, directory: &Path) -> Result<Value, Failure> {
    let library = own_agents::open(directory)?;
    own_agents::tell_notes(ui, &library, &BTreeSet::new());
    own_agents::tell_warnings(ui, directory, &library);
    let mut reply = catalogue(engine, None).await?;
    let own: Vec<Value> = library.agents().map(|(_, agent)| summary(agent)).collect();
    let names: BTreeSet<&str> = own.iter().filter_map(|agent| agent.get("name").and_then(Value::as_str)).collect();
    let Some(agents) = reply.document.get_mut("agents").and_then(Value::as_array_mut) else {
        return Err(Failure::reply("no list of agents"));
    };
    let text = |agent: &Value, field: &str| agent.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    agents.retain(|agent| !names.contains(text(agent, "name").as_str()));
    agents.extend(own.iter().cloned());
    if let Some(category) = category {
        agents.retain(|agent| text(agent, "category") == category);
        if agents.is_empty() {
            // The component says which categories there are.
            catalogue(engine, Some(category)).await?;
        }
    }
    Ok(reply.document)
}

fn summary(agent: &Agent) -> Value {
    let agent = &agent.definition;
    let mut fields =
        json!({ "name": agent.name.as_str(), "description": agent.description, "category": agent.category });
    if let Some(title) = &agent.title {
        fields["title"] = title.as_str().into();
    }
    fields
}

async fn describe(ui: &Ui, engine: &Engine, name: &str, own: &OwnAgents) -> Result<Reply, Failure> {
    let mut arguments = json!({ "agent_type": name });
    let library = own.directory.as_deref().map(own_agents::open).transpose()?;
    if let Some((path, agent)) =
        library.as_ref().map(|library: &Library| own_agents::find(library, name)).transpose()?.flatten()
    {
        arguments = json!({ "agent_type": agent.definition.name.as_str(), "agents": [agent.source] });
        agent.warnings.iter().for_each(|warning| own_agents::tell_warning(ui, path, warning));
    }
    engine.ask("describe_agent", &arguments).await
}

fn list(ui: &Ui, document: &Value) -> Result<String, serde_json::Error> {
    let Agents { agents } = Agents::deserialize(document)?;
    let mut table = Layout::new(ui, &["AGENT", "CATEGORY", "WHAT IT DOES"]);
    for agent in agents {
        let what = match &agent.title {
            Some(title) => format!("{title}: {}", agent.description),
            None => agent.description,
        };
        table.row(vec![shown(&agent.name), shown(&agent.category), shown(&what)], None);
    }
    Ok(table.finish())
}

fn show(ui: &Ui, document: &Value) -> Result<String, serde_json::Error> {
    let agent = Description::deserialize(document)?;
    let heading = |words: &str| ui.tone(Tone::Strong, words);
    let tools = if agent.tool_free { "no tools" } else { "tools" };
    let title = agent.summary.title.as_deref().map(|title| format!("  {}", shown(title))).unwrap_or_default();
    Ok(format!(
        "{}{title}  {}\n{}\n{} tier, {tools}, answers as {} within {}\n\n{}\n{}\n\n{}\n{}\n\n{}\n{}\n\n{}\n{}\n",
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
        shown_json(&agent.example_input),
        heading("WHAT IT ANSWERS"),
        shown_json(&agent.output_schema),
    ))
}
