//! Puts the pieces of a streamed completion together.

use parallel_agents::task::Usage;
use serde::Deserialize;
use serde_json::Value;

use super::failure::CompletionFailure;

/// Bytes of an answer that are passed on; the component keeps less.
pub(super) const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Bytes that are read beyond those, more than any header holds: a key that straddles the cut has to be whole to be found.
const BEYOND_BYTES: usize = 64 << 10;

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Completed {
    /// May be empty.
    pub(super) text: String,
    /// The server, or the limit here, ended it early.
    pub(super) truncated: bool,
    /// None: the server does not say.
    pub(super) usage: Option<Usage>,
    /// None: the server does not say.
    pub(super) model: Option<String>,
}

impl Completed {
    /// What is passed on of it. Words of the server go through `hide` first: a key that is cut in two is not found any more.
    pub(super) fn told(self, hide: impl Fn(String) -> String) -> Self {
        let mut text = hide(self.text);
        let is_cut = text.len() > MAX_ANSWER_BYTES;
        text.truncate(text.floor_char_boundary(MAX_ANSWER_BYTES));
        Self { text, truncated: self.truncated || is_cut, model: self.model.map(hide), ..self }
    }
}

/// A chunk of a stream, or a whole completion: both have the same fields. What else there is, is passed over.
#[derive(Deserialize)]
struct Chunk {
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Piece>,
    message: Option<Piece>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Piece {
    content: Option<Content>,
}

/// A text, or its parts: some servers send them as the protocol has them in requests.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
}

impl Content {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => parts.into_iter().filter_map(|part| part.text).collect(),
        }
    }
}

/// What a server says of its tokens. A count that is none leaves it unknown; the answer is as good.
fn read_usage(usage: &Value) -> Option<Usage> {
    let input_tokens = usage["prompt_tokens"].as_u64()?;
    Some(Usage { input_tokens, output_tokens: usage["completion_tokens"].as_u64()? })
}

/// What was read of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    text: String,
    finish: Option<String>,
    usage: Option<Usage>,
    model: Option<String>,
    /// Nobody wants the rest.
    is_long: bool,
}

impl Pieces {
    /// Takes the data of one event. Whether more is wanted.
    pub(super) fn take(&mut self, data: &str) -> Result<bool, CompletionFailure> {
        let data = data.trim();
        if data == "[DONE]" {
            return Ok(false);
        }
        if data.is_empty() {
            return Ok(true);
        }
        let chunk: Chunk = serde_json::from_str(data)
            .map_err(|error| CompletionFailure::infrastructure(format!("the answer cannot be read: {error}")))?;
        if let Some(error) = chunk.error {
            return Err(CompletionFailure::of_stream(error));
        }
        self.model = chunk.model.filter(|name| !name.is_empty()).or(self.model.take());
        // Some servers count on with every chunk, so that the last count is the right one.
        self.usage = chunk.usage.as_ref().and_then(read_usage).or(self.usage);
        // Nobody asked for a second choice.
        if let Some(choice) = chunk.choices.into_iter().flatten().next() {
            if let Some(content) = choice.delta.or(choice.message).and_then(|piece| piece.content) {
                self.text.push_str(&content.into_text());
            }
            self.finish = choice.finish_reason.or(self.finish.take());
        }
        self.is_long = self.text.len() > MAX_ANSWER_BYTES + BEYOND_BYTES;
        Ok(!self.is_long)
    }

    /// The answer, after the last event.
    pub(super) fn finish(self) -> Result<Completed, CompletionFailure> {
        let Some(finish) = self.finish.or_else(|| self.is_long.then(|| "length".to_owned())) else {
            return Err(CompletionFailure::infrastructure("the answer broke off before its end"));
        };
        if finish == "content_filter" {
            return Err(CompletionFailure::filtered());
        }
        let truncated = finish == "length";
        Ok(Completed { text: self.text, truncated, usage: self.usage, model: self.model })
    }
}

#[cfg(test)]
mod tests {
    use parallel_agents::host::FailureKind;

    use super::*;

