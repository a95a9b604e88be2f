//! Holds the built component to the WIT: what it imports, what it exports, how much memory it can have.
//!
//! Reads `target/component/parallel_agents.wasm`, which `cargo xtask build` makes.

#![expect(clippy::disallowed_methods, reason = "the built component and the schemas are files")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wasmparser::{Parser, Payload};
use wit_parser::{Docs, Interface, Resolve, Type, TypeDefKind, TypeId};

/// All that the component can reach. `types` has no functions: it is there because the others use its types.
const IMPORTS: [&str; 4] = ["events", "journal", "sessions", "types"];

/// All that can be called.
const EXPORTS: [&str; 3] = ["about", "functions", "journals"];

/// 512 MiB in pages of 64 KiB. Under Node there is no other limit.
const MAX_MEMORY_PAGES: u64 = 8192;

/// Names of record fields and variant cases that say everything; all others need words.
const SELF_EXPLAINING: [&str; 18] = [
    "agent-type",
    "cancelled",
    "completed",
    "failed",
    "input-tokens",
    "label",
    "message",
    "model",
    "not-found",
    "outcome",
    "output-tokens",
    "reason",
    "running",
    "skipped",
    "tasks",
    "text",
    "timeout",
    "total",
];

#[test]
fn the_component_reaches_only_what_the_contract_names() {
    let component = Component::read(&built());
    assert_eq!(component.imports, named(&IMPORTS));
    assert_eq!(component.foreign_imports(), Vec::<String>::new());
}

#[test]
fn the_component_exports_exactly_the_contract() {
    let component = Component::read(&built());
    assert_eq!(component.exports, named(&EXPORTS));
}

#[test]
fn the_component_cannot_outgrow_its_memory() {
    let component = Component::read(&built());
    assert_eq!(component.memory_maxima, [Some(MAX_MEMORY_PAGES)], "one memory, limited by .cargo/config.toml");
}

#[test]
fn the_world_is_what_the_tests_above_expect() {
    let (resolve, _) = wit();
    let (_, world) = resolve.worlds.iter().next().expect("wit/ has a world");
    let names = |keys: Vec<String>| keys.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(names(world.imports.keys().map(|key| resolve.name_world_key(key)).collect()), named(&IMPORTS));
    assert_eq!(names(world.exports.keys().map(|key| resolve.name_world_key(key)).collect()), named(&EXPORTS));
}

#[test]
fn the_crate_implements_the_version_of_the_package() {
    let (_, version) = wit();
    assert_eq!(version, parallel_agents_engine::CONTRACT_VERSION);
}

#[test]
fn every_item_of_the_contract_is_documented() {
    let (resolve, _) = wit();
    let interfaces = resolve.interfaces.iter();
    let missing: Vec<String> = interfaces.flat_map(|(_, interface)| undocumented(&resolve, interface)).collect();
    assert!(missing.is_empty(), "without documentation: {missing:#?}");
}

#[test]
fn every_function_is_an_export_and_every_export_a_function() {
    let (resolve, _) = wit();
    let interface = resolve.interfaces.iter().find(|(_, interface)| interface.name.as_deref() == Some("functions"));
    let exported: BTreeSet<String> = interface.expect("the interface").1.functions.keys().cloned().collect();
    let called = parallel_agents::documents::functions().into_iter().map(|function| function.name.replace('_', "-"));
    assert_eq!(exported, called.chain(["list-functions", "refuse-name"].map(str::to_owned)).collect());
}

#[test]
fn a_wasi_import_is_reported_wherever_it_hides() {
    let check = |text: &str| Component::read(&wat::parse_str(text).expect("valid text")).foreign_imports();

    let of_the_component = r#"(component (import "wasi:clocks/monotonic-clock@0.2.0" (instance)))"#;
    assert_eq!(check(of_the_component), ["wasi:clocks/monotonic-clock@0.2.0"]);

    let of_a_module = r#"(component (core module (import "wasi_snapshot_preview1" "fd_write" (func))))"#;
    assert_eq!(check(of_a_module), ["wasi_snapshot_preview1"]);

    let of_another_version = r#"(component (import "parallel-agents:skill/sessions@9.0.0" (instance)))"#;
    assert_eq!(check(of_another_version), ["parallel-agents:skill/sessions@9.0.0"]);

    let as_it_should_be = r#"(component
        (import "parallel-agents:skill/sessions@0.1.0" (instance))
        (core module (import "parallel-agents:skill/sessions@0.1.0" "sessions-spawn" (func))))"#;
    assert_eq!(check(as_it_should_be), Vec::<String>::new());
}

/// What a component says about itself.
#[derive(Default)]
struct Component {
    imports: BTreeSet<String>,
    exports: BTreeSet<String>,
    /// The names of modules from which the core modules inside import.
    module_imports: BTreeSet<String>,
    /// Of every memory that a core module defines, in pages.
    memory_maxima: Vec<Option<u64>>,
}

