//! Boards of small calls, as they are read.

use parallel_agents_engine::host::{
    AnswerForm, Completion, Event, FailureKind, FinishReason, HostError, HostFacts, Receipt, SessionEnd,
    SessionOutcome, SpawnOptions,
};
use parallel_agents_engine::task::{Cleanup, Usage};

use super::*;

/// A run of which one task is done, one failed, two run, and three wait.
pub fn halfway() -> Board {
    let request = r#"{"tasks": [], "budget": {"tokens": 200000, "micro_usd": 1000000}, "prices": {"*": {"input": 1000, "output": 5000}}}"#;
    let mut play = Play::opened(1_000, request);
    for (nth, task) in
        (1..).zip(["draft", "facts", "review", "a-task-with-a-very-long-name-that-nobody-reads-to-its-end"])
    {
        play.spawn(1_000, nth, task);
        play.event(1_000, EventKind::SessionStarted(key(nth)));
        play.report(1_000, task, TaskStatus::Running, 0, nth as u32);
    }
    let usage = Some(Usage { input_tokens: 40_000, output_tokens: 2_100 });
    play.end(31_000, 1, SessionOutcome::Completed, usage);
    play.report(31_000, "draft", TaskStatus::Completed, 1, 3);
    let failed = SessionOutcome::Failed { kind: FailureKind::Rejected, message: "no".into(), retry_after_ms: None };
    play.end(33_500, 2, failed, None);
    play.report(33_500, "facts", TaskStatus::Failed, 2, 2);
    play.board
}

/// A terminal that is high enough for everything.
fn columns(width: usize) -> Room {
    Room { width, height: 24 }
}

struct Play {
    board: Board,
    seq: u64,
    progress: u64,
}

fn key(nth: u64) -> SessionKey {
    SessionKey::new(format!("s{nth}"))
}

impl Play {
    /// A call that has opened, and has not asked for anything.
    fn opened(at_ms: u64, request: &str) -> Self {
        let mut play = Self { board: Board::new("run_tasks", request), seq: 0, progress: 0 };
        let facts = HostFacts {
            name: "h".into(),
            seed: 1,
            max_concurrent: None,
            reports_starts: true,
            keeps_journal: false,
            limits: None,
        };
        play.event(at_ms, EventKind::Opened(facts));
        play
    }

    fn event(&mut self, at_ms: u64, what: EventKind) {
        let event = Event { seq: self.seq, at_ms, what };
        self.board.event(&Delivery { event, real_ms: at_ms, is_extra: false });
        self.seq += 1;
    }

    fn spawn(&mut self, at_ms: u64, nth: u64, task: &str) {
        self.ask(at_ms, nth, task);
        self.receive(at_ms, nth, nth);
    }

    fn ask(&mut self, at_ms: u64, nth: u64, task: &str) {
        let options = SpawnOptions {
            task: format!("Agent type: writer\nTask id: {task}\nOutput format: text\n"),
            label: format!("writer {task}"),
            task_name: task.into(),
            agent_id: None,
            model: None,
            thinking: None,
            run_timeout_seconds: 120,
            cleanup: Cleanup::Keep,
            tool_free: true,
            form: AnswerForm::Text,
            max_output_tokens: None,
            idempotency_key: task.into(),
        };
        self.board.command(at_ms, &Command::Spawn(RequestId(nth), options.into()));
    }

    fn receive(&mut self, at_ms: u64, nth: u64, session: u64) {
        let receipt = Receipt {
            session_key: key(session),
            run_id: String::new(),
            applied_model: Some("small".into()),
            tool_free: true,
        };
        self.event(at_ms, EventKind::Answered { request: RequestId(nth), outcome: Ok(Reply::Spawned(receipt)) });
    }

