//! Reads the body of a response as it arrives: a stream of events, documents one after the other, or a page for people.
//!
//! What it is shows in its first byte; servers and proxies are careless with `Content-Type`.

use std::io;

use axum::body::Bytes;
use futures::stream::{self, Stream};
use futures::{StreamExt, pin_mut};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use sse_stream::SseByteStream;

use super::failure::{CompletionFailure, Refusal};
use super::incoming::Incoming;

/// Bytes of one response that are read at most: events repeat their frame for every few characters of an answer.
const MAX_RESPONSE_BYTES: usize = 64 << 20;

/// Bytes of a page or of an error that are read.
pub(super) const MAX_WORDS_BYTES: usize = 64 << 10;

/// Ends a last event that its server did not end.
const LAST_LINES: Bytes = Bytes::from_static(b"\n\n");

/// Why nothing more is read.
pub(super) enum Stopped {
    /// The server says no.
    Refused(Box<Refusal>),
    /// The answer broke off, or cannot be read.
    Broken(CompletionFailure),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<CompletionFailure> for Stopped {
    fn from(failure: CompletionFailure) -> Self {
        Self::Broken(failure)
    }
}

/// Reads an answer into `incoming`. `begun` is called with each of its parts, but not with what only keeps a connection open.
pub(super) async fn answer(response: Response, incoming: &Incoming, begun: impl Fn() + Send) -> Result<(), Stopped> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_stream = kind.starts_with("text/event-stream");
    let body = readable(pieces(response));
    pin_mut!(body);
    let mut head = Vec::new();
    let first = loop {
        match body.next().await {
            Some(Ok(piece)) => head.extend_from_slice(&piece),
            Some(Err(error)) => return Err(broke(&error).into()),
            None => return Err(CompletionFailure::infrastructure("the server sent an empty answer").into()),
        }
        if let Some(first) = first_byte(&head) {
            break first;
        }
    };
    match first {
        b'<' => Err(CompletionFailure::page(&rest_of(head, body).await).into()),
        b'{' | b'[' if !is_stream || first == b'{' => documents(head, body, incoming, begun).await,
        _ => events(head, body, incoming, begun).await,
    }
}

async fn events(
    head: Vec<u8>,
    body: impl Stream<Item = io::Result<Bytes>> + Unpin + Send,
    incoming: &Incoming,
    begun: impl Fn() + Send,
) -> Result<(), Stopped> {
    let head = stream::iter([Ok(Bytes::from(head))]);
    let mut events = SseByteStream::new(head.chain(body).chain(stream::iter([Ok(LAST_LINES)])).boxed());
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| broke(&error))?;
        let Some(data) = event.data else { continue };
        begun();
        if !incoming.pieces().take(event.event.as_deref(), &data)? {
            break;
        }
    }
    incoming.pieces().end(false);
    Ok(())
}

/// One document over many lines, or one for each line.
async fn documents(
    mut rest: Vec<u8>,
    mut body: impl Stream<Item = io::Result<Bytes>> + Unpin + Send,
    incoming: &Incoming,
    begun: impl Fn() + Send,
) -> Result<(), Stopped> {
    let mut count = 0;
    // The only line so far is an answer as a whole, with space behind it at most.
    let mut is_answer = false;
    loop {
        begun();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
            // The first line of a document over many lines is none by itself.
            if count == 0 && !is_document(line.as_bytes()) {
                break;
            }
            if !line.trim().is_empty() {
                is_answer = count == 0 && is_whole_answer(&line);
                count += 1;
            }
            if !incoming.pieces().take(None, &line)? {
                return Ok(());
            }
            rest.drain(..=end);
        }
        match body.next().await {
            Some(Ok(piece)) => rest.extend_from_slice(&piece),
            // The connection ended badly, but not before the document did.
            Some(Err(_)) if is_document(&rest) || (is_answer && rest.trim_ascii().is_empty()) => break,
            Some(Err(error)) => return Err(broke(&error).into()),
            None => break,
        }
    }
    is_answer &= rest.trim_ascii().is_empty();
    incoming.pieces().take(None, &String::from_utf8_lossy(&rest))?;
    incoming.pieces().end(count == 0 || is_answer);
    Ok(())
}

/// Whether a document has a whole message, and not a piece of one.
fn is_whole_answer(text: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else { return false };
    let choices = document.get("choices").and_then(Value::as_array);
    let has = |choice: &Value, name| choice.get(name).is_some_and(Value::is_object);
    choices.is_some_and(|choices| choices.iter().any(|choice| has(choice, "message") && !has(choice, "delta")))
}

/// Whether this is one document of JSON as a whole.
fn is_document(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    serde_json::from_str::<serde::de::IgnoredAny>(text.trim_start_matches('\u{feff}')).is_ok()
}

/// The whole of a body as text, for what is of no use in part. None: it has more than `most` bytes.
pub(super) async fn whole(mut response: Response, most: usize) -> reqwest::Result<Option<String>> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) if body.len() + piece.len() > most => return Ok(None),
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            // The connection ended badly, but not before the document did.
            Err(error) if !is_document(&body) => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    Ok(Some(String::from_utf8_lossy(&body).into_owned()))
}

