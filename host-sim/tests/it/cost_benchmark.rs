//! The ladder of models on a pool of a thousand tasks, through the component.

use host_sim::cost_benchmark::{Pool, Way, compare};

use crate::component::component;

#[tokio::test]
async fn the_ladder_is_near_the_best_that_can_be_done_and_misses_nothing() {
    let subject = component().await;
    let comparison = compare(&Pool::draw(1_000, 1), subject).await.expect("four ways");
    assert!(comparison.goal_is_met(), "{comparison:#?}");
    let of = |way| comparison.of(way).expect("a result");
    assert_eq!(of(Way::Ladder).good, 1_000);
    assert!(of(Way::AllCheapest).good < 700, "the cheapest model alone is no alternative");
    assert!(of(Way::Ladder).micro_usd * 2 < of(Way::AllTop).micro_usd, "{comparison:#?}");
    assert_eq!(of(Way::Ladder).reported_micro_usd, Some(of(Way::Ladder).micro_usd), "what the reports say is so");
}