    fn end(&mut self, at_ms: u64, nth: u64, outcome: SessionOutcome, usage: Option<Usage>) {
        let completion = (outcome == SessionOutcome::Completed).then(|| Completion {
            text: "Done.".into(),
            truncated: false,
            finish: FinishReason::Stop,
        });
        let end = SessionEnd { session: key(nth), outcome, completion, usage, model: None };
        self.event(at_ms, EventKind::SessionEnded(end));
    }

    fn report(&mut self, at_ms: u64, task: &str, status: TaskStatus, ended: u32, running: u32) {
        let progress = Progress {
            seq: self.progress,
            at_ms,
            task: TaskId::new(task),
            agent_type: parallel_agents_engine::ids::AgentType::new("writer"),
            status,
            ended,
            running,
            total: 7,
        };
        self.progress += 1;
        self.board.command(at_ms, &Command::Progress(progress));
    }
}

#[test]
fn each_end_is_a_line() {
    insta::assert_snapshot!(halfway().take_lines().join("\n"));
}

#[test]
fn the_picture_shows_what_runs_what_waits_and_what_was_spent() {
    let board = halfway();
    insta::assert_snapshot!(board.picture(board.now_ms() + 10_000, columns(78), false));
}

#[test]
fn no_line_is_wider_than_the_terminal_and_colours_take_no_room() {
    let board = halfway();
    for width in [40, 60, 78, 200] {
        let plain = board.picture(board.now_ms(), columns(width), false);
        assert!(plain.lines().all(|line| line.chars().count() <= width), "{width}:\n{plain}");
        let coloured = board.picture(board.now_ms(), columns(width), true);
        assert_eq!(console::strip_ansi_codes(&coloured), plain);
        assert_ne!(coloured, plain);
    }
}

#[test]
fn what_would_not_fit_is_counted() {
    let mut play = Play { board: Board::new("run_tasks", "{}"), seq: 0, progress: 0 };
    for nth in 1..=13 {
        play.spawn(0, nth, "t");
    }
    for (height, lines, last) in [
        (24, 2 + MOST_ROWS + 1, "and 3 more"),
        (2 + MOST_ROWS + 1, 2 + MOST_ROWS + 1, "and 3 more"),
        (9, 9, "and 7 more"),
        (3, 3, "and 13 more"),
        (2, 2, " tokens"),
        (1, 1, " waiting"),
    ] {
        let picture = play.board.picture(0, Room { width: 80, height }, false);
        assert_eq!(picture.lines().count(), lines, "{height}:\n{picture}");
        assert!(picture.ends_with(last), "{height}:\n{picture}");
    }
}

#[test]
fn as_many_sessions_as_there_are_lines_are_all_shown() {
    let mut play = Play { board: Board::new("run_tasks", "{}"), seq: 0, progress: 0 };
    for nth in 1..=7 {
        play.spawn(0, nth, "t");
    }
    let picture = play.board.picture(0, Room { width: 80, height: 9 }, false);
    assert_eq!((picture.lines().count(), picture.contains("more")), (9, false), "{picture}");
}

#[test]
fn a_narrow_picture_has_the_names_of_tasks() {
    let board = halfway();
    insta::assert_snapshot!(board.picture(board.now_ms() + 10_000, columns(40), false));
}

#[test]
fn a_call_that_is_asked_to_stop_says_so_in_its_head() {
    let mut play = Play { board: halfway(), seq: 0, progress: 0 };
    let of_one = EventKind::StopRequested { task: Some(TaskId::new("review")), reason: "enough".into() };
    play.event(34_000, of_one);
    assert!(!play.board.picture(34_000, columns(78), false).contains("stopping"));
    play.event(34_000, EventKind::StopRequested { task: None, reason: "interrupted at the keyboard".into() });
    let picture = play.board.picture(34_000, columns(78), false);
    let head = picture.lines().next().unwrap_or_default();
    assert!(head.ends_with("2/7 tasks  stopping: 2 running, 3 waiting, 1 failed"), "{picture}");
}

