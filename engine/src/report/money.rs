//! What a run cost, and what it would have cost with the best model for everything.

use crate::plan::Rules;
use crate::task::{AttemptKind, CostReport, TaskResult, Usage};

/// From measured usage alone; nothing is estimated. The comparison prices, for every task, the session whose answer was
/// kept as if the best model had used the same tokens, and asked once.
pub fn cost(results: &[TaskResult], rules: &Rules, usage_complete: bool) -> CostReport {
    let records = || results.iter().flat_map(|result| &result.metadata.attempt_log);
    let paid: Vec<u64> = records().filter_map(|record| record.cost_micro_usd).collect();
    let priced = records().filter(|record| record.usage.is_some()).all(|record| record.cost_micro_usd.is_some());
    let micro_usd = paid.iter().copied().reduce(u64::saturating_add);
    let all_premium_micro_usd = all_premium(results, rules).filter(|_| usage_complete);
    let complete = usage_complete && priced;
    let saved_micro_usd = match (all_premium_micro_usd, micro_usd) {
        (Some(premium), Some(paid)) if complete => i64::try_from(i128::from(premium) - i128::from(paid)).ok(),
        _ => None,
    };
    CostReport { micro_usd, complete, all_premium_micro_usd, saved_micro_usd }
}

fn all_premium(results: &[TaskResult], rules: &Rules) -> Option<u64> {
    let ladder = rules.ladder.as_ref()?;
    let top = ladder.model(ladder.top()?);
    let usages: Vec<Usage> = results.iter().filter_map(answering).collect();
    let costs: Option<Vec<u64>> = usages.into_iter().map(|usage| rules.prices.cost(top, usage)).collect();
    costs?.into_iter().reduce(u64::saturating_add)
}

/// The usage of the session whose answer was kept, else of the last that did the work.
fn answering(result: &TaskResult) -> Option<Usage> {
    let log = &result.metadata.attempt_log;
    let key = result.session_key.as_ref();
    let kept = log.iter().find(|record| record.session_key.as_ref() == key && key.is_some());
    let last = || log.iter().rev().find(|record| record.kind != AttemptKind::Judge && record.usage.is_some());
    kept.filter(|record| record.usage.is_some()).or_else(last)?.usage
}
