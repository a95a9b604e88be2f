//! The engine takes in something else than what it was told.

use std::collections::BTreeMap;

use parallel_agents_engine::host::{EventKind, FailureKind, HostError, MessageRole, Reply, SessionEnd, SessionOutcome};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::task::Usage;
use serde_json::Value;

use super::defect::{Defect, Tamper};
use super::wire::Wire;

const fn of(
    name: &'static str,
    invariant: &'static str,
    imitates: &'static str,
    change: fn(&mut EventKind, &mut Wire),
) -> Defect {
    Defect::new(name, invariant, imitates, Tamper::Event(change))
}

pub(super) const DEFECTS: &[Defect] = &[
    of("slot-freed-early", "I1", "a slot is given back while its session is alive", |what, _| {
        if let EventKind::Answered { outcome: outcome @ Ok(Reply::Spawned(_)), .. } = what {
            *outcome = Err(HostError::Forbidden("no".to_owned()));
        }
    }),
    of("spawn-after-stop", "I4", "what waits is started although the run was stopped", |what, _| {
        if matches!(what, EventKind::StopRequested { task: None, .. }) {
            *what = EventKind::TimerFired;
        }
    }),
    of("spawn-after-stop-of-task", "I4", "a task that was stopped is started", |what, _| {
        if matches!(what, EventKind::StopRequested { task: Some(_), .. }) {
            *what = EventKind::TimerFired;
        }
    }),
    of("usage-counted-half", "I5", "half of what sessions used is booked", |what, _| {
        usage(what, |tokens| tokens / 2);
    }),
    of("usage-counted-twice", "E11", "the tokens of each session are added twice", |what, _| {
        usage(what, |tokens| tokens.saturating_mul(2));
    }),
    of("retry-on-forbidden", "I6", "a failure that would come again is tried again", |what, _| {
        if let Some(SessionOutcome::Failed { kind, .. }) = outcome(what)
            && matches!(kind, FailureKind::Authentication | FailureKind::Rejected)
        {
            *kind = FailureKind::Infrastructure;
        }
    }),
    of("retry-before-retry-after", "I7", "a task comes back before the host wants to be asked again", |what, _| {
        pause(what, |_| None);
    }),
    of("pause-a-thousandfold", "I7", "a pause is a thousand times as long as the host asked for", |what, _| {
        pause(what, |ms| ms.map(|ms| ms.saturating_mul(1_000)));
    }),
    of("end-made-up", "I8", "a session that runs is taken for one that broke off", |what, _| {
        if let EventKind::SessionStarted(session) = what {
            *what = EventKind::SessionEnded(broken(session.clone()));
        }
    }),
    of("doubt-taken-for-refusal", "E2", "a spawn call whose answer was lost is taken for refused", |what, _| {
        if let EventKind::Answered { outcome: Err(error @ HostError::InDoubt(_)), .. } = what {
            *error = HostError::Forbidden("no".to_owned());
        }
    }),
    of("failed-deletion-believed", "E2", "a session that the host would not delete counts as deleted", |what, _| {
        if let EventKind::Answered { outcome: outcome @ Err(HostError::Busy(_)), .. } = what {
            *outcome = Ok(Reply::Deleted);
        }
    }),
    of("answers-mixed-up", "E1", "a task is given the answer of another task", |what, wire| {
        texts(what, |text| {
            let before = wire.memory.insert("text".to_owned(), text.clone());
            if let Some(before) = before {
                *text = before;
            }
        });
    }),
    of("last-object-wins", "E1", "of several answers the last one is taken", |what, _| {
        texts(what, |text| {
            let objects = text.lines().filter(|line| serde_json::from_str::<BTreeMap<String, Value>>(line).is_ok());
            let objects: Vec<String> = objects.map(str::to_owned).collect();
            if let [_, .., last] = objects.as_slice() {
                text.clone_from(last);
            }
        });
    }),
    of("other-model-unnoticed", "I19", "that another model ran is not noticed", |what, wire| {
        let asked = |session: &SessionKey| wire.spawn_of(session).and_then(|spawn| spawn.model.clone());
        match what {
            EventKind::SessionEnded(end) => end.model = None,
            EventKind::Answered { outcome: Ok(Reply::Spawned(receipt)), .. } => {
                receipt.applied_model = asked(&receipt.session_key);
            }
            EventKind::Answered { outcome: Ok(Reply::Listed(page)), .. } => {
                page.sessions.iter_mut().for_each(|row| row.model = None);
            }
            EventKind::Answered { outcome: Ok(Reply::History(page)), .. } => {
                page.messages.iter_mut().for_each(|message| message.model = None);
            }
            _ => {}
        }
    }),
];

fn end_of(what: &mut EventKind) -> Option<&mut SessionEnd> {
    match what {
        EventKind::SessionEnded(end) => Some(end),
        _ => None,
    }
}

fn outcome(what: &mut EventKind) -> Option<&mut SessionOutcome> {
    end_of(what).map(|end| &mut end.outcome)
}

/// The end of a session that broke off, as a host would tell it.
fn broken(session: SessionKey) -> SessionEnd {
    let outcome = SessionOutcome::Failed {
        kind: FailureKind::Infrastructure,
        message: "the connection was lost".to_owned(),
        retry_after_ms: None,
    };
    SessionEnd { session, outcome, completion: None, usage: None, model: None }
}

/// Changes how long host and provider want to be left alone.
fn pause(what: &mut EventKind, change: fn(Option<u64>) -> Option<u64>) {
    match what {
        EventKind::SessionEnded(SessionEnd { outcome: SessionOutcome::Failed { retry_after_ms, .. }, .. })
        | EventKind::Answered { outcome: Err(HostError::RateLimited { retry_after_ms, .. }), .. } => {
            *retry_after_ms = change(*retry_after_ms);
        }
        _ => {}
    }
}

/// Changes the tokens that an event tells of.
fn usage(what: &mut EventKind, change: fn(u64) -> u64) {
    let counted = |usage: &mut Option<Usage>| {
        if let Some(usage) = usage {
            (usage.input_tokens, usage.output_tokens) = (change(usage.input_tokens), change(usage.output_tokens));
        }
    };
    match what {
        EventKind::SessionEnded(end) => counted(&mut end.usage),
        EventKind::Answered { outcome: Ok(Reply::Listed(page)), .. } => {
            page.sessions.iter_mut().for_each(|row| counted(&mut row.usage));
        }
        EventKind::Answered { outcome: Ok(Reply::History(page)), .. } => {
            page.messages.iter_mut().for_each(|message| counted(&mut message.usage));
        }
        _ => {}
    }
}

/// Changes what sessions said.
fn texts(what: &mut EventKind, mut change: impl FnMut(&mut String)) {
    match what {
        EventKind::SessionEnded(SessionEnd { completion: Some(completion), .. }) => change(&mut completion.text),
        EventKind::Answered { outcome: Ok(Reply::History(page)), .. } => {
            let said = page.messages.iter_mut().filter(|message| message.role == MessageRole::Assistant);
            said.for_each(|message| change(&mut message.text));
        }
        _ => {}
    }
}
