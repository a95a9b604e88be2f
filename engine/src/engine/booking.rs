//! What sessions take, entered in the budget and in their records.

use super::attempts::Attempt;
use super::task_run::TaskRun;
use crate::host::SessionEnd;
use crate::plan::Rules;
use crate::schedule::{Amount, Budget};
use crate::session::Ending;

/// Books at once what a session took beyond its reservation: its transcript may still have to be read before it is settled,
/// or it was settled as it was reserved because the host was late to say what it took.
pub(super) fn book_excess(rules: &Rules, budget: &mut Budget, attempt: &mut Attempt, end: &SessionEnd) {
    let Some(usage) = end.usage else { return };
    let applied = end.model.as_deref().or_else(|| attempt.applied_model());
    let cost = rules.prices.cost(applied.or(attempt.model.as_deref()), usage).unwrap_or_default();
    let excess = Amount {
        tokens: usage.total().saturating_sub(attempt.reserved.tokens),
        micro_usd: cost.saturating_sub(attempt.reserved.micro_usd),
    };
    budget.exceed(excess, attempt.is_open());
    attempt.reserved.tokens = attempt.reserved.tokens.saturating_add(excess.tokens);
    attempt.reserved.micro_usd = attempt.reserved.micro_usd.saturating_add(excess.micro_usd);
}

/// Books what a session took, and returns its cost in micro-dollars. What nobody reports is booked as it was reserved.
/// `has_key`: the host has sent a receipt.
pub(super) fn book_end(
    rules: &Rules,
    budget: &mut Budget,
    attempt: &mut Attempt,
    ending: &Ending,
    has_key: bool,
) -> Option<u64> {
    let model = ending.model.as_deref().or(attempt.model.as_deref());
    let cost = ending.usage.and_then(|usage| rules.prices.cost(model, usage));
    match ending.usage {
        Some(usage) => {
            let tokens = usage.total();
            // Another model may have run than the one whose price was checked; what nobody can price counts in full.
            let actual = Amount { tokens, micro_usd: cost.unwrap_or(attempt.reserved.micro_usd) };
            budget.settle(attempt.reserved, actual);
            // An end that is reported later has nothing to add to it.
            attempt.reserved.tokens = attempt.reserved.tokens.max(actual.tokens);
            attempt.reserved.micro_usd = attempt.reserved.micro_usd.max(actual.micro_usd);
        }
        None if !has_key && !ending.leaked => budget.refund(attempt.reserved),
        None => budget.settle(attempt.reserved, attempt.reserved),
    }
    cost
}

/// Books what a session took that was settled without its usage, as one is that was stopped, and enters it in its record.
pub(super) fn book_late(
    rules: &Rules,
    budget: &mut Budget,
    attempt: &mut Attempt,
    task: &mut TaskRun,
    end: &SessionEnd,
) {
    let Some(usage) = end.usage.filter(|usage| usage.total() > 0) else { return };
    let booked = task.book(attempt.number, |record| {
        record.model_applied = end.model.clone().or(record.model_applied.take());
        let model = record.model_applied.as_deref().or(attempt.model.as_deref());
        record.usage = Some(usage);
        record.cost_micro_usd = rules.prices.cost(model, usage);
        record.cost_micro_usd
    });
    let Some(cost) = booked else { return };
    // What went beyond the reservation is booked already. At a price that nobody knows the reservation stays.
    let actual = Amount { tokens: usage.total(), micro_usd: cost.unwrap_or(attempt.reserved.micro_usd) };
    budget.give_back(Amount {
        tokens: attempt.reserved.tokens.saturating_sub(actual.tokens),
        micro_usd: attempt.reserved.micro_usd.saturating_sub(actual.micro_usd),
    });
    attempt.reserved = actual;
}
