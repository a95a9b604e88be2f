//! What an agent of the gateway is told to do, and what comes of it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::http;
use crate::started::Started;

use super::gateway::{CALLER, Gateway, field, key};

/// What the scripted agent puts in front of a tool's result when it repeats it.
const RESULT_MARK: &str = "TOOL_RESULT ";

const TURN: Duration = Duration::from_secs(400);

impl Gateway {
    /// Runs one turn of the agent, in which its scripted model calls a tool of the plugin; the details of its reply.
    pub fn call(&self, tool: &str, arguments: &Value) -> Result<Value> {
        self.call_in(CALLER, tool, arguments)
    }

    /// The same in a session of its own.
    pub fn call_in(&self, session: &str, tool: &str, arguments: &Value) -> Result<Value> {
        details(self.turn(session, tool, arguments)?)
    }

    /// The same in the session of [`call`](Self::call), asked for on OpenClaw's command line. That takes seconds to start.
    pub fn call_by_command(&self, tool: &str, arguments: &Value) -> Result<Value> {
        let message = format!("CALL_TOOL {tool} {arguments}");
        let mut command = self.surroundings.openclaw(&["agent", "--agent", "main", "--json", "--message"]);
        let turn = Started::start("agent-turn", command.arg(message), &self.surroundings.place)?.finish(TURN);
        let printed = turn.map_err(|error| self.with_log(error))?;
        let turn: Value = serde_json::from_str(&printed).context("the agent's turn printed no JSON")?;
        details(result(turn.pointer("/result/payloads/0/text").and_then(Value::as_str).unwrap_or_default())?)
    }

    /// Runs one turn of the agent, in which its scripted model runs a Code Mode program; what that returns.
    pub fn program(&self, code: &str) -> Result<Value> {
        let reply = self.turn(CALLER, "exec", &json!({ "code": code }))?;
        let value = reply.get("value").filter(|_| reply.get("status") == Some(&json!("completed")));
        value.cloned().with_context(|| format!("the program did not return: {reply:#}"))
    }

    /// Begins a turn in a session of its own, and does not wait for it.
    pub fn begin(&self, session: &str, tool: &str, arguments: &Value) -> Result<()> {
        self.send(session, &format!("CALL_TOOL {tool} {arguments}"), 0)
    }

    /// Stops what a session does, as the button of a chat does it.
    pub fn abort(&self, session: &str) -> Result<()> {
        self.ask("chat.abort", &json!({ "sessionKey": key(session) })).map(|_| ())
    }

    /// Sends a slash command to a session of its own; what the person sees who sent it. No model is asked.
    pub fn slash(&self, line: &str, limit: Duration) -> Result<String> {
        let session = format!("slash-{}", line.bytes().map(u64::from).sum::<u64>());
        self.slash_in(&session, line, limit)
    }

    /// The same in a session of a name.
    pub fn slash_in(&self, session: &str, line: &str, limit: Duration) -> Result<String> {
        // A session that has said nothing yet may not be there.
        let before = self.said(session).map_or(0, |said| said.len());
        self.send(session, line, before)?;
        let begin = Instant::now();
        loop {
            if let Some(text) = self.said(session)?.into_iter().nth(before) {
                return Ok(text);
            }
            ensure!(begin.elapsed() < limit, "no answer to {line}");
        }
    }

    /// What a session's agent has said so far.
    pub fn said(&self, session: &str) -> Result<Vec<String>> {
        let history = self.ask("chat.history", &json!({ "sessionKey": key(session) }))?;
        let messages = history.get("messages").and_then(Value::as_array).into_iter().flatten();
        let answers = messages.filter(|message| field(message, "role") == "assistant");
        Ok(answers.filter_map(|answer| answer.pointer("/content/0/text")?.as_str().map(str::to_owned)).collect())
    }

    /// The gateway takes no message twice; `number` tells those of one session apart.
    fn send(&self, session: &str, message: &str, number: usize) -> Result<()> {
        let own = format!("{session}-{number}");
        let message = json!({ "sessionKey": key(session), "message": message, "idempotencyKey": own });
        self.ask("chat.send", &message).map(|_| ())
    }

    /// One question of the gateway's own protocol.
    pub fn ask(&self, method: &str, parameters: &Value) -> Result<Value> {
        let parameters = parameters.to_string();
        let call = ["gateway", "call", method, "--json", "--timeout", "60000", "--params", &parameters];
        serde_json::from_str(&self.command(&call)?).with_context(|| format!("the answer to {method} is no JSON"))
    }

    /// What the gateway serves at a path to whoever has its token.
    pub fn served(&self, path: &str) -> Result<String> {
        http::get_with(self.address, path, &[self.as_operator()])
    }

    fn turn(&self, session: &str, tool: &str, arguments: &Value) -> Result<Value> {
        result(&self.say(session, &format!("CALL_TOOL {tool} {arguments}"))?)
    }

