//! Requests to stop, delete or read a session that the gateway refuses.

use parallel_agents_engine::host::HostError;
use parallel_agents_engine::ids::SessionKey;

use super::plan::CleanupPlan;
use crate::script::Fault;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Request {
    Cancel {
        /// Whether the session has not ended.
        is_live: bool,
    },
    Delete,
    Read,
}

/// Refuses a request.
type Rule = fn(Request, &SessionKey, &mut CleanupPlan) -> Option<(Fault, HostError)>;

/// The first that has a verdict counts.
const RULES: [Rule; 2] = [not_owner, still_active];

/// Why a request is refused.
pub(in crate::gateway) fn refusal(
    request: Request,
    key: &SessionKey,
    plan: &mut CleanupPlan,
) -> Option<(Fault, HostError)> {
    RULES.iter().find_map(|rule| rule(request, key, plan))
}

fn not_owner(_: Request, key: &SessionKey, plan: &mut CleanupPlan) -> Option<(Fault, HostError)> {
    plan.is_not_owned.then(|| (Fault::NotOwner, HostError::NotOwner(format!("not the owner of {key}"))))
}

/// As often as the plan says.
fn still_active(request: Request, _: &SessionKey, plan: &mut CleanupPlan) -> Option<(Fault, HostError)> {
    let (fault, left) = match request {
        Request::Cancel { is_live: true } => (Fault::CancelRefused, &mut plan.cancel_refusals),
        Request::Delete => (Fault::DeleteRefused, &mut plan.delete_refusals),
        Request::Cancel { is_live: false } | Request::Read => return None,
    };
    *left = left.checked_sub(1)?;
    Some((fault, HostError::Busy("Session is still active; try again".to_owned())))
}
