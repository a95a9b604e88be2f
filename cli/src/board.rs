//! What a run is doing, as lines of text: the whole picture for a terminal, one line for each end elsewhere.
//!
//! It is a watcher of commands and events and knows no clock: whoever draws says what time it is.

use std::collections::BTreeMap;

use gateway_sim::checker::Allowance;
use gateway_sim::host::Delivery;
use gateway_sim::observer::Observer;
use gateway_sim::script::prompt::Prompt;
use parallel_agents_engine::host::{Command, EventKind, Progress, Reply, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey, TaskId};
use parallel_agents_engine::task::TaskStatus;

use crate::text::{cut, dollars, duration, shown, thousands};

/// Columns of the bar of one session. That of the whole run is twice as long.
const SESSION_BAR: usize = 12;

/// A bar takes no larger part of a line than one of so many.
const BAR_SHARE: usize = 6;

/// With fewer columns a session's time limit gives way to the task's name.
const ROOMY: usize = 60;

/// Sessions that are shown one by one.
const MOST_ROWS: usize = 10;

/// The state of a call.
#[derive(Debug, Default)]
pub struct Board {
    allowed: Allowance,
    opened_ms: u64,
    now_ms: u64,
    /// The host says when a session leaves its queue.
    reports_starts: bool,
    total: u32,
    ended: u32,
    running: u32,
    by_status: BTreeMap<&'static str, u32>,
    asked: BTreeMap<RequestId, Lane>,
    lanes: BTreeMap<SessionKey, Lane>,
    /// Spawn calls, which number the lanes.
    asked_for: u64,
    used: Used,
    /// The call was asked to stop, and ends what runs.
    is_stopping: bool,
    lines: Vec<String>,
}

/// What a call has used so far.
#[derive(Debug, Default)]
struct Used {
    /// Sessions that came of spawn calls.
    sessions: u64,
    tokens: u64,
    micro_usd: u64,
    /// Sessions that answered, and how long they took together.
    answered: (u64, u64),
}

/// The part of a terminal that a picture may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Characters of a line.
    pub width: usize,
    /// Lines that it may have, one below the other.
    pub height: usize,
}

/// A session that runs.
#[derive(Clone, Debug)]
struct Lane {
    number: u64,
    /// Task and agent type.
    name: String,
    model: Option<String>,
    /// When its time began to count.
    started_ms: u64,
    /// It waits in the host's own queue.
    is_queued: bool,
    limit_ms: u64,
}

impl Board {
    /// A call that has not begun. What it may spend stands in its arguments, as far as it is a run.
    pub fn new(function: &str, arguments: &str) -> Self {
        let allowed = Allowance::of_run(function, arguments, None).unwrap_or_default();
        Self { allowed, ..Self::default() }
    }

