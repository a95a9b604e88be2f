//! What a run may cost, before its first session.

use super::planned::{Foreseen, Plan, PlannedTask, Rules};
use crate::policy::price::{self, Prices};
use crate::policy::retry;
use crate::task::{Forecast, Price, Tier, Usage};

/// Of the tokens reserved for a session beyond its prompt, the share that is expected to be used: a quarter.
const EXPECTED_SHARE: u64 = 4;

/// The forecast of a run with these tasks, and with those that a workflow will add. Expected: every task passes at its first try.
/// Worst: every task uses everything that its rules allow it; the caps of the budget bound both.
pub fn forecast<'a>(
    tasks: impl ExactSizeIterator<Item = &'a PlannedTask>,
    foreseen: Option<&Foreseen>,
    rules: &Rules,
) -> Forecast {
    let mut count = tasks.len();
    let mut sum = Forecast { micro_usd_expected: Some(0), micro_usd_worst: Some(0), ..Forecast::default() };
    let mut retries = 0_u32;
    for task in tasks {
        plus(&mut sum, &of_task(task, rules), 1, 1);
        retries = retries.saturating_add(task.handling.retries);
    }
    if let Some(Foreseen { expected, worst, count_expected, count_worst }) = foreseen {
        let worst_case = of_task(worst, rules);
        plus(&mut sum, &of_task(expected, rules), *count_expected, 0);
        plus(&mut sum, &worst_case, 0, *count_worst);
        retries = retries.saturating_add(worst.handling.retries.saturating_mul(*count_worst));
        count = count.saturating_add(*count_worst as usize);
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
        forecast(self.tasks.iter(), self.foreseen.as_ref(), &self.rules)
    }
}

/// Adds so many tasks of one kind to the expected and to the worst case.
fn plus(sum: &mut Forecast, each: &Forecast, expected: u32, worst: u32) {
    let times = |amount: Option<u64>, count: u32| amount.map(|amount| amount.saturating_mul(count.into()));
    sum.sessions_expected = sum.sessions_expected.saturating_add(each.sessions_expected.saturating_mul(expected));
    sum.sessions_worst = sum.sessions_worst.saturating_add(each.sessions_worst.saturating_mul(worst));
    sum.tokens_expected = sum.tokens_expected.saturating_add(each.tokens_expected.saturating_mul(expected.into()));
    sum.tokens_worst = sum.tokens_worst.saturating_add(each.tokens_worst.saturating_mul(worst.into()));
    sum.micro_usd_expected = add(sum.micro_usd_expected, times(each.micro_usd_expected, expected));
    sum.micro_usd_worst = add(sum.micro_usd_worst, times(each.micro_usd_worst, worst));
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
    let reviews = u32::from(rules.judge.is_some());
    let judged = 2 * work * reviews;
    let hedges = u32::from(rules.hedge && task.handling.idempotent);
    let worst = work + judged + task.handling.retries + retry::MAX_RATE_LIMITED + hedges;
    let expected = 1 + reviews;

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
    // Retries may be of a review as well as of the work, so they are counted with the dearer of both.
    let judge = match (rules.ladder.as_ref(), rules.judge_tier()) {
        (Some(ladder), Some(tier)) => rules.prices.of(ladder.model(tier)),
        _ => first,
    };
    let dearer = if reviews > 0 { both(dearest, judge) } else { dearest };
    let cost = |price: Option<Price>, rest: u64, sessions: u32| {
        let usage = Usage { input_tokens: prompt, output_tokens: rest };
        price.map(|price| price::cost(price, usage).saturating_mul(sessions.into()))
    };
    Forecast {
        sessions_expected: expected,
        sessions_worst: worst,
        tokens_expected: (prompt + rest / EXPECTED_SHARE).saturating_mul(expected.into()),
        tokens_worst: prompt.saturating_add(rest).saturating_mul(worst.into()),
        micro_usd_expected: add(
            cost(first, rest / EXPECTED_SHARE, 1),
            if reviews > 0 { cost(judge, rest / EXPECTED_SHARE, reviews) } else { Some(0) },
        ),
        micro_usd_worst: cost(dearer.map(price::worst), rest, worst),
    }
}

/// The highest price of both kinds; None if one of the models has none.
fn dearest<'a>(prices: &Prices, models: impl Iterator<Item = &'a str>) -> Option<Price> {
    models.map(|model| prices.of(Some(model))).fold(Some(Price::default()), both)
}

/// The higher price of both kinds; None if one is not known.
fn both(one: Option<Price>, other: Option<Price>) -> Option<Price> {
    let (one, other) = (one?, other?);
    Some(Price { input: one.input.max(other.input), output: one.output.max(other.output) })
}

fn add(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    Some(one?.saturating_add(other?))
}
