//! Requests in a sensible order: nothing after a stop, one answer each, one end for each session.

use parallel_agents_engine::host::SpawnOptions;
use parallel_agents_engine::ids::{RequestId, SessionKey, TaskId};

use super::excuse::Excuse;
use super::invariant::Invariant;
use super::state::{Checker, Live, MAX_CLEANUP_TRIES, TaskPlaces};
use crate::label::id_of;

impl Checker {
    /// Whether the time for spawning is over, for the run or for one task.
    pub(super) fn check_time(&mut self, options: &SpawnOptions) {
        let label = &options.label;
        let since_open = self.time.least_ms();
        let is_after = |ms: u64| self.allowed.last_spawn_ms.is_some_and(|last| ms >= last);
        let (is_late, is_really_late) = (is_after(since_open), is_after(self.time.real_ms().max(self.time.known_ms())));
        let id = TaskId::new(id_of(label));
        if self.stops.run || self.stops.tasks.contains(&id) {
            self.note(Invariant::Stop, format!("{label} was spawned after it was to stop"));
        } else if is_late && !self.is_time_in_doubt() {
            self.note(Invariant::Stop, format!("{label} was spawned {since_open} ms after the run began"));
        } else if is_late || is_really_late {
            self.excuse(Excuse::ClockJumped);
        }
        if self.progress.status(id_of(label)).is_some_and(|status| status.is_final()) {
            self.note(Invariant::OneAttempt, format!("{label} was spawned after its task had ended"));
        }
        if options.run_timeout_seconds == 0 {
            self.note(Invariant::CallOrder, format!("{label} was spawned without a time limit"));
        }
    }

    /// Places that a task holds.
    pub(super) fn live_for(&self, id: &str) -> TaskPlaces {
        let of_task = |live: &&Live| self.label_of(live).is_some_and(|label| id_of(label) == id);
        let unknown: Vec<Option<Excuse>> =
            self.accounts.live.iter().filter(of_task).map(|live| self.is_unknown(live)).collect();
        TaskPlaces {
            known: unknown.iter().filter(|why| why.is_none()).count(),
            all: unknown.len(),
            why_unknown: unknown.into_iter().flatten().next(),
        }
    }

    /// Why a call cannot know that a session of a task is alive.
    fn is_unknown(&self, live: &Live) -> Option<Excuse> {
        let Live::Session(key) = live else { return None };
        let account = self.accounts.sessions.get(key)?;
        // It was told of another session in its place, or of none.
        self.why_hidden(account).or(self.is_mixed_up(key, account).then_some(Excuse::ReceiptRepeated))
    }

    pub(super) fn check_history(&mut self, key: &SessionKey) {
        let Some(account) = self.accounts.sessions.get_mut(key) else { return };
        // Of a session that the host lost by itself the call cannot know that.
        if account.deleted && !account.vanished {
            self.note(Invariant::CallOrder, format!("history of {key} was read after it was deleted"));
        } else if account.is_live() {
            self.note(Invariant::CallOrder, format!("history of {key} was read before it ended"));
        }
    }

    pub(super) fn check_cleanup(&mut self, key: &SessionKey) {
        let Some(account) = self.accounts.sessions.get_mut(key) else { return };
        account.asked.cleanup_tries += 1;
        if account.asked.cleanup_tries == 1 {
            account.gained_ms = self.time.gained_ms();
        }
        if account.asked.cleanup_tries == MAX_CLEANUP_TRIES + 1 {
            let what = format!("{key} was cancelled or deleted more than {MAX_CLEANUP_TRIES} times");
            self.note(Invariant::CallOrder, what);
        }
    }

    pub(super) fn check_answer(&mut self, request: RequestId) {
        let answered = self.accounts.requests.get_mut(&request).map(|asked| {
            asked.answers += 1;
            (asked.answers, asked.function)
        });
        match answered {
            Some((1, _)) => {}
            Some((more, function)) => {
                self.note(Invariant::OneAnswer, format!("{function} request {request} has {more} answers"));
            }
            None => self.note(Invariant::OneAnswer, format!("request {request} was answered but never made")),
        }
    }

    pub(super) fn check_end(&mut self, key: &SessionKey) {
        let told = self.accounts.sessions.get_mut(key).map(|account| {
            account.told.ends += 1;
            (account.told.ends.saturating_sub(account.told.attached).max(1), account.is_live())
        });
        match told {
            Some((1, false)) => {}
            Some((1, true)) => self.note(Invariant::Conservation, format!("{key} was reported as ended but is alive")),
            Some((times, _)) => self.note(Invariant::Conservation, format!("the end of {key} was told {times} times")),
            None => self.note(Invariant::Conservation, format!("{key} ended but was never accepted")),
        }
    }

    fn label_of(&self, live: &Live) -> Option<&String> {
        match live {
            Live::Spawning(request) => {
                self.accounts.requests.get(request).and_then(|asked| asked.spawn.as_ref()).map(|spawn| &spawn.label)
            }
            Live::Session(key) => self.accounts.sessions.get(key).map(|account| &account.label),
        }
    }
}