#[test]
fn a_spawn_call_that_is_refused_is_no_session() {
    let mut play = Play::opened(0, "{}");
    play.spawn(0, 1, "t");
    let before = play.board.picture(0, columns(80), false);
    assert!(before.contains("1 sessions"), "{before}");
    let refused = Err(HostError::AtCapacity("full".into()));
    play.ask(0, 2, "t");
    play.event(0, EventKind::Answered { request: RequestId(2), outcome: refused });
    assert_eq!(play.board.picture(0, columns(80), false), before);
    // The receipt of a session that is known.
    play.ask(0, 3, "t");
    play.receive(0, 3, 1);
    assert!(
        play.board.picture(0, columns(80), false).contains("1 sessions"),
        "{}",
        play.board.picture(0, columns(80), false)
    );
}

/// A run of four tasks, three of which run and one of which waits; nothing has ended.
fn beginning() -> Play {
    let mut play = Play::opened(0, "{}");
    for nth in 1..=4 {
        play.spawn(0, nth, "t");
    }
    for nth in 1..=3 {
        play.event(0, EventKind::SessionStarted(key(nth)));
        play.report(0, "t", TaskStatus::Running, 0, nth as u32);
    }
    play
}

/// The seconds that are said to be left.
fn left(board: &Board, now_ms: u64) -> Option<u64> {
    let picture = board.picture(now_ms, columns(78), false);
    let (_, rest) = picture.split_once(", about ")?;
    let (words, _) = rest.split_once(" left")?;
    let numbers = words.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
    Some(if words.contains("min") { numbers.fold(0, |sum, number| sum * 60 + number) } else { numbers.sum() })
}

#[test]
fn a_bar_shows_how_much_of_its_limit_a_session_has_used() {
    let play = beginning();
    // 30 s of 120 s are 3 of 12 columns; what waits in the host's queue has used nothing.
    let picture = play.board.picture(30_000, columns(78), false);
    let bars: Vec<&str> = picture.lines().skip(2).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(bars, ["███░░░░░░░░░", "███░░░░░░░░░", "███░░░░░░░░░", "░░░░░░░░░░░░"], "{picture}");
    assert!(picture.contains("30 s of 2 min 00 s") && picture.contains("queued"), "{picture}");
    // Others that took less change the colour and not the bar.
    let mut play = beginning();
    play.end(5_000, 1, SessionOutcome::Completed, None);
    let picture = play.board.picture(30_000, columns(78), false);
    assert!(picture.lines().nth(2).is_some_and(|line| line.starts_with("███░░")), "{picture}");
    assert!(play.board.picture(30_000, columns(78), true).contains("\u{1b}[33m███"), "it takes longer than others");
}

#[test]
fn nothing_is_said_of_the_time_left_before_something_ended() {
    let play = beginning();
    for now_ms in [1_000, 40_000, 119_000] {
        assert_eq!(left(&play.board, now_ms), None, "{now_ms}");
    }
    // A session that failed at once says nothing about how long an answer takes.
    let mut play = beginning();
    let failed = SessionOutcome::Failed { kind: FailureKind::Rejected, message: "no".into(), retry_after_ms: None };
    play.end(100, 1, failed, None);
    assert_eq!(left(&play.board, 1_000), None);
}

#[test]
fn the_time_left_never_falls_below_what_still_runs() {
    let mut play = beginning();
    play.end(10_000, 1, SessionOutcome::Completed, None);
    assert_eq!(left(&play.board, 10_000).map(|left| left >= 5), Some(true));
    let at = |now_ms| left(&play.board, now_ms).expect("something has ended");
    // Both that run take four times as long as the one that ended: it is not said that they are almost done.
    assert!(at(40_000) >= 20, "{}", at(40_000));
    let times: Vec<u64> = (20..80).map(|second| at(second * 1_000)).collect();
    assert!(times.is_sorted(), "{times:?}");
    // Their limit ends them.
    assert!(at(119_000) < at(80_000), "{}", at(119_000));
}
