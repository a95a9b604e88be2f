//! What can be said about agent types and their files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::InstanceArguments;

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
  tier, timeout_seconds, min_tool_calls, output_format, category, # Input, # Output schema, # Example input: as in
                      the built-in types; a wrong value is an error
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

/// Agent types that do not come with the component.
#[derive(Debug, Args)]
pub struct OwnAgents {
    /// Agent types of your own: a directory with *.md files, or a file
    ///
    /// Each file has one definition. Types that the request names are looked up there, in subdirectories too; they extend
    /// the catalogue or replace a type of it. `agents check DIR` says how the files are read. A request that brings agents
    /// itself takes no others.
    #[arg(long = "agents", value_name = "DIR")]
    pub directory: Option<PathBuf>,
}
