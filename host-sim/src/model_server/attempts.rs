//! Tells a second attempt at a task from a request that is only sent again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use gateway_sim::script::prompt::Prompt;

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
    run: String,
}

impl Attempts {
    /// The number of the attempt that this message belongs to, and that of the request about its task, both from 1.
    pub(super) fn number(&self, prompt: &Prompt, key: &str, message: &str) -> (u32, u32) {
        let (agent_type, task_id) = (prompt.agent_type.clone(), prompt.task_id.clone());
        let run = run_of(key).to_owned();
        let task = Task { agent_type, task_id, run };
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = tasks.entry(task).or_default();
        seen.requests = seen.requests.saturating_add(1);
        let conversations = &mut seen.conversations;
        let conversation = format!("{key}\n{message}");
        let index = conversations.iter().position(|known| *known == conversation).unwrap_or_else(|| {
            conversations.push(conversation);
            conversations.len() - 1
        });
        (u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1), seen.requests)
    }
}

/// What tells one run from another: what the client's key begins with. A prompt does not say, since each has codes of its own.
fn run_of(key: &str) -> &str {
    key.split_once('-').map_or("", |(run, _)| run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_conversation_is_a_new_attempt_and_a_repetition_is_not() {
        let attempts = Attempts::default();
        let number = |task: &str, session: &str| {
            let message = format!("Agent type: a\nTask id: {task}\nOutput format: text\n\nsession={session}");
            attempts.number(&Prompt::parse(&message).expect("ours"), "", &message)
        };
        assert_eq!([number("t", "1"), number("t", "2"), number("t", "1")], [(1, 1), (2, 2), (1, 3)]);
        assert_eq!(number("other", "4"), (1, 1));
    }

    #[test]
    fn a_correction_has_a_code_of_its_own_and_is_the_next_attempt() {
        let attempts = Attempts::default();
        let text = "Agent type: a\nTask id: t\nOutput format: text\n";
        let number = |code: &str| {
            let prompt = Prompt { code: Some(code.to_owned()), ..Prompt::parse(text).expect("ours") };
            attempts.number(&prompt, "", &format!("{text}{code}"))
        };
        assert_eq!([number("x"), number("y")], [(1, 1), (2, 2)]);
    }

    #[test]
    fn a_key_names_the_run_and_the_attempt_whatever_the_prompt_says() {
        let attempts = Attempts::default();
        let text = "Agent type: a\nTask id: t\nOutput format: text\n";
        let number = |key: &str, code: &str| {
            let prompt = Prompt { code: Some(code.to_owned()), ..Prompt::parse(text).expect("ours") };
            attempts.number(&prompt, key, code)
        };
        assert_eq!([number("r1-t-1", "x"), number("r1-t-2", "y"), number("r1-t-1", "x")], [(1, 1), (2, 2), (1, 3)]);
        assert_eq!(number("r2-t-1", "z"), (1, 1), "another run");
    }
}
