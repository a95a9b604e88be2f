//! The labels of sessions: agent type and task, then the number of a later session and the code of the run.

/// Characters from which on a label may be cut: the longest has 120, and a number takes some of them.
pub(crate) const LONG_LABEL: usize = 112;

/// The part of a label that names agent type and task, without the number of a later session and the code of the run.
pub fn task_of(label: &str) -> &str {
    let label = match label.strip_suffix(']').and_then(|label| last_word(label, '[')) {
        Some((label, code)) if code.bytes().all(|byte| byte.is_ascii_hexdigit()) => label,
        _ => label,
    };
    match last_word(label, '#') {
        Some((task, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => task,
        _ => label,
    }
}

/// What stands before the last word and in it, if that word begins with this sign and has it nowhere else.
fn last_word(label: &str, sign: char) -> Option<(&str, &str)> {
    let (before, word) = label.rsplit_once(sign)?;
    Some((before.strip_suffix(' ')?, word))
}

/// The task id in a label.
pub(crate) fn id_of(label: &str) -> &str {
    let task = task_of(label);
    task.split_once(' ').map_or(task, |(_, id)| id)
}

/// The agent type in a label.
pub(crate) fn agent_of(label: &str) -> &str {
    label.split_once(' ').map_or("", |(agent, _)| agent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_agent_and_task_and_number_later_sessions() {
        assert_eq!((task_of("a b"), id_of("a b"), agent_of("a b")), ("a b", "b", "a"));
        assert_eq!((task_of("a b #12"), id_of("a b #12")), ("a b", "b"));
        assert_eq!((task_of("a b #12 [0f]"), task_of("a b [0f]"), task_of("a [x]")), ("a b", "a b", "a [x]"));
        assert_eq!((task_of("a b #"), task_of("a #x")), ("a b #", "a #x"));
        assert_eq!((task_of("a #1#2"), task_of("a #1 #2"), task_of("a [0[1]")), ("a #1#2", "a #1", "a [0[1]"));
        assert_eq!(id_of("alone"), "alone");
    }
}
