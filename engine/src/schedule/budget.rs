//! What a run may still spend: reserved with the spawn call, settled when the session is over.

use crate::policy::caps::Caps;
use crate::task::{BudgetReport, Spending};

/// What one session may take, or took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Read and written together.
    pub tokens: u64,
    /// Micro-dollars; 0 where nobody knows the price.
    pub micro_usd: u64,
}

/// Why a session cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Sessions that run now may give back enough.
    NotNow,
    /// What has been spent leaves too little, whatever comes back; the dimension.
    Never(&'static str),
    /// Money has a cap, and nobody knows what the session would cost.
    Unpriced,
}

#[derive(Clone, Copy, Debug, Default)]
struct Account {
    cap: Option<u64>,
    spent: u64,
    reserved: u64,
    overshoot: u64,
}

impl Account {
    fn refuses(&self, amount: u64, name: &'static str) -> Option<Refusal> {
        let cap = self.cap?;
        let spent = self.spent.saturating_add(amount);
        if spent > cap {
            return Some(Refusal::Never(name));
        }
        (spent.saturating_add(self.reserved) > cap).then_some(Refusal::NotNow)
    }

    fn settle(&mut self, reserved: u64, actual: u64) {
        self.reserved = self.reserved.saturating_sub(reserved);
        self.spent = self.spent.saturating_add(actual);
        self.overshoot = self.overshoot.saturating_add(actual.saturating_sub(reserved));
    }

    fn exceed(&mut self, excess: u64, is_open: bool) {
        let account = if is_open { &mut self.reserved } else { &mut self.spent };
        *account = account.saturating_add(excess);
        self.overshoot = self.overshoot.saturating_add(excess);
    }

    fn give_back(&mut self, amount: u64) {
        self.spent = self.spent.saturating_sub(amount);
    }

    fn report(&self) -> Spending {
        Spending { cap: self.cap, spent: self.spent, overshoot: self.overshoot }
    }
}

/// The accounts of a run.
///
/// While no session takes more than was reserved for it, `spent + reserved` never exceeds a cap.
#[derive(Debug, Default)]
pub struct Budget {
    tokens: Account,
    micro_usd: Account,
    spawns: Account,
}

impl Budget {
    /// Nothing is spent yet.
    pub fn new(caps: &Caps) -> Self {
        let account = |cap| Account { cap, ..Account::default() };
        Self { tokens: account(caps.tokens), micro_usd: account(caps.micro_usd), spawns: account(caps.spawns) }
    }

    /// From now on these caps hold. What was spent and reserved stays.
    pub fn confine(&mut self, caps: &Caps) {
        self.tokens.cap = caps.tokens;
        self.micro_usd.cap = caps.micro_usd;
        self.spawns.cap = caps.spawns;
    }

    /// Whether one more session may be started.
    pub fn admit(&self, amount: Amount) -> Result<(), Refusal> {
        let refusals = [
            self.spawns.refuses(1, "spawns"),
            self.tokens.refuses(amount.tokens, "tokens"),
            self.micro_usd.refuses(amount.micro_usd, "micro_usd"),
        ];
        let worst = refusals.into_iter().flatten().max_by_key(|refusal| *refusal != Refusal::NotNow);
        worst.map_or(Ok(()), Err)
    }

    /// A session is asked for.
    pub fn reserve(&mut self, amount: Amount) {
        self.spawns.spent = self.spawns.spent.saturating_add(1);
        self.tokens.reserved = self.tokens.reserved.saturating_add(amount.tokens);
        self.micro_usd.reserved = self.micro_usd.reserved.saturating_add(amount.micro_usd);
    }

    /// A session is over and took this much.
    pub fn settle(&mut self, reserved: Amount, actual: Amount) {
        self.tokens.settle(reserved.tokens, actual.tokens);
        self.micro_usd.settle(reserved.micro_usd, actual.micro_usd);
    }

    /// A session took so much more than was reserved for it. From then on that is reserved too, if it `is_open`, or spent.
    pub fn exceed(&mut self, excess: Amount, is_open: bool) {
        self.tokens.exceed(excess.tokens, is_open);
        self.micro_usd.exceed(excess.micro_usd, is_open);
    }

    /// A session that was settled as it was reserved took so much less.
    pub fn give_back(&mut self, amount: Amount) {
        self.tokens.give_back(amount.tokens);
        self.micro_usd.give_back(amount.micro_usd);
    }

    /// The host never made the session, so nothing was taken. The spawn call was made all the same.
    pub fn refund(&mut self, reserved: Amount) {
        self.settle(reserved, Amount::default());
    }

    /// The host had no room: as if it had not been asked.
    pub fn withdraw(&mut self, reserved: Amount) {
        self.refund(reserved);
        self.spawns.spent = self.spawns.spent.saturating_sub(1);
    }

    /// How it stands.
    pub fn report(&self) -> BudgetReport {
        BudgetReport { tokens: self.tokens.report(), micro_usd: self.micro_usd.report(), spawns: self.spawns.report() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(tokens: u64) -> Amount {
        Amount { tokens, micro_usd: tokens * 2 }
    }

    fn budget(tokens: u64, spawns: u64) -> Budget {
        Budget::new(&Caps { tokens: Some(tokens), spawns: Some(spawns), ..Caps::default() })
    }

    #[test]
    fn what_is_reserved_counts_until_it_is_given_back() {
        let mut budget = budget(100, 9);
        budget.reserve(amount(60));
        assert_eq!(budget.admit(amount(60)), Err(Refusal::NotNow));
        assert_eq!(budget.admit(amount(40)), Ok(()));
        budget.settle(amount(60), amount(30));
        assert_eq!(budget.admit(amount(70)), Ok(()));
        assert_eq!(budget.admit(amount(71)), Err(Refusal::Never("tokens")));
        budget.reserve(amount(70));
        budget.refund(amount(70));
        assert_eq!(budget.admit(amount(70)), Ok(()), "what was never used comes back whole");
    }

    #[test]
    fn more_than_was_reserved_is_told_and_ends_it() {
        let mut budget = budget(100, 9);
        budget.reserve(amount(50));
        budget.settle(amount(50), amount(120));
        assert_eq!(budget.admit(amount(0)), Err(Refusal::Never("tokens")));
        assert_eq!(budget.report().tokens, Spending { cap: Some(100), spent: 120, overshoot: 70 });
    }

    #[test]
    fn spawn_calls_are_counted_when_they_are_made() {
        let mut budget = budget(u64::MAX, 2);
        budget.reserve(amount(1));
        budget.withdraw(amount(1));
        budget.reserve(amount(1));
        budget.reserve(amount(1));
        budget.refund(amount(1));
        assert_eq!(budget.admit(amount(1)), Err(Refusal::Never("spawns")));
    }
}