    /// Runs one turn; what the agent says at its end. If the message asks for no tool, its scripted model names the beginning
    /// of what it read.
    pub fn say(&self, session: &str, message: &str) -> Result<String> {
        let message = json!({ "role": "user", "content": message });
        let request = json!({ "model": "openclaw", "messages": [message] }).to_string();
        let headers = [self.as_operator(), ("x-openclaw-session-key", key(session))];
        let answer = http::post(self.address, "/v1/chat/completions", &headers, &request, TURN);
        let answer: Value = serde_json::from_str(&answer.map_err(|error| self.with_log(error))?)
            .context("the agent's turn is no JSON")?;
        Ok(answer.pointer("/choices/0/message/content").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// The progress card of a session; null if it has none.
    pub fn card(&self, session: &str) -> Result<Value> {
        let answer = self.ask("progressCard.get", &json!({ "sessionKey": key(session) }))?;
        answer.get("card").cloned().context("no word of a card")
    }

    /// A page of the plugin, asked for with the operator's token or without.
    pub fn page(&self, path: &str, token: Option<&str>) -> Result<String> {
        let token = token.map(|token| ("Authorization", format!("Bearer {token}")));
        http::get_with(self.address, path, token.as_slice())
    }

    /// Where its Control UI is.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An address of the Control UI as somebody opens it who has the token.
    pub fn with_token(&self, address: &str) -> String {
        format!("{address}#token={}", self.token())
    }

    /// The header of somebody who has the token.
    fn as_operator(&self) -> (&'static str, String) {
        ("Authorization", format!("Bearer {}", self.token()))
    }

    /// An error, and what the gateway printed last.
    pub(super) fn with_log(&self, error: anyhow::Error) -> anyhow::Error {
        let log = self.process.as_ref().map(Started::tail).unwrap_or_default();
        error.context(format!("the gateway printed{log}"))
    }

    /// What the plugin keeps of a run: a line for each session.
    pub fn receipts(&self, run: &str) -> Option<Vec<String>> {
        let text = fs::read_to_string(self.kept(run, "sessions")).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }

    /// The journal of a run, as far as it is written.
    pub fn journal(&self, run: &str) -> Result<String> {
        fs::read_to_string(self.kept(run, "journal")).context("the plugin kept no journal")
    }

    /// What the plugin keeps of a run beside its files.
    pub fn record(&self, run: &str) -> Result<Value> {
        Ok(serde_json::from_str(&fs::read_to_string(self.kept(run, "json")).context("the plugin kept no record")?)?)
    }

    /// The whole result of a run, as the plugin keeps it.
    pub fn kept_result(&self, run: &str) -> Result<Value> {
        let reply = fs::read_to_string(self.kept(run, "result")).context("the plugin kept no result")?;
        let reply: Value = serde_json::from_str(&reply)?;
        let text = reply.get("val").and_then(Value::as_str).context("a result without a document")?;
        Ok(serde_json::from_str(text)?)
    }

    /// The runs that the plugin knows of a session, newest first.
    pub fn runs_of(&self, session: &str) -> Result<Vec<Value>> {
        let (session, list) = (key(session), json!({ "action": "list" }));
        let reply = self.invoke(&session, "parallel_agents_runs", &list)?;
        reply.get("runs").and_then(Value::as_array).cloned().with_context(|| format!("no list of runs: {reply:#}"))
    }

    /// A tool of the gateway's, called without any model; its details.
    pub fn invoke(&self, session: &str, tool: &str, arguments: &Value) -> Result<Value> {
        let request = json!({ "tool": tool, "args": arguments, "sessionKey": session }).to_string();
        let answer = http::post(self.address, "/tools/invoke", &[self.as_operator()], &request, http::LIMIT)?;
        let answer: Value = serde_json::from_str(&answer).context("the tool's answer is no JSON")?;
        details(answer.get("result").cloned().unwrap_or_default())
    }

    fn kept(&self, run: &str, kind: &str) -> PathBuf {
        self.surroundings.place.join(format!("state/parallel-agents/runs/{run}.{kind}"))
    }
}

/// What a turn says of a tool's result: it repeats it.
fn result(said: &str) -> Result<Value> {
    let Some(result) = said.strip_prefix(RESULT_MARK) else {
        bail!("the agent did not repeat the result of the tool; it said {said:?}");
    };
    // Through `tool_call` the tool's own result stands inside of another one.
    let result: Value =
        serde_json::from_str(result).with_context(|| format!("the result of the tool is no JSON: {result}"))?;
    Ok(result.get("result").filter(|inner| inner.get("details").is_some()).cloned().unwrap_or(result))
}

fn details(result: Value) -> Result<Value> {
    result.get("details").cloned().with_context(|| format!("a reply without details: {result:#}"))
}
