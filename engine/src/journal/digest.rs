//! What is written down of a command, and the sums by which lines and commands are recognised.

use std::fmt::{self, Display};

use serde::Deserialize;
use serde::ser::{Serialize, SerializeTuple as _, Serializer};
use twox_hash::XxHash64;

use crate::host::{Command, Progress, SpawnOptions};
use crate::ids::RequestId;
use crate::text;

/// Digits of a sum.
pub const CHECKSUM_DIGITS: usize = text::HEXADECIMAL_DIGITS;

/// XXH64 (Yann Collet, xxHash) of a text, begun with the sum of the text before. It guards against accidents and not
/// against people: whoever may write the file may also write the checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum(u64);

impl Checksum {
    /// The digest of no bytes.
    pub const START: Self = Self(0);

    /// Goes on with more text.
    pub fn take(&mut self, text: &[u8]) {
        self.0 = XxHash64::oneshot(self.0, text);
    }

    /// As it is written.
    pub fn digits(self) -> [u8; CHECKSUM_DIGITS] {
        text::digits(self.0)
    }

    /// Of everything that a command asks for.
    fn of(command: &Command) -> Self {
        let mut sum = Self::START;
        match command {
            Command::Spawn(request, options) => sum.take_spawn(*request, options),
            Command::Progress(progress) => {
                let Progress { seq, at_ms, task, agent_type, status, ended, running, total } = progress;
                sum.take_json(&(seq, at_ms, task, agent_type, status, ended, running, total));
            }
            other => sum.take_json(other),
        }
        sum
    }

    fn take_spawn(&mut self, request: RequestId, options: &SpawnOptions) {
        // The prompt as it is: it is most of the command, and making a JSON text of it costs more than the sum.
        let SpawnOptions {
            task,
            label,
            task_name,
            agent_id,
            model,
            thinking,
            run_timeout_seconds,
            cleanup,
            tool_free,
            form,
            max_output_tokens,
            idempotency_key,
        } = options;
        let names = (request, label, task_name, agent_id, model, thinking, idempotency_key);
        self.take(task.as_bytes());
        self.take_json(&(names, run_timeout_seconds, cleanup, tool_free, form, max_output_tokens));
    }

    fn take_json(&mut self, value: &impl Serialize) {
        self.take(&serde_json::to_vec(value).unwrap_or_default());
    }
}

impl Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl Serialize for Checksum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

/// A command, as far as it is written down: enough to recognise it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CommandDigest(String, String);

impl CommandDigest {
    /// The digest of a command.
    pub fn of(command: &Command) -> Self {
        Self(Words(command).to_string(), Checksum::of(command).to_string())
    }

    /// What the command was, in a few words.
    pub fn words(&self) -> &str {
        &self.0
    }
}

/// A command that is written as its digest.
pub struct Digested<'a>(pub &'a Command);

impl Serialize for Digested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digest = serializer.serialize_tuple(2)?;
        digest.serialize_element(&Words(self.0))?;
        digest.serialize_element(&Checksum::of(self.0))?;
        digest.end()
    }
}

/// What a command is: a verb, a number, and what it is about.
struct Words<'a>(&'a Command);

impl Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, number, what) = match self.0 {
            Command::Spawn(request, options) => ("spawn", request.0, options.label.as_str()),
            Command::List(request, _) => ("list", request.0, ""),
            Command::History(request, query) => ("history", request.0, query.session_key.as_str()),
            Command::Cancel(request, session) => ("cancel", request.0, session.as_str()),
            // As journals have it, and so `rename` in its type.
            Command::Attach(request, session) => ("watch", request.0, session.as_str()),
            Command::Delete(request, session) => ("delete", request.0, session.as_str()),
            Command::Progress(progress) => ("progress", progress.seq, progress.task.as_str()),
            Command::Item(item) => ("item", item.item.into(), ""),
        };
        let between = if what.is_empty() { "" } else { " " };
        write!(f, "{verb} {number}{between}{what}")
    }
}

impl Serialize for Words<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::host::AnswerForm;
    use crate::ids::{AgentType, SessionKey, TaskId};
    use crate::task::{Cleanup, TaskStatus};

    #[test]
    fn every_field_of_a_spawn_is_in_its_digest() {
        let plain = SpawnOptions {
            task: "Look.".to_owned(),
            label: "a".to_owned(),
            task_name: "a".to_owned(),
            agent_id: None,
            model: None,
            thinking: None,
            run_timeout_seconds: 60,
            cleanup: Cleanup::Keep,
            tool_free: false,
            form: AnswerForm::Text,
            max_output_tokens: None,
            idempotency_key: "key".to_owned(),
        };
        let changes: [fn(&mut SpawnOptions); 12] = [
            |options| options.task.push('!'),
            |options| options.label.push('!'),
            |options| options.task_name.push('!'),
            |options| options.agent_id = Some("x".to_owned()),
            |options| options.model = Some("x".to_owned()),
            |options| options.thinking = Some("x".to_owned()),
            |options| options.run_timeout_seconds += 1,
            |options| options.cleanup = Cleanup::Delete,
            |options| options.tool_free = true,
            |options| options.form = AnswerForm::Json(None),
            |options| options.max_output_tokens = Some(1),
            |options| options.idempotency_key.push('!'),
        ];
        let sum = |request, options: &SpawnOptions| {
            Checksum::of(&Command::Spawn(RequestId(request), Arc::new(options.clone()))).digits()
        };
        let mut sums = BTreeSet::from([sum(1, &plain), sum(2, &plain)]);
        for change in changes {
            let mut changed = plain.clone();
            change(&mut changed);
            sums.insert(sum(1, &changed));
        }
        assert_eq!(sums.len(), changes.len() + 2);
    }

    #[test]
    fn every_field_of_progress_is_in_its_digest() {
        let plain = Progress {
            seq: 1,
            at_ms: 1,
            task: TaskId::new("a"),
            agent_type: AgentType::new("a"),
            status: TaskStatus::Running,
            ended: 1,
            running: 1,
            total: 1,
        };
        let changes: [fn(&mut Progress); 8] = [
            |progress| progress.seq += 1,
            |progress| progress.at_ms += 1,
            |progress| progress.task = TaskId::new("b"),
            |progress| progress.agent_type = AgentType::new("b"),
            |progress| progress.status = TaskStatus::Completed,
            |progress| progress.ended += 1,
            |progress| progress.running += 1,
            |progress| progress.total += 1,
        ];
        let sum = |progress: &Progress| Checksum::of(&Command::Progress(progress.clone())).digits();
        let mut sums = BTreeSet::from([sum(&plain)]);
        for change in changes {
            let mut changed = plain.clone();
            change(&mut changed);
            sums.insert(sum(&changed));
        }
        assert_eq!(sums.len(), changes.len() + 1);
    }

    #[test]
    fn a_digest_that_was_read_is_the_one_that_was_written() {
        let command = Command::Cancel(RequestId(7), SessionKey::new("agent:\"x\"\u{e9}"));
        let written = serde_json::to_string(&Digested(&command)).expect("JSON");
        assert_eq!(serde_json::from_str::<CommandDigest>(&written).expect("a digest"), CommandDigest::of(&command));
        assert_eq!(CommandDigest::of(&command).words(), "cancel 7 agent:\"x\"\u{e9}");
    }
}
