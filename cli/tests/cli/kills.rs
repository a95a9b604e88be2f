//! The real program, ended by the system in the middle of a run (`kill -9`) and gone on with from its journal.
//!
//! A few moments as a test; `cargo xtask kills` has as many as one likes and prints the table. The seed is printed.

use std::collections::BTreeSet;
use std::env;
use std::fmt::{self, Display};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::openai::Server;
use super::{command, file, path};

/// How many moments; without it those of the test.
const TIMES: &str = "PARALLEL_AGENTS_KILLS";

/// The seed of the moments.
const SEED: &str = "PARALLEL_AGENTS_KILL_SEED";

/// `wasm` or `native`.
const ENGINE: &str = "PARALLEL_AGENTS_KILL_ENGINE";

/// Tasks of a run.
const TASKS: usize = 30;

/// So many kills in a row hit one run at the most.
const LIVES: u32 = 3;

/// What answers the run.
struct Host {
    name: &'static str,
    /// Options of `run` and of `resume`.
    options: Vec<String>,
}

/// Tasks without tools that may be done again, so that the promise covers each of them.
fn request() -> String {
    let task = |nth: usize| {
        json!({ "task_id": format!("t{nth}"), "agent_type": "content_writer_funny", "task_description": "Say it.",
            "input_data": { "topic": "tides" }, "idempotent": true })
    };
    json!({ "tasks": (0..TASKS).map(task).collect::<Vec<Value>>(), "max_concurrent": 10 }).to_string()
}

/// Some sessions at once, which take some time.
const SCRIPT: &str = "version = 1\ndefault_model = \"sim/standard\"\n[models.\"sim/standard\"]\n\
    [host]\nmax_concurrent = 6\nspawn_latency_ms = 20\n[[answers]]\nlatency = { uniform_ms = [30, 250] }\n";

/// What became of all runs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    kills: u32,
    /// Kills before the journal said what was called, so that there was nothing to go on with.
    unbegun: u32,
    /// Kills after the run had come back.
    over: u32,
    /// Tasks that had ended when the program was killed, over all runs.
    finished: usize,
    /// Of these, tasks of which a session was asked for once more.
    finished_again: usize,
    /// Tasks with a session that a kill cut off.
    cut_off: usize,
    /// Of these, tasks that were completed in the end.
    cut_off_completed: usize,
    /// Tasks without a result.
    lost: usize,
    /// Tasks with a result other than completed.
    not_completed: usize,
    leaked: usize,
}

impl Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("kills", self.kills as usize),
            ("  before the journal had begun", self.unbegun as usize),
            ("  after the run had come back", self.over as usize),
            ("tasks that had ended", self.finished),
            ("  of these asked for again", self.finished_again),
            ("tasks that were cut off", self.cut_off),
            ("  of these completed", self.cut_off_completed),
            ("tasks lost", self.lost),
            ("tasks not completed", self.not_completed),
            ("sessions leaked", self.leaked),
        ];
        rows.iter().try_for_each(|(name, number)| writeln!(f, "{name:<34}{number:>6}"))
    }
}

/// A program that runs or goes on, and the tasks of whose ends it tells.
struct Life {
    child: Child,
    lines: Receiver<String>,
}

impl Life {
    fn start(arguments: &[&str], host: &Host) -> Self {
        let mut started = command(arguments);
        started.args(&host.options).args(["--progress", "lines", "--json"]);
        started.args(["--engine", &env::var(ENGINE).unwrap_or_else(|_| "native".to_owned())]);
        started.env_remove("OPENAI_API_KEY").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = started.spawn().expect("it starts");
        let err = BufReader::new(child.stderr.take().expect("standard error is piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || err.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// Kills it after a time, unless it ends before. The tasks that it said were completed, and whether it had ended.
    fn kill_after(mut self, time: Duration) -> (BTreeSet<String>, bool) {
        let until = Instant::now() + time;
        let (mut completed, mut is_over) = (BTreeSet::new(), false);
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => completed.extend(completed_task(&line)),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    is_over = true;
                    break;
                }
            }
        }
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        completed.extend(self.lines.iter().filter_map(|line| completed_task(&line)));
        (completed, is_over)
    }

    /// Waits for its end. Its exit code, standard output, and standard error.
    fn finish(self) -> (Option<i32>, String, String) {
        let output = self.child.wait_with_output().expect("it ends");
        let err: Vec<String> = self.lines.iter().collect();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), err.join("\n"))
    }
}

/// The task whose end a line tells: `[1.2 s] 3/30 t7: completed (…)`.
fn completed_task(line: &str) -> Option<String> {
    let (before, _) = line.split_once(": completed (")?;
    before.rsplit(' ').next().map(str::to_owned)
}

