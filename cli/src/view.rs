//! Shows a board while a call runs: drawn anew on a terminal, in lines elsewhere.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use console::Term;
use gateway_sim::host::Delivery;
use gateway_sim::observer::Observer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parallel_agents_engine::host::Command;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::args::ProgressKind;
use crate::board::{Board, Room};
use crate::ui::{Ui, may_colour};

/// How often a picture is drawn while nothing happens.
const TICK: Duration = Duration::from_millis(250);

/// A board and the place where it is shown.
pub struct View {
    shared: Arc<Mutex<Shown>>,
    ticker: Option<JoinHandle<()>>,
}

/// The board, for the call, and the place.
pub struct Shown {
    board: Board,
    place: Place,
    /// When the last event came, for the time in between. None: time is virtual and there is none in between.
    since: Option<Instant>,
    is_real: bool,
}

enum Place {
    Nowhere,
    Lines,
    Terminal(Screen),
}

/// A part of the terminal that is drawn over and over.
struct Screen {
    bar: ProgressBar,
    room: Box<dyn Fn() -> Room + Send>,
    is_coloured: bool,
}

impl View {
    /// Shows a board where the options and the streams want it. `is_real`: the run takes real time.
    pub fn new(ui: &Ui, progress: ProgressKind, is_real: bool, board: Board) -> Self {
        let place = match progress {
            ProgressKind::Lines => Place::Lines,
            ProgressKind::Auto if ui.is_watched() => {
                // Asked for each picture, since windows change while a run lasts.
                let room = || {
                    let (height, width) = Term::stderr().size();
                    Room { width: width.into(), height: height.into() }
                };
                Place::Terminal(Screen::new(ProgressDrawTarget::stderr(), room, may_colour()))
            }
            ProgressKind::Auto if is_real => Place::Lines,
            ProgressKind::Auto | ProgressKind::Off => Place::Nowhere,
        };
        let ticks = is_real && matches!(place, Place::Terminal(_));
        let shared = Arc::new(Mutex::new(Shown { board, place, since: None, is_real }));
        let ticker = ticks.then(|| tokio::spawn(tick(shared.clone())));
        Self { shared, ticker }
    }

    /// What is to watch the call.
    pub fn board(&self) -> Arc<Mutex<Shown>> {
        self.shared.clone()
    }

    /// Takes the picture away.
    pub fn close(self) {
        if let Some(ticker) = self.ticker {
            ticker.abort();
        }
        let shown = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Place::Terminal(screen) = &shown.place {
            screen.bar.finish_and_clear();
        }
    }
}

async fn tick(shared: Arc<Mutex<Shown>>) {
    loop {
        tokio::time::sleep(TICK).await;
        shared.lock().unwrap_or_else(PoisonError::into_inner).draw();
    }
}

impl Shown {
    fn draw(&mut self) {
        let lines = self.board.take_lines();
        match &self.place {
            Place::Nowhere => {}
            Place::Lines => {
                use std::io::Write;
                let mut err = std::io::stderr().lock();
                for line in lines {
                    // A reader that has gone away misses the rest.
                    let _ = writeln!(err, "{line}");
                }
            }
            // The picture has what the lines say.
            Place::Terminal(screen) => {
                let passed = self.since.map(|since| since.elapsed()).unwrap_or_default();
                let passed = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
                screen.draw(&self.board, self.board.now_ms().saturating_add(passed));
            }
        }
    }
}

impl Observer for Shown {
    fn command(&mut self, at_ms: u64, command: &Command) {
        self.board.command(at_ms, command);
        self.draw();
    }

    fn event(&mut self, delivery: &Delivery) {
        self.board.event(delivery);
        self.since = self.is_real.then(Instant::now);
        self.draw();
    }
}

impl Screen {
    fn new(target: ProgressDrawTarget, room: impl Fn() -> Room + Send + 'static, is_coloured: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self { bar, room: Box::new(room), is_coloured }
    }

    fn draw(&self, board: &Board, now_ms: u64) {
        self.bar.set_message(board.picture(now_ms, (self.room)(), self.is_coloured));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use indicatif::InMemoryTerm;

    use super::*;
    use crate::board::tests::halfway;

    #[test]
    fn a_terminal_shows_the_picture_and_is_clean_afterwards() {
        let term = InMemoryTerm::new(24, 80);
        let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
        let screen = Screen::new(target, || Room { width: 80, height: 24 }, true);
        let board = halfway();
        screen.draw(&board, board.now_ms() + 2_000);
        screen.bar.force_draw();
        insta::assert_snapshot!(term.contents());
        screen.bar.finish_and_clear();
        assert_eq!(term.contents(), "");
    }

    #[test]
    fn a_low_window_shows_the_last_line_of_its_picture() {
        let term = InMemoryTerm::new(3, 80);
        let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
        let screen = Screen::new(target, || Room { width: 80, height: 3 }, false);
        let board = halfway();
        screen.draw(&board, board.now_ms());
        screen.bar.force_draw();
        let contents = term.contents();
        assert!(contents.ends_with("and 2 more"), "{contents}");
        assert!(contents.contains("2/7 tasks"), "{contents}");
    }

    #[test]
    fn a_window_that_becomes_narrower_cuts_the_next_picture() {
        let term = InMemoryTerm::new(24, 120);
        let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
        let width = Arc::new(AtomicUsize::new(120));
        let shared = width.clone();
        let screen = Screen::new(target, move || Room { width: shared.load(Ordering::Relaxed), height: 24 }, false);
        let board = halfway();
        let widest = |screen: &Screen| {
            screen.draw(&board, board.now_ms());
            screen.bar.message().lines().map(|line| line.chars().count()).max().unwrap_or(0)
        };
        assert!((60..=120).contains(&widest(&screen)));
        width.store(50, Ordering::Relaxed);
        assert_eq!(widest(&screen), 50);
    }
}
