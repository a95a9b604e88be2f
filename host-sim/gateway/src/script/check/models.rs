//! The `[models]` table.

use std::collections::BTreeMap;

use parallel_agents_engine::json::schema::join;

use crate::script::file::ModelEntry;
use crate::script::latency::LONGEST_MS;
use crate::script::model::{Model, Models, ProviderLimit};
use crate::script::problems::Problems;

const TIERS: [&str; 3] = ["economy", "standard", "premium"];

/// What a provider allows of a model, from its entry.
fn provider_limit(entry: &ModelEntry, path: &str, problems: &mut Problems) -> ProviderLimit {
    problems.range(format!("{path}/max_concurrent"), entry.max_concurrent.unwrap_or(1).into(), 1, 1_000);
    let starts_per_ms = entry.rate.as_ref().map(|rate| {
        let (starts, per_ms) = (rate.starts.unwrap_or(0), rate.per_ms.unwrap_or(0));
        problems.range(format!("{path}/rate/starts"), starts.into(), 1, 1_000);
        problems.range(format!("{path}/rate/per_ms"), per_ms, 1, LONGEST_MS);
        (starts, per_ms)
    });
    ProviderLimit { max_concurrent: entry.max_concurrent, starts_per_ms }
}

/// The models of a script, checked.
pub(super) fn models(
    entries: BTreeMap<String, ModelEntry>,
    default: Option<String>,
    problems: &mut Problems,
) -> Models {
    let mut models = BTreeMap::new();
    let aliases: Vec<String> =
        entries.iter().filter(|(_, entry)| entry.applied_as.is_some()).map(|(name, _)| name.clone()).collect();
    for (name, entry) in &entries {
        let path = join("/models", name);
        if let Some(target) = &entry.applied_as {
            if !entries.contains_key(target) || aliases.contains(target) {
                problems.add(format!("{path}/applied_as"), "must name a model of this script that is no alias itself");
            }
            if entry.tier.is_some() || entry.input_price.is_some() || entry.output_price.is_some() {
                problems.add(&path, "an alias has no tier and no prices of its own");
            }
        } else if !is_full_name(name) {
            problems.add(&path, "a model that runs needs a name of the form provider/model");
        }
        check_tier(entry.tier.as_deref(), &path, problems);
        let limit = provider_limit(entry, &path, problems);
        let prices = [("input_price", entry.input_price), ("output_price", entry.output_price)];
        for (field, price) in prices {
            problems.range(format!("{path}/{field}"), price.unwrap_or(0), 0, 1_000_000_000);
        }
        models.insert(
            name.clone(),
            Model {
                tier: entry.tier.clone(),
                input_price: entry.input_price.unwrap_or(0),
                output_price: entry.output_price.unwrap_or(0),
                applied_as: entry.applied_as.clone(),
                limit,
            },
        );
    }
    let default = match default {
        Some(name) if entries.get(&name).is_some_and(|entry| entry.applied_as.is_none()) => name,
        Some(_) => {
            problems.add("/default_model", "must name a model of this script that is no alias");
            Models::FALLBACK.to_owned()
        }
        None => entries
            .iter()
            .find(|(_, entry)| entry.applied_as.is_none())
            .map_or_else(|| Models::FALLBACK.to_owned(), |(name, _)| name.clone()),
    };
    Models::new(models, default)
}

/// Whether a name has the form `provider/model`.
pub(super) fn is_full_name(name: &str) -> bool {
    name.split_once('/').is_some_and(|(provider, model)| !provider.is_empty() && !model.is_empty())
}

/// Refuses tiers that nobody knows.
pub(super) fn check_tier(tier: Option<&str>, path: &str, problems: &mut Problems) {
    if tier.is_some_and(|tier| !TIERS.contains(&tier)) {
        problems.add(format!("{path}/tier"), format!("must be one of {}", TIERS.join(", ")));
    }
}
