//! Requests and gateways that make sense, in any order of events: every invariant is kept, and the report fits what really happened.

use arbitrary::Unstructured;

use crate::gateway::Drawn;
use crate::replies;

/// Lets one call run on one gateway.
pub fn check(data: &[u8]) {
    let Ok(drawn) = Drawn::any(&mut Unstructured::new(data)) else { return };
    replies::any(&drawn.call(false).result.expect("the call comes back"));
}
