//! The JSON door.

use parallel_agents::documents;

use crate::bindings::exports::parallel_agents::skill::documents as wit;

pub(crate) fn document_reply(reply: wit::DocumentReply) -> documents::DocumentReply {
    match reply {
        wit::DocumentReply::Answer(text) => documents::DocumentReply::Answer(text),
        wit::DocumentReply::Refused(text) => documents::DocumentReply::Refused(text),
    }
}

/// A function that the door has.
pub(crate) fn document_function(function: wit::DocumentFunction) -> documents::DocumentFunction {
    documents::DocumentFunction {
        name: function.name,
        description: function.description,
        parameters: function.parameters,
    }
}