/// The tasks of which a trace asks for sessions.
fn asked_for(trace: &str) -> BTreeSet<String> {
    // The label: agent type, task, code of the run.
    let task = |line: &str| {
        let (_, rest) = line.split_once(" spawn ")?.1.split_once("label=")?;
        rest.split_whitespace().nth(1).map(str::to_owned)
    };
    trace.lines().filter_map(task).collect()
}

/// Its own file for each host: the tests run side by side.
fn request_of(host: &Host) -> String {
    file(&format!("kill-{}.json", host.name), request())
}

/// Kills one run at one moment, or its resume too, and holds what comes of it to the promise.
fn kill_one(host: &Host, nth: u32, draws: &mut ChaCha8Rng, whole: Duration, tally: &mut Tally) {
    let request = request_of(host);
    let (journal, trace) = (path(&format!("kill-{}.journal", host.name)), path(&format!("kill-{}.trace", host.name)));
    let _ = fs::remove_file(&journal);
    let mut done = BTreeSet::new();
    let lives = 1 + draws.random_range(0..LIVES) * u32::from(nth % 3 == 2);
    for life in 0..lives {
        let run = ["run", &request, "--journal", &journal];
        let resume = ["resume", &journal];
        let started = Life::start(if life == 0 { &run } else { &resume }, host);
        let (completed, is_over) = started.kill_after(whole.mul_f64(draws.random_range(0.0..1.0)));
        tally.kills += 1;
        tally.over += u32::from(is_over);
        done.extend(completed);
        if fs::read_to_string(&journal).map_or(true, |text| text.lines().count() < 2) {
            // Not a session had been asked for.
            assert!(done.is_empty());
            tally.unbegun += 1;
            return;
        }
    }
    let (code, out, err) = Life::start(&["resume", &journal, "--trace", &trace], host).finish();
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {code:?} {out} {err}"));
    assert_eq!(code, Some(0), "kill {nth}: {err}\n{}", report["results"]);
    let results = report["results"].as_array().expect("results");
    let again = asked_for(&fs::read_to_string(&trace).expect("a trace"));
    let is_cut = |result: &&Value| {
        let attempts = result["metadata"]["attempt_log"].as_array();
        attempts.is_some_and(|attempts| attempts.iter().any(|attempt| attempt["error"]["code"] == "E_INTERRUPTED"))
    };
    let cut: Vec<&Value> = results.iter().filter(is_cut).collect();
    tally.finished += done.len();
    tally.finished_again += done.intersection(&again).count();
    tally.cut_off += cut.len();
    tally.cut_off_completed += cut.iter().filter(|result| result["status"] == "completed").count();
    tally.lost += TASKS - results.len();
    tally.not_completed += results.iter().filter(|result| result["status"] != "completed").count();
    tally.leaked += report["leaked"].as_array().map_or(0, Vec::len);
}

/// Kills so many runs on a host at moments that a seed gives.
fn kills(host: &Host, times: u32) -> Tally {
    let seed: u64 = env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or(20);
    let request = request_of(host);
    let began = Instant::now();
    let (code, _, err) = Life::start(&["run", &request, "--no-journal"], host).finish();
    assert_eq!(code, Some(0), "{err}");
    let whole = began.elapsed();
    let mut draws = ChaCha8Rng::seed_from_u64(seed);
    let mut tally = Tally::default();
    for nth in 0..times {
        kill_one(host, nth, &mut draws, whole, &mut tally);
    }
    let table = format!("{}: {TASKS} tasks a run, {SEED}={seed}\n{tally}", host.name);
    if let Ok(place) = env::var("PARALLEL_AGENTS_KILL_TABLE") {
        let mut all = fs::read_to_string(&place).unwrap_or_default();
        all.push_str(&format!("{table}\n"));
        fs::write(&place, all).expect("the table can be written");
    }
    let Tally { finished_again, lost, not_completed, leaked, cut_off, cut_off_completed, .. } = tally;
    assert_eq!((finished_again, lost, not_completed, leaked, cut_off_completed), (0, 0, 0, 0, cut_off), "{table}");
    assert!(tally.finished > 0 && cut_off > 0, "nothing was hit: {table}");
    tally
}

fn times() -> u32 {
    env::var(TIMES).ok().and_then(|times| times.parse().ok()).unwrap_or(8)
}

#[test]
fn a_simulated_run_survives_its_program() {
    let script = file("kills.toml", SCRIPT);
    let options = ["--clock", "real", "--script", &script].map(str::to_owned).to_vec();
    let tally = kills(&Host { name: "simulator", options }, times());
    assert!(tally.kills >= times());
}

#[test]
fn a_run_on_a_server_survives_its_program() {
    let script = file("kills-server.toml", SCRIPT);
    let server = Server::start_at("1", &script);
    let options = vec!["--base-url".to_owned(), server.base.clone()];
    let tally = kills(&Host { name: "server", options }, times());
    assert!(tally.kills >= times());
}
