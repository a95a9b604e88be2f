//! The agents of a run over several gateways: how many, and what a gateway makes of each.

use serde_json::{Value, json};

use super::super::bench::plain_task;
use super::super::door;
use super::LIMIT;

/// Sessions at once on all gateways together, at the most; a smaller run has half of its tasks at once.
const SESSIONS_AT_ONCE: u32 = 50;

/// The same of completions, which cost a gateway far less. One gateway may have them all.
const COMPLETIONS_AT_ONCE: u32 = 120;

/// What a gateway makes of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A session of its own.
    Sessions,
    /// One call of a model, since the agents have no tools and the gateways are configured so.
    Completions,
}

/// The agents of a run.
#[derive(Debug, Clone, Copy)]
pub struct Agents {
    pub count: u32,
    pub by: By,
}

impl Agents {
    pub fn at_once(self) -> u32 {
        let most = match self.by {
            By::Sessions => SESSIONS_AT_ONCE,
            By::Completions => COMPLETIONS_AT_ONCE,
        };
        (self.count / 2).clamp(1, most)
    }

    pub fn request(self) -> Value {
        let mut task = plain_task();
        task["timeout_seconds"] = json!(600);
        let mut request = json!({ "max_concurrent": self.at_once(), "deadline_seconds": LIMIT.as_secs() });
        if self.by == By::Completions {
            task["agent_type"] = json!("note_writer");
            request["agents"] = json!([{
                "name": "note_writer", "description": "Writes one sentence.", "tools": "none", "output_format": "text",
                "prompt": "You write one clear sentence about what you are asked.",
            }]);
        }
        request["tasks"] = json!(vec![task; self.count as usize]);
        request
    }

    /// The plugin's configuration in a gateway that runs them, with an open door or without one.
    pub fn plugin(self, has_door: bool) -> Value {
        let mut config = json!({
            "completionsForToolFree": self.by == By::Completions, "maxTasks": self.count, "maxConcurrent": self.at_once(),
        });
        if has_door {
            config["door"] = json!({ "session": door::SESSION, "maxLive": self.at_once() });
        }
        config
    }
}
