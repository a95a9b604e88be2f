//! Where the faults of a script strike. What a fault is stands in [`crate::script::FaultProfile`].

use parallel_agents_engine::host::{Command, FailureKind, Happening, HostError, SessionEnd, SessionOutcome};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::task::Usage;

use super::event_queue::Due;
use super::session::{FaultPlan, Session, SessionFault};
use super::state::Gateway;
use crate::script::{Fault, Refusals, Scripted, ScriptedOutcome};
use crate::truth::Truth;

/// How long a provider takes to refuse a session.
const PROVIDER_REFUSAL_MS: u64 = 300;

/// A repeated or foreign end comes at most this much later than the one that it follows.
const ECHO_MS: u64 = 5_000;

/// The words of a gateway for a session that is not to be touched yet.
const STILL_ACTIVE: &str = "Session is still active; try again";

impl Gateway {
    /// Why the gateway does not even look at a spawn request. `nth`: requests with this key so far.
    pub(super) fn spawn_fault(&mut self, key: &str, nth: u32) -> Option<HostError> {
        let script = self.script.clone();
        let faults = script.faults();
        let since_start = self.time.now_ms().saturating_sub(self.options.start_ms);
        let is_away = faults.unavailable.iter().any(|window| (window.from_ms..window.to_ms).contains(&since_start));
        if is_away {
            self.truths.fault(Fault::SpawnUnavailable);
        }
        if is_away || self.strikes(Fault::SpawnUnavailable, key, nth, faults.spawn_unavailable) {
            return Some(HostError::Unavailable("gateway closed (1012): service restart".to_owned()));
        }
        if let Some(rate) = faults
            .spawn_rate
            .filter(|rate| self.sessions.spawned_within(self.time.now_ms(), rate.per_ms) >= rate.burst as usize)
        {
            self.truths.fault(Fault::SpawnRateLimited);
            return Some(rate_limited(rate.retry_after_ms));
        }
        if self.strikes(Fault::SpawnRateLimited, key, nth, faults.spawn_rate_limited) {
            return Some(rate_limited(None));
        }
        let is_locked = faults.spawn_burst.is_some_and(|burst| {
            self.sessions.spawned_within(self.time.now_ms(), burst.per_ms) >= burst.burst as usize
        });
        if is_locked {
            self.truths.fault(Fault::SpawnBusy);
        }
        if is_locked || self.strikes(Fault::SpawnBusy, key, nth, faults.spawn_busy) {
            return Some(HostError::Busy("file_lock_stale: the session store is locked".to_owned()));
        }
        if self.strikes(Fault::SpawnForbidden, key, nth, faults.spawn_forbidden) {
            return Some(HostError::Forbidden("sessions_spawn is not allowed for this agent".to_owned()));
        }
        if self.strikes(Fault::AtCapacity, key, nth, faults.at_capacity) {
            return Some(HostError::AtCapacity(
                "sessions_spawn has reached max active children for this group".to_owned(),
            ));
        }
        if self.strikes(Fault::SpawnLostBefore, key, nth, faults.spawn_lost_before) {
            return Some(HostError::InDoubt("no answer came: the connection was closed".to_owned()));
        }
        None
    }

    /// How much later than others a request is carried out, in milliseconds.
    pub(super) fn late_by(&mut self, command: &Command) -> u64 {
        let (Command::Spawn(request, _), Some(late)) = (command, self.script.faults().late_receipt) else { return 0 };
        let strikes = self.strikes(Fault::LateReceipt, &request.to_string(), 1, late.per_mille);
        if strikes { late.delay_ms } else { 0 }
    }

    /// The model that runs in place of `model`, and whether the receipt keeps silent about it.
    pub(super) fn swapped(&mut self, subject: &str, nth: u32, model: String) -> (String, bool) {
        let script = self.script.clone();
        for (index, swap) in script.faults().swaps.iter().enumerate() {
            let concerned = swap.model.as_ref().map_or(swap.to != model, |wanted| *wanted == model);
            let fault = if swap.receipt_lies { Fault::ReceiptLied } else { Fault::ModelSwapped };
            if concerned && self.strikes(fault, &format!("{subject} {index}"), nth, swap.per_mille) {
                return (swap.to.clone(), swap.receipt_lies);
            }
        }
        (model, false)
    }

