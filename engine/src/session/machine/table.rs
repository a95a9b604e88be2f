//! Drives every state with every input, and compares what happens with the table in the documentation of `machine`.

use super::*;
use crate::host::{Completion, FailureKind, FinishReason, HistoryPage, Message, MessageRole, Receipt};
use crate::order;
use crate::policy::host_calls::MAX_TRIES;

const NOW: u64 = 1_000;

const STATES: [&str; 12] = [
    "Spawning",
    "Spawning: pause",
    "Searching",
    "Queued",
    "Running",
    "Reading",
    "Reading: pause",
    "Cancelling",
    "Cancelling: pause",
    "Closing",
    "Closing: read",
    "Ended",
];

const INPUTS: [&str; 8] = ["Spawned", "Listed", "Started", "Ended", "History", "Cancelled", "Stop", "TimerFired"];

/// The row of a state.
fn row(state: &State) -> usize {
    match state {
        State::Spawning { pausing, .. } => usize::from(*pausing),
        State::Searching { .. } => 2,
        State::Queued => 3,
        State::Running => 4,
        State::Reading { pausing, .. } => 5 + usize::from(*pausing),
        State::Cancelling { pausing, .. } => 7 + usize::from(*pausing),
        State::Closing { reading, .. } => 9 + usize::from(*reading),
        State::Ended => 11,
    }
}

/// The column of an input.
fn column(input: &Input) -> usize {
    match input {
        Input::Spawned(_) => 0,
        Input::Listed => 1,
        Input::Started => 2,
        Input::Ended(_) => 3,
        Input::History(_) => 4,
        Input::Cancelled(_) => 5,
        Input::Stop(_) => 6,
        Input::TimerFired => 7,
    }
}

/// Each state, at the beginning and at the end of its tries.
fn states() -> Vec<State> {
    let verdict = || StopReason::Enough.verdict();
    let mut states = vec![State::Queued, State::Running, State::Ended];
    for flag in [false, true] {
        for stop in [None, Some(StopReason::Enough)] {
            states.push(State::Searching { verdict: verdict(), stop: stop.clone() });
            for (asks, doubt) in [(1, false), (1, true), (2, true), (MAX_TRIES, true)] {
                states.push(State::Spawning { asks, doubt, pausing: flag, stop: stop.clone() });
            }
        }
        for tries in [1, MAX_TRIES] {
            let failures = tries - 1;
            for reread in [false, true] {
                states.push(State::Reading { offset: 0, pages: 0, failures, reread, pausing: flag });
            }
            for reason in [StopReason::Enough, StopReason::Timeout { seconds: 9 }] {
                states.push(State::Cancelling { reason, tries, pausing: flag });
            }
        }
        for wants_partial in [false, true] {
            states.push(State::Closing { verdict: verdict(), wants_partial, reading: flag });
        }
    }
    states
}

/// Sessions in this state: on a host that reports starts and on another one, and with something of an answer or without.
fn machines(state: &State) -> Vec<Machine> {
    let mut machines = Vec::new();
    for flags in 0..8 {
        let terms = Terms {
            timeout_seconds: 9,
            start_timeout_seconds: 9,
            starts_reported: flags & 1 != 0,
            tools_wanted: false,
        };
        let mut machine = Machine { has_run: flags & 2 != 0, state: state.clone(), ..Machine::new(terms) };
        if flags & 4 != 0 {
            machine.answer = RawAnswer { text: "half an ans".to_owned(), truncated: true, ..RawAnswer::default() };
        }
        machines.push(machine);
    }
    machines
}

fn errors() -> [HostError; 4] {
    let text = || "no".to_owned();
    [
        HostError::InDoubt(text()),
        HostError::AtCapacity(text()),
        HostError::Forbidden(text()),
        HostError::NotFound(text()),
    ]
}

