//! Which model a task starts with, and which comes next.

use super::price::Prices;
use crate::task::{Tier, TierModels};

/// The models that are used when a request wants to climb and names none: the specification's Haiku, Kimi, Opus. A data
/// file, so that no model is named in code.
const DEFAULT_MODELS: &str = include_str!("../../../schemas/data/tiers.json");

/// Sessions of a tier that have to have ended before its record says anything.
const ENOUGH: u32 = 8;

/// How many times dearer a tier is taken to be than the one below when no prices are known.
const ASSUMED_RATIO: u64 = 5;

/// Tiers with a model, the cheapest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    rungs: Vec<(Tier, String)>,
}

/// How a tier did for one agent type in this run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Answers that passed.
    pub passed: u32,
    /// Answers that were not good enough.
    pub failed: u32,
}

impl Ladder {
    /// Of a request's models; None if there are none.
    pub fn of(models: &TierModels) -> Option<Self> {
        let rung = |tier: Tier| models.model(tier).map(|model| (tier, model.clone()));
        let rungs: Vec<(Tier, String)> = Tier::ALL.into_iter().filter_map(rung).collect();
        (!rungs.is_empty()).then_some(Self { rungs })
    }

    /// The models for requests that name none.
    pub fn default_models() -> TierModels {
        // The file is this crate's own and a test reads it.
        serde_json::from_str(DEFAULT_MODELS).unwrap_or_default()
    }

    /// The model of a tier.
    pub fn model(&self, tier: Tier) -> Option<&str> {
        self.rungs.iter().find(|(rung, _)| *rung == tier).map(|(_, model)| model.as_str())
    }

    /// The tier itself if it has a model, else the next better one that has, else the best.
    pub fn at_least(&self, tier: Tier) -> Tier {
        let found = self.rungs.iter().find(|(rung, _)| *rung >= tier).or(self.rungs.last());
        found.map_or(tier, |(rung, _)| *rung)
    }

    /// The next better tier.
    pub fn above(&self, tier: Tier) -> Option<Tier> {
        self.rungs.iter().map(|(rung, _)| *rung).find(|rung| *rung > tier)
    }

    /// The best tier.
    pub fn top(&self) -> Option<Tier> {
        self.rungs.last().map(|(tier, _)| *tier)
    }

    /// All models, the cheapest first.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.rungs.iter().map(|(_, model)| model.as_str())
    }

    /// The tier that a model belongs to, by its name with or without the provider.
    pub fn tier_of(&self, model: &str) -> Option<Tier> {
        self.rungs.iter().find(|(_, rung)| super::model_check::same_model(rung, model)).map(|(tier, _)| *tier)
    }

    /// Where to start: at the wanted tier, unless this run has shown that trying it costs more than it saves.
    ///
    /// A try at price c and success rate p before one at price C is worth it if c < p * C; so a tier is left out once
    /// enough of its answers are known and `passed * C < tried * c`.
    pub fn start(&self, wanted: Tier, prices: &Prices, record: impl Fn(Tier) -> Record) -> Tier {
        let mut tier = self.at_least(wanted);
        while let Some(next) = self.above(tier) {
            let Record { passed, failed } = record(tier);
            let tried = passed + failed;
            let (price, dearer) = self.prices_of(tier, next, prices);
            if tried < ENOUGH || u128::from(passed) * u128::from(dearer) >= u128::from(tried) * u128::from(price) {
                break;
            }
            tier = next;
        }
        tier
    }

    fn prices_of(&self, tier: Tier, next: Tier, prices: &Prices) -> (u64, u64) {
        let of = |tier: Tier| prices.of(self.model(tier)).map(|price| price.input.saturating_add(price.output));
        match (of(tier), of(next)) {
            (Some(price), Some(dearer)) if dearer > 0 => (price, dearer),
            _ => (1, ASSUMED_RATIO),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder() -> Ladder {
        Ladder::of(&Ladder::default_models()).expect("the file names models")
    }

    #[test]
    fn the_default_has_all_three_tiers() {
        assert_eq!(ladder().models().count(), 3);
        assert_eq!((ladder().above(Tier::Economy), ladder().above(Tier::Premium)), (Some(Tier::Standard), None));
    }

    #[test]
    fn gaps_are_climbed_over() {
        let models = TierModels { economy: Some("a/s".into()), premium: Some("a/l".into()), standard: None };
        let ladder = Ladder::of(&models).expect("rungs");
        assert_eq!(
            (ladder.at_least(Tier::Standard), ladder.above(Tier::Economy)),
            (Tier::Premium, Some(Tier::Premium))
        );
        assert_eq!((ladder.tier_of("l"), ladder.tier_of("other")), (Some(Tier::Premium), None));
        assert_eq!(Ladder::of(&TierModels::default()), None);
    }

    #[test]
    fn a_tier_that_costs_more_than_it_saves_is_left_out() {
        let start = |passed, failed| {
            ladder().start(Tier::Economy, &Prices::default(), |tier| match tier {
                Tier::Economy => Record { passed, failed },
                _ => Record::default(),
            })
        };
        assert_eq!(start(0, 7), Tier::Economy, "not enough is known");
        assert_eq!(start(0, 8), Tier::Standard);
        assert_eq!(start(2, 8), Tier::Economy, "a fifth of the price, a fifth of the answers: worth a try");
        assert_eq!(start(1, 9), Tier::Standard);
    }
}
