//! The door's answers.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use gateway_sim::script::ScriptedOutcome;
use parallel_agents_engine::task::Usage;
use serde_json::{Map, Value, json};

use super::draw::strikes;
use super::error::Refusal;
use super::gateway::Gateway;
use super::note::{Asked, Outcome};
use super::request::{MOST_WAIT, Request};
use super::spawn::Spawned;
use super::table::{Entry, Phase};
use super::wait::End;

/// What becomes of a call.
pub(super) enum Reply {
    Details(Value),
    /// The connection breaks before the answer.
    Lost,
}

impl Gateway {
    /// Does what a call wants.
    pub(super) async fn call(self: &Arc<Self>, args: Map<String, Value>) -> Reply {
        let result = match Request::read(args) {
            Ok(Request::Spawn { key, asked }) => {
                // It goes on if the caller goes away.
                let gateway = Arc::clone(self);
                let (named, work) = (Arc::clone(&key), async move { gateway.spawn(key, asked).await });
                match tokio::spawn(work).await {
                    Ok(Ok(spawned)) if self.loses(&named, spawned.call) => return Reply::Lost,
                    Ok(spawned) => spawned.map(|spawned| receipt(&named, &spawned)),
                    Err(_) => return Reply::Lost,
                }
            }
            Ok(request) => self.answer(request).await,
            Err(refusal) => Err(refusal),
        };
        Reply::Details(result.map_or_else(
            Refusal::details,
            |result| json!({ "ok": true, "state": "done", "run_id": null, "result": result }),
        ))
    }

    fn loses(&self, key: &str, call: u64) -> bool {
        strikes(self.args.faults.lose_reply, self.args.sessions.seed, "lose", &format!("{key} {call}"))
    }

    async fn answer(self: &Arc<Self>, request: Request) -> Result<Value, Refusal> {
        Ok(match request {
            Request::Facts | Request::Spawn { .. } => self.facts(),
            Request::Wait { keys, started, timeout } => {
                let waited = self.wait(&keys, &started, timeout).await;
                let ended: Vec<Value> = waited.ended.iter().map(|end| self.end(end)).collect();
                json!({ "ended": ended, "started": waited.started, "unknown": waited.unknown })
            }
            Request::Read { key, offset, limit } => self.read(&key, offset, limit)?,
            Request::List { search, offset, limit } => self.list(&search, offset, limit),
            Request::Cancel { key } => {
                let session = self.cancel(&key).await?;
                json!({ "key": &*key, "cancelled": true, "session_key": session })
            }
            Request::Delete { key } => {
                let session = self.delete(&key)?;
                json!({ "key": &*key, "deleted": true, "session_key": session })
            }
        })
    }

    fn facts(&self) -> Value {
        let (args, sessions) = (&self.args, &self.args.sessions);
        let tokens = |input_tokens, output_tokens| Usage { input_tokens, output_tokens };
        let price = |model: &str| {
            let cost = |usage| self.script.cost(model, usage);
            (model.to_owned(), json!({ "input": cost(tokens(1_000, 0)), "output": cost(tokens(0, 1_000)) }))
        };
        let prices: Map<String, Value> = self.script.models().map(price).collect();
        json!({
            "protocol": args.protocol,
            "versions": { "plugin": args.plugin_version, "node": null },
            "session": args.session,
            "most_live": sessions.most_live,
            "max_concurrent": sessions.slots.min(sessions.most_live),
            "most_wait_seconds": MOST_WAIT,
            "reports_starts": true,
            "allowed_models": Some(&sessions.models).filter(|models| !models.is_empty()),
            "allowed_agents": null,
            "limits": { "tokens": null, "micro_usd": null, "spawns": null, "seconds": null, "session_tokens": null,
                "tasks": null, "prices": prices },
            "load": { "live": self.table().counts.live, "runs": 0, "busy_permille": 0 },
        })
    }

