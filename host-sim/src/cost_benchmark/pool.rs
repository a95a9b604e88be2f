//! Tasks of known difficulty, and the gateway that knows it.

use parallel_agents_engine::task::Tier;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Serialize;
use serde_json::{Map, Value, json};

use gateway_sim::checker::Price;

/// A tier's model in the simulator.
pub fn model_of(tier: Tier) -> &'static str {
    match tier {
        Tier::Economy => "sim/economy",
        Tier::Standard => "sim/standard",
        Tier::Premium => "sim/premium",
    }
}

/// What a tier costs, in millionths of a dollar per 1,000 tokens: those of the bundled script.
pub fn price_of(tier: Tier) -> Price {
    let (input, output) = match tier {
        Tier::Economy => (1_000, 5_000),
        Tier::Standard => (3_000, 15_000),
        Tier::Premium => (15_000, 75_000),
    };
    Price { input, output }
}

/// A kind of work: an agent type, and how hard its tasks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// A type of the catalogue.
    pub agent_type: &'static str,
    /// The tier with which that type starts.
    pub starts_at: Tier,
    /// Of a thousand tasks of the pool, how many are of this kind.
    pub share: u32,
    /// Of a thousand tasks of this kind, how many need at least this tier; by [`Tier::ALL`].
    pub needs: [u32; 3],
}

/// The pool: mostly small work, some building, a little that only the best model can do. The tier of an agent type is a good
/// guess and no more than that: in each kind some tasks are easier and some are harder.
pub(super) const KINDS: [Kind; 3] = [
    Kind { agent_type: "content_writer_educational", starts_at: Tier::Economy, share: 600, needs: [940, 50, 10] },
    Kind { agent_type: "backend_developer", starts_at: Tier::Standard, share: 300, needs: [100, 840, 60] },
    Kind { agent_type: "agent_orchestrator", starts_at: Tier::Premium, share: 100, needs: [20, 60, 920] },
];

/// Tokens that every answer has.
const OUTPUT_TOKENS: u64 = 900;

/// Work of one kind, with the tier that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Counted from 1 within the pool.
    pub number: usize,
    /// What kind of work it is.
    pub kind: Kind,
    /// The cheapest tier that is good enough.
    pub needs: Tier,
}

/// Tasks drawn from one seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What the tasks were drawn from.
    pub seed: u64,
    /// In a random order.
    pub tasks: Vec<Task>,
}

impl Pool {
    /// The kinds of work, with their shares.
    pub const KINDS: [Kind; 3] = KINDS;

    /// Draws a pool. The same seed gives the same one.
    pub fn draw(tasks: usize, seed: u64) -> Self {
        let mut draws = ChaCha8Rng::seed_from_u64(seed);
        let mut below_1000 = || ((u128::from(draws.next_u64()) * 1_000) >> 64) as u32;
        let tasks = (1..=tasks)
            .map(|number| {
                let kind = KINDS[pick(KINDS.map(|kind| kind.share), below_1000())];
                Task { number, kind, needs: Tier::ALL[pick(kind.needs, below_1000())] }
            })
            .collect();
        Self { seed, tasks }
    }

    /// Tasks that need at least a tier.
    pub fn needing(&self, tier: Tier) -> usize {
        self.tasks.iter().filter(|task| task.needs == tier).count()
    }
}

/// Which of three shares of a thousand a number falls into.
fn pick(shares: [u32; 3], number: u32) -> usize {
    let [first, second, _] = shares;
    if number < first {
        0
    } else if number < first + second {
        1
    } else {
        2
    }
}

impl Task {
    /// The task as a request has it. Its words tell the gateway what it needs; a model is not told in any other way.
    pub(super) fn members(&self) -> Map<String, Value> {
        let description = format!("Do part {} of the work. [needs {}]", self.number, self.needs.name());
        let task = json!({
            "agent_type": self.kind.agent_type,
            "task_id": format!("part-{}", self.number),
            "task_description": description,
            "input_data": { "topic": "How tides work", "goal": "Explain how tides work." },
            "output_format": "json",
            "output_schema": {
                "type": "object",
                "properties": { "text": { "type": "string" }, "sources": { "type": "array", "items": { "type": "string" } } },
                "required": ["text", "sources"],
            },
        });
        task.as_object().cloned().unwrap_or_default()
    }
}

/// The gateway: whoever is too weak for a task leaves the sources out.
pub(super) fn script() -> Value {
    let tokens = json!({ "output": OUTPUT_TOKENS });
    let weak = |needs: &str, tier: &str| {
        json!({
            "task_contains": format!("[needs {needs}]"), "tier": tier, "tokens": tokens,
            "template": "{\"text\": \"It is like this.\"}",
        })
    };
    let models: Map<String, Value> = Tier::ALL
        .into_iter()
        .map(|tier| {
            let Price { input, output } = price_of(tier);
            let model = json!({ "tier": tier.name(), "input_price": input, "output_price": output });
            (model_of(tier).to_owned(), model)
        })
        .collect();
    json!({
        "version": 1,
        "default_model": model_of(Tier::Standard),
        "host": { "max_concurrent": 50, "max_total": 100_000 },
        "models": models,
        "answers": [
            weak("standard", "economy"),
            weak("premium", "economy"),
            weak("premium", "standard"),
            { "tokens": tokens, "template": "{\"text\": \"It is like this.\", \"sources\": [\"a book\"]}" },
        ],
    })
}
