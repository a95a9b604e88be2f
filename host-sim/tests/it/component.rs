//! The component that the tests run.

use gateway_sim::trace::Trace;
use host_sim::component::{ComponentHost, find};
use tokio::sync::OnceCell;

/// The component, compiled once for all tests.
///
/// # Panics
/// If it was not built: a test that did not run the component must not pass.
pub async fn component() -> &'static ComponentHost {
    static HOST: OnceCell<ComponentHost> = OnceCell::const_new();
    HOST.get_or_init(async || {
        let path = find().unwrap_or_else(|error| panic!("{error}"));
        match ComponentHost::load(&path, None).await {
            Ok(host) => host,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    })
    .await
}

/// Compares two traces and shows the first line in which they differ.
pub fn assert_same_trace(left: &Trace, right: &Trace, place: &str) {
    if left.text() == right.text() {
        return;
    }
    let lines = |trace: &Trace| trace.text().lines().map(str::to_owned).chain(["(end)".to_owned()]).collect::<Vec<_>>();
    let (left, right) = (lines(left), lines(right));
    let differ = left.iter().zip(&right).find(|(left, right)| left != right);
    panic!(
        "{place}: the traces differ, first in\n{differ:#?}\nIf the sources are newer than the component, run `cargo xtask \
         build`."
    );
}
