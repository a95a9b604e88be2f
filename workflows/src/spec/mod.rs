//! What callers of the workflows and teams write. The schemas of these requests are generated from the types here.

mod improvement;
mod map;
mod teams;

pub use crate::agent_spec::AgentSpec;
pub use improvement::{CreationSpec, DraftSpec, ImprovementSpec, OrchestrationSpec, RefinementSpec};
pub use map::{ForecastSpec, MapSpec, ReduceSpec};
pub use teams::{ContentTeamSpec, DevelopmentTeamSpec, MetaWorkflowSpec, ReviewTeamSpec, TeamSpec};