    /// The time of the last thing that happened, on the host's clock.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Lines that were not taken yet: one for each task that ended.
    pub fn take_lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// The whole picture at `now_ms`, within the room that there is. Colours come on top of that.
    pub fn picture(&self, now_ms: u64, room: Room, is_coloured: bool) -> String {
        let Room { width, height } = room;
        let paint = |code: &str, text: &str| match is_coloured {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        };
        let session_bar = SESSION_BAR.min(width / BAR_SHARE);
        let run_bar = 2 * session_bar;
        let stopping = if self.is_stopping { "stopping: " } else { "" };
        let head = format!("{}/{} tasks  {stopping}{}", self.ended, self.total, self.state());
        let mut lines = vec![format!(
            "{} {}",
            paint("32", &bar(self.ended.into(), self.total.into(), run_bar)),
            cut(&head, width.saturating_sub(run_bar + 1)),
        )];
        let passed = whole(now_ms.saturating_sub(self.opened_ms));
        let left = self.left_ms(now_ms).map(|left| format!(", about {} left", whole(left))).unwrap_or_default();
        let spent = format!("{passed}{left}; {}", self.spent());
        lines.push(paint("2", &cut(&spent, width)));
        let mut lanes: Vec<&Lane> = self.lanes.values().collect();
        lanes.sort_by_key(|lane| lane.number);
        let free = height.saturating_sub(lines.len());
        let rows = match MOST_ROWS.min(free) {
            rows if lanes.len() <= rows => rows,
            // The others are counted in a line of its own.
            rows => rows.min(free.saturating_sub(1)),
        };
        for lane in lanes.iter().take(rows) {
            let ran_ms = now_ms.saturating_sub(lane.started_ms);
            let model = lane.model.as_deref().map(|model| format!("  {}", shown(model))).unwrap_or_default();
            let time = match whole(ran_ms) {
                _ if lane.is_queued => "queued".to_owned(),
                ran if width < ROOMY => ran,
                ran => format!("{ran} of {}", whole(lane.limit_ms)),
            };
            let time = format!("{time:>width$}", width = if width < ROOMY { 10 } else { 24 });
            let words = format!("{time}  {}{model}", shown(&lane.name));
            let used_ms = if lane.is_queued { 0 } else { ran_ms };
            let takes_longer = self.mean_ms().is_some_and(|usual_ms| used_ms > usual_ms);
            let colour = if takes_longer { "33" } else { "36" };
            lines.push(format!(
                "{} {}",
                paint(colour, &bar(used_ms, lane.limit_ms, session_bar)),
                cut(&words, width.saturating_sub(session_bar + 1)),
            ));
        }
        if lanes.len() > rows {
            lines.push(format!("{:session_bar$} and {} more", "", lanes.len() - rows));
        }
        lines.truncate(height.max(1));
        lines.join("\n")
    }

    /// How many run, wait, and ended otherwise than well.
    fn state(&self) -> String {
        let waiting = self.total.saturating_sub(self.ended).saturating_sub(self.running);
        let mut parts = vec![format!("{} running", self.running), format!("{waiting} waiting")];
        let bad = self.by_status.iter().filter(|(status, _)| **status != TaskStatus::Completed.name());
        parts.extend(bad.map(|(status, count)| format!("{count} {status}")));
        parts.join(", ")
    }

    /// What was used so far, beside what may be.
    fn spent(&self) -> String {
        let of = |cap: Option<String>| cap.map(|cap| format!(" of {cap}")).unwrap_or_default();
        let caps = &self.allowed.caps;
        let mut parts = vec![
            format!("{}{} sessions", self.used.sessions, of(caps.spawns.map(|cap| cap.to_string()))),
            format!("{}{} tokens", thousands(self.used.tokens), of(caps.tokens.map(thousands))),
        ];
        if !caps.prices.is_empty() {
            parts.push(format!("{}{}", money(self.used.micro_usd), of(caps.micro_usd.map(money))));
        }
        parts.join(", ")
    }

    /// How long sessions that answered took on average. None: none did so far.
    fn mean_ms(&self) -> Option<u64> {
        let (count, took) = self.used.answered;
        took.checked_div(count)
    }

    /// The time that is left, if that can be told, which takes sessions that answered: what runs takes as long as those took on
    /// average, what waits too, by as many as run now. A session that runs on past that is expected to go on for half as long
    /// as it has run, up to its limit: the longer it takes, the less the others say about it.
    fn left_ms(&self, now_ms: u64) -> Option<u64> {
        let mean = self.mean_ms()?;
        let waiting = u64::from(self.total.saturating_sub(self.ended).saturating_sub(self.running));
        let rest = |lane: &Lane| {
            let ran_ms = if lane.is_queued { 0 } else { now_ms.saturating_sub(lane.started_ms) };
            mean.saturating_sub(ran_ms).max(ran_ms / 2).min(lane.limit_ms.saturating_sub(ran_ms))
        };
        let work = self.lanes.values().map(rest).sum::<u64>().saturating_add(mean.saturating_mul(waiting));
        let longest = self.lanes.values().map(rest).max().unwrap_or(0);
        let at_once = (self.lanes.len() as u64).max(1);
        Some((work / at_once).max(longest)).filter(|left| *left > 0)
    }

