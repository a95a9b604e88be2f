//! `cost-benchmark`: what the ladder of models is worth.

use clap::Args;
use host_sim::cost_benchmark::{Comparison, GOAL_PER_CENT, Kind, Pool, Way, compare};
use parallel_agents_engine::task::Tier;
use serde_json::json;

use crate::args::InstanceArguments;
use crate::outcome::{Failure, Finish};
use crate::simulation::Engine;
use crate::table::Layout;
use crate::text::{dollars, thousands};
use crate::ui::{Tone, Ui};

#[derive(Debug, Args)]
pub struct CostBenchmarkArguments {
    /// Tasks of the pool, 1 to 100,000; they are done in runs of at most 200
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub tasks: u32,

    /// The pool and everything else that is drawn comes from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    #[command(flatten)]
    pub instance: InstanceArguments,
}

pub async fn carry_out(ui: &Ui, arguments: CostBenchmarkArguments) -> Result<Finish, Failure> {
    let engine = Engine::load(ui, &arguments.instance).await?;
    let pool = Pool::draw(arguments.tasks as usize, arguments.seed);
    let comparison = compare(&pool, engine.in_virtual_time()).await?;
    if ui.is_json() {
        ui.print(&format!("{:#}\n", document(&arguments, &pool, &comparison)))?;
    } else {
        ui.print(&text(ui, &pool, &comparison))?;
    }
    Ok(if comparison.goal_is_met() { Finish::Complete } else { Finish::Incomplete })
}

fn document(arguments: &CostBenchmarkArguments, pool: &Pool, comparison: &Comparison) -> serde_json::Value {
    let above = |way| comparison.above_best(way).map(|hundredths| hundredths as f64 / 100.0);
    let results: Vec<serde_json::Value> = comparison
        .results
        .iter()
        .map(|result| {
            let mut value = json!(result);
            value["above_best_per_cent"] = json!(above(result.way));
            value
        })
        .collect();
    json!({
        "seed": arguments.seed,
        "tasks": pool.tasks.len(),
        "kinds": Pool::KINDS,
        "needing": { "economy": pool.needing(Tier::Economy), "standard": pool.needing(Tier::Standard),
                     "premium": pool.needing(Tier::Premium) },
        "results": results,
        "goal_per_cent": GOAL_PER_CENT,
        "goal_is_met": comparison.goal_is_met(),
    })
}

fn text(ui: &Ui, pool: &Pool, comparison: &Comparison) -> String {
    let mut table = Layout::new(ui, &["WAY", "GOOD ANSWERS", "SESSIONS", "TOKENS", "COST", "AGAINST THE BEST"]);
    for result in &comparison.results {
        let quality = (result.good * 1_000).checked_div(result.tasks).unwrap_or(0);
        let above = comparison.above_best(result.way).unwrap_or(0);
        table.row(
            vec![
                result.way.name().to_owned(),
                format!("{}.{} %", quality / 10, quality % 10),
                thousands(result.sessions),
                thousands(result.tokens),
                dollars(result.micro_usd, 2),
                if result.way == Way::BestAchievable {
                    "-".to_owned()
                } else {
                    format!("{:+.1} %", above as f64 / 100.0)
                },
            ],
            None,
        );
    }
    let mut text = format!("{} tasks:\n", thousands(pool.tasks.len() as u64));
    for kind in Pool::KINDS {
        text.push_str(&format!("  {}\n", described(&kind)));
    }
    text.push('\n');
    text.push_str(&table.finish());
    let cost = |way| comparison.of(way).map_or(0, |result| result.micro_usd);
    let share = (cost(Way::Ladder) * 100).checked_div(cost(Way::AllTop)).unwrap_or(0);
    let goal =
        format!("within {GOAL_PER_CENT} % of the best achievable cost, with no fewer good answers than the best model");
    let verdict = if comparison.goal_is_met() {
        ui.tone(Tone::Good, &format!("The ladder is {goal}"))
    } else {
        ui.tone(Tone::Bad, &format!("The ladder is not {goal}"))
    };
    format!("{text}\n{verdict}, at {share} % of what that costs.\n")
}

fn described(kind: &Kind) -> String {
    let per_cent = |per_mille: u32| format!("{}.{} %", per_mille / 10, per_mille % 10);
    let [economy, standard, premium] = kind.needs.map(per_cent);
    format!(
        "{} of {}, which starts at {}: {economy} need economy, {standard} standard, {premium} premium",
        per_cent(kind.share),
        kind.agent_type,
        kind.starts_at.name(),
    )
}
