//! Tokens and money.

/// What sessions have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Input and output tokens together.
    pub tokens: u64,
    /// Millionths of a dollar, at the prices of the request.
    pub micro_usd: u64,
}

impl Spending {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            micro_usd: self.micro_usd.saturating_add(other.micro_usd),
        }
    }

    pub(super) fn at_most(self, other: Self) -> Self {
        Self { tokens: self.tokens.min(other.tokens), micro_usd: self.micro_usd.min(other.micro_usd) }
    }

    /// The larger one of each.
    pub fn most(self, other: Self) -> Self {
        Self { tokens: self.tokens.max(other.tokens), micro_usd: self.micro_usd.max(other.micro_usd) }
    }

    pub(super) fn above(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            micro_usd: self.micro_usd.saturating_sub(other.micro_usd),
        }
    }
}

/// A sum from which can be taken away what was added: wider than what it is held against, it never ends at the largest number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    tokens: u128,
    micro_usd: u128,
}

impl Sum {
    pub(super) fn add(&mut self, one: Spending) {
        self.tokens += u128::from(one.tokens);
        self.micro_usd += u128::from(one.micro_usd);
    }

    pub(super) fn take_away(&mut self, one: Spending) {
        self.tokens = self.tokens.saturating_sub(one.tokens.into());
        self.micro_usd = self.micro_usd.saturating_sub(one.micro_usd.into());
    }

    pub(super) fn total(self) -> Spending {
        let most = |amount: u128| u64::try_from(amount).unwrap_or(u64::MAX);
        Spending { tokens: most(self.tokens), micro_usd: most(self.micro_usd) }
    }
}

/// Spending above a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overspend {
    /// What is explained by single sessions that used more than was reserved for each, or than the call could know.
    pub excused: Spending,
    /// What nothing explains; more than zero is a violation.
    pub unexcused: Spending,
}
