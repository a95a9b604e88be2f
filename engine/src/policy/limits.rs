//! Numbers that bound a run. Ranges that a caller can set stand in `schemas/`, where they are checked.

use crate::host::OperatorLimits;
use crate::problem::Problem;

/// Sessions alive at once when the request names no number: the specification's.
pub const DEFAULT_MAX_CONCURRENT: u32 = 5;

/// Tasks of a run. `task::RunSpec` has the same number for the schema.
pub const MAX_TASKS: usize = 10_000;

/// Seconds for a whole run when the request names none.
pub const DEFAULT_DEADLINE_SECONDS: u32 = 1_800;

/// Bytes of one task description.
pub const MAX_DESCRIPTION_BYTES: usize = 64 * 1024;

/// Bytes of one task's input as compact JSON. Larger than a description, because it is where source files go.
pub const MAX_INPUT_BYTES: usize = 128 * 1024;

/// Bytes of all descriptions and inputs of a run: those of 10,000 tasks with more than a kilobyte each.
pub const MAX_TEXT_BYTES: usize = 12 * 1024 * 1024;

/// Bytes of a request document.
pub const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Characters of a model's, an agent's or a thinking level's name.
pub const MAX_NAME_CHARS: usize = 128;

/// Characters of a session's label, OpenClaw's limit.
pub const MAX_LABEL_CHARS: usize = 120;

/// Characters of a session's `taskName`, OpenClaw's limit.
pub const MAX_TASK_NAME_CHARS: usize = 64;

/// How much later than asked for a wait may end before the rest counts as a jump of the host's clock, in milliseconds.
pub const CLOCK_JUMP_MS: u64 = 10_000;

/// Messages asked for in one page of history.
pub const HISTORY_PAGE: u32 = 50;

/// Pages of one transcript that are read in search of the answer.
pub const MAX_HISTORY_PAGES: u32 = 20;

/// How much later than the host's own limit the component ends a session by itself. The host reports its own timeouts
/// within this time, which saves a cancellation.
pub const TIMEOUT_GRACE_MS: u64 = 2_000;

/// How long after the deadline everything is given up that has not stopped; what is still there is reported as leaked.
pub const CLEANUP_GRACE_MS: u64 = 30_000;

/// How long nothing has to be heard of any session before the host is asked where they stand. A session that answers
/// takes seconds to minutes, and a list call costs the gateway less than a second.
pub const QUIET_MS: u64 = 30_000;

/// How long a host that refused for lack of room is left alone when no session of the run is alive that could make room.
pub const CAPACITY_PAUSE_MS: u64 = 1_000;

/// Good enough when a request names no score: the specification's.
pub const DEFAULT_TARGET_SCORE: f64 = 8.5;

/// Versions of a draft that are judged when a request names no number.
pub const DEFAULT_MAX_ROUNDS: u32 = 3;

/// Bytes of one draft as compact JSON.
pub const MAX_DRAFT_BYTES: usize = 64 * 1024;

/// Sessions that a workflow could need at the most; more are refused before the first.
pub const MAX_WORKFLOW_SESSIONS: u64 = 1_000;

/// Tasks of an orchestrator's plan when the request names no number.
pub const DEFAULT_PLAN_TASKS: u32 = 20;

/// Bytes of a goal: it stands in the planning prompt twice and has to fit into a task description.
pub const MAX_GOAL_BYTES: usize = 24 * 1024;

/// Plans that replace what failed when a goal's request names no number.
pub const DEFAULT_REPLANS: u32 = 1;

/// Agent types that a plan may have made when the request names no number.
pub const DEFAULT_NEW_AGENTS: u32 = 10;

impl OperatorLimits {
    /// What is wrong with a request of so many tasks, if these are more than the operator allows.
    pub fn refuse(&self, tasks: usize) -> Option<Problem> {
        let most = self.tasks.filter(|most| tasks > *most as usize)?;
        let message = format!("{tasks} tasks, and the operator of this host allows {most} in a run");
        let problem = Problem::new("E_TASK_COUNT", "", message).got(tasks).limit(format!("1..={most}"));
        Some(problem.hint("split the run, or ask the operator for more"))
    }
}
