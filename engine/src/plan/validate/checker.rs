//! What the checks of a request share.

use std::fmt::{self, Display};
use std::sync::Arc;

use serde_json::Value;

use crate::agents::Catalogue;
use crate::json::output_schema::OutputSchema;
use crate::problem::Problem;
use crate::task::OnDependencyFailure;

/// What holds for tasks that say nothing else.
pub(super) struct Defaults {
    pub(super) deadline: u32,
    pub(super) model: Option<String>,
    pub(super) thinking: Option<String>,
    pub(super) retries: Option<u32>,
    pub(super) timeout_seconds: Option<u32>,
    pub(super) start_timeout_seconds: Option<u32>,
    pub(super) on_dependency_failure: Option<OnDependencyFailure>,
    pub(super) accept_truncated: Option<bool>,
}

/// Where a task stands in the request. The path becomes text only when there is something to say of it.
#[derive(Clone, Copy)]
pub(super) struct Place(pub(super) usize);

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/tasks/{}", self.0)
    }
}

pub(super) struct Checker {
    pub(super) problems: Vec<Problem>,
    pub(super) catalogue: Catalogue,
    /// The one that was read last, if it is in order.
    pub(super) last_schema: Option<(Arc<Value>, OutputSchema)>,
}
