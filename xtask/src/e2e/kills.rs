//! A gateway that is killed while a run is under way, at moments that nobody chose, and what the run is worth afterwards.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::bench::{Gateway, of_results, step, tell};

const RUNS: &str = "parallel_agents_runs";

/// Kills where nobody asks for more: each of them costs the start of a gateway.
pub const FEW: u32 = 2;

/// Tasks of each run, of which so many run at once.
const TASKS: usize = 12;
const WIDTH: u32 = 4;

/// A run takes about so long, from the moment when the call that asked for it has returned.
const SPAN_MS: u64 = 6_000;

/// How long the first session may take on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// Kills the gateway `kills` times, each time in a run of its own, and has the run go on.
///
/// # Errors
/// If something that had ended is done again, or something that the promise covers is not done.
pub fn run(gateway: &mut Gateway, kills: u32) -> Result<()> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(7, |passed| passed.subsec_nanos().into());
    let mut sums = Outcome::default();
    for (number, moment) in moments(seed).take(kills as usize).enumerate() {
        let name =
            format!("kill the gateway {} ms into a run, and go on (seed {seed}, {})", moment.as_millis(), number + 1);
        let one = step(&name, || killed_at(gateway, moment))?;
        sums.finished += one.finished;
        sums.again += one.again;
    }
    let all = TASKS * kills as usize;
    let what = format!(
        "{kills} kills: {all} tasks, {} finished before, {} cut off and done again, 0 lost",
        sums.finished, sums.again
    );
    tell(Duration::ZERO, &what);
    Ok(())
}

/// What became of tasks at one kill.
#[derive(Default)]
struct Outcome {
    finished: usize,
    again: usize,
}

/// Moments within a run, the same ones for the same seed: a linear congruential generator (Knuth, MMIX).
fn moments(seed: u64) -> impl Iterator<Item = Duration> {
    let next =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    std::iter::successors(next(&seed), next).map(|state| Duration::from_millis((state >> 33) % SPAN_MS))
}

fn killed_at(gateway: &mut Gateway, moment: Duration) -> Result<Outcome> {
    // Readers without tools, and tasks that say that they may be done twice.
    let tasks = (0..TASKS).map(|number| match number % 2 {
        0 => json!({ "agent_type": "code_reviewer", "task_description": "Say something.", "output_format": "text" }),
        _ => json!({ "agent_type": "backend_developer", "task_description": "Say something.", "output_format": "text",
            "idempotent": true }),
    });
    let request = json!({ "tasks": tasks.collect::<Vec<_>>(), "max_concurrent": WIDTH, "timeoutSeconds": 1 });
    let reply = gateway.call("parallel_agents_run", &request)?;
    let run = reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?.to_owned();
    // From then on there is something to be lost.
    gateway.wait_until("the first session is there", SOON, |gateway| gateway.receipts(&run).is_some())?;
    thread::sleep(moment);
    gateway.kill_and_start()?;
    let before = gateway.receipts(&run).context("the sessions of the run are not written down")?;
    let finished = finished(&gateway.journal(&run)?, &before);
    let reply = gateway.call(RUNS, &json!({ "action": "resume", "run_id": run, "timeoutSeconds": 300 }))?;
    let report = gateway.kept_result(&run)?;
    let statuses = of_results(&report, "/status");
    ensure!(
        statuses == ["completed"; TASKS],
        "not all is done ({} were finished): {reply:#}\n{report:#}",
        finished.len()
    );
    let after = gateway.receipts(&run).context("the sessions of the run are not written down any more")?;
    ensure!(after.len() >= TASKS, "{} sessions for {TASKS} tasks: {after:#?}", after.len());
    for (task, sessions) in &finished {
        let now = sessions_of(&after, *task);
        ensure!(now == *sessions, "task {task} had ended and was spawned again: {after:#?}");
    }
    gateway.check_idle()?;
    Ok(Outcome { finished: finished.len(), again: after.len() - TASKS })
}

/// The tasks whose sessions had come to their end by the journal, with their numbers of sessions.
fn finished(journal: &str, receipts: &[String]) -> BTreeMap<usize, usize> {
    // A line is a checksum, a space and a JSON object; the last one may be half written.
    let events = journal.lines().filter_map(|line| serde_json::from_str::<Value>(line.split_once(' ')?.1).ok());
    let ended = events.filter_map(|line| {
        let end = line.pointer("/step/event/what/SessionEnded")?;
        let is_done = end.get("outcome") == Some(&json!("Completed"));
        is_done.then(|| end.get("session").and_then(Value::as_str).map(str::to_owned)).flatten()
    });
    let ended: Vec<String> = ended.collect();
    let is_of = |task: usize| {
        receipts
            .iter()
            .any(|line| line.contains(&tag(task)) && ended.iter().any(|session| line.contains(session.as_str())))
    };
    (1..=TASKS).filter(|task| is_of(*task)).map(|task| (task, sessions_of(receipts, task))).collect()
}

fn sessions_of(receipts: &[String], task: usize) -> usize {
    receipts.iter().filter(|line| line.contains(&tag(task))).count()
}

/// How a task stands in the idempotency key of its sessions.
fn tag(task: usize) -> String {
    format!("-task-{task}-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_had_ended_is_read_from_journal_and_receipts() {
        let journal = concat!(
            "0123 {\"journal\":3}\n4567 {\"tasks\":[]}\n",
            "89ab {\"step\":{\"event\":{\"seq\":4,\"what\":{\"SessionEnded\":{\"session\":\"s1\",\"outcome\":\"Completed\"}}}}}\n",
            "cdef {\"step\":{\"event\":{\"seq\":5,\"what\":{\"SessionEnded\":{\"session\":\"s2\",\"outcome\":\"Interrupted\"}}}}}\n",
            "cdef {\"step\":{\"ev",
        );
        let receipts = ["{\"key\":\"x-task-1-1\",\"receipt\":\"s1\"}", "{\"key\":\"x-task-11-1\",\"receipt\":\"s2\"}"];
        assert_eq!(finished(journal, &receipts.map(str::to_owned)), BTreeMap::from([(1, 1)]));
    }

    #[test]
    fn moments_come_again_with_their_seed_and_lie_within_a_run() {
        let some: Vec<Duration> = moments(7).take(50).collect();
        assert_eq!(some, moments(7).take(50).collect::<Vec<_>>());
        assert!(
            some.iter().all(|moment| moment.as_millis() < SPAN_MS.into())
                && some != moments(8).take(50).collect::<Vec<_>>()
        );
    }
}
