//! What is left of sessions that did not answer: their words, and what they took.

use super::puppet::{Open, Puppet, says};
use crate::host::{Completion, EventKind, FailureKind, FinishReason, HostError, Reply, SessionEnd, SessionOutcome};
use crate::ids::SessionKey;
use crate::plan::Plan;
use crate::policy::caps::Caps;
use crate::task::{TaskResult, TaskStatus, Usage};
use crate::testing::plan_of;

fn one() -> Puppet {
    let mut puppet = Puppet::open(plan_of(1, &[]));
    puppet.accept("a");
    puppet
}

fn text(words: &str) -> Option<Completion> {
    Some(Completion { text: words.to_owned(), truncated: true, finish: FinishReason::Unknown })
}

fn tell(puppet: &mut Puppet, outcome: SessionOutcome, completion: Option<Completion>, usage: Option<(u64, u64)>) {
    let usage = usage.map(|(input_tokens, output_tokens)| Usage { input_tokens, output_tokens });
    let session = SessionKey::new("a");
    puppet.happens(EventKind::SessionEnded(SessionEnd { session, outcome, completion, usage, model: None }));
}

fn cancel(puppet: &mut Puppet) {
    assert_eq!(puppet.open.values().next(), Some(&Open::Cancel(SessionKey::new("a"))));
    puppet.answer_oldest(Ok(Reply::Cancelled));
}

fn result(puppet: &Puppet) -> &TaskResult {
    &puppet.done().results[0]
}

#[test]
fn what_a_stopped_session_had_said_comes_with_its_end() {
    type Stop = fn(&mut Puppet);
    let stops: [(Stop, TaskStatus, &str); 2] =
        [(Puppet::wake, TaskStatus::Timeout, "E_TIMEOUT"), (Puppet::stop, TaskStatus::Cancelled, "E_CANCELLED")];
    for (stop, status, code) in stops {
        let mut puppet = one();
        stop(&mut puppet);
        cancel(&mut puppet);
        tell(&mut puppet, SessionOutcome::Cancelled, text("half of it"), Some((30, 7)));
        assert_eq!(puppet.verdicts(), [(status, Some(code))]);
        let result = result(&puppet);
        assert_eq!((&result.output, result.metadata.truncated), (&Some("half of it".into()), true));
        assert_eq!(result.metadata.usage, Some(Usage { input_tokens: 30, output_tokens: 7 }));
        assert!(puppet.done().usage_complete);
    }
}

#[test]
fn the_deadline_keeps_what_was_said_too() {
    let mut plan = plan_of(1, &[]);
    plan.deadline_seconds = 60;
    let mut puppet = Puppet::open(plan);
    puppet.accept("a");
    puppet.wake();
    cancel(&mut puppet);
    tell(&mut puppet, SessionOutcome::Cancelled, None, None);
    puppet.answer_read(Ok(says(&["first", "then this"])));
    assert_eq!(puppet.verdicts(), [(TaskStatus::Cancelled, Some("E_DEADLINE"))]);
    assert_eq!(result(&puppet).output, Some("then this".into()));
    assert!(result(&puppet).metadata.truncated && !puppet.done().usage_complete);
}

#[test]
fn what_came_before_a_failure_is_kept() {
    for outcome in [
        SessionOutcome::Failed {
            kind: FailureKind::Other,
            message: "the stream broke off".to_owned(),
            retry_after_ms: None,
        },
        SessionOutcome::TimedOut,
        SessionOutcome::Cancelled,
    ] {
        let mut puppet = one();
        tell(&mut puppet, outcome.clone(), text("half of it"), None);
        assert_ne!(puppet.verdicts()[0].0, TaskStatus::Completed);
        assert_eq!(result(&puppet).output, Some("half of it".into()), "{outcome:?}");
    }
}

#[test]
fn the_transcript_of_a_session_that_ran_out_of_time_is_read_once() {
    // The host's own limit.
    let mut puppet = one();
    puppet.ends_as("a", SessionOutcome::TimedOut, None);
    puppet.answer_read(Ok(says(&["as far as I came"])));
    assert_eq!(result(&puppet).output, Some("as far as I came".into()));
    // It cannot be read, is not read in time, or says nothing: the verdict stays, at once.
    for unread in [Some(Err(HostError::Busy("locked".to_owned()))), None, Some(Ok(says(&[])))] {
        let mut puppet = one();
        puppet.ends_as("a", SessionOutcome::TimedOut, None);
        match unread {
            Some(answer) => puppet.answer_read(answer),
            None => puppet.wake(),
        }
        assert_eq!(puppet.verdicts(), [(TaskStatus::Timeout, Some("E_TIMEOUT"))]);
        assert_eq!((&result(&puppet).output, puppet.done().elapsed_ms <= 3_000), (&None, true));
    }
}