/// The beginning of a body as text. What cannot be read is left out.
pub(super) async fn words(response: Response) -> String {
    let body = pieces(response);
    pin_mut!(body);
    rest_of(Vec::new(), body).await
}

async fn rest_of(mut head: Vec<u8>, mut body: impl Stream<Item = io::Result<Bytes>> + Unpin + Send) -> String {
    while head.len() < MAX_WORDS_BYTES
        && let Some(Ok(piece)) = body.next().await
    {
        head.extend_from_slice(&piece);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// The first byte that is neither space nor the mark of the encoding.
fn first_byte(head: &[u8]) -> Option<u8> {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    head.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// The body as bytes, until there are too many of them.
fn pieces(response: Response) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(Some((response, MAX_RESPONSE_BYTES)), |state| async move {
        let (mut response, room) = state?;
        match response.chunk().await {
            Ok(None) => None,
            Ok(Some(piece)) => Some(match room.checked_sub(piece.len()) {
                Some(room) => (Ok(piece), Some((response, room))),
                None => (Err(io::Error::other("the response is too long")), None),
            }),
            Err(error) => Some((Err(io::Error::other(super::client::words(&error))), None)),
        }
    })
}

/// The same bytes, with a sign in place of those that are no text: a model may end a token within a character, and some
/// servers send it as it is.
fn readable(body: impl Stream<Item = io::Result<Bytes>> + Send) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let tail: Vec<u8> = Vec::new();
    let with_end = body.map(Some).chain(stream::iter([None]));
    with_end
        .scan(tail, |tail, piece| {
            let piece = match piece {
                Some(Ok(piece)) => {
                    tail.extend_from_slice(&piece);
                    let kept = unfinished(tail);
                    let readable = String::from_utf8_lossy(tail.get(..tail.len() - kept).unwrap_or_default());
                    let readable = Bytes::from(readable.into_owned());
                    tail.drain(..tail.len() - kept);
                    Ok(readable)
                }
                Some(Err(error)) => Err(error),
                None => Ok(Bytes::from(String::from_utf8_lossy(tail).into_owned())),
            };
            std::future::ready(Some(piece))
        })
        .filter(|piece| std::future::ready(!piece.as_ref().is_ok_and(Bytes::is_empty)))
}

/// Bytes at the end that begin a character which the next piece may finish.
fn unfinished(bytes: &[u8]) -> usize {
    let Some(last) = bytes.utf8_chunks().last() else { return 0 };
    let begins = std::str::from_utf8(last.invalid()).is_err_and(|error| error.error_len().is_none());
    if begins { last.invalid().len() } else { 0 }
}

fn broke(error: &dyn std::error::Error) -> CompletionFailure {
    CompletionFailure::infrastructure(format!("the answer broke off: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_over_two_pieces_is_one() {
        let text = "äö€🦀 end";
        for at in 0..=text.len() {
            let (begin, end) = text.as_bytes().split_at(at);
            let pieces = [begin, end].map(|part| Ok(Bytes::copy_from_slice(part)));
            let body = readable(stream::iter(pieces)).map(|piece| piece.expect("a piece"));
            let read: Vec<Bytes> = futures::executor::block_on(body.collect());
            assert_eq!(String::from_utf8(read.concat()).expect("text"), text, "{at}");
        }
    }

    /// Whether a body, which perhaps breaks off after its pieces, is an answer from its beginning to its end.
    fn is_answer(pieces: &[&str], breaks: bool) -> bool {
        let incoming = Incoming::new(false);
        let pieces = pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece.as_bytes())));
        let end = breaks.then(|| Err(io::Error::other("reset")));
        let body = stream::iter(pieces.chain(end).collect::<Vec<_>>());
        let read = futures::executor::block_on(documents(Vec::new(), body, &incoming, || ()));
        read.is_ok() && incoming.pieces().verdict().is_ok()
    }

    #[test]
    fn a_whole_message_is_an_answer_whatever_space_is_behind_it() {
        let message = r#"{"choices":[{"message":{"content":"hi"},"finish_reason":null}]}"#;
        for end in ["", "\n", "\r\n", "\n\n \n", "\n \t"] {
            for breaks in [false, true] {
                assert!(is_answer(&[message, end], breaks), "{end:?} {breaks}");
                assert!(is_answer(&[&format!("{message}{end}")], breaks), "{end:?} {breaks}");
            }
        }
        let delta = message.replace("message", "delta");
        let piece = r#"{"message":{"content":"hi"},"done":false}"#;
        let bodies = [
            format!("{message}\n{delta}\n"),
            format!("{message}\n{message}"),
            format!("{delta}\n"),
            format!("{piece}\n"),
        ];
        for body in bodies {
            assert!(!is_answer(&[&body], false), "{body}");
        }
        assert!(!is_answer(&[message, "\n{\"choices\""], true), "a second document broke off");
    }

    #[test]
    fn bytes_that_are_no_text_are_marked() {
        let pieces = [&b"a\xFFb"[..], b"c\xE2\x82"].map(|part| Ok(Bytes::copy_from_slice(part)));
        let body = readable(stream::iter(pieces)).map(|piece| piece.expect("a piece"));
        let read: Vec<Bytes> = futures::executor::block_on(body.collect());
        assert_eq!(String::from_utf8(read.concat()).expect("text"), "a\u{fffd}bc\u{fffd}");
    }
}
