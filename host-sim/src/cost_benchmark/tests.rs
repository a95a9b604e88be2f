use gateway_sim::engine::Native;

use super::*;

#[test]
fn a_seed_is_one_pool_and_shares_are_kept() {
    let pool = Pool::draw(10_000, 1);
    assert_eq!(pool, Pool::draw(10_000, 1));
    assert_ne!(pool, Pool::draw(10_000, 2));
    for kind in Pool::KINDS {
        let of_kind: Vec<&Task> = pool.tasks.iter().filter(|task| task.kind == kind).collect();
        // Five standard deviations of the widest, sqrt(10,000 * 0.6 * 0.4) = 49, are 245.
        assert!(of_kind.len().abs_diff(kind.share as usize * 10) < 245, "{}: {}", kind.agent_type, of_kind.len());
        assert_eq!(kind.needs.iter().sum::<u32>(), 1_000);
        for (tier, share) in Tier::ALL.into_iter().zip(kind.needs) {
            let found = of_kind.iter().filter(|task| task.needs == tier).count() * 1_000 / of_kind.len();
            assert!(found.abs_diff(share as usize) < 60, "{} {}: {found} of 1,000", kind.agent_type, tier.name());
        }
    }
}

#[tokio::test]
async fn ways_differ_as_they_have_to() {
    let pool = Pool::draw(200, 3);
    let comparison = compare(&pool, &Native).await.expect("four ways");
    let of = |way| comparison.of(way).expect("a result");
    let needing = |tier| pool.needing(tier) as u64;
    assert_eq!(of(Way::AllCheapest).good, needing(Tier::Economy), "a weak model fails where the pool says so");
    assert_eq!((of(Way::AllTop).good, of(Way::BestAchievable).good), (200, 200));
    assert_eq!((of(Way::AllTop).sessions, of(Way::BestAchievable).sessions), (200, 200));
    assert_eq!(of(Way::Ladder).good, 200);
    assert!(of(Way::Ladder).sessions > 200, "some had to climb");
    assert!(of(Way::BestAchievable).micro_usd < of(Way::Ladder).micro_usd);
    assert!(of(Way::Ladder).micro_usd < of(Way::AllTop).micro_usd);
    for result in &comparison.results {
        assert_eq!(result.reported_micro_usd, Some(result.micro_usd), "{:?}", result.way);
    }
}

#[test]
fn the_goal_is_a_cost_and_a_quality() {
    let result = |way, good, micro_usd| Outcome {
        way,
        tasks: 10,
        good,
        sessions: 10,
        tokens: 1,
        micro_usd,
        reported_micro_usd: None,
    };
    let compared = |good, cost| {
        let results =
            vec![result(Way::AllTop, 9, 5_000), result(Way::Ladder, good, cost), result(Way::BestAchievable, 9, 1_000)];
        Comparison { results }
    };
    assert_eq!(compared(9, 1_150).above_best(Way::Ladder), Some(1_500));
    assert!(compared(9, 1_150).goal_is_met());
    assert!(!compared(9, 1_151).goal_is_met());
    assert!(!compared(8, 1_000).goal_is_met());
}
