//! The server over a real socket on loopback, with the smallest possible client.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::serve;
use gateway_sim::script::{Script, ScriptedOutcome};

const SCRIPT: &str = r#"
    version = 1
    default_model = "sim/standard"
    [models."sim/standard"]
    [models."sim/economy"]
    [[answers]]
    task_contains = "hang"
    odds = { hanging = 1000 }
    [[answers]]
    task_contains = "overload"
    odds = { failing = 1000 }
    failures = [{ kind = "rate_limited", message = "slow down" }]
    [[answers]]
    task_contains = "first try"
    max_attempt = 1
    odds = { failing = 1000 }
    failures = [{ kind = "infrastructure" }]
    [[answers]]
    task_contains = "unknown model"
    odds = { failing = 1000 }
    failures = [{ kind = "rejected", message = "model not found" }]
    [[answers]]
    task_contains = "garbage"
    odds = { failing = 1000 }
    failures = [{ kind = "other" }]
"#;

struct Client(std::net::SocketAddr);

struct Answered {
    status: u16,
    head: String,
    body: String,
}

impl Client {
    /// A server for one test; it ends with the test's runtime.
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let script = Script::from_toml(SCRIPT).expect("a valid script");
        tokio::spawn(serve(listener, script, 7, 0.0));
        Self(address)
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.0).await.expect("connected");
        // HTTP/1.0: the answer comes without chunks and ends with the connection.
        let text = format!(
            "{method} {path} HTTP/1.0\r\nHost: sim\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(text.as_bytes()).await.expect("sent");
        stream
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Answered {
        let mut stream = self.send(method, path, body).await;
        let mut text = String::new();
        bounded(stream.read_to_string(&mut text)).await.expect("an answer");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answered { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    async fn chat(&self, body: &Value) -> Answered {
        self.ask("POST", "/v1/chat/completions", &body.to_string()).await
    }

    async fn stats(&self) -> Value {
        serde_json::from_str(&self.ask("GET", "/stats", "").await.body).expect("JSON")
    }

    /// Asks until the statistics show this many live requests.
    async fn wait_for_live(&self, live: u64) {
        bounded(async {
            while self.stats().await["live"] != live {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// Nothing here takes a second; a minute means that it never comes.
async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("an end")
}

fn prompt(description: &str) -> String {
    let schema = "{\"type\": \"object\", \"properties\": {\"summary\": {\"type\": \"string\"}}}";
    // Another description is another task.
    let task_id = description.split_whitespace().take(2).collect::<Vec<_>>().join("-");
    format!(
        "Agent type: tester\nTask id: {task_id}\nOutput format: json\n\n# Task\n\n{description}\n\n# Answer\n\n```json\n{schema}\n```"
    )
}

fn chat(text: &str) -> Value {
    json!({ "model": "economy", "messages": [{ "role": "system", "content": "s" }, { "role": "user", "content": text }] })
}

fn streamed(text: &str) -> Value {
    let mut body = chat(text);
    body["stream"] = json!(true);
    body["stream_options"] = json!({ "include_usage": true });
    body
}

fn events(answered: &Answered) -> Vec<Value> {
    let data: Vec<&str> = answered.body.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
    let (last, chunks) = data.split_last().expect("events");
    assert_eq!(*last, "[DONE]");
    chunks.iter().map(|chunk| serde_json::from_str(chunk).expect("JSON")).collect()
}

#[tokio::test]
async fn whole_and_streamed_answers_are_what_the_script_plays() {
    let client = Client::start().await;
    let text = prompt(&format!("Explain the tides. {}", "Slowly. ".repeat(80)));
    let script = Script::from_toml(SCRIPT).expect("valid");
    let scripted = script.play(7, &text, "economy", 1);
    let ScriptedOutcome::Answer(expected) = scripted.outcome else { panic!("an answer") };

    let whole = client.chat(&chat(&text)).await;
    let body: Value = serde_json::from_str(&whole.body).expect("JSON");
    assert_eq!(whole.status, 200);
    assert_eq!(body["choices"][0]["message"]["content"], expected);
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["usage"]["completion_tokens"], scripted.usage.output_tokens);
    assert_eq!(body["model"], "economy");

    let stream = client.chat(&streamed(&text)).await;
    assert!(stream.head.contains("content-type: text/event-stream"), "{}", stream.head);
    let events = events(&stream);
    let said: String = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(said, expected);
    assert!(events.len() > 4, "in one piece it is no stream");
    let (usage, finish) = (&events[events.len() - 1], &events[events.len() - 2]);
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        (usage["choices"].clone(), usage["usage"]["prompt_tokens"].as_u64()),
        (json!([]), Some(scripted.usage.input_tokens))
    );
}

#[tokio::test]
async fn usage_is_streamed_only_on_request() {
    let client = Client::start().await;
    let mut body = streamed("hello");
    body["stream_options"] = Value::Null;
    let events = events(&client.chat(&body).await);
    assert!(events.iter().all(|event| event.get("usage").is_none() && event["choices"] != json!([])));
}

#[tokio::test]
async fn failures_are_those_of_a_provider() {
    let client = Client::start().await;
    for (words, status, code) in [
        ("overload", 429, json!("rate_limit_exceeded")),
        ("first try", 500, Value::Null),
        ("unknown model", 404, json!("model_not_found")),
    ] {
        let answered = client.chat(&streamed(&prompt(words))).await;
        let body: Value = serde_json::from_str(&answered.body).expect("JSON");
        assert_eq!((answered.status, &body["error"]["code"]), (status, &code), "{words}");
        assert_eq!(answered.head.contains("retry-after: 1"), status == 429, "{}", answered.head);
    }
    let garbage = client.chat(&chat(&prompt("garbage"))).await;
    assert_eq!(garbage.status, 200);
    assert!(serde_json::from_str::<Value>(&garbage.body).is_err());
    let unreadable = client.ask("POST", "/v1/chat/completions", "{}").await;
    assert_eq!(unreadable.status, 400);
    assert!(unreadable.body.contains("missing field `model`"), "{}", unreadable.body);
}

#[tokio::test]
async fn only_a_new_conversation_is_a_new_attempt() {
    let client = Client::start().await;
    let in_session = |key: &str| chat(&format!("{}\n\nsession={key}", prompt("first try")));
    assert_eq!(client.chat(&in_session("a")).await.status, 500);
    assert_eq!(client.chat(&in_session("a")).await.status, 500, "the gateway's own second try");
    assert_eq!(client.chat(&in_session("b")).await.status, 200, "the component's second attempt");
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_repeated() {
    let client = Client::start().await;
    let mut body = streamed("CALL_TOOL run_it {\"n\": 1}");
    body["tools"] = json!([{ "type": "function", "function": { "name": "run_it" } }]);
    let call = events(&client.chat(&body).await);
    let asked = call.iter().find_map(|event| event["choices"][0]["delta"]["tool_calls"].get(0)).expect("a call");
    assert_eq!(asked["function"], json!({ "name": "run_it", "arguments": "{\"n\":1}" }));
    assert_eq!(call[call.len() - 2]["choices"][0]["finish_reason"], "tool_calls");

    let messages = body["messages"].as_array_mut().expect("a list");
    messages.push(json!({ "role": "assistant", "content": null, "tool_calls": [asked] }));
    messages
        .push(json!({ "role": "tool", "tool_call_id": asked["id"], "content": [{ "type": "text", "text": "seven" }] }));
    body["stream"] = json!(false);
    let answered: Value = serde_json::from_str(&client.chat(&body).await.body).expect("JSON");
    assert_eq!(answered["choices"][0]["message"]["content"], "TOOL_RESULT seven");
}

#[tokio::test]
async fn a_hanging_answer_ends_with_its_client() {
    let client = Client::start().await;
    let body = chat(&prompt("hang")).to_string();
    let first = client.send("POST", "/v1/chat/completions", &body).await;
    let second = client.send("POST", "/v1/chat/completions", &body).await;
    client.wait_for_live(2).await;
    drop(first);
    client.wait_for_live(1).await;
    drop(second);
    client.wait_for_live(0).await;
    let expected = json!({ "requests": 2, "live": 0, "peak_live": 2, "rate_limited": 0, "by_model": { "economy": 2 } });
    assert_eq!(client.stats().await, expected);
}

#[tokio::test]
async fn answers_are_kept_back_until_they_are_let_go_and_the_peak_is_counted_anew() {
    let client = Client::start().await;
    client.ask("POST", "/hold", "").await;
    let body = chat(&prompt("explain")).to_string();
    let mut kept = Vec::new();
    for _ in 0..3 {
        kept.push(client.send("POST", "/v1/chat/completions", &body).await);
    }
    client.wait_for_live(3).await;
    client.ask("POST", "/release", "").await;
    for mut stream in kept {
        let mut answer = String::new();
        bounded(stream.read_to_string(&mut answer)).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    }
    client.wait_for_live(0).await;
    let counted: Value = serde_json::from_str(&client.ask("POST", "/stats/reset", "").await.body).expect("JSON");
    assert_eq!((&counted["requests"], &counted["peak_live"]), (&json!(3), &json!(3)));
    let expected = json!({ "requests": 0, "live": 0, "peak_live": 0, "rate_limited": 0, "by_model": {} });
    assert_eq!(client.stats().await, expected);
}

#[tokio::test]
async fn models_are_listed_without_their_provider() {
    let answered = Client::start().await.ask("GET", "/v1/models", "").await;
    let body: Value = serde_json::from_str(&answered.body).expect("JSON");
    let ids: Vec<&str> =
        body["data"].as_array().into_iter().flatten().filter_map(|model| model["id"].as_str()).collect();
    assert_eq!(ids, ["economy", "standard"]);
}

#[tokio::test]
async fn only_loopback_is_served() {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
    let refused = bounded(serve(listener, Script::bundled(), 1, 0.0)).await.expect_err("not loopback");
    assert!(refused.to_string().contains("loopback only"), "{refused}");
}