    fn read(events: &[&str]) -> Result<Completed, CompletionFailure> {
        let mut pieces = Pieces::default();
        for event in events {
            if !pieces.take(event)? {
                break;
            }
        }
        pieces.finish()
    }

    const HELLO: &str = r#"{"model":"m-1","choices":[{"delta":{"role":"assistant","content":"Hel"}}]}"#;
    const STOP: &str = r#"{"choices":[{"delta":{"content":"lo"},"finish_reason":"stop"}]}"#;

    #[test]
    fn pieces_are_joined_and_the_last_count_is_kept() {
        let usage = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
        let early = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#;
        let completed = read(&[HELLO, early, "", STOP, usage, "[DONE]", "never read"]).expect("an answer");
        let usage = Some(Usage { input_tokens: 9, output_tokens: 2 });
        let expected = Completed { text: "Hello".into(), truncated: false, usage, model: Some("m-1".into()) };
        assert_eq!(completed, expected);
    }

    #[test]
    fn a_whole_completion_is_read_like_one_piece() {
        let whole = r#"{"model":"m","choices":[{"message":{"content":"all"},"finish_reason":"length"}]}"#;
        let completed = read(&[whole]).expect("an answer");
        assert_eq!((completed.text.as_str(), completed.truncated, completed.usage), ("all", true, None));
    }

    #[test]
    fn an_answer_is_as_good_in_another_form() {
        let forms = [
            r#"{"choices":null,"usage":{"prompt_tokens":null,"completion_tokens":null}}"#,
            r#"{"choices":[{"delta":{"content":"lo"},"message":null}],"usage":{"prompt_tokens":-1,"completion_tokens":2}}"#,
            r#"{"choices":[{"delta":{"content":[{"type":"text","text":"l"},{"type":"image"},{"text":"o"}]}}]}"#,
            r#"{"choices":[{"message":{"content":"lo"}}],"usage":{"prompt_tokens":5.5,"completion_tokens":2}}"#,
        ];
        for form in forms {
            let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
            let completed = read(&[HELLO, form, end]).expect(form);
            assert!(["Hel", "Hello"].contains(&completed.text.as_str()), "{form}: {}", completed.text);
            assert_eq!(completed.usage, None, "{form}");
        }
    }

    #[test]
    fn what_the_filter_left_of_an_answer_is_none() {
        let cut = r#"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#;
        assert_eq!(read(&[HELLO, cut]).expect_err("a failure").kind, FailureKind::Rejected);
    }

    #[test]
    fn nothing_said_is_an_answer_and_nothing_finished_is_none() {
        let empty = read(&[r#"{"choices":[{"delta":{"content":null},"finish_reason":"stop"}]}"#]).expect("an answer");
        assert_eq!(empty.text, "");
        for events in [&[] as &[&str], &[HELLO], &[HELLO, "[DONE]"]] {
            let failure = read(events).expect_err("it has no end");
            assert_eq!(failure.kind, FailureKind::Infrastructure, "{events:?}");
        }
        assert!(read(&[HELLO, STOP]).is_ok(), "not every server sends the last line");
    }

    #[test]
    fn garbage_and_errors_in_the_stream_are_failures() {
        let kind = |event: &str| read(&[HELLO, event]).expect_err(event).kind;
        assert_eq!(kind(r#"{"choices": ["#), FailureKind::Infrastructure);
        assert_eq!(kind(r#"{"error":{"message":"out of memory"}}"#), FailureKind::Infrastructure);
        assert_eq!(kind(r#"{"error":{"code":"rate_limit_exceeded"}}"#), FailureKind::RateLimited);
        assert_eq!(kind(r#"{"error":{"message":"prompt exceeds context size"}}"#), FailureKind::ContextOverflow);
    }

    #[test]
    fn an_answer_without_end_is_cut_within_no_character() {
        let piece = format!(r#"{{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#, "äö€".repeat(100_000));
        let completed = read(&[&piece, &piece, &piece]).expect("an answer").told(|text| text);
        assert!(completed.truncated && completed.text.len() <= MAX_ANSWER_BYTES, "{}", completed.text.len());
        assert!(completed.text.len() > MAX_ANSWER_BYTES - 4, "{}", completed.text.len());
    }
}