#[test]
fn a_host_that_never_tells_the_end_holds_nobody_up_for_long() {
    let mut puppet = one();
    puppet.stop();
    cancel(&mut puppet);
    let before = puppet.now;
    while puppet.report.is_none() {
        puppet.wake();
    }
    assert_eq!((puppet.verdicts(), puppet.now - before), (vec![(TaskStatus::Cancelled, Some("E_CANCELLED"))], 5_000));
    assert!(puppet.done().leaked.is_empty(), "the host said that it no longer runs");
}

/// Two tasks, one at a time, of which the first runs out of time and is settled before the host says what it took.
fn late_usage(caps: Caps) -> Puppet {
    let mut plan = Plan { max_concurrent: 1, ..plan_of(2, &[]) };
    plan.rules.caps = caps;
    plan.rules.prices.0.insert("*".to_owned(), crate::task::Price { input: 1_000, output: 1_000 });
    let mut puppet = Puppet::open(plan);
    puppet.accept("a");
    puppet.wake();
    cancel(&mut puppet);
    puppet.wake();
    puppet.answer_read(Ok(says(&[])));
    puppet
}

#[test]
fn what_a_session_took_is_booked_whenever_it_is_told() {
    let mut puppet = late_usage(Caps { tokens: Some(100_000), ..Caps::default() });
    puppet.accept("b");
    tell(&mut puppet, SessionOutcome::Cancelled, None, Some((400, 100)));
    puppet.ends_for("b", "fine", 300, "m");
    let report = puppet.done();
    assert_eq!(report.results[0].metadata.usage, Some(Usage { input_tokens: 400, output_tokens: 100 }));
    assert_eq!(report.results[0].metadata.attempt_log[0].cost_micro_usd, Some(500));
    assert_eq!(report.results[0].metadata.cost_micro_usd, Some(500));
    assert_eq!(report.usage.map(Usage::total), Some(800));
    assert_eq!((report.budget.tokens.spent, report.usage_complete, report.cost.micro_usd), (800, true, Some(800)));
    // A second word of it changes nothing, nor does one that counts nothing.
    let mut puppet = late_usage(Caps::default());
    puppet.accept("b");
    tell(&mut puppet, SessionOutcome::Cancelled, None, Some((0, 0)));
    tell(&mut puppet, SessionOutcome::Cancelled, None, Some((400, 100)));
    puppet.ends_for("b", "fine", 300, "m");
    assert_eq!((puppet.done().usage.map(Usage::total), puppet.done().usage_complete), (Some(300), false));
}

#[test]
fn what_was_not_used_is_there_for_others() {
    // Each session is counted with about 16,500 tokens.
    let mut puppet = late_usage(Caps { tokens: Some(20_000), ..Caps::default() });
    assert_eq!(puppet.verdicts().len(), 2, "the second one was refused: nobody had said what the first one took");
    let mut plan = Plan { max_concurrent: 1, ..plan_of(2, &[]) };
    plan.rules.caps = Caps { tokens: Some(20_000), ..Caps::default() };
    puppet = Puppet::open(plan);
    puppet.accept("a");
    puppet.wake();
    cancel(&mut puppet);
    tell(&mut puppet, SessionOutcome::Cancelled, text("half"), Some((400, 100)));
    puppet.accept("b");
    puppet.ends("b", "fine");
    assert_eq!(puppet.done().results[1].status, TaskStatus::Completed);
}

#[test]
fn a_usage_of_nothing_for_an_answer_is_unknown() {
    let mut puppet = one();
    tell(
        &mut puppet,
        SessionOutcome::Completed,
        Some(Completion { text: "fine".to_owned(), truncated: false, finish: FinishReason::Stop }),
        Some((0, 0)),
    );
    let report = puppet.done();
    assert_eq!((report.usage, report.usage_complete), (None, false));
    assert!(report.budget.tokens.spent > 16_000, "it counts as it was reserved: {:?}", report.budget.tokens);
    // Whoever said nothing may have used nothing.
    let mut puppet = one();
    let refused = SessionOutcome::Failed {
        kind: FailureKind::Authentication,
        message: "HTTP 401".to_owned(),
        retry_after_ms: None,
    };
    tell(&mut puppet, refused, None, Some((0, 0)));
    assert_eq!((puppet.done().usage_complete, puppet.done().budget.tokens.spent), (true, 0));
}
