//! What a reduction may cost, before there is any answer.

use serde_json::Value;

use parallel_agents_engine::plan::{Foreseen, PlannedTask, Rules};

use super::part::{BESIDE, PART_BYTES};
use super::{RESULTS, ROOM};

/// Tokens of an answer are counted with so many bytes, and a quarter of what is reserved is expected.
const BYTES_PER_TOKEN: u64 = 3;
const EXPECTED_SHARE: u64 = 4;

/// The tasks that the answers of so many items will lead to.
pub(in crate::map) fn foreseen(task: &PlannedTask, group_size: usize, items: usize, rules: &Rules) -> Foreseen {
    let (_, tokens) = rules.caps.tokens_for(0);
    let longest = match task.handling.max_output_chars {
        Some(chars) => (chars as usize).saturating_mul(4),
        None => usize::try_from(tokens.saturating_mul(BYTES_PER_TOKEN)).unwrap_or(usize::MAX),
    };
    let expected = usize::try_from(tokens.saturating_mul(BYTES_PER_TOKEN) / EXPECTED_SHARE).unwrap_or(usize::MAX);
    let of = |answer: usize| {
        let bytes = answer.min(PART_BYTES).saturating_add(BESIDE);
        let in_group = (ROOM / bytes).clamp(2, group_size);
        let mut filled = task.clone();
        filled.input.insert(RESULTS.to_owned(), Value::from("x".repeat(in_group.saturating_mul(bytes).min(ROOM))));
        (filled, tasks_of(items, in_group))
    };
    let ((expected, count_expected), (worst, count_worst)) = (of(expected), of(longest));
    Foreseen { expected, worst, count_expected, count_worst }
}

/// How many groups there are on all levels.
fn tasks_of(items: usize, in_group: usize) -> u32 {
    let (mut all, mut left) = (0_usize, items);
    loop {
        left = left.div_ceil(in_group.max(2));
        all += left;
        if left <= 1 {
            return u32::try_from(all).unwrap_or(u32::MAX);
        }
    }
}
