//! The program itself: its component, and where that one's machine code is kept.

use std::env;
use std::time::Instant;

use host_sim::component::{CodeCache, ComponentHost};
use serde_json::json;

use super::Check;
use crate::args::ComponentArguments;
use crate::component::{self, Source};
use crate::outcome::{Failure, sentences};
use crate::simulation::Engine;
use crate::ui::Ui;

const PROGRAM: &str = "program";
const COMPONENT: &str = "component";
const CACHE: &str = "code cache";

pub async fn checks(ui: &Ui, arguments: &ComponentArguments) -> Vec<Check> {
    let place = env::current_exe().map_or_else(|error| error.to_string(), |path| path.display().to_string());
    let program = Check::ok(PROGRAM, format!("{} at {place}", env!("CARGO_PKG_VERSION")));
    let (cache, check) = cache(arguments);
    let _done = component::says_if_slow(*ui, cache.is_some());
    vec![program, component(arguments, cache.as_ref()).await, check]
}

async fn component(arguments: &ComponentArguments, cache: Option<&CodeCache>) -> Check {
    let began = Instant::now();
    let broken = |failure: Failure| {
        let words = match &failure {
            Failure::Bad { error, .. } | Failure::Broken { error, .. } => sentences(error),
            Failure::Refused(document) => document.to_string(),
        };
        let words = words.trim_start_matches("error: ").trim_end().replace("\n  hint: ", "; ");
        Check::broken(COMPONENT, words, "nothing but --engine native works without it")
    };
    let source = match Source::of(arguments) {
        Ok(source) => source,
        Err(failure) => return broken(failure),
    };
    match source.load(cache).await {
        Err(failure) => broken(failure),
        Ok(host) => match versions(host).await {
            Err(failure) => broken(failure),
            Ok(versions) => {
                let kept = if cache.is_some_and(|cache| cache.hits() > 0) { "kept code" } else { "compiled" };
                let ms = began.elapsed().as_millis();
                Check::ok(COMPONENT, format!("{source}: {versions}; {kept}, ready after {ms} ms"))
            }
        },
    }
}

/// What the component says of itself.
async fn versions(host: ComponentHost) -> Result<String, Failure> {
    let reply = Engine::Wasm(Box::new(host)).ask("versions", &json!({})).await?;
    let version = |name: &str| reply.document.get(name).and_then(|value| value.as_str()).unwrap_or("?").to_owned();
    Ok(format!("version {}, contract {}", version("component"), version("contract")))
}

fn cache(arguments: &ComponentArguments) -> (Option<CodeCache>, Check) {
    if arguments.no_cache {
        let hint = "leave out --no-cache and PARALLEL_AGENTS_NO_CACHE, and each call starts faster";
        return (None, Check::missing(CACHE, "switched off", hint));
    }
    let Some(directory) = component::cache_directory() else {
        return (None, Check::missing(CACHE, "this user has no directory for it", "set HOME or XDG_CACHE_HOME"));
    };
    match CodeCache::open(&directory) {
        Ok(cache) => {
            let place = cache.directory().display().to_string();
            (Some(cache), Check::ok(CACHE, place))
        }
        Err(error) => {
            let found = format!("{} cannot be written: {error}", directory.display());
            (
                None,
                Check::missing(CACHE, found, "make it writable, or set XDG_CACHE_HOME; until then each call compiles"),
            )
        }
    }
}
