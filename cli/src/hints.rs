//! What whoever reads a result may not think of.

use gateway_sim::reply::run_of;
use parallel_agents_engine::task::TaskStatus;
use serde_json::Value;

use crate::args::{BackendKind, Simulation};

/// Sessions that ran out of time beside others may only have waited in a server that works on fewer at once. None: there are
/// none, or the host's cap is set already.
pub fn of_server(simulation: &Simulation, reply: &str) -> Option<String> {
    let server = &simulation.backend.server;
    if server.kind() != BackendKind::Openai || server.host_cap.is_some() {
        return None;
    }
    let document: Value = serde_json::from_str(reply).ok()?;
    waited(&run_of(&document))
}

fn waited(run: &Value) -> Option<String> {
    let at_once = run["peak_in_flight"].as_u64().filter(|peak| *peak > 1)?;
    let attempts = |result: &Value| result["metadata"]["attempt_log"].as_array().cloned().unwrap_or_default();
    let results = run["results"].as_array()?;
    let timeouts = results.iter().flat_map(attempts).filter(ran_out_of_time).count();
    let one = if timeouts == 1 { "session ran" } else { "sessions ran" };
    (timeouts > 0).then(|| {
        format!(
            "hint: {timeouts} {one} out of time while up to {at_once} were asked for at once. A server that works on fewer \
             lets the others wait until their time is over: --host-cap 1 (or as many as it works on) has them wait here \
             instead, where it does not count"
        )
    })
}

fn ran_out_of_time(attempt: &Value) -> bool {
    attempt["status"] == TaskStatus::Timeout.name() || attempt["error"]["code"] == "E_TIMEOUT"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sessions_that_ran_out_of_time_beside_others_may_have_waited() {
        let run = |peak: u64, status: &str| {
            let attempt = json!({ "status": status });
            waited(&json!({ "peak_in_flight": peak, "results": [{ "metadata": { "attempt_log": [attempt] } }] }))
        };
        let hint = run(5, "timeout").expect("a hint");
        assert!(hint.contains("--host-cap 1") && hint.contains("1 session ran"), "{hint}");
        assert_eq!(run(1, "timeout"), None);
        assert_eq!(run(5, "failed"), None);
        assert_eq!(waited(&json!({ "agents": [] })), None);
    }
}
