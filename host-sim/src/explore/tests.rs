use super::*;

async fn explorer(tasks: u32) -> Explorer<'static> {
    Explorer::new(Subject::Native, Options { tasks, ..Options::default() })
        .await
        .expect("the engine lists its functions")
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
    assert_eq!((tally.runs, tally.outcomes.values().sum::<u64>()), (200, 200));
    assert!(tally.sessions > 200 && tally.host_calls > tally.sessions && tally.simulated_ms > 0, "{tally:?}");
    assert!(tally.faults.len() > 18, "{:?}", tally.faults);
    assert!(tally.outcomes.len() > 3, "{:?}", tally.outcomes);
}

#[tokio::test]
async fn what_is_wrong_is_found() {
    let explorer = explorer(5).await;
    let case = explorer.case(3);
    let mut called = explorer.call(&case, explorer.world(&case, 3)).await;
    assert_eq!(check::check(&case, &called), []);
    let Ok(DocumentReply::Answer(text)) = &called.result else { panic!("a report") };
    let mut report: Value = serde_json::from_str(text).expect("JSON");
    report["results"][0]["status"] = "running".into();
    report["spawn_calls"] = 9_999.into();
    report["census"]["tasks"] = 77.into();
    called.result = Ok(DocumentReply::Answer(report.to_string()));
    let found: Vec<String> = check::check(&case, &called).iter().map(ToString::to_string).collect();
    let found = found.join("\n");
    for words in ["ended as \"running\"", "9999 spawn calls", "77 tasks", "the census says"] {
        assert!(found.contains(words), "{words} is missing in\n{found}");
    }
}