fn inputs() -> Vec<Input> {
    let session = SessionKey::new("s1");
    let receipt = Receipt { session_key: session.clone(), run_id: String::new(), applied_model: None, tool_free: true };
    let mut inputs = vec![
        Input::Listed,
        Input::Started,
        Input::TimerFired,
        Input::Spawned(Ok(receipt)),
        Input::Cancelled(Ok(())),
        Input::Stop(StopReason::Enough),
        Input::Stop(StopReason::Timeout { seconds: 9 }),
    ];
    inputs.extend(errors().map(|error| Input::Spawned(Err(error))));
    inputs.extend(errors().map(|error| Input::History(Err(error))));
    inputs.extend(errors().map(|error| Input::Cancelled(Err(error))));
    let message = Message {
        role: MessageRole::Assistant,
        text: "the answer".to_owned(),
        truncated: false,
        finish: FinishReason::Stop,
        model: None,
        usage: None,
    };
    let tool = Message { role: MessageRole::Tool, ..message.clone() };
    for (messages, has_more) in [(vec![message], false), (Vec::new(), false), (vec![tool], true)] {
        inputs.push(Input::History(Ok(HistoryPage { messages, has_more, dropped_messages: 0, redacted: false })));
    }
    let whole = Completion { text: "the answer".to_owned(), truncated: false, finish: FinishReason::Stop };
    let failed = SessionOutcome::Failed { kind: FailureKind::Other, message: "no".to_owned(), retry_after_ms: None };
    let ends = [
        (SessionOutcome::Completed, Some(whole)),
        (SessionOutcome::Completed, None),
        (SessionOutcome::TimedOut, None),
        (failed, None),
    ];
    for (outcome, completion) in ends {
        let session = session.clone();
        inputs.push(Input::Ended(SessionEnd { session, outcome, completion, usage: None, model: None }));
    }
    inputs
}

/// What came of one input, in the order in which a cell names it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Ignored,
    Stays,
    Again,
    To(usize),
}

fn outcome(mut machine: Machine, input: Input) -> Outcome {
    let before = row(&machine.state);
    let step = machine.step(NOW, input);
    let after = row(&machine.state);
    let asks = match &step {
        Step::Wants(Effect::End(_) | Effect::Requeue(_)) => {
            assert_eq!((machine.state, machine.wake_at), (State::Ended, None), "the end is told in `Ended` alone");
            false
        }
        Step::Wants(_) => true,
        Step::Ignored | Step::Taken => false,
    };
    match step {
        Step::Ignored => {
            assert_eq!(before, after, "an ignored input leaves the state");
            Outcome::Ignored
        }
        _ if before != after => Outcome::To(after),
        _ if asks => Outcome::Again,
        _ => Outcome::Stays,
    }
}

/// The table as the code has it.
fn table() -> Vec<String> {
    let mut cells: Vec<Vec<Vec<Outcome>>> = (0..STATES.len()).map(|_| INPUTS.map(|_| Vec::new()).into()).collect();
    for state in states() {
        for input in inputs() {
            for machine in machines(&state) {
                cells[row(&state)][column(&input)].push(outcome(machine, input.clone()));
            }
        }
    }
    let text = |outcomes: Vec<Outcome>| {
        assert!(!outcomes.is_empty(), "every combination is driven");
        let mut outcomes = order::sorted(outcomes);
        outcomes.dedup();
        let names = outcomes.into_iter().map(|outcome| match outcome {
            Outcome::Ignored => "–",
            Outcome::Stays => "stays",
            Outcome::Again => "again",
            Outcome::To(state) => STATES[state],
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let mut rows = vec![
        ["state"].into_iter().chain(INPUTS).map(str::to_owned).collect::<Vec<_>>(),
        vec!["---".to_owned(); INPUTS.len() + 1],
    ];
    for (state, cells) in STATES.into_iter().zip(cells) {
        rows.push([state.to_owned()].into_iter().chain(cells.into_iter().map(text)).collect());
    }
    rows.into_iter().map(|cells| format!("//! | {} |", cells.join(" | "))).collect()
}

#[test]
fn the_table_in_the_documentation_is_what_the_code_does() {
    let documented = include_str!("mod.rs").lines().filter(|line| line.starts_with("//! |"));
    let table = table();
    assert!(documented.eq(table.iter().map(String::as_str)), "the table of `machine` is now:\n{}", table.join("\n"));
}