    /// What is going to happen to a session beside what its script says.
    pub(super) fn fault_plan(&mut self, subject: &str, nth: u32) -> FaultPlan {
        let script = self.script.clone();
        let faults = script.faults();
        let (seed, draw) = (self.seed, format!("{subject} {nth}"));
        let refusals = |refusals: Option<Refusals>, fault: Fault| {
            refusals.filter(|it| fault.strikes(seed, subject, nth, it.per_mille)).map_or(0, |it| it.times)
        };
        FaultPlan {
            never_starts: self.strikes(Fault::NeverStart, subject, nth, faults.never_start),
            start_delay_ms: faults
                .late_start
                .filter(|delay| self.strikes(Fault::LateStart, subject, nth, delay.per_mille))
                .map_or(0, |delay| delay.delay_ms),
            session_fault: [
                (SessionFault::CutOff, faults.interrupted),
                (SessionFault::Killed, faults.killed),
                (SessionFault::Paused, faults.paused),
                (SessionFault::Vanished, faults.vanished),
            ]
            .into_iter()
            .find(|(session_fault, per_mille)| session_fault.fault().strikes(seed, subject, nth, *per_mille))
            .map(|(session_fault, _)| (session_fault, session_fault.fault().amount(seed, &draw, 1_000))),
            ignores_limit: Fault::TimeoutIgnored.strikes(seed, subject, nth, faults.timeout_ignored),
            children: refusals(faults.grandchildren, Fault::Grandchildren),
            is_not_owned: Fault::NotOwner.strikes(seed, subject, nth, faults.not_owner),
            end_is_lost: Fault::EndLost.strikes(seed, subject, nth, faults.end_lost),
            contradiction_ms: Fault::EndContradicted
                .strikes(seed, subject, nth, faults.end_contradicted)
                .then(|| Fault::EndContradicted.amount(seed, &draw, ECHO_MS)),
            empty_reads: refusals(faults.history_empty, Fault::HistoryEmpty),
            history_is_gone: Fault::HistoryGone.strikes(seed, subject, nth, faults.history_gone),
            is_redacted: Fault::Redacted.strikes(seed, subject, nth, faults.redacted),
            has_afterword: Fault::Afterword.strikes(seed, subject, nth, faults.afterword),
            usage_is_silent: self.strikes(Fault::NoUsage, subject, nth, faults.no_usage),
            cancel_refusals: refusals(faults.cancel_refused, Fault::CancelRefused),
            delete_refusals: refusals(faults.delete_refused, Fault::DeleteRefused),
            end_delay_ms: faults
                .late_end
                .filter(|delay| self.strikes(Fault::LateEnd, subject, nth, delay.per_mille))
                .map_or(0, |delay| delay.delay_ms),
            echo_ms: self
                .strikes(Fault::EndTwice, subject, nth, faults.end_twice)
                .then(|| Fault::EndTwice.amount(seed, &draw, ECHO_MS)),
            foreign_ms: self
                .strikes(Fault::ForeignEnd, subject, nth, faults.foreign_end)
                .then(|| Fault::ForeignEnd.amount(seed, &draw, ECHO_MS)),
        }
    }

    /// Makes a session use more tokens than its script says, if that strikes.
    pub(super) fn inflate(&mut self, subject: &str, nth: u32, model: &str, scripted: &mut Scripted) {
        let more = self.script.faults().more_usage.filter(|_| scripted.usage != Usage::default());
        let Some(more) = more.filter(|more| self.strikes(Fault::MoreUsage, subject, nth, more.per_mille)) else {
            return;
        };
        let times = |tokens: u64| tokens.saturating_mul(more.factor.into());
        let Usage { input_tokens, output_tokens } = scripted.usage;
        scripted.usage = Usage { input_tokens: times(input_tokens), output_tokens: times(output_tokens) };
        scripted.cost_micro_usd = self.script.cost(model, scripted.usage);
    }

    /// Has the provider refuse a session that is one too many for its model.
    pub(super) fn ask_provider(&mut self, key: &SessionKey) {
        let Some(session) = self.sessions.get(key) else { return };
        let limit = self.script.provider_limit(&session.model);
        let model = session.model.clone();
        let running = self.sessions.iter().filter(|other| other.is_running() && other.model == model).count();
        let is_too_often = limit.starts_per_ms.is_some_and(|(most, per_ms)| {
            self.sessions.started_within(&model, self.time.now_ms(), per_ms) >= most as usize
        });
        let is_too_many = limit.max_concurrent.is_some_and(|most| running >= most as usize);
        if !is_too_often && !is_too_many {
            self.sessions.note_start(&model, self.time.now_ms());
            return;
        }
        self.truths.fault(Fault::ProviderLimit);
        let seconds = limit.retry_after_seconds();
        let message = format!("HTTP 429: rate limit exceeded for this model, retry after {seconds} seconds");
        if let Some(session) = self.sessions.get_mut(key) {
            session.scripted = Scripted {
                latency_ms: PROVIDER_REFUSAL_MS,
                outcome: ScriptedOutcome::Fail { kind: FailureKind::RateLimited, message },
                usage: Usage::default(),
                cost_micro_usd: 0,
                tools: Vec::new(),
                fault: None,
            };
        }
    }