    fn end(&self, End { key, asked, receipt, outcome }: &End) -> Value {
        let said = (*outcome == Outcome::Completed).then(|| self.said(asked));
        let answer = said.and_then(|said| match &said.outcome {
            ScriptedOutcome::Answer(text) => Some(json!({ "text": text, "truncated": false, "finish": "stop" })),
            ScriptedOutcome::Fail { .. } | ScriptedOutcome::Hang => None,
        });
        let failure = (*outcome == Outcome::Failed).then(|| {
            json!({ "kind": "infrastructure", "message": "the provider could not be reached", "retry_after_ms": null })
        });
        json!({
            "key": key, "session_key": receipt.session_key, "outcome": outcome, "failure": failure,
            "completion": answer, "usage": said.map(|said| used(said.usage)), "model": receipt.model,
        })
    }

    fn read(&self, key: &str, offset: usize, limit: usize) -> Result<Value, Refusal> {
        let (asked, model, is_completed) = {
            let table = self.table();
            let entry = table.entries.get(key);
            let (asked, receipt) = entry.and_then(Entry::session).ok_or_else(|| Refusal::unknown(key))?;
            let is_completed = entry.is_some_and(|entry| entry.phase == Phase::Ended(Outcome::Completed));
            (Arc::clone(asked), receipt.model.clone(), is_completed)
        };
        let all = self.messages(&asked, &model, is_completed);
        let end = all.len().saturating_sub(offset);
        let start = end.saturating_sub(limit);
        let messages = all.get(start..end).unwrap_or_default();
        Ok(json!({ "key": key, "messages": messages, "has_more": start > 0, "dropped_messages": 0, "redacted": false }))
    }

    fn messages(&self, asked: &Asked, model: &str, is_completed: bool) -> Vec<Value> {
        let mut all = vec![json!({ "role": "user", "text": asked.task, "truncated": false, "finish": "unknown",
            "model": null, "usage": null })];
        if is_completed && let ScriptedOutcome::Answer(text) = &self.said(asked).outcome {
            all.push(json!({ "role": "assistant", "text": text, "truncated": false, "finish": "stop", "model": model,
                "usage": used(self.said(asked).usage) }));
        }
        all
    }

    fn list(&self, search: &str, offset: usize, limit: usize) -> Value {
        let table = self.table();
        let sessions = table.order.iter().filter_map(|key| Some((key, table.entries.get(key)?)));
        let rows = sessions.filter_map(|(key, entry)| {
            let (asked, receipt) = entry.session()?;
            let fits = asked.label.contains(search) || receipt.session_key.contains(search);
            fits.then(|| {
                json!({ "key": &**key, "session_key": receipt.session_key, "label": asked.label,
                    "state": state(entry.phase), "model": receipt.model })
            })
        });
        let mut page: Vec<Value> = rows.skip(offset).take(limit + 1).collect();
        let has_more = page.len() > limit;
        page.truncate(limit);
        json!({ "sessions": page, "has_more": has_more })
    }

    /// What the model has done so far, over all processes that had its directory.
    pub(super) fn stats(&self) -> Value {
        let mut stats = json!(self.table().counts);
        stats["requests"] = json!(self.requests.load(Relaxed));
        stats["cpu_ms"] = json!(super::stats::cpu_ms());
        stats
    }
}

fn receipt(key: &str, Spawned { receipt, tool_free, .. }: &Spawned) -> Value {
    json!({ "key": key, "session_key": receipt.session_key, "run_id": receipt.run_id, "model": receipt.model,
        "tool_free": tool_free })
}

fn used(Usage { input_tokens, output_tokens }: Usage) -> Value {
    json!({ "input_tokens": input_tokens, "output_tokens": output_tokens })
}

/// How the gateway's list calls it.
fn state(phase: Phase) -> &'static str {
    match phase {
        Phase::New | Phase::Asked | Phase::Queued => "queued",
        Phase::Running(_) => "running",
        Phase::Ended(Outcome::Completed) => "completed",
        Phase::Ended(Outcome::Failed | Outcome::Interrupted) => "failed",
        Phase::Ended(Outcome::TimedOut) => "timed-out",
        Phase::Ended(Outcome::Cancelled) => "cancelled",
    }
}
