use std::sync::Arc;

use parallel_agents_engine::host::{AnswerForm, Event, EventKind, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::task::Cleanup;

use super::*;

fn spawn(task: &str) -> Command {
    let options = SpawnOptions {
        task: task.to_owned(),
        label: "a \"label\"\n".to_owned(),
        task_name: "a".to_owned(),
        agent_id: None,
        model: Some("x/y".to_owned()),
        thinking: None,
        run_timeout_seconds: 120,
        cleanup: Cleanup::Keep,
        tool_free: true,
        form: AnswerForm::Text,
        max_output_tokens: None,
        idempotency_key: "k".to_owned(),
    };
    Command::Spawn(RequestId(1), Arc::new(options))
}

#[test]
fn a_line_has_its_number_its_time_its_speaker_and_its_words() {
    let mut trace = Trace::new(1_000, true);
    trace.command(1_000, &spawn("do it"));
    trace.waits(1_000, Some(1_500));
    trace.event(&Delivery {
        event: Event { seq: 0, at_ms: 1_250, what: EventKind::SessionStarted(SessionKey::new("s")) },
        real_ms: 0,
        is_extra: false,
    });
    trace.closed(1_250, true);
    let expected = concat!(
        "    1        +0 > spawn 1 label=\"a \\\"label\\\"\\n\" name=\"a\" agent=- model=\"x/y\" thinking=- limit=120s ",
        "cleanup=keep tool-free=true form=text tokens=- key=\"k\" task=5B:fe57f3aa2a286881\n",
        "    2        +0 > wait until=+500\n",
        "    3      +250 < #0 started session=s\n",
        "    4      +250 > return\n",
    );
    assert_eq!(trace.text(), expected);
}

#[test]
fn texts_of_one_length_can_be_told_apart() {
    let text = |task: &str| {
        let mut trace = Trace::new(0, true);
        trace.command(0, &spawn(task));
        trace.text().to_owned()
    };
    assert_ne!(text("one"), text("two"));
    assert_eq!(text("one"), text("one"));
}

#[test]
fn a_trace_that_is_not_kept_counts_its_lines() {
    let mut trace = Trace::new(0, false);
    trace.command(0, &spawn("one"));
    assert_eq!((trace.text(), trace.lines()), ("", 1));
}