    /// Refuses to cancel or delete a session as long as the script wants that.
    pub(super) fn still_active(&mut self, key: &SessionKey, fault: Fault) -> Option<HostError> {
        let session = self.sessions.get_mut(key)?;
        let left = match fault {
            Fault::CancelRefused if !session.is_live() => return None,
            Fault::CancelRefused => &mut session.fault_plan.cancel_refusals,
            _ => &mut session.fault_plan.delete_refusals,
        };
        *left = left.checked_sub(1)?;
        self.truths.fault(fault);
        self.truths.note(Truth::KeptAlive(key.clone()));
        Some(HostError::Busy(STILL_ACTIVE.to_owned()))
    }

    /// Tells the end of a session, as late and as often as the script wants.
    pub(super) fn tell_end(&mut self, end: SessionEnd, fault_plan: FaultPlan) {
        if let Some(delay_ms) = fault_plan.foreign_ms {
            let key = SessionKey::new(format!("agent:other:subagent:{}", self.random.uuid()));
            let outcome = SessionOutcome::Completed;
            let foreign = SessionEnd { session: key, outcome, completion: None, usage: None, model: None };
            self.tell_later(delay_ms, Happening::SessionEnded(foreign), true);
        }
        if let Some(delay_ms) = fault_plan.echo_ms {
            let echo = Happening::SessionEnded(end.clone());
            self.tell_later(fault_plan.end_delay_ms.saturating_add(delay_ms).saturating_add(1), echo, true);
        }
        if let Some(delay_ms) = fault_plan.contradiction_ms {
            self.truths.fault(Fault::EndContradicted);
            let other = SessionEnd { outcome: contradiction(&end.outcome), completion: None, ..end.clone() };
            let delay_ms = fault_plan.end_delay_ms.saturating_add(delay_ms).saturating_add(1);
            self.tell_later(delay_ms, Happening::SessionEnded(other), true);
        }
        if fault_plan.end_is_lost {
            self.truths.fault(Fault::EndLost);
            return;
        }
        match fault_plan.end_delay_ms {
            0 => self.tell(Happening::SessionEnded(end)),
            delay_ms => self.tell_later(delay_ms, Happening::SessionEnded(end), false),
        }
    }

    fn tell_later(&mut self, delay_ms: u64, what: Happening, is_extra: bool) {
        self.enter_after(delay_ms, Due::Tell { what: Box::new(what), is_extra });
    }
}

impl Session {
    /// What happens to it while it runs, and how many milliseconds after its start. None: it is left alone.
    pub(super) fn session_fault(&self) -> Option<(SessionFault, u64)> {
        let hangs = self.scripted.outcome == ScriptedOutcome::Hang;
        let length = if hangs { u64::from(self.options.run_timeout_seconds) * 1_000 } else { self.scripted.latency_ms };
        self.fault_plan
            .session_fault
            .map(|(session_fault, per_mille)| (session_fault, length.saturating_mul(per_mille) / 1_000))
    }
}

impl SessionFault {
    /// The name under which it is counted.
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::CutOff => Fault::Interrupted,
            Self::Killed => Fault::Killed,
            Self::Paused => Fault::Paused,
            Self::Vanished => Fault::Vanished,
        }
    }
}

/// Another end than this one.
fn contradiction(outcome: &SessionOutcome) -> SessionOutcome {
    match outcome {
        SessionOutcome::Completed => SessionOutcome::Failed {
            kind: FailureKind::Infrastructure,
            message: "LLM request failed.".to_owned(),
            retry_after_ms: None,
        },
        _ => SessionOutcome::Completed,
    }
}

fn rate_limited(retry_after_ms: Option<u64>) -> HostError {
    HostError::RateLimited { retry_after_ms, message: "too many sessions_spawn calls".to_owned() }
}
