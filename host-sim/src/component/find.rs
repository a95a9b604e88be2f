//! Where the component file is, when nobody says.

use std::env;
use std::path::{Path, PathBuf};

use gateway_sim::error::SimError;

/// Names the component file.
pub const COMPONENT_VARIABLE: &str = "PARALLEL_AGENTS_COMPONENT";

/// The file's name within a build directory.
const FILE: &str = "component/parallel_agents.wasm";

/// Finds the component of a build directory: the file that the variable `PARALLEL_AGENTS_COMPONENT` names, else the one that
/// `cargo xtask build` makes, in `target/component` of the working directory or of a directory above it, or of one
/// above the running program.
pub fn find() -> Result<PathBuf, SimError> {
    if let Some(named) = env::var_os(COMPONENT_VARIABLE).filter(|name| !name.is_empty()) {
        return Ok(PathBuf::from(named));
    }
    let here = env::current_dir().ok();
    let program = env::current_exe().ok();
    let near_here = here.iter().flat_map(|dir| dir.ancestors()).map(|dir| dir.join("target").join(FILE));
    // The program itself lies in a build directory, whatever that is called.
    let near_program = program.iter().flat_map(|file| file.ancestors().skip(1)).map(|dir| dir.join(FILE));
    near_here.chain(near_program).find(|path| is_component(path)).ok_or(SimError::Missing { path: None })
}

/// An empty file is a place where one will be.
fn is_component(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.len() > 0)
}
