//! Requests and hosts that make sense, in any order of events: the report fits what really happened.

use arbitrary::Unstructured;
use parallel_agents::documents::DocumentReply;

use crate::plausible::Plausible;
use crate::{calls, hosts, replies};

/// Lets one call run on one gateway.
pub fn check(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let Ok((function, arguments)) = calls::any(&mut source) else { return };
    let mut host = Plausible::new(source, &arguments, false);
    let reply = hosts::call(function, &arguments.to_string(), &mut host);
    match &reply {
        DocumentReply::Answer(text) => host.fits(text),
        // What makes no sense together, such as a budget that is too small for a session.
        DocumentReply::Refused(_) => assert!(host.is_untouched(), "a refused request reached the host"),
    }
    let answer = replies::any(&reply);
    if let (Some(tasks), Some(answer)) = (arguments["tasks"].as_array().filter(|_| function == "run_tasks"), answer) {
        let ids = |list: &serde_json::Value| -> Vec<String> {
            let list = list.as_array().expect("a list");
            list.iter().map(|task| task["task_id"].as_str().expect("an id").to_owned()).collect()
        };
        assert_eq!(ids(&answer["results"]), ids(&serde_json::json!(tasks)), "a result for each task, in order");
    }
}
