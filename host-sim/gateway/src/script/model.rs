//! The models of the simulated provider: which one runs, and what it costs.

use std::collections::BTreeMap;

use parallel_agents_engine::task::Usage;

use super::rule::bare;

/// One model of a script.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub tier: Option<String>,
    /// Micro-dollars per 1,000 tokens read.
    pub input_price: u64,
    /// Micro-dollars per 1,000 tokens written.
    pub output_price: u64,
    /// The model that is silently run in its place.
    pub applied_as: Option<String>,
    pub limit: ProviderLimit,
}

/// What a provider allows of one model. Whoever asks for more fails as rate limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProviderLimit {
    /// Sessions of the model that run at once. None: any number.
    pub max_concurrent: Option<u32>,
    /// Sessions that start in so many milliseconds. None: any number.
    pub starts_per_ms: Option<(u32, u64)>,
}

impl ProviderLimit {
    /// The seconds after which a refusal says that another try may succeed: when the window is over, else a guess.
    pub fn retry_after_seconds(&self) -> u64 {
        self.starts_per_ms.map_or(DEFAULT_RETRY_SECONDS, |(_, per_ms)| per_ms.div_ceil(1_000).max(1))
    }
}

/// What providers tend to say.
const DEFAULT_RETRY_SECONDS: u64 = 5;

/// All models of a script.
#[derive(Clone, Debug)]
pub(super) struct Models {
    by_name: BTreeMap<String, Model>,
    default: String,
}

impl Models {
    /// The default model of a script that lists none.
    pub(super) const FALLBACK: &str = "sim/standard";

    pub(super) fn new(by_name: BTreeMap<String, Model>, default: String) -> Self {
        Self { by_name, default }
    }

    /// The full names of the models that can run, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.iter().filter(|(_, model)| model.applied_as.is_none()).map(|(name, _)| name.as_str())
    }

    /// What runs when `requested` is asked for.
    ///
    /// As on a gateway, a name without a provider belongs to the default one, and an unknown model is passed on as it is.
    pub(super) fn applied(&self, requested: Option<&str>) -> String {
        let Some(requested) = requested.filter(|name| !name.is_empty()) else {
            return self.default.clone();
        };
        match self.find(requested) {
            Some((name, model)) => model.applied_as.clone().unwrap_or_else(|| name.to_owned()),
            None if requested.contains('/') => requested.to_owned(),
            None => {
                let provider = self.default.split_once('/').map_or("sim", |(provider, _)| provider);
                format!("{provider}/{requested}")
            }
        }
    }

    /// The tier of a model, if the script says.
    pub(super) fn tier(&self, model: &str) -> Option<&str> {
        self.find(model).and_then(|(_, model)| model.tier.as_deref())
    }

    /// What the provider allows of a model.
    pub(super) fn limit(&self, model: &str) -> ProviderLimit {
        self.find(model).map(|(_, model)| model.limit).unwrap_or_default()
    }

    /// The price of `usage` in micro-dollars, rounded up. Unknown models cost what the default one does.
    pub(super) fn cost(&self, model: &str, usage: Usage) -> u64 {
        let Some((_, model)) = self.find(model).or_else(|| self.find(&self.default)) else {
            return 0;
        };
        let price = u128::from(usage.input_tokens) * u128::from(model.input_price)
            + u128::from(usage.output_tokens) * u128::from(model.output_price);
        u64::try_from(price.div_ceil(1_000)).unwrap_or(u64::MAX)
    }

    /// By the full name, else by the name without the provider.
    fn find(&self, name: &str) -> Option<(&str, &Model)> {
        let exact = self.by_name.get_key_value(name);
        let by_bare_name = || self.by_name.iter().find(|(full, _)| !name.contains('/') && bare(full) == name);
        exact.or_else(by_bare_name).map(|(name, model)| (name.as_str(), model))
    }
}
