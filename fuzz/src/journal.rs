//! The record of a call, whole or damaged: gone through again it tells the same, and nothing damaged asks for anything.
//!
//! A text that begins with `J` is a call and what befalls its journal; any other is a journal.

use arbitrary::{Result, Unstructured};
use futures::executor::block_on;
use gateway_sim::odd_host::NoHost;
use parallel_agents::documents::{DocumentReply, journals};
use parallel_agents_engine::journal;
use serde_json::Value;

use crate::gateway::Drawn;
use crate::{calls, replies};

/// The first byte of a call.
const CALL: u8 = b'J';

/// Reads what there is.
pub fn check(data: &[u8]) {
    match data {
        [CALL, rest @ ..] => {
            // Nothing is left to check when the bytes are not enough for a call.
            let _ = recorded(Unstructured::new(rest));
        }
        text => read(&String::from_utf8_lossy(text)),
    }
}

fn recorded(mut source: Unstructured<'_>) -> Result<()> {
    let drawn = Drawn::any(&mut source)?;
    let damage = (0..source.int_in_range(0..=3)?).map(|_| Damage::any(&mut source)).collect::<Result<Vec<_>>>()?;
    let called = drawn.call(true);
    let whole = called.backend.host().journal();
    let DocumentReply::Answer(answer) = called.result.expect("the call comes back") else {
        assert_eq!(whole, "", "a call that was refused leaves no journal");
        return Ok(());
    };
    let told = replayed(whole).expect("a whole journal can be gone through");
    assert_eq!((&told["complete"], &told["torn"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(told["reply"], replies::answered(&answer), "the same call, told again");

    let mut damaged = whole.as_bytes().to_vec();
    damage.iter().for_each(|damage| damage.happens(&mut damaged));
    let damaged = String::from_utf8_lossy(&damaged);
    read(&damaged);
    let is_start = whole.starts_with(&*damaged);
    if let Ok(journal) = journal::read(&damaged) {
        // Only what is cut off at its end can still be read: the rest was never written.
        let read = damaged.get(..journal.length).expect("whole lines");
        assert!(whole.starts_with(read), "a changed line is read");
        assert!(journal.torn || is_start, "what follows the last whole line is not noticed");
    }
    Ok(())
}

/// Goes through a journal; None: it is refused.
fn replayed(text: &str) -> Option<Value> {
    replies::any(&block_on(journals::replay(text, &mut NoHost)))
}

/// Any text as a journal.
fn read(text: &str) {
    replayed(text);
    let mut host = calls::refusing();
    let reply = block_on(journals::resume(text.to_owned(), &mut host));
    replies::any(&reply);
    if let Err(problem) = journal::read(text) {
        assert!(problem.code.starts_with("E_JOURNAL_"), "{}", problem.code);
        assert_eq!(host.calls, 0, "a damaged journal reached the host");
    }
}

/// What can befall a file.
enum Damage {
    Cut(u32),
    Flip(u32, u8),
    Insert(u32, u8),
    Remove(u32),
    DropLine(u32),
    RepeatLine(u32),
    SwapLines(u32),
}

impl Damage {
    fn any(source: &mut Unstructured<'_>) -> Result<Self> {
        let at = source.arbitrary()?;
        Ok(match source.int_in_range(0..=6)? {
            0 => Self::Cut(at),
            1 => Self::Flip(at, source.int_in_range(0..=7)?),
            2 => Self::Insert(at, source.arbitrary()?),
            3 => Self::Remove(at),
            4 => Self::DropLine(at),
            5 => Self::RepeatLine(at),
            _ => Self::SwapLines(at),
        })
    }

    fn happens(&self, text: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let length = text.len();
        let place = |at: u32| at as usize % length;
        let mut lines: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let count = lines.len();
        let line = |at: u32| at as usize % count;
        match *self {
            Self::Cut(at) => text.truncate(place(at)),
            Self::Flip(at, bit) => text[place(at)] ^= 1 << bit,
            Self::Insert(at, byte) => text.insert(place(at), byte),
            Self::Remove(at) => drop(text.remove(place(at))),
            Self::DropLine(at) => {
                lines.remove(line(at));
                *text = lines.concat();
            }
            Self::RepeatLine(at) => {
                lines.insert(line(at), lines[line(at)].clone());
                *text = lines.concat();
            }
            Self::SwapLines(at) => {
                lines.swap(0, line(at));
                *text = lines.concat();
            }
        }
    }
}
