//! What several operators allow one run: each can only narrow what the others allow.

use parallel_agents_engine::host::{OperatorLimits, SpawnOptions};
use parallel_agents_engine::task::Price;
use serde::{Deserialize, Serialize};

/// The price of every model that has none of its own.
const EVERY_OTHER: &str = "*";

/// The models and configured agents that sessions of a run may ask for. None: all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Allowed {
    /// As sessions name them.
    pub models: Option<Vec<String>>,
    /// As sessions name them.
    pub agents: Option<Vec<String>>,
}

impl Allowed {
    /// Why a session may not be spawned, in words; none if it may.
    pub fn refuses(&self, options: &SpawnOptions) -> Option<String> {
        let not = |what: &str, name: Option<&str>, allowed: Option<&Vec<String>>| {
            let (name, allowed) = (name?, allowed?);
            let is_allowed = allowed.iter().any(|one| one == name);
            (!is_allowed)
                .then(|| format!("the {what} {name} is not allowed to this run (allowed: {})", listed(allowed)))
        };
        not("model", options.model.as_deref(), self.models.as_ref())
            .or_else(|| not("agent", options.agent_id.as_deref(), self.agents.as_ref()))
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// What both allow. Where both have a price for a model, the higher one counts.
pub fn narrower(one: OperatorLimits, other: OperatorLimits) -> OperatorLimits {
    fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
    OperatorLimits {
        tokens: least(one.tokens, other.tokens),
        micro_usd: least(one.micro_usd, other.micro_usd),
        spawns: least(one.spawns, other.spawns),
        seconds: least(one.seconds, other.seconds),
        session_tokens: one.session_tokens.max(other.session_tokens),
        tasks: least(one.tasks, other.tasks),
        prices: one
            .prices
            .keys()
            .chain(other.prices.keys())
            .map(|model| (model.clone(), higher(price(&one, model), price(&other, model))))
            .collect(),
    }
}

/// What another operator allows less of than is allowed already, in words; none if nothing.
pub fn narrowed_by(allowed: &OperatorLimits, other: &OperatorLimits) -> Option<String> {
    let both = narrower(allowed.clone(), other.clone());
    let number = |name: &str, own: Option<u64>, both: Option<u64>| {
        let own_words = own.map_or_else(|| "without limit".to_owned(), |own| own.to_string());
        (own != both).then(|| format!("{name} {}, the run {own_words}", both.unwrap_or_default()))
    };
    let all = [
        number("tokens", allowed.tokens, both.tokens),
        number("micro_usd", allowed.micro_usd, both.micro_usd),
        number("spawns", allowed.spawns.map(u64::from), both.spawns.map(u64::from)),
        number("seconds", allowed.seconds.map(u64::from), both.seconds.map(u64::from)),
        number("tasks", allowed.tasks.map(u64::from), both.tasks.map(u64::from)),
        number("session_tokens", allowed.session_tokens, both.session_tokens),
        // One that is higher allows less for the same money.
        costs(allowed, &both).then(|| "higher prices".to_owned()),
    ];
    let words: Vec<String> = all.into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// Whether a model costs more under the other limits.
fn costs(allowed: &OperatorLimits, other: &OperatorLimits) -> bool {
    other.prices.keys().any(|model| price(other, model) != price(allowed, model))
}

fn price(limits: &OperatorLimits, model: &str) -> Price {
    limits.prices.get(model).or_else(|| limits.prices.get(EVERY_OTHER)).copied().unwrap_or_default()
}

fn higher(one: Price, other: Price) -> Price {
    Price { input: one.input.max(other.input), output: one.output.max(other.output) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn prices(all: &[(&str, u64)]) -> BTreeMap<String, Price> {
        all.iter().map(|(model, price)| ((*model).to_owned(), Price { input: *price, output: *price })).collect()
    }

    #[test]
    fn nobody_can_widen_what_another_allows() {
        let one = OperatorLimits { tokens: Some(5), spawns: Some(9), session_tokens: Some(100), ..Default::default() };
        let other = OperatorLimits { tokens: Some(7), tasks: Some(3), session_tokens: Some(50), ..Default::default() };
        let both = narrower(one.clone(), other.clone());
        assert_eq!((both.tokens, both.spawns, both.tasks, both.session_tokens), (Some(5), Some(9), Some(3), Some(100)));
        assert_eq!(narrower(other, one), both);
    }

    #[test]
    fn what_another_operator_allows_less_of_is_named() {
        let limits = |tokens, spawns| OperatorLimits { tokens, spawns, ..Default::default() };
        let of = |all: &[(&str, u64)]| OperatorLimits { prices: prices(all), ..Default::default() };
        assert_eq!(narrowed_by(&limits(Some(5), None), &limits(Some(7), None)), None);
        assert_eq!(narrowed_by(&limits(Some(5), None), &limits(None, None)), None);
        let said = narrowed_by(&limits(Some(5), None), &limits(Some(3), Some(2)));
        assert_eq!(said.as_deref(), Some("tokens 3, the run 5; spawns 2, the run without limit"));
        for (allowed, other, said) in [
            (of(&[("a", 2)]), of(&[("a", 1)]), None),
            (of(&[("*", 2)]), of(&[("a", 2)]), None),
            (of(&[("a", 1)]), of(&[("a", 2)]), Some("higher prices")),
            (of(&[]), of(&[("a", 1)]), Some("higher prices")),
        ] {
            assert_eq!(narrowed_by(&allowed, &other).as_deref(), said, "{allowed:?} {other:?}");
        }
    }

    #[test]
    fn the_higher_price_counts_also_beside_one_for_every_other_model() {
        let one = OperatorLimits { prices: prices(&[("*", 10), ("cheap", 1)]), ..Default::default() };
        let other =
            OperatorLimits { prices: prices(&[("large", 0), ("cheap", 2), ("dear", 20)]), ..Default::default() };
        let wanted = prices(&[("*", 10), ("cheap", 2), ("dear", 20), ("large", 10)]);
        assert_eq!(narrower(one.clone(), other.clone()).prices, wanted);
        assert_eq!(narrower(other, one).prices, wanted);
    }
}
