//! What was spent above a budget: what is excused, by which rule, and what is not.

use super::*;

const USAGE: Usage = Usage { input_tokens: 0, output_tokens: 150 };

/// A ledger with a budget for two sessions of 101 tokens, and one session that used 150.
fn spent(host: impl FnOnce(&mut Ledger)) -> Ledger {
    let more = r#""retries": 0, "budget": {"tokens": 210, "micro_usd": 210, "session_tokens": 100},
        "prices": {"m/dear": {"output": 2000}, "*": {"output": 1000}}"#;
    let mut ledger = held_to(A_AND_B, more);
    ledger.command(&spawn(1, "x a"));
    ledger.accepted(RequestId(1), &key("s"));
    host(&mut ledger);
    ledger
}

fn ends(ledger: &mut Ledger, model: &str, usage: Usage, is_told: bool) {
    ended(ledger, &key("s"), &SessionOutcome::Completed, model, Some(usage));
    if let Some(account) = ledger.sessions.get_mut(&key("s")) {
        account.usage_was_told = is_told;
    }
}

/// The other task is asked for. What is broken, and what was excused.
fn then(mut ledger: Ledger) -> (Vec<Invariant>, Vec<Excuse>) {
    ledger.command(&spawn(2, "x b"));
    let excuses = ledger.excuses();
    (broken(&ledger), Excuse::ALL.into_iter().filter(|excuse| excuses.times(*excuse) > 0).collect())
}

#[test]
fn what_the_host_kept_to_itself_is_excused_by_name() {
    let told = |ledger: &mut Ledger| ends(ledger, "m", USAGE, true);
    assert_eq!(then(spent(told)), (vec![Invariant::Budget; 2], vec![]), "tokens and money are above, and it was told");
    let untold = |ledger: &mut Ledger| ends(ledger, "m", USAGE, false);
    assert_eq!(then(spent(untold)), (vec![], vec![Excuse::UsageUntold]));
    let dear = |ledger: &mut Ledger| ends(ledger, "m/dear", Usage { input_tokens: 0, output_tokens: 90 }, true);
    assert_eq!(then(spent(dear)), (vec![], vec![Excuse::ModelUnnamed]));
    let hidden = |ledger: &mut Ledger| {
        ends(ledger, "m", USAGE, true);
        ledger.resumed();
        (0..SEARCHES).for_each(|_| ledger.left_out(&key("s")));
    };
    assert_eq!(then(spent(hidden)), (vec![], vec![Excuse::HiddenAfterCut]));
}

#[test]
fn both_figures_are_told_for_tokens_and_for_money() {
    let mut ledger = spent(|ledger| ends(ledger, "m/dear", Usage { input_tokens: 0, output_tokens: 400 }, true));
    let over = ledger.overspend();
    assert_eq!(over.unexcused, Spending::default());
    assert_eq!(over.excused, Spending { tokens: 190, micro_usd: 590 });
    ledger.returned();
    let excuses = ledger.excuses();
    assert_eq!((excuses.times(Excuse::BeyondReservation), excuses.times(Excuse::ModelUnnamed)), (2, 0));
    // Two sessions that take no more than is reserved for each, beyond a budget for one.
    ledger.allowed.tokens = Some(100);
    assert_eq!(ledger.overspend().unexcused.tokens, 1);
    assert_eq!(ledger.overspend().excused.tokens, 299);
}
