//! Tells a second attempt at a task from a request that is only sent again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::script::prompt::Prompt;

/// The conversations in which each task was seen.
///
/// The component writes the same prompt for every attempt, so the conversation around it has to tell: a gateway puts the
/// session's key into it, other clients send an idempotency key. Those that add nothing are always at their first attempt.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<BTreeMap<Task, Seen>>);

/// What was seen of a task.
#[derive(Debug, Default)]
struct Seen {
    conversations: Vec<String>,
    requests: u32,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Task {
    agent_type: String,
    task_id: String,
    /// Another run has another code.
    code: Option<String>,
}

impl Attempts {
    /// The number of the attempt that this message belongs to, and that of the request about its task, both from 1.
    pub(super) fn number(&self, prompt: &Prompt, message: &str) -> (u32, u32) {
        let task =
            Task { agent_type: prompt.agent_type.clone(), task_id: prompt.task_id.clone(), code: prompt.code.clone() };
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = tasks.entry(task).or_default();
        seen.requests = seen.requests.saturating_add(1);
        let conversations = &mut seen.conversations;
        let index = conversations.iter().position(|known| known == message).unwrap_or_else(|| {
            conversations.push(message.to_owned());
            conversations.len() - 1
        });
        (u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1), seen.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_conversation_is_a_new_attempt_and_a_repetition_is_not() {
        let attempts = Attempts::default();
        let number = |task: &str, session: &str| {
            let message = format!("Agent type: a\nTask id: {task}\nOutput format: text\n\nsession={session}");
            attempts.number(&Prompt::parse(&message).expect("ours"), &message)
        };
        assert_eq!([number("t", "1"), number("t", "2"), number("t", "1")], [(1, 1), (2, 2), (1, 3)]);
        assert_eq!(number("other", "4"), (1, 1));
    }
}
