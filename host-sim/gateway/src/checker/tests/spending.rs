//! What was spent above a budget: what is excused, by which rule, and what is not.

use super::*;

const USAGE: Usage = Usage { input_tokens: 0, output_tokens: 150 };

/// A checker with a budget for two sessions of 101 tokens, and one session that used 150.
fn spent(host: impl FnOnce(&mut Checker)) -> Checker {
    let more = r#""retries": 0, "budget": {"tokens": 210, "micro_usd": 210, "session_tokens": 100},
        "prices": {"m/dear": {"output": 2000}, "*": {"output": 1000}}"#;
    let mut checker = held_to(A_AND_B, more);
    checker.command(&spawn(1, "x a"));
    checker.accepted(RequestId(1), &key("s"));
    host(&mut checker);
    checker
}

fn ends(checker: &mut Checker, model: &str, usage: Usage, is_told: bool) {
    ended(checker, &key("s"), &SessionOutcome::Completed, model, Some(usage));
    if let Some(account) = checker.accounts.sessions.get_mut(&key("s")) {
        account.told.usage = is_told;
    }
}

/// The other task is asked for. What is broken, and what was excused.
fn then(mut checker: Checker) -> (Vec<Invariant>, Vec<Excuse>) {
    checker.command(&spawn(2, "x b"));
    let excuses = checker.excuses();
    (broken(&checker), Excuse::ALL.into_iter().filter(|excuse| excuses.times(*excuse) > 0).collect())
}

#[test]
fn what_the_host_kept_to_itself_is_excused_by_name() {
    let told = |checker: &mut Checker| ends(checker, "m", USAGE, true);
    assert_eq!(then(spent(told)), (vec![Invariant::Budget; 2], vec![]), "tokens and money are above, and it was told");
    let untold = |checker: &mut Checker| ends(checker, "m", USAGE, false);
    assert_eq!(then(spent(untold)), (vec![], vec![Excuse::UsageUntold]));
    let dear = |checker: &mut Checker| ends(checker, "m/dear", Usage { input_tokens: 0, output_tokens: 90 }, true);
    assert_eq!(then(spent(dear)), (vec![], vec![Excuse::ModelUnnamed]));
    let hidden = |checker: &mut Checker| {
        ends(checker, "m", USAGE, true);
        checker.resumed();
        (0..SEARCHES).for_each(|_| checker.left_out(&key("s")));
    };
    assert_eq!(then(spent(hidden)), (vec![], vec![Excuse::HiddenAfterCut]));
}

#[test]
fn the_sum_of_what_is_taken_is_that_of_all_sessions() {
    let check = |checker: &Checker| assert_eq!(checker.accounts.taken, checker.taken_by_all());
    let mut checker = spent(|checker| {
        check(checker);
        ends(checker, "m/dear", USAGE, true);
        check(checker);
        // Nothing that happens once more counts once more.
        ends(checker, "m", USAGE, true);
    });
    check(&checker);
    assert_eq!(checker.accounts.taken.total(), checker.spent());
    checker.hold_to(Allowance::of_cap(1));
    check(&checker);
    assert_eq!(checker.accounts.taken.total().tokens, 150);
}

#[test]
fn both_figures_are_told_for_tokens_and_for_money() {
    let mut checker = spent(|checker| ends(checker, "m/dear", Usage { input_tokens: 0, output_tokens: 400 }, true));
    let over = checker.overspend();
    assert_eq!(over.unexcused, Spending::default());
    assert_eq!(over.excused, Spending { tokens: 190, micro_usd: 590 });
    checker.returned();
    let excuses = checker.excuses();
    assert_eq!((excuses.times(Excuse::BeyondReservation), excuses.times(Excuse::ModelUnnamed)), (2, 0));
    // Two sessions that take no more than is reserved for each, beyond a budget for one.
    checker.allowed.caps.tokens = Some(100);
    assert_eq!(checker.overspend().unexcused.tokens, 1);
    assert_eq!(checker.overspend().excused.tokens, 299);
}
