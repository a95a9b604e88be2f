//! From bytes to something that can be instantiated, or a reason why not.

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine};

use super::cache::CodeCache;
use super::guest::GuestState;
use crate::bindings::{ParallelAgents, ParallelAgentsPre};
use gateway_sim::error::SimError;
use parallel_agents_engine::CONTRACT_VERSION;

/// The WIT package of the contract.
const PACKAGE: &str = "parallel-agents:skill/";

/// Stack of the guest, in bytes.
const MAX_WASM_STACK: usize = 512 << 10;

/// Compiles a component and connects its imports.
pub(super) fn prepare(
    bytes: &[u8],
    cache: Option<&CodeCache>,
) -> Result<(Engine, ParallelAgentsPre<GuestState>), SimError> {
    check_form(bytes)?;
    let mut config = config();
    config.cache(cache.map(CodeCache::wasmtime));
    let engine = Engine::new(&config).map_err(|error| load(&error))?;
    let component = Component::new(&engine, bytes).map_err(|error| load(&error))?;
    check_exported_version(&engine, &component)?;
    let mut linker = Linker::<GuestState>::new(&engine);
    ParallelAgents::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).map_err(|error| load(&error))?;
    let template = linker.instantiate_pre(&component).map_err(|error| load(&error))?;
    let template = ParallelAgentsPre::new(template).map_err(|error| load(&error))?;
    Ok((engine, template))
}

/// Refuses what is no component in binary form, before a parser says so in its own words or repeats the bytes.
fn check_form(bytes: &[u8]) -> Result<(), SimError> {
    // Four bytes of every module and component, then two of the version and two of the layer: 0 a module, 1 a component.
    let reason = match bytes {
        [b'\0', b'a', b's', b'm', _, _, 1, 0, ..] => return Ok(()),
        [b'\0', b'a', b's', b'm', _, _, 0, 0, ..] => "it is a core module and no component",
        [] => "it is empty",
        _ => "it is no WebAssembly component in binary form",
    };
    Err(SimError::Load { reason: reason.to_owned() })
}

/// Refuses another minor version; a patch may differ.
pub(super) fn check_version(found: &str) -> Result<(), SimError> {
    if minor(found).is_some() && minor(found) == minor(CONTRACT_VERSION) {
        return Ok(());
    }
    Err(SimError::Version { found: found.to_owned() })
}

/// Everything that could make two machines differ, or that the component does not need, is off.
fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .max_wasm_stack(MAX_WASM_STACK)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_component_model(true)
        .wasm_component_model_async(true);
    config
}

/// A component of another version lacks our exports; the version in its own tells more than that they are missing.
fn check_exported_version(engine: &Engine, component: &Component) -> Result<(), SimError> {
    let ty = component.component_type();
    let versions = ty.exports(engine).filter_map(|(name, _)| name.strip_prefix(PACKAGE)?.split_once('@'));
    for (_, version) in versions {
        check_version(version)?;
    }
    Ok(())
}

/// `0.1` of `0.1.7`.
fn minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.splitn(3, '.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn load(error: &wasmtime::Error) -> SimError {
    SimError::Load { reason: format!("{error:#}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_refused_without_its_bytes() {
        for (bytes, reason) in [
            (&b""[..], "it is empty"),
            (b"# A README", "it is no WebAssembly component in binary form"),
            (b"\0asm\x01\0\0\0", "it is a core module and no component"),
        ] {
            let error = prepare(bytes, None).err().expect("it is refused").to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_patch_may_differ_and_a_minor_version_may_not() {
        assert!(check_version("0.1.0").is_ok());
        assert!(check_version("0.1.99").is_ok());
        for found in ["0.2.0", "1.1.0", "0", "", "zero.one"] {
            let error = check_version(found).expect_err(found);
            assert!(error.to_string().contains("version"), "{error}");
        }
    }
}
