//! Random runs by the thousand, on the engine and on the component.

use std::thread;

use futures::executor::block_on;
use gateway_sim::checker::Spending;
use gateway_sim::engine::Native;
use gateway_sim::explore::regress;
use gateway_sim::explore::{Explorer, Options, Perturbation, Perturbations, Places, Tally};

use crate::component::component;

fn threads() -> usize {
    thread::available_parallelism().map_or(1, Into::into)
}

fn options(perturbations: &[Perturbation]) -> Options {
    Options { tasks: 12, perturbations: perturbations.iter().copied().collect::<Perturbations>(), ..Options::default() }
}

async fn on_the_component(options: Options) -> Explorer<'static> {
    let subject = component().await;
    Explorer::new(subject, options).await.expect("the component lists its functions")
}

fn on_the_engine(options: Options) -> Explorer<'static> {
    block_on(Explorer::new(&Native, options)).expect("the engine lists its functions")
}

#[track_caller]
fn assert_kept(tally: &Tally) {
    let shown: Vec<String> = tally
        .failed_runs
        .iter()
        .take(10)
        .map(|failed_run| {
            let what: Vec<String> = failed_run.what.iter().map(ToString::to_string).collect();
            let again = format!(
                "parallel-agents dev explore --seeds {} --crash every --cancel every --trap every",
                failed_run.seed
            );
            format!("seed {} {}: {}\n  again: {again}", failed_run.seed, failed_run.perturbation, what.join("; "))
        })
        .collect();
    assert!(shown.is_empty(), "{} of {} runs:\n{}", tally.failed_runs.len(), tally.calls.runs, shown.join("\n"));
    assert_eq!(
        (tally.census.lost, tally.census.duplicated, tally.census.unexpected, tally.census.orphans),
        (0, 0, 0, 0)
    );
    assert_eq!((tally.determinism_mismatches, tally.census.duplicate_spawns), (0, 0));
    assert_eq!((tally.over.in_flight, tally.over.budget), (0, Spending::default()));
}

#[tokio::test]
async fn two_thousand_seeds_are_the_same_twice_in_every_byte_and_in_fuel() {
    let tally = on_the_component(options(&[Perturbation::Again])).await.explore(0..2_000, threads(), || {});
    assert_kept(&tally);
    assert_eq!((tally.seeds, tally.calls.runs), (2_000, 4_000));
}

#[tokio::test]
async fn twenty_thousand_random_runs_of_the_component_keep_every_invariant() {
    let tally = on_the_component(options(&[])).await.explore(2_000..22_000, threads(), || {});
    assert_kept(&tally);
    assert_eq!(tally.calls.runs, 20_000);
    // Almost everything that can go wrong did, the rarest of it some times.
    assert!(tally.faults.len() >= 60, "{:?}", tally.faults);
}

#[tokio::test]
async fn wherever_a_run_is_cancelled_or_dropped_nothing_is_left() {
    let tally = on_the_component(options(&[Perturbation::Cancel(Places::Every), Perturbation::Trap(Places::Every)]))
        .await
        .explore(0..240, threads(), || {});
    assert_kept(&tally);
    assert!(
        tally.copies.cancels >= 5_000 && tally.copies.traps >= 5_000,
        "{} {}",
        tally.copies.cancels,
        tally.copies.traps
    );
}

#[tokio::test]
async fn engine_and_component_do_the_same_however_many_threads_there_are() {
    let perturbations = [Perturbation::Cancel(Places::Every)];
    let wasm = on_the_component(options(&perturbations)).await.explore(0..40, 2, || {});
    let native = on_the_engine(options(&perturbations)).explore(0..40, 3, || {});
    assert_eq!(wasm.counters(0.0), native.counters(0.0));
    assert_eq!((wasm.calls.sessions, wasm.outcomes), (native.calls.sessions, native.outcomes));
}

#[tokio::test]
async fn runs_that_once_broke_an_invariant_are_run_for_ever() {
    let lines = regress::read(include_str!("../../seeds/regress.txt")).unwrap_or_else(|error| panic!("{error}"));
    assert!(!lines.is_empty());
    for line in lines {
        let explorer = on_the_component(line.options).await;
        let mut tally = Tally::default();
        explorer.run(line.seed, &mut tally).await;
        assert_kept(&tally);
    }
}

#[test]
fn wherever_a_run_is_cut_off_it_goes_on_and_keeps_every_invariant() {
    let tally = on_the_engine(options(&[Perturbation::Crash(Places::Every)])).explore(0..150, threads(), || {});
    assert_kept(&tally);
    assert!(tally.copies.resumes >= 20_000, "{}", tally.copies.resumes);
    let (calm, before, others) =
        (tally.copies.calm_resumes, tally.copies.results_before_cuts, tally.copies.results_of_calm_runs);
    assert!(calm >= 1_000 && before >= 20_000 && others >= 500, "{calm} {before} {others}");
}

#[test]
fn many_runs_are_cut_off_and_cancelled_at_some_places() {
    let perturbations = [Perturbation::Crash(Places::Sampled), Perturbation::Cancel(Places::Sampled)];
    let tally = on_the_engine(options(&perturbations)).explore(22_000..22_300, threads(), || {});
    assert_kept(&tally);
    assert!(
        tally.copies.resumes >= 4_000 && tally.copies.cancels >= 1_800,
        "{} {}",
        tally.copies.resumes,
        tally.copies.cancels
    );
    assert!(tally.copies.calm_runs >= 20, "{}", tally.copies.calm_runs);
}
