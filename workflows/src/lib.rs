//! Work whose next step depends on what came out of the last: drafts that are judged and improved, agents that are made,
//! goals that are planned.
//!
//! Each is a [`Workflow`](parallel_agents_engine::workflow::Workflow) of the engine: it sees results and names the tasks
//! that follow. [`request`] reads what callers write, and [`teams`] makes requests that need no workflow.
//!
//! # Example
//!
//! ```
//! use parallel_agents_engine::agents::BuiltIn;
//! use parallel_agents_engine::problem::CallError;
//! use parallel_agents_workflows::teams::{self, Kind};
//! use serde_json::json;
//!
//! let asked = json!({"topic": "tides", "platform": "bluesky", "max_concurrent": 2});
//! let team = teams::make(Kind::Content, BuiltIn(&[]), asked).expect("a good request");
//! assert_eq!((team.run.tasks.len(), team.run.max_concurrent, team.at_once), (5, Some(2), false));
//! assert!(team.run.tasks[0].task_description.contains("tides"));
//!
//! // All that is wrong is said at once.
//! let refused = teams::make(Kind::Content, BuiltIn(&[]), json!({"topic": "", "platform": ""}));
//! let Err(CallError::InvalidRequest(problems)) = refused else { panic!("accepted") };
//! assert_eq!(problems.iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>(), ["E_PLATFORM", "E_TOPIC"]);
//! ```

pub mod agent_spec;
pub mod create;
mod extent;
pub mod graft;
pub mod improve;
pub mod map;
pub mod orchestrate;
pub mod outcome;
pub mod outlook;
pub mod registry;
pub mod request;
pub mod spec;
pub mod teams;

use std::sync::Arc;

use serde_json::{Map, Value};

use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::ids::TaskId;
use parallel_agents_engine::plan::{Handling, Plan, PlannedTask, Rules};
use parallel_agents_engine::task::{Cleanup, OutputFormat};

/// What holds for every task of a workflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Common {
    /// For the whole run.
    pub max_concurrent: u32,
    /// For the whole run.
    pub deadline_seconds: u32,
    /// For all sessions.
    pub cleanup: Cleanup,
    /// The model to ask for.
    pub model: Option<String>,
    /// The thinking level to ask for.
    pub thinking: Option<String>,
    /// Retries of each task. None: the default.
    pub retries: Option<u32>,
    /// How long a session may wait in a queue that does not move. None: the default.
    pub start_timeout_seconds: Option<u32>,
    /// Everything else that holds for the whole run.
    pub rules: Rules,
}

impl Common {
    /// A run that begins with these tasks.
    pub fn plan(&self, tasks: Vec<PlannedTask>) -> Plan {
        Plan {
            tasks,
            max_concurrent: self.max_concurrent,
            deadline_seconds: self.deadline_seconds,
            cleanup: self.cleanup,
            rules: self.rules.clone(),
            foreseen: None,
            hands_over: false,
        }
    }

    fn handling(&self, agent: &AgentDefinition) -> Handling {
        let own = Handling::of(agent);
        Handling {
            retries: self.retries.unwrap_or(own.retries),
            start_timeout_seconds: self.start_timeout_seconds.unwrap_or(own.start_timeout_seconds),
            // Drafts and results of others are in their prompts, and may hold what looks like their answer.
            answers_alone: true,
            ..own
        }
    }

    /// A task for an agent that reads what it is given and answers with JSON.
    fn task(
        &self,
        agent: &Arc<AgentDefinition>,
        id: String,
        description: String,
        input: Map<String, Value>,
    ) -> PlannedTask {
        PlannedTask {
            id: TaskId::new(id),
            agent: Arc::clone(agent),
            description,
            input,
            input_from: Vec::new(),
            timeout_seconds: self.rules.timeout_seconds(agent).min(self.deadline_seconds),
            output_format: OutputFormat::Json,
            output_schema: Some(agent.output_schema.clone()),
            max_output_tokens: agent.max_output_tokens,
            priority: 0,
            dependencies: Vec::new(),
            model: self.model.clone(),
            thinking: self.thinking.clone(),
            agent_id: None,
            handling: self.handling(agent),
        }
    }
}