impl Component {
    fn read(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        // The parser walks into what is nested; the outermost component is the one whose imports a host sees.
        let mut depth = 0usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.expect("a valid component") {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(section) if depth == 1 => {
                    let names = section.into_iter().map(|import| import.expect("a valid import").name.name.to_owned());
                    found.imports.extend(names);
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    let names = section.into_iter().map(|export| export.expect("a valid export").name.name.to_owned());
                    found.exports.extend(names);
                }
                Payload::ImportSection(section) => {
                    let imports = section.into_imports();
                    found
                        .module_imports
                        .extend(imports.map(|import| import.expect("a valid import").module.to_owned()));
                }
                Payload::MemorySection(section) => {
                    found
                        .memory_maxima
                        .extend(section.into_iter().map(|memory| memory.expect("a valid memory").maximum));
                }
                _ => {}
            }
        }
        found
    }

    /// Imports that the contract does not know, at any depth.
    fn foreign_imports(&self) -> Vec<String> {
        let known = named(&IMPORTS);
        let outer = self.imports.iter().filter(|name| !known.contains(*name));
        // Inside, modules import from each other, and the built-ins of the component model, under names without a package.
        let inner = self.module_imports.iter().filter(|name| {
            let interface = name.trim_start_matches("[export]").trim_start_matches("[async-lower]");
            let is_own = known.contains(interface) || named(&EXPORTS).contains(interface);
            !is_own && (interface.contains(':') || interface.contains("wasi"))
        });
        outer.chain(inner).cloned().collect()
    }
}

fn named(interfaces: &[&str]) -> BTreeSet<String> {
    let version = parallel_agents_engine::CONTRACT_VERSION;
    interfaces.iter().map(|interface| format!("parallel-agents:skill/{interface}@{version}")).collect()
}

fn built() -> Vec<u8> {
    let path = root().join("target/component/parallel_agents.wasm");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask build` first", path.display()))
}

/// The parsed package, and its version.
fn wit() -> (Resolve, String) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit")).expect("wit/ is a valid package");
    let version = resolve.packages[package].name.version.as_ref().expect("the package has a version").to_string();
    (resolve, version)
}

/// `interface.item` or `interface.type.member` for everything that lacks documentation.
///
/// Passed over are cases of enums, whose type has to say it; members of a named type that is documented; and members
/// with a name that says everything.
fn undocumented(resolve: &Resolve, interface: &Interface) -> Vec<String> {
    let place = interface.name.as_deref().unwrap_or_default();
    let mut items: Vec<(String, &Docs)> = vec![(String::new(), &interface.docs)];
    items.extend(interface.functions.iter().map(|(name, function)| (name.clone(), &function.docs)));
    for (name, id) in &interface.types {
        let definition = &resolve.types[*id];
        let members: Vec<(&str, &Docs, Option<&Type>)> = match &definition.kind {
            // `use` of a type that another interface documents.
            TypeDefKind::Type(Type::Id(_)) => continue,
            TypeDefKind::Record(record) => {
                record.fields.iter().map(|field| (field.name.as_str(), &field.docs, Some(&field.ty))).collect()
            }
            TypeDefKind::Variant(variant) => {
                variant.cases.iter().map(|case| (case.name.as_str(), &case.docs, case.ty.as_ref())).collect()
            }
            TypeDefKind::Flags(flags) => {
                flags.flags.iter().map(|flag| (flag.name.as_str(), &flag.docs, None)).collect()
            }
            _ => Vec::new(),
        };
        items.push((name.clone(), &definition.docs));
        let needy = members.into_iter().filter(|(member, _, ty)| {
            !SELF_EXPLAINING.contains(member) && !ty.is_some_and(|ty| is_documented_type(resolve, ty))
        });
        items.extend(needy.map(|(member, docs, _)| (format!("{name}.{member}"), docs)));
    }
    let missing =
        items.into_iter().filter(|(_, docs)| docs.contents.as_deref().is_none_or(|text| text.trim().is_empty()));
    missing.map(|(item, _)| format!("{place}.{item}").trim_end_matches('.').to_owned()).collect()
}

/// Whether a type has a name and words of its own, alone or inside an option or a list.
fn is_documented_type(resolve: &Resolve, ty: &Type) -> bool {
    let mut next = match ty {
        Type::Id(id) => Some(*id),
        _ => None,
    };
    while let Some(id) = next {
        let definition = &resolve.types[id];
        if definition.name.is_some() && definition.docs.contents.is_some() {
            return true;
        }
        next = inner_type(&definition.kind);
    }
    false
}

fn inner_type(kind: &TypeDefKind) -> Option<TypeId> {
    match kind {
        TypeDefKind::Option(Type::Id(id)) | TypeDefKind::List(Type::Id(id)) | TypeDefKind::Type(Type::Id(id)) => {
            Some(*id)
        }
        _ => None,
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
