//! The package as ClawHub's own command line checks it, as far as that needs neither account nor network.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::{npm, package, process, workspace};

/// The names under which the plugin is published, and where its sources are.
const NAMES: &str = "skill/publish.json";
/// Where ClawHub's command line leaves its findings.
const FINDINGS: &str = "target/clawhub";
/// Nobody listens there, so that nothing here depends on ClawHub or is told to it.
const NO_REGISTRY: &str = "http://127.0.0.1:9";
/// Stands for the commit where the sources are not in git.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

/// `clawhub package validate`, then `clawhub package publish --dry-run`. Where its command line cannot be installed, that is
/// said and nothing is checked.
///
/// # Errors
/// What ClawHub would refuse.
pub fn check(node: &Path, archive: &Path) -> Result<()> {
    let clawhub = match npm::clawhub(node) {
        Ok(clawhub) => clawhub,
        Err(error) => {
            eprintln!("NOT CHECKED as ClawHub does it, since its command line is not there: {error:#}");
            return Ok(());
        }
    };
    let findings = workspace::root().join(FINDINGS);
    let clawhub = |arguments: &[&str]| {
        let mut command = Command::new(node);
        command.arg(&clawhub).args(["--no-input", "package"]).args(arguments).current_dir(workspace::root());
        command.env("CLAWHUB_REGISTRY", NO_REGISTRY).env("CLAWHUB_DISABLE_TELEMETRY", "1");
        command.env("CLAWHUB_CONFIG_PATH", findings.join("nobody.json"));
        command
    };
    let staged = package::staged();
    // It also loads the plugin: without that it is content with a package that has no code.
    let mut validate = clawhub(&["validate", &staged.to_string_lossy(), "--runtime", "--allow-execute", "--out"]);
    process::run(validate.arg(&findings), "")?;

    let names = names()?;
    let repository = text(&names, "repository")?;
    let (source, commit) = (owner_and_name(repository)?, commit());
    let archive = archive.to_string_lossy();
    let mut publish = clawhub(&["publish", &archive, "--family", "code-plugin", "--dry-run", "--json"]);
    publish.args(["--source-repo", source, "--source-commit", &commit]);
    let plan: Value = serde_json::from_str(&process::read(&mut publish, "")?).context("the plan is no JSON")?;
    let named = |field: &str| plan.get(field).cloned().unwrap_or_default();
    ensure!(named("name") == json!(text(&names, "package")?), "it would be published under another name: {plan:#}");
    ensure!(named("version") == json!(env!("CARGO_PKG_VERSION")), "it would be published as another version: {plan:#}");
    eprintln!("ClawHub would take {} {} ({} files).", named("name"), named("version"), named("files"));
    if is_placeholder(repository) {
        eprintln!("{NAMES} still has {repository} for the repository: set it before publishing (docs/publishing.md).");
    }
    eprintln!("Not checked without an account: the name, its owner, ClawHub's scanners (docs/publishing.md).");
    Ok(())
}

fn names() -> Result<Value> {
    let text = fs::read_to_string(workspace::root().join(NAMES)).with_context(|| format!("cannot read {NAMES}"))?;
    serde_json::from_str(&text).with_context(|| format!("{NAMES} is no JSON"))
}

fn text<'a>(names: &'a Value, field: &str) -> Result<&'a str> {
    names.get(field).and_then(Value::as_str).with_context(|| format!("{NAMES} has no {field}"))
}

/// Domains that end so belong to nobody, and never will (RFC 2606).
fn is_placeholder(repository: &str) -> bool {
    repository.split('/').nth(2).is_some_and(|host| host.ends_with(".example"))
}

/// ClawHub names a repository by these two, wherever it is.
fn owner_and_name(repository: &str) -> Result<&str> {
    let path = repository.strip_prefix("https://").and_then(|rest| rest.split_once('/')).map(|(_, path)| path);
    match path {
        Some(path) if path.split('/').count() == 2 && !path.ends_with('/') => Ok(path),
        _ => bail!("{NAMES}: repository: got {repository:?}, need https://HOST/OWNER/NAME"),
    }
}

fn commit() -> String {
    let found = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(workspace::root()).output();
    let found =
        found.ok().filter(|output| output.status.success()).and_then(|output| String::from_utf8(output.stdout).ok());
    found.map_or_else(|| NO_COMMIT.to_owned(), |commit| commit.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_an_owner_and_a_name() {
        assert_eq!(owner_and_name("https://forge.example/owner/name").unwrap(), "owner/name");
        for wrong in [
            "https://forge.example/name",
            "git@forge.example:owner/name",
            "https://forge.example/a/b/c",
            "https://a/b/",
        ] {
            assert!(owner_and_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_reserved_names_stand_for_a_repository() {
        assert!(is_placeholder("https://forge.example/owner/name"));
        assert!(!is_placeholder("https://forge.test.org/owner.example/name"));
    }

    #[test]
    fn the_names_are_complete() {
        let names = names().unwrap();
        owner_and_name(text(&names, "repository").unwrap()).unwrap();
        for field in ["plugin", "title", "skill", "package", "author"] {
            assert!(!text(&names, field).unwrap().is_empty(), "{field}");
        }
    }
}