    fn progress(&mut self, progress: &Progress) {
        (self.total, self.ended, self.running) = (progress.total, progress.ended, progress.running);
        if !progress.status.is_final() {
            return;
        }
        let status = progress.status.name();
        *self.by_status.entry(status).or_default() += 1;
        let at = duration(seconds(progress.at_ms.saturating_sub(self.opened_ms)));
        let left = self.left_ms(progress.at_ms).filter(|_| self.ended < self.total);
        let left = left.map(|left| format!("; about {} left", whole(left))).unwrap_or_default();
        self.lines.push(format!(
            "[{at:>9}] {}/{} {}: {status} ({}; {}{left})",
            self.ended,
            self.total,
            shown_task(&progress.task),
            self.state(),
            self.spent(),
        ));
    }

    fn ask(&mut self, at_ms: u64, request: RequestId, options: &SpawnOptions) {
        self.asked_for += 1;
        let name = match Prompt::parse(&options.task) {
            Some(prompt) => format!("{} ({})", prompt.task_id, prompt.agent_type),
            None => options.label.clone(),
        };
        let lane = Lane {
            number: self.asked_for,
            name,
            model: options.model.clone(),
            started_ms: at_ms,
            is_queued: false,
            limit_ms: u64::from(options.run_timeout_seconds) * 1_000,
        };
        self.asked.insert(request, lane);
    }
}

impl Observer for Board {
    fn command(&mut self, at_ms: u64, command: &Command) {
        match command {
            Command::Spawn(request, options) => self.ask(at_ms, *request, options),
            Command::Progress(progress) => self.progress(progress),
            _ => {}
        }
    }

    fn event(&mut self, Delivery { event, .. }: &Delivery) {
        self.now_ms = event.at_ms;
        match &event.what {
            EventKind::Opened(facts) => {
                (self.opened_ms, self.reports_starts) = (event.at_ms, facts.reports_starts);
            }
            EventKind::Answered { request, outcome } => {
                let asked = self.asked.remove(request);
                if let (Ok(Reply::Spawned(receipt)), Some(lane)) = (outcome, asked) {
                    let model = receipt.applied_model.clone().or(lane.model);
                    // A spawn call whose receipt was lost is made again, and names the session that is there already.
                    if !self.lanes.contains_key(&receipt.session_key) {
                        let lane = Lane { started_ms: event.at_ms, is_queued: self.reports_starts, model, ..lane };
                        self.lanes.insert(receipt.session_key.clone(), lane);
                        self.used.sessions += 1;
                    }
                }
            }
            EventKind::SessionStarted(key) => {
                if let Some(lane) = self.lanes.get_mut(key) {
                    (lane.started_ms, lane.is_queued) = (event.at_ms, false);
                }
            }
            EventKind::SessionEnded(end) => {
                let lane = self.lanes.remove(&end.session);
                if let (Some(lane), Some(_)) = (&lane, &end.completion) {
                    self.used.answered.0 += 1;
                    self.used.answered.1 += event.at_ms.saturating_sub(lane.started_ms);
                }
                if let Some(usage) = end.usage {
                    let model = end.model.clone().or(lane.and_then(|lane| lane.model));
                    let tokens = usage.total();
                    self.used.tokens = self.used.tokens.saturating_add(tokens);
                    self.used.micro_usd =
                        self.used.micro_usd.saturating_add(self.allowed.price(model.as_deref()).of(usage));
                }
            }
            EventKind::StopRequested { task, reason } => {
                // One task that is stopped leaves the others running.
                self.is_stopping |= task.is_none();
                self.lines.push(format!("stopping: {}", shown(reason)));
            }
            EventKind::TimerFired => {}
        }
    }
}

fn shown_task(task: &TaskId) -> String {
    shown(task.as_str())
}

/// A bar of `width` columns; full if there is nothing to fill it with.
fn bar(done: u64, of: u64, width: usize) -> String {
    let filled = (done.min(of) as usize * width).checked_div(of as usize).unwrap_or(0).min(width);
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// A time to the second, since the next picture has another one.
fn whole(ms: u64) -> String {
    match ms.div_ceil(1_000) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => duration(seconds as f64),
    }
}

/// So many digits that the cheapest session shows.
fn money(micro_usd: u64) -> String {
    dollars(micro_usd, 4)
}

#[cfg(test)]
pub mod tests;
