//! What a call spends, and what it may.
//!
//! A session takes its reservation from the spawn call on and gives back what it did not use. Where a host does not tell
//! what was used, at least what was really used counts, up to the reservation: more than that nobody could have known. Nor can
//! anybody know the price of a model that ran without a word: what was used counts at the price of the one that was told, or
//! else asked for, if that is the lower one.

use parallel_agents::task::Usage;

use super::account::Account;
use super::{Invariant, Ledger, Live};

/// Tokens and money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Read and written.
    pub tokens: u64,
    /// At the prices of the request.
    pub micro_usd: u64,
}

impl Spending {
    fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            micro_usd: self.micro_usd.saturating_add(other.micro_usd),
        }
    }

    fn at_most(self, other: Self) -> Self {
        Self { tokens: self.tokens.min(other.tokens), micro_usd: self.micro_usd.min(other.micro_usd) }
    }

    fn above(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            micro_usd: self.micro_usd.saturating_sub(other.micro_usd),
        }
    }
}

impl Ledger {
    /// What a session with this prompt and this model takes when it is spawned.
    pub(super) fn reservation(&self, prompt: &str, model: Option<&str>) -> Spending {
        self.price(self.allowed.reserve(prompt), model)
    }

    fn price(&self, usage: Usage, model: Option<&str>) -> Spending {
        Spending { tokens: usage.total(), micro_usd: self.allowed.price(model).of(usage) }
    }

    /// What a session used, as far as a call can know that is told of its usage.
    fn knowable(&self, account: &Account) -> Spending {
        let usage = account.usage.unwrap_or_default();
        let told = account.told_model.as_deref().or(account.asked_model.as_deref());
        self.price(usage, account.model.as_deref()).at_most(self.price(usage, told))
    }

    /// What all sessions really used, and how much of it lies above what was reserved for each or could be known.
    pub fn spent(&self) -> (Spending, Spending) {
        self.sessions.values().fold((Spending::default(), Spending::default()), |(spent, above), account| {
            let used = self.price(account.usage.unwrap_or_default(), account.model.as_deref());
            let expected = self.knowable(account).at_most(account.reserved);
            (spent.plus(used), above.plus(used.above(expected)))
        })
    }

    /// Spending above the budget that is explained by no session which used more than was reserved, or than was told.
    pub fn unexplained_overspend(&self) -> Spending {
        let (spent, above) = self.spent();
        let over = |spent: u64, above: u64, cap: Option<u64>| {
            cap.map_or(0, |cap| spent.saturating_sub(cap).saturating_sub(above))
        };
        Spending {
            tokens: over(spent.tokens, above.tokens, self.allowed.tokens),
            micro_usd: over(spent.micro_usd, above.micro_usd, self.allowed.micro_usd),
        }
    }

    /// Holds a spawn call, which is entered already, to what is left.
    pub(super) fn check_budget(&mut self, label: &str) {
        let mut taken = Spending::default();
        let known = || self.sessions.values().filter(|account| !self.is_hidden(account));
        for account in known() {
            let used = self.knowable(account);
            taken = taken.plus(match (account.is_live(), account.usage_was_told) {
                (true, _) => account.reserved,
                (false, true) => used,
                (false, false) => used.at_most(account.reserved),
            });
        }
        let mut sessions = known().count() as u64;
        for live in &self.live {
            let Live::Spawning(request) = live else { continue };
            let reserved =
                self.requests.get(request).and_then(|asked| asked.spawn.as_ref()).map(|spawn| spawn.reserved);
            taken = taken.plus(reserved.unwrap_or_default());
            sessions += 1;
        }
        let accounts = [
            (Invariant::Sessions, "sessions", sessions, self.allowed.spawns),
            (Invariant::Budget, "tokens", taken.tokens, self.allowed.tokens),
            (Invariant::Budget, "micro-dollars", taken.micro_usd, self.allowed.micro_usd),
        ];
        for (invariant, unit, taken, cap) in accounts {
            if let Some(cap) = cap.filter(|cap| taken > *cap) {
                let what = format!("with {label}, {taken} {unit} are used or reserved, {cap} are allowed");
                self.note(invariant, what);
            }
        }
    }
}
