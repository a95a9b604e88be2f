//! Spawn requests: refused before the gateway looks at them, late, or answered with something else than their receipt.

use parallel_agents_engine::host::{HostError, Receipt, Reply};
use parallel_agents_engine::ids::SessionKey;

use super::draw::Draw;
use crate::script::Fault;

/// Characters of a key that nobody can mean.
const ENDLESS_KEY: usize = 1_000_000;

/// A spawn request that the gateway is about to look at. Its subject is the idempotency key.
pub(in crate::gateway) struct SpawnRequest<'a> {
    pub(in crate::gateway) draw: Draw<'a>,
    pub(in crate::gateway) since_opened_ms: u64,
    /// Sessions that were spawned in the last so many milliseconds.
    pub(in crate::gateway) spawned_within: &'a dyn Fn(u64) -> usize,
}

/// Refuses a request, and why.
type RefusalRule = fn(&SpawnRequest<'_>) -> Option<(Fault, HostError)>;

/// The first that has a verdict counts.
const REFUSALS: [RefusalRule; 6] = [unavailable, rate_limited, busy, forbidden, at_capacity, lost_before];

/// Why the gateway does not even look at a request.
pub(in crate::gateway) fn refusal(request: &SpawnRequest<'_>) -> Option<(Fault, HostError)> {
    REFUSALS.iter().find_map(|rule| rule(request))
}

fn refuse(fault: Fault, strikes: bool, error: HostError) -> Option<(Fault, HostError)> {
    strikes.then_some((fault, error))
}

fn unavailable(request: &SpawnRequest<'_>) -> Option<(Fault, HostError)> {
    let is_away = |from_ms, to_ms| (from_ms..to_ms).contains(&request.since_opened_ms);
    let strikes = request.draw.profile.unavailable.iter().any(|window| is_away(window.from_ms, window.to_ms))
        || request.draw.strikes(Fault::SpawnUnavailable);
    let error = HostError::Unavailable("gateway closed (1012): service restart".to_owned());
    refuse(Fault::SpawnUnavailable, strikes, error)
}

fn rate_limited(request: &SpawnRequest<'_>) -> Option<(Fault, HostError)> {
    let rate = request.draw.profile.spawn_rate;
    let exceeded = rate.filter(|rate| (request.spawned_within)(rate.per_ms) >= rate.burst as usize);
    let strikes = exceeded.is_some() || request.draw.strikes(Fault::SpawnRateLimited);
    let retry_after_ms = exceeded.and_then(|rate| rate.retry_after_ms);
    let message = "too many sessions_spawn calls".to_owned();
    refuse(Fault::SpawnRateLimited, strikes, HostError::RateLimited { retry_after_ms, message })
}

fn busy(request: &SpawnRequest<'_>) -> Option<(Fault, HostError)> {
    let burst = request.draw.profile.spawn_burst;
    let is_locked = burst.is_some_and(|burst| (request.spawned_within)(burst.per_ms) >= burst.burst as usize);
    let strikes = is_locked || request.draw.strikes(Fault::SpawnBusy);
    refuse(Fault::SpawnBusy, strikes, HostError::Busy("file_lock_stale: the session store is locked".to_owned()))
}

fn forbidden(request: &SpawnRequest<'_>) -> Option<(Fault, HostError)> {
    let error = HostError::Forbidden("sessions_spawn is not allowed for this agent".to_owned());
    refuse(Fault::SpawnForbidden, request.draw.strikes(Fault::SpawnForbidden), error)
}

fn at_capacity(request: &SpawnRequest<'_>) -> Option<(Fault, HostError)> {
    let error = HostError::AtCapacity("sessions_spawn has reached max active children for this group".to_owned());
    refuse(Fault::AtCapacity, request.draw.strikes(Fault::AtCapacity), error)
}

fn lost_before(request: &SpawnRequest<'_>) -> Option<(Fault, HostError)> {
    refuse(Fault::SpawnLostBefore, request.draw.strikes(Fault::SpawnLostBefore), no_answer())
}

fn no_answer() -> HostError {
    HostError::InDoubt("no answer came: the connection was closed".to_owned())
}

/// How much later than others a request is carried out, in milliseconds. None: it is not.
pub(in crate::gateway) fn late_ms(draw: &Draw<'_>) -> Option<(Fault, u64)> {
    let late = draw.profile.late_receipt.filter(|late| draw.share(Fault::LateReceipt, late.per_mille))?;
    Some((Fault::LateReceipt, late.delay_ms))
}

/// Whether a session is accepted although there is no room.
pub(in crate::gateway) fn ignores_cap(draw: &Draw<'_>) -> Option<Fault> {
    draw.strikes(Fault::CapIgnored).then_some(Fault::CapIgnored)
}

/// A request that took effect, before it is answered.
pub(in crate::gateway) struct SpawnAnswer<'a> {
    pub(in crate::gateway) draw: Draw<'a>,
    pub(in crate::gateway) receipt: &'a Receipt,
    /// The receipt of another session, if there is one.
    pub(in crate::gateway) another: Option<&'a Receipt>,
}

/// Another answer in place of the receipt.
type AnswerRule = fn(&SpawnAnswer<'_>) -> Option<(Fault, Result<Reply, HostError>)>;

/// The first that has a verdict counts.
const ANSWERS: [AnswerRule; 3] = [lost_after, malformed, repeated];

/// What comes in place of the receipt.
pub(in crate::gateway) fn answer(answer: &SpawnAnswer<'_>) -> Option<(Fault, Result<Reply, HostError>)> {
    ANSWERS.iter().find_map(|rule| rule(answer))
}

fn lost_after(answer: &SpawnAnswer<'_>) -> Option<(Fault, Result<Reply, HostError>)> {
    answer.draw.strikes(Fault::SpawnLostAfter).then(|| (Fault::SpawnLostAfter, Err(no_answer())))
}

fn malformed(answer: &SpawnAnswer<'_>) -> Option<(Fault, Result<Reply, HostError>)> {
    if !answer.draw.strikes(Fault::ReceiptMalformed) {
        return None;
    }
    let unnamed = |key: &str| Receipt { session_key: SessionKey::new(key), ..answer.receipt.clone() };
    let reply = match answer.draw.amount(Fault::ReceiptMalformed, 3) {
        0 => Reply::Cancelled,
        1 => Reply::Spawned(unnamed("")),
        _ => Reply::Spawned(unnamed(&"x".repeat(ENDLESS_KEY))),
    };
    Some((Fault::ReceiptMalformed, Ok(reply)))
}

fn repeated(answer: &SpawnAnswer<'_>) -> Option<(Fault, Result<Reply, HostError>)> {
    let another = answer.another.filter(|_| answer.draw.strikes(Fault::ReceiptRepeated))?;
    Some((Fault::ReceiptRepeated, Ok(Reply::Spawned(another.clone()))))
}
