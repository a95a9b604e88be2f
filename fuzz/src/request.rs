//! Any text as a call of the JSON door: the function's name in the first line, its arguments in the others.
//!
//! There is always a typed reply, and a host hears nothing of what is refused.

use parallel_agents::documents::DocumentReply;

use crate::{calls, replies};

/// Checks one call for the invariants.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (function, arguments) = text.split_once('\n').unwrap_or((&text, "{}"));
    let mut host = calls::refusing();
    let reply = calls::call(function, arguments, &mut host);
    replies::any(&reply);
    if matches!(reply, DocumentReply::Refused(_)) {
        assert_eq!(host.calls, 0, "a refused request reached the host: {function} {arguments}");
    }
    let again = calls::call(function, arguments, &mut calls::refusing());
    assert_eq!(reply, again, "the same request, the same reply");
}
