//! Tiers for the names of models. The names themselves are data, in `models.json`: words in the names of models by the tier that a
//! definition which names such a model is given, and what means that the caller decides.

use std::sync::LazyLock;

use parallel_agents_engine::task::Tier;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    economy: Vec<String>,
    standard: Vec<String>,
    premium: Vec<String>,
    inherit: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| serde_json::from_str(include_str!("models.json")).unwrap_or_default());

/// What a definition wants by naming a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The name tells how good the model is.
    Tier(Tier),
    /// Whatever the caller uses.
    Inherit,
    /// Nothing that is known.
    Unknown,
}

/// The tier of a model, whatever stands around the word that tells it: `sonnet`, `provider/x-opus-4-1`, `X Haiku 4.5 (y)`.
pub fn tier_of(model: &str) -> Wanted {
    let model = model.trim().to_lowercase();
    let is = |names: &[String], part: &str| names.iter().any(|name| name == part);
    if model.is_empty() || is(&WORDS.inherit, &model) {
        return Wanted::Inherit;
    }
    let parts = || model.split(|c: char| !c.is_ascii_alphabetic());
    let tiers = [(Tier::Economy, &WORDS.economy), (Tier::Standard, &WORDS.standard), (Tier::Premium, &WORDS.premium)];
    let found = tiers.into_iter().find(|(_, names)| parts().any(|part| is(names, part)));
    found.map_or(Wanted::Unknown, |(tier, _)| Wanted::Tier(tier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_have_tiers() {
        for (model, wanted) in [
            ("haiku", Wanted::Tier(Tier::Economy)),
            (" Sonnet ", Wanted::Tier(Tier::Standard)),
            ("sonnet[1m]", Wanted::Tier(Tier::Standard)),
            ("provider/claude-opus-4-1-20250805", Wanted::Tier(Tier::Premium)),
            ("Claude Haiku 4.5 (copilot)", Wanted::Tier(Tier::Economy)),
            ("inherit", Wanted::Inherit),
            ("", Wanted::Inherit),
            ("gpt-5", Wanted::Unknown),
            ("opuscule-7b", Wanted::Unknown),
        ] {
            assert_eq!(tier_of(model), wanted, "{model:?}");
        }
    }
}
