//! What a run may cost, before its first session.

use super::planned::{Plan, PlannedTask, Rules};
use crate::policy::price::{self, Prices};
use crate::policy::retry;
use crate::task::{Forecast, Price, Tier, Usage};

/// Of the tokens reserved for a session beyond its prompt, the share that is expected to be used: a quarter.
const EXPECTED_SHARE: u64 = 4;

/// The forecast of a run with these tasks. Expected: every task passes at its first try. Worst: every task uses everything that its rules
/// allow it; the caps of the budget bound both.
pub fn forecast<'a>(tasks: impl ExactSizeIterator<Item = &'a PlannedTask>, rules: &Rules) -> Forecast {
    let count = tasks.len();
    let mut sum = Forecast { micro_usd_expected: Some(0), micro_usd_worst: Some(0), ..Forecast::default() };
    let mut retries = 0_u32;
    for task in tasks {
        let each = of_task(task, rules);
        retries = retries.saturating_add(task.handling.retries);
        sum.sessions_expected = sum.sessions_expected.saturating_add(each.sessions_expected);
        sum.sessions_worst = sum.sessions_worst.saturating_add(each.sessions_worst);
        sum.tokens_expected = sum.tokens_expected.saturating_add(each.tokens_expected);
        sum.tokens_worst = sum.tokens_worst.saturating_add(each.tokens_worst);
        sum.micro_usd_expected = add(sum.micro_usd_expected, each.micro_usd_expected);
        sum.micro_usd_worst = add(sum.micro_usd_worst, each.micro_usd_worst);
    }
    let run_retries = rules.retries.budget.unwrap_or_else(|| retry::default_budget(count));
    let spare = retries.saturating_sub(run_retries);
    sum.sessions_worst = sum.sessions_worst.saturating_sub(spare);
    let caps = &rules.caps;
    let spawns = caps.spawns.map_or(u32::MAX, |spawns| u32::try_from(spawns).unwrap_or(u32::MAX));
    sum.sessions_expected = sum.sessions_expected.min(spawns);
    sum.sessions_worst = sum.sessions_worst.min(spawns);
    sum.tokens_expected = sum.tokens_expected.min(caps.tokens.unwrap_or(u64::MAX));
    sum.tokens_worst = sum.tokens_worst.min(caps.tokens.unwrap_or(u64::MAX));
    let bounded = |micro_usd: Option<u64>| micro_usd.map(|amount| amount.min(caps.micro_usd.unwrap_or(u64::MAX)));
    sum.micro_usd_expected = bounded(sum.micro_usd_expected);
    sum.micro_usd_worst = bounded(sum.micro_usd_worst);
    sum
}

impl Plan {
    /// What it may cost.
    pub fn forecast(&self) -> Forecast {
        forecast(self.tasks.iter(), &self.rules)
    }
}

fn of_task(task: &PlannedTask, rules: &Rules) -> Forecast {
    let ladder = rules.ladder.as_ref().filter(|_| task.model.is_none());
    let start = ladder.map(|ladder| ladder.at_least(task.handling.tier));
    let climbs = match (ladder, start) {
        (Some(ladder), Some(start)) if rules.escalate => {
            u32::try_from(Tier::ALL.into_iter().filter(|tier| *tier > start && ladder.model(*tier).is_some()).count())
                .unwrap_or(0)
        }
        _ => 0,
    };
    // Without a better model an empty answer is asked for once more.
    let blanks = u32::from(climbs == 0);
    let work = 1 + rules.corrections + climbs + blanks;
    let judged = if rules.judge.is_some() { 2 * work } else { 0 };
    let hedges = u32::from(rules.hedge && task.handling.idempotent);
    let worst = work + judged + task.handling.retries + retry::MAX_RATE_LIMITED + hedges;
    let expected = 1 + u32::from(rules.judge.is_some());

    let (prompt, rest) = rules.caps.tokens_for(task.estimated_bytes());
    let model_of = |tier: Option<Tier>| match (ladder, tier) {
        (Some(ladder), Some(tier)) => ladder.model(tier).map(str::to_owned),
        _ => task.model.clone(),
    };
    let first = rules.prices.of(model_of(start).as_deref());
    let dearest = match ladder {
        Some(ladder) => dearest(&rules.prices, ladder.models()),
        None => first,
    };
    let cost = |price: Option<Price>, rest: u64, sessions: u32| {
        let usage = Usage { input_tokens: prompt, output_tokens: rest };
        price.map(|price| price::cost(price, usage).saturating_mul(sessions.into()))
    };
    Forecast {
        sessions_expected: expected,
        sessions_worst: worst,
        tokens_expected: (prompt + rest / EXPECTED_SHARE).saturating_mul(expected.into()),
        tokens_worst: prompt.saturating_add(rest).saturating_mul(worst.into()),
        micro_usd_expected: cost(first, rest / EXPECTED_SHARE, expected),
        micro_usd_worst: cost(dearest.map(price::worst), rest, worst),
    }
}

/// The highest price of both kinds; None if one of the models has none.
fn dearest<'a>(prices: &Prices, models: impl Iterator<Item = &'a str>) -> Option<Price> {
    let mut highest = Price::default();
    for model in models {
        let price = prices.of(Some(model))?;
        highest = Price { input: highest.input.max(price.input), output: highest.output.max(price.output) };
    }
    Some(highest)
}

fn add(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    Some(one?.saturating_add(other?))
}
