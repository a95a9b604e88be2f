//! Where things of this repository are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the checkout.
pub fn root() -> PathBuf {
    // Cargo sets the variable when it runs this program, and knows better than the build if the checkout has moved.
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// The finished component. Tests and the simulator look for it here, wherever cargo itself builds.
pub fn component() -> PathBuf {
    root().join("target/component/parallel_agents.wasm")
}

/// The component that misbehaves, for tests.
pub fn hostile_component() -> PathBuf {
    root().join("target/component/hostile.wasm")
}

/// The path as people know it: relative to the checkout when it lies inside.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The same cargo that runs this program, in the root of the checkout.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}
