//! The same seed twice: every byte has to be the same, and the fuel too.

use parallel_agents::documents::DocumentReply;

use crate::call::Called;
use crate::explore::explorer::Explorer;
use crate::explore::finding::Finding;
use crate::explore::perturbations::Plain;
use crate::explore::tally::Tally;

pub(super) async fn compare(explorer: &Explorer<'_>, plain: &Plain, tally: &mut Tally) {
    let again = explorer.call(&plain.case, explorer.simulation(&plain.case, plain.seed)).await;
    tally.count(&again);
    let what = differences(&plain.called, &again);
    tally.determinism_mismatches += u64::from(!what.is_empty());
    tally.note(plain.seed, "run twice", what.into_iter().map(|what| Finding::new("E5", what)).collect());
}

fn differences(one: &Called<DocumentReply>, other: &Called<DocumentReply>) -> Vec<String> {
    let mut found = Vec::new();
    let lines = |called: &Called<DocumentReply>| -> Vec<String> {
        called.backend.trace().text().lines().map(str::to_owned).collect()
    };
    let (left, right) = (lines(one), lines(other));
    let differ = left.iter().zip(&right).find(|(left, right)| left != right);
    if let Some((left, right)) = differ {
        found.push(format!("the second run differs, first in {left:?}, which was {right:?}"));
    } else if left.len() != right.len() {
        found.push(format!("the first run has {} lines, the second one {}", left.len(), right.len()));
    }
    let words = |called: &Called<DocumentReply>| match &called.result {
        Ok(reply) => format!("{reply:?}"),
        Err(error) => error.to_string(),
    };
    if words(one) != words(other) {
        found.push("the second run has another result".to_owned());
    }
    if one.fuel_used != other.fuel_used {
        found.push(format!(
            "the first run used {:?} units of fuel, the second one {:?}",
            one.fuel_used, other.fuel_used
        ));
    }
    found
}
