//! The model through the client that programs use, on a real address. A kill is the end of the server's runtime.

mod faults;
mod lives;
mod requests;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use clap::Parser;
use parallel_agents_door::{Door, DoorError, Waited};
use parallel_agents_engine::host::{AnswerForm, Receipt, SpawnOptions};
use parallel_agents_engine::task::Cleanup;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::args::ModelArgs;
use super::gateway::Gateway;
use super::{http, listen};

/// Sessions that nobody sees the end of.
const LONG: &str = "--session-ms 3600000";

const SHORT: &str = "--session-ms 0";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: ModelArgs,
}

fn args(dir: &Path, more: &str) -> ModelArgs {
    let dir = dir.to_str().expect("a name in Unicode");
    let line = ["model", "--dir", dir].into_iter().chain(more.split_whitespace());
    Line::try_parse_from(line).expect("arguments").args
}

struct Model {
    address: SocketAddr,
    /// Setting up a client takes longer than most tests.
    client: reqwest::Client,
    door: Door,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Model {
    fn start(dir: &TempDir, more: &str) -> Self {
        let args = args(dir.path(), more);
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            let listener = listen(args.listen).await.expect("a free port");
            let gateway = Gateway::open(args).expect("a list of keys");
            tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
            tokio::select! {
                never = http::serve(gateway, listener) => match never {},
                _ = stopped => {}
            }
        };
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(serve);
        });
        let address = told.recv().expect("it serves");
        let url = format!("http://{address}");
        let client = parallel_agents_door::http::client(&url.parse().expect("an address")).build().expect("a client");
        let door = Door::new(&url, "gateway-model", "agent:main:door").expect("a door");
        Self { address, client, door, stop: Some(stop), thread: Some(thread) }
    }

    fn door(&self) -> Door {
        self.door.clone()
    }

    fn door_with(&self, token: &str, session: &str) -> Door {
        Door::new(&format!("http://{}", self.address), token, session).expect("a door")
    }

    async fn stats(&self) -> Value {
        let url = format!("http://{}/stats", self.address);
        self.client.get(url).send().await.expect("stats").json().await.expect("JSON")
    }

    /// Nothing that it was about to do is done.
    fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it did not panic");
        }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.end();
    }
}

fn dir() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn options(key: &str) -> SpawnOptions {
    SpawnOptions {
        task: format!("What is {key}?"),
        label: format!("label-{key}"),
        task_name: "t".to_owned(),
        agent_id: None,
        model: None,
        thinking: None,
        run_timeout_seconds: 600,
        cleanup: Cleanup::Keep,
        tool_free: true,
        form: AnswerForm::default(),
        max_output_tokens: None,
        idempotency_key: key.to_owned(),
    }
}

async fn spawn(door: &Door, key: &str) -> Receipt {
    door.spawn(&options(key), None).await.expect(key)
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Waits until this key has news, which `started` says are not those of its start.
async fn wait(door: &Door, key: &str, started: &[&str]) -> Waited {
    door.wait(&keys(&[key]), &keys(started), 60).await.expect(key)
}

fn code(error: DoorError) -> String {
    match error {
        DoorError::Refused { code, .. } => code,
        other => panic!("{other}"),
    }
}

async fn refused(door: &Door, options: &SpawnOptions) -> String {
    code(door.spawn(options, None).await.expect_err("it is refused"))
}
