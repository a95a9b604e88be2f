//! What sessions take, entered in the budget and in their records.

use super::Engine;
use crate::host::SessionEnd;
use crate::ids::{AttemptIndex, SessionKey};
use crate::schedule::Amount;
use crate::session::Ending;

impl Engine {
    /// Books at once what a session took beyond its reservation: its transcript may still have to be read before it is
    /// settled, or it was settled as it was reserved because the host was late to say what it took.
    pub(super) fn book_excess(&mut self, index: AttemptIndex, end: &SessionEnd) {
        let (Some(attempt), Some(usage)) = (self.attempts.get_mut(index.0), end.usage) else { return };
        let machine = attempt.machine.as_ref();
        let applied = end.model.as_deref().or_else(|| machine.and_then(|machine| machine.model()));
        let cost = self.plan.rules.prices.cost(applied.or(attempt.model.as_deref()), usage).unwrap_or_default();
        let excess = Amount {
            tokens: usage.total().saturating_sub(attempt.reserved.tokens),
            micro_usd: cost.saturating_sub(attempt.reserved.micro_usd),
        };
        self.budget.exceed(excess, attempt.machine.is_some());
        attempt.reserved.tokens = attempt.reserved.tokens.saturating_add(excess.tokens);
        attempt.reserved.micro_usd = attempt.reserved.micro_usd.saturating_add(excess.micro_usd);
    }

    /// Books what a session took, and returns its cost. What nobody reports is booked as it was reserved.
    pub(super) fn settle_money(
        &mut self,
        index: AttemptIndex,
        ending: &Ending,
        session: Option<&SessionKey>,
    ) -> Option<u64> {
        let attempt = self.attempts.get_mut(index.0)?;
        let model = ending.model.as_deref().or(attempt.model.as_deref());
        let cost = ending.usage.and_then(|usage| self.plan.rules.prices.cost(model, usage));
        match ending.usage {
            Some(usage) => {
                let tokens = usage.total();
                // Another model may have run than the one whose price was checked; what nobody can price counts in full.
                let actual = Amount { tokens, micro_usd: cost.unwrap_or(attempt.reserved.micro_usd) };
                self.budget.settle(attempt.reserved, actual);
                // An end that is told later has nothing to add to it.
                attempt.reserved.tokens = attempt.reserved.tokens.max(actual.tokens);
                attempt.reserved.micro_usd = attempt.reserved.micro_usd.max(actual.micro_usd);
            }
            None if session.is_none() && !ending.leaked => self.budget.refund(attempt.reserved),
            None => self.budget.settle(attempt.reserved, attempt.reserved),
        }
        cost
    }

    /// Books what a session took that was settled without a word of it, as one is that was stopped, and enters it in its
    /// record. False: it says nothing new.
    pub(super) fn book_late(&mut self, index: AttemptIndex, end: &SessionEnd) -> bool {
        let Some(usage) = end.usage.filter(|usage| usage.total() > 0) else { return false };
        let Some(attempt) = self.attempts.get_mut(index.0) else { return false };
        let Some(run) = self.tasks.get_mut(attempt.task.0) else { return false };
        let prices = &self.plan.rules.prices;
        let booked = run.book(attempt.number, |record| {
            record.model_applied = end.model.clone().or(record.model_applied.take());
            let model = record.model_applied.as_deref().or(attempt.model.as_deref());
            record.usage = Some(usage);
            record.cost_micro_usd = prices.cost(model, usage);
            record.cost_micro_usd
        });
        let Some(cost) = booked else { return false };
        // What went beyond the reservation is booked already. At a price that nobody knows the reservation stays.
        let actual = Amount { tokens: usage.total(), micro_usd: cost.unwrap_or(attempt.reserved.micro_usd) };
        self.budget.give_back(Amount {
            tokens: attempt.reserved.tokens.saturating_sub(actual.tokens),
            micro_usd: attempt.reserved.micro_usd.saturating_sub(actual.micro_usd),
        });
        attempt.reserved = actual;
        true
    }
}
