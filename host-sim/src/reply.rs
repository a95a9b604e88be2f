//! Replies of the component, as documents.

use serde_json::Value;

/// The report of a call's run, whichever function it was: the reply itself, or the part of a workflow's reply.
pub fn run_of(reply: &Value) -> &Value {
    match &reply["run"] {
        run if run.is_object() => run,
        _ => reply,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_is_found_alone_and_in_a_workflow() {
        let run = json!({ "results": [] });
        assert_eq!(run_of(&run), &run);
        assert_eq!(run_of(&json!({ "status": "completed", "run": run })), &run);
        let without = json!({ "status": "failed", "run": null });
        assert_eq!(run_of(&without), &without);
    }
}
