//! Where things of this repository are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What cargo tells a program that it runs, of that program's package.
const PACKAGE_VARIABLES: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

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

/// The component that reads agent files for the plugin.
pub fn agent_files_component() -> PathBuf {
    root().join("target/component/agent_files.wasm")
}

/// The component that misbehaves, for tests.
pub fn hostile_component() -> PathBuf {
    root().join("target/component/hostile.wasm")
}

/// The path as people know it: relative to the checkout when it lies inside.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The same cargo that runs this program, in the root of the checkout, as if it had been called by hand.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // Build scripts look at what cargo says of a package, here this one. They would run again, and all that depends on
    // them be compiled again, whenever cargo is called by hand in between.
    let of_this_package = |name: &str| PACKAGE_VARIABLES.iter().any(|begin| name.starts_with(begin));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_this_package)) {
        command.env_remove(name);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_not_told_of_this_package() {
        let command = cargo();
        let removed: Vec<&str> =
            command.get_envs().filter(|(_, value)| value.is_none()).filter_map(|(name, _)| name.to_str()).collect();
        for name in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION", "CARGO_MANIFEST_DIR"] {
            assert!(env::var_os(name).is_some() && removed.contains(&name), "{name} is not among {removed:?}");
        }
    }
}
