//! What tokens cost, in whole micro-dollars.

use std::collections::BTreeMap;

use super::model_check::same_model;
use crate::task::{Price, Usage};

/// The name under which a request prices every model that it does not name.
pub const ANY_MODEL: &str = "*";

/// Prices by model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices(pub BTreeMap<String, Price>);

impl Prices {
    /// The price of a model; None as a model is the host's own choice.
    pub fn of(&self, model: Option<&str>) -> Option<Price> {
        let named = model.and_then(|model| {
            self.0
                .get(model)
                .or_else(|| self.0.iter().find(|(name, _)| same_model(name, model)).map(|(_, price)| price))
        });
        named.or_else(|| self.0.get(ANY_MODEL)).copied()
    }

    /// What a usage costs, rounded up.
    pub fn cost(&self, model: Option<&str>, usage: Usage) -> Option<u64> {
        self.of(model).map(|price| cost(price, usage))
    }
}

/// What a usage costs, rounded up to a whole micro-dollar.
pub fn cost(price: Price, usage: Usage) -> u64 {
    let product = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
    let thousandths =
        product(usage.input_tokens, price.input).saturating_add(product(usage.output_tokens, price.output));
    u64::try_from(thousandths.div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// A session may read more than it writes beyond its prompt; either way it costs no more than this.
pub fn worst(price: Price) -> Price {
    Price { input: price.input, output: price.output.max(price.input) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_whole_and_rounded_up() {
        let usage = |input_tokens, output_tokens| Usage { input_tokens, output_tokens };
        let price = Price { input: 3_000, output: 15_000 };
        assert_eq!(cost(price, usage(1_000, 100)), 4_500);
        assert_eq!(cost(price, usage(0, 0)), 0);
        assert_eq!(cost(Price { input: 1, output: 1 }, usage(1, 0)), 1);
        assert_eq!(cost(Price { input: u64::MAX, output: u64::MAX }, usage(u64::MAX, u64::MAX)), u64::MAX);
    }

    #[test]
    fn models_are_found_with_and_without_their_provider() {
        let price = |input| Price { input, output: 0 };
        let prices = Prices(BTreeMap::from([("a/small".to_owned(), price(1)), (ANY_MODEL.to_owned(), price(9))]));
        assert_eq!(prices.of(Some("a/small")), Some(price(1)));
        assert_eq!(prices.of(Some("small")), Some(price(1)));
        assert_eq!((prices.of(Some("b/large")), prices.of(None)), (Some(price(9)), Some(price(9))));
        assert_eq!(Prices::default().of(Some("small")), None);
    }
}
