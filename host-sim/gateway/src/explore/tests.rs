use std::sync::Arc;

use parallel_agents::documents::DocumentReply;
use serde_json::Value;

use super::*;
use crate::checker::{Excuse, Excuses};
use crate::engine::Native;
use crate::observer::Observer;
use crate::script::Fault;
use crate::truth::Truth;

async fn explorer(tasks: u32) -> Explorer<'static> {
    Explorer::new(&Native, Options { tasks, ..Options::default() }).await.expect("the engine lists its functions")
}

#[tokio::test]
async fn a_seed_is_one_run() {
    let explorer = explorer(20).await;
    for seed in 0..50 {
        let (first, again) = (explorer.case(seed), explorer.case(seed));
        assert_eq!((first.request, first.stops), (again.request, again.stops), "seed {seed}");
        assert_eq!(first.script.faults(), again.script.faults(), "seed {seed}");
        assert_eq!(first.script.host(), again.script.host(), "seed {seed}");
    }
    assert_ne!(explorer.case(1).request, explorer.case(2).request);
}

#[tokio::test]
async fn a_tally_counts_what_struck() {
    let explorer = explorer(12).await;
    let mut tally = Tally::default();
    for seed in 0..200 {
        explorer.run(seed, &mut tally).await;
    }
    assert_eq!((tally.calls.runs, tally.outcomes.values().sum::<u64>()), (200, 200));
    assert!(
        tally.calls.sessions > 200 && tally.calls.host_calls > tally.calls.sessions && tally.calls.simulated_ms > 0,
        "{tally:?}"
    );
    assert!(tally.faults.len() > 18, "{:?}", tally.faults);
    assert!(tally.outcomes.len() > 3, "{:?}", tally.outcomes);
}

#[tokio::test]
async fn what_is_wrong_is_found() {
    let explorer = explorer(5).await;
    let case = explorer.case(3);
    let mut called = explorer.call(&case, explorer.simulation(&case, 3)).await;
    assert_eq!(check::check(&case, &called, &mut Excuses::default()), []);
    let Ok(DocumentReply::Answer(text)) = &called.result else { panic!("a report") };
    let mut report: Value = serde_json::from_str(text).expect("JSON");
    report["results"][0]["status"] = "running".into();
    report["spawn_calls"] = 9_999.into();
    report["census"]["tasks"] = 77.into();
    called.result = Ok(DocumentReply::Answer(report.to_string()));
    let found: Vec<String> =
        check::check(&case, &called, &mut Excuses::default()).iter().map(ToString::to_string).collect();
    let found = found.join("\n");
    for words in ["ended as \"running\"", "9999 spawn calls", "77 tasks", "the census says"] {
        assert!(found.contains(words), "{words} is missing in\n{found}");
    }
}

#[tokio::test]
async fn some_runs_are_calm_and_are_so_by_the_same_rule() {
    let explorer = explorer(12).await;
    let calm = |seed: &u64| calm::is_calm(&explorer.case(*seed));
    let count = (0..1_000).filter(calm).count();
    assert!((80..=160).contains(&count), "{count}");
    let seed = (0..1_000).find(calm).expect("a calm run");
    let of = |change: &dyn Fn(&mut Case)| {
        let mut case = explorer.case(seed);
        change(&mut case);
        calm::is_calm(&case)
    };
    assert!(of(&|_| {}));
    assert!(!of(&|case| case.request["wait"] = serde_json::json!({ "mode": "any" })));
    assert!(!of(&|case| case.request["tasks"][0]["on_dependency_failure"] = "fail_fast".into()));
    assert!(!of(&|case| case.stops.push((1, None))));
    let faults = crate::script::FaultProfile::default().with(Fault::Killed, 1);
    assert!(!of(&|case| case.script = Arc::new((*case.script).clone().with_faults(faults.clone()))));
}

#[tokio::test]
async fn results_are_compared_after_cuts() {
    let perturbations = Perturbations::from([Perturbation::Crash(Places::Sampled)]);
    let options = Options { tasks: 12, perturbations, ..Options::default() };
    let explorer = Explorer::new(&Native, options).await.expect("the engine lists its functions");
    let (calm, others): (Vec<u64>, Vec<u64>) = (0..100).partition(|seed| calm::is_calm(&explorer.case(*seed)));
    let mut tally = Tally::default();
    for seed in calm.into_iter().take(3).chain(others.into_iter().take(3)) {
        explorer.run(seed, &mut tally).await;
    }
    assert_eq!(tally.copies.calm_runs, 3);
    assert!(tally.copies.results_before_cuts > 30 && tally.copies.results_of_calm_runs > 9, "{tally:?}");
    assert_eq!(tally.failed_runs, []);
}

#[tokio::test]
async fn a_late_report_is_wrong_or_counted_as_excused() {
    let explorer = explorer(5).await;
    let case = explorer.case(3);
    for (jumps_first, findings, excused) in [(true, 0, 1), (false, 1, 0)] {
        let mut called = explorer.call(&case, explorer.simulation(&case, 3)).await;
        let Ok(DocumentReply::Answer(text)) = &called.result else { panic!("a report") };
        let mut report: Value = serde_json::from_str(text).expect("JSON");
        report["elapsed_seconds"] = 1e9.into();
        called.result = Ok(DocumentReply::Answer(report.to_string()));
        let checker = called.backend.checker_mut();
        if jumps_first {
            checker.truth(&Truth::Fault(Fault::ClockJumped));
        }
        checker.resumed();
        let mut excuses = Excuses::default();
        let found = check::check(&case, &called, &mut excuses);
        let late = found.iter().filter(|finding| finding.code == "I4").count();
        assert_eq!((late, excuses.times(Excuse::ClockJumped)), (findings, excused), "{found:?}");
    }
}
