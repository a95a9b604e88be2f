//! What the ladder of models is worth: one pool of tasks of known difficulty, done in four ways.
//!
//! Whether a model is good enough for a task is settled by the pool and shown by the answer's schema: a model that is too weak
//! leaves a field out, every time. So quality and cost are counted and not estimated.

mod pool;
#[cfg(test)]
mod tests;

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::task::Tier;
use serde::Serialize;
use serde_json::{Map, Value, json};

use gateway_sim::call::Called;
use gateway_sim::engine::Engine;
use gateway_sim::error::SimError;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;

pub use pool::{Kind, Pool, Task};
use pool::{model_of, price_of};

/// Tasks of one run at the most; larger pools are done in several runs.
const BATCH: usize = 200;

/// Of the best achievable cost, how much more the ladder may take, in per cent.
pub const GOAL_PER_CENT: u64 = 15;

/// A way to do the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Every task on the cheapest model.
    AllCheapest,
    /// Every task on the best model.
    AllTop,
    /// Every task starts at its agent type's tier and climbs on evidence.
    Ladder,
    /// Every task on the cheapest model that is good enough for it, which nobody can know beforehand.
    BestAchievable,
}

impl Way {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::AllCheapest, Self::AllTop, Self::Ladder, Self::BestAchievable];

    /// As the rows of tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllCheapest => "all on the cheapest",
            Self::AllTop => "all on the best",
            Self::Ladder => "ladder",
            Self::BestAchievable => "best achievable",
        }
    }
}

/// What a way came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// How models were chosen.
    pub way: Way,
    /// Tasks of the pool.
    pub tasks: u64,
    /// Tasks with a good answer.
    pub good: u64,
    /// Sessions that it took.
    pub sessions: u64,
    /// Tokens, read and written.
    pub tokens: u64,
    /// What they cost at the prices of the pool.
    pub micro_usd: u64,
    /// What the reports say that it cost; null if one of them does not know.
    pub reported_micro_usd: Option<u64>,
}

/// All ways with one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// In the order of [`Way::ALL`].
    pub results: Vec<Outcome>,
}

impl Comparison {
    /// What a way came to.
    pub fn of(&self, way: Way) -> Option<&Outcome> {
        self.results.iter().find(|result| result.way == way)
    }

    /// How much more than the best achievable a way cost, in hundredths of a per cent. None: there is nothing to compare with.
    pub fn above_best(&self, way: Way) -> Option<i64> {
        let best = i128::from(self.of(Way::BestAchievable)?.micro_usd);
        let cost = i128::from(self.of(way)?.micro_usd);
        let above = (cost - best).checked_mul(10_000)?.checked_div(best)?;
        i64::try_from(above).ok()
    }

    /// Whether the ladder is within [`GOAL_PER_CENT`] of the best achievable cost at no less quality than the best model.
    pub fn goal_is_met(&self) -> bool {
        let good = |way| self.of(way).map(|result| result.good);
        let goal = i64::try_from(GOAL_PER_CENT * 100).unwrap_or(i64::MAX);
        self.above_best(Way::Ladder).is_some_and(|above| above <= goal) && good(Way::Ladder) >= good(Way::AllTop)
    }
}

/// Does a pool in every way. An error if a call has no report, or its host found a broken invariant.
pub async fn compare(pool: &Pool, engine: &dyn Engine) -> Result<Comparison, SimError> {
    let mut results = Vec::new();
    for way in Way::ALL {
        let mut sum = Outcome {
            way,
            tasks: pool.tasks.len() as u64,
            good: 0,
            sessions: 0,
            tokens: 0,
            micro_usd: 0,
            reported_micro_usd: Some(0),
        };
        for (number, tasks) in pool.tasks.chunks(BATCH).enumerate() {
            let seed = pool.seed.wrapping_add(number as u64);
            let called = call(engine, &request(way, tasks), seed).await;
            enter(&mut sum, &called)?;
        }
        results.push(sum);
    }
    Ok(Comparison { results })
}

/// The request of a way for some tasks. Corrections and the breaker are off: they would mend or hide what is measured.
fn request(way: Way, tasks: &[Task]) -> Value {
    let tasks: Vec<Value> = tasks
        .iter()
        .map(|task| {
            let mut members = task.members();
            let model = match way {
                Way::AllCheapest => Some(Tier::Economy),
                Way::AllTop => Some(Tier::Premium),
                Way::BestAchievable => Some(task.needs),
                Way::Ladder => None,
            };
            if let Some(tier) = model {
                members.insert("model".to_owned(), model_of(tier).into());
            }
            Value::Object(members)
        })
        .collect();
    let by_tier = |value: fn(Tier) -> Value| -> Map<String, Value> {
        Tier::ALL.into_iter().map(|tier| (tier.name().to_owned(), value(tier))).collect()
    };
    let prices: Map<String, Value> =
        Tier::ALL.into_iter().map(|tier| (model_of(tier).to_owned(), json!(price_of(tier)))).collect();
    let mut request = json!({
        "tasks": tasks,
        "prices": prices,
        "max_concurrent": 50,
        "deadline_seconds": 86_400,
        "corrections": 0,
        "breaker": false,
    });
    if way == Way::Ladder {
        request["models"] = by_tier(|tier| model_of(tier).into()).into();
    }
    request
}

async fn call(engine: &dyn Engine, request: &Value, seed: u64) -> Called<DocumentReply> {
    let script = match Script::from_json(&pool::script().to_string()) {
        Ok(script) => script,
        // It is made of constants, and a test runs it.
        Err(error) => unreachable!("the script of the pool is valid: {error}"),
    };
    let simulation =
        Simulation::new(script, seed, SimulationOptions { keep_trace: false, ..SimulationOptions::default() });
    engine.call("run_tasks", &request.to_string(), simulation).await
}

fn enter(sum: &mut Outcome, called: &Called<DocumentReply>) -> Result<(), SimError> {
    let checker = called.backend.checker();
    if let Some(violation) = checker.violations().first() {
        return Err(SimError::Contract { what: violation.to_string() });
    }
    let report: Value = match &called.result {
        Ok(DocumentReply::Answer(text)) => {
            serde_json::from_str(text).map_err(|error| SimError::Reply { what: error.to_string() })?
        }
        Ok(DocumentReply::Refused(text)) => return Err(SimError::Reply { what: format!("a refusal: {text}") }),
        Err(error) => return Err(SimError::Contract { what: error.to_string() }),
    };
    let spent = checker.spent();
    sum.good += report["census"]["completed"].as_u64().unwrap_or(0);
    sum.sessions += u64::from(checker.summary().sessions);
    sum.tokens += spent.tokens;
    sum.micro_usd += spent.micro_usd;
    sum.reported_micro_usd = sum.reported_micro_usd.zip(report["cost"]["micro_usd"].as_u64()).map(|(a, b)| a + b);
    Ok(())
}
