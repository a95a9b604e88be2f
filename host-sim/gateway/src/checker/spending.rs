//! What a call spends, and what it may.
//!
//! A session takes its reservation from the spawn call on and gives back what it did not use. Where a host does not tell
//! what was used, at least what was really used counts, up to the reservation: more than that nobody could have known. Nor can
//! anybody know the price of a model that ran without a word: what was used counts at the price of the one that was told, or
//! else asked for, if that is the lower one.

use parallel_agents_engine::task::Usage;

use super::account::Account;
use super::excuse::Excuse;
use super::invariant::Invariant;
use super::money::{Overspend, Spending, Sum};
use super::state::{Checker, Live};
use crate::effort;

/// What a call can know of the spending of its sessions. Each knows less than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum View {
    /// All that is true.
    Host,
    /// Without sessions that the host kept from it.
    Listed,
    /// Where the host keeps silent about a model, at the price of the one that was asked for.
    Priced,
    /// Where the host keeps silent about usage, what was reserved at the most.
    Told,
}

impl View {
    /// The views of less and less, each with the excuse for what the one before would have seen.
    const EXCUSES: [(Self, Excuse); 3] = [
        (Self::Listed, Excuse::HiddenAfterCut),
        (Self::Priced, Excuse::ModelUnnamed),
        (Self::Told, Excuse::UsageUntold),
    ];
}

/// What is taken of each account of a budget: sessions, tokens, millionths of a dollar.
type Taken = [u64; 3];

impl Checker {
    /// What a session with this prompt and this model takes when it is spawned.
    pub(super) fn reservation(&self, prompt: &str, model: Option<&str>) -> Spending {
        self.price(self.allowed.reserve(prompt), model)
    }

    fn price(&self, usage: Usage, model: Option<&str>) -> Spending {
        Spending { tokens: usage.total(), micro_usd: self.allowed.price(model).of(usage) }
    }

    /// What a session used.
    fn used(&self, account: &Account, view: View) -> Spending {
        let usage = account.usage.unwrap_or_default();
        let really = self.price(usage, account.model.as_deref());
        if view < View::Priced {
            return really;
        }
        let told = account.told.model.as_deref().or(account.asked_model.as_deref());
        let known = really.at_most(self.price(usage, told));
        if view == View::Told && !account.told.usage { known.at_most(account.reserved) } else { known }
    }

    /// The sessions that count.
    fn counted(&self, view: View) -> impl Iterator<Item = &Account> {
        let all = self.accounts.sessions.values().inspect(|_| effort::look());
        all.filter(move |account| view == View::Host || self.why_hidden(account).is_none())
    }

    /// What all sessions really used.
    pub fn spent(&self) -> Spending {
        self.spent_in(View::Host)
    }

    fn spent_in(&self, view: View) -> Spending {
        self.counted(view).fold(Spending::default(), |spent, account| spent.plus(self.used(account, view)))
    }

    /// The caps on tokens and money; without one, as much as there is.
    fn caps(&self) -> Spending {
        let cap = |cap: Option<u64>| cap.unwrap_or(u64::MAX);
        Spending { tokens: cap(self.allowed.caps.tokens), micro_usd: cap(self.allowed.caps.micro_usd) }
    }

    /// Spending above the budget.
    pub fn overspend(&self) -> Overspend {
        let caps = self.caps();
        let over = self.spent().above(caps);
        // Of each session, no more than was reserved for it and could be known.
        let foreseen = self.counted(View::Priced).fold(Spending::default(), |sum, account| {
            sum.plus(self.used(account, View::Priced).at_most(account.reserved))
        });
        let unexcused = foreseen.above(caps);
        Overspend { excused: over.above(unexcused), unexcused }
    }

    /// By which rules the spending above a budget does not count: one for tokens, one for money.
    pub(super) fn excused_spending(&self) -> Vec<Excuse> {
        let excused = self.overspend().excused;
        let caps = self.caps();
        let within = |view: View, of: fn(Spending) -> u64| of(self.spent_in(view)) <= of(caps);
        let accounts: [fn(Spending) -> u64; 2] = [|spent| spent.tokens, |spent| spent.micro_usd];
        let why = |of: fn(Spending) -> u64| {
            let by_view = View::EXCUSES.into_iter().find(|(view, _)| within(*view, of)).map(|(_, excuse)| excuse);
            by_view.unwrap_or(Excuse::BeyondReservation)
        };
        accounts.into_iter().filter(|of| of(excused) > 0).map(why).collect()
    }

    /// What a session takes of the budget now.
    pub(super) fn taken_by(&self, account: &Account) -> Spending {
        self.taken_in(account, View::Host)
    }

    fn taken_in(&self, account: &Account, view: View) -> Spending {
        if account.is_live() { account.reserved } else { self.used(account, view) }
    }

    /// The same of all, one by one.
    pub(super) fn taken_by_all(&self) -> Sum {
        let mut sum = Sum::default();
        self.counted(View::Host).for_each(|account| sum.add(self.taken_by(account)));
        sum
    }

    /// What is used or reserved now.
    fn taken(&self, view: View) -> Taken {
        let mut taken = self.accounts.taken.total();
        let mut sessions = self.accounts.sessions.len() as u64;
        if view != View::Host {
            (taken, sessions) = self.counted(view).fold((Spending::default(), 0), |(sum, count), account| {
                (sum.plus(self.taken_in(account, view)), count + 1)
            });
        }
        for live in &self.accounts.live {
            let Live::Spawning(request) = live else { continue };
            let spawn = self.accounts.requests.get(request).and_then(|asked| asked.spawn.as_ref());
            taken = taken.plus(spawn.map(|spawn| spawn.reserved).unwrap_or_default());
            sessions += 1;
        }
        [sessions, taken.tokens, taken.micro_usd]
    }

    /// Holds a spawn call, which is entered already, to what is left.
    pub(super) fn check_budget(&mut self, label: &str) {
        let caps = [self.allowed.caps.spawns, self.allowed.caps.tokens, self.allowed.caps.micro_usd];
        let kinds =
            [(Invariant::Sessions, "sessions"), (Invariant::Budget, "tokens"), (Invariant::Budget, "micro-dollars")];
        if caps.iter().all(Option::is_none) {
            return;
        }
        let really = self.taken(View::Host);
        if !caps.iter().zip(really).any(|(cap, taken)| cap.is_some_and(|cap| taken > cap)) {
            return;
        }
        let known = View::EXCUSES.map(|(view, excuse)| (self.taken(view), excuse));
        for (at, ((invariant, unit), cap)) in kinds.into_iter().zip(caps).enumerate() {
            let Some(cap) = cap.filter(|cap| really[at] > *cap) else { continue };
            if let Some((_, excuse)) = known.iter().find(|(taken, _)| taken[at] <= cap) {
                self.excuse(*excuse);
            } else {
                let taken = known.last().map_or(really[at], |(taken, _)| taken[at]);
                let what = format!("with {label}, {taken} {unit} are used or reserved, {cap} are allowed");
                self.note(invariant, what);
            }
        }
    }
}
