//! Dropping from a wasm file the words of panics.
//!
//! A panic in a browser puts its message together for a standard error that is not there, and then traps. Here whatever
//! only panics becomes the trap itself, and so does what nothing calls any more; of the widget that is 3 kB of brotli.
//! Functions keep their numbers, so that nothing else in the file changes: a body that only traps is three bytes.
//!
//! Which code formats for panics alone cannot be told from calls, because what can be formatted hangs in tables. It goes
//! where nothing but panics calls the formatter, and stays in an app that formats anything itself.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use wasmparser::{ElementItems, ExternalKind, KnownCustom, Name, Operator, Parser, Payload, TypeRef};

/// Where Rust's library panics, by the beginning of the functions' names. None of them returns.
const PANICS: [&str; 11] = [
    "core::panicking::",
    "std::panicking::",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "core::option::unwrap_failed",
    "core::option::expect_failed",
    "core::result::unwrap_failed",
    "core::cell::panic_",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::handle_error",
    "__rustc::rust_begin_unwind",
];

/// A body without local variables: `unreachable`, `end`.
pub const TRAP: [u8; 3] = [0x00, 0x00, 0x0b];

/// What of a module decides about what is reached.
#[derive(Debug, Default)]
struct Module {
    /// How many functions are imported; those with a body are counted on from there.
    imported: u32,
    names: BTreeMap<u32, String>,
    /// What each body calls or takes a reference of.
    calls: Vec<Vec<u32>>,
    /// What JavaScript or the machine calls.
    entries: BTreeSet<u32>,
    /// What stands in tables.
    table: BTreeSet<u32>,
}

/// The bodies, counted from the first, that may trap at once.
///
/// # Errors
///
/// When it is not wasm.
pub fn needless_bodies(wasm: &[u8]) -> Result<BTreeSet<usize>> {
    let module = Module::read(wasm)?;
    let formatters = module.named(|name| {
        ["core::fmt::", "alloc::fmt::", "<core::fmt::"].iter().any(|start| name.starts_with(start))
            || name.contains(" as core::fmt::")
    });
    let panics = module.named(|name| PANICS.iter().any(|start| name.starts_with(start)));
    let unformatted = module.reached(module.table.difference(&formatters).copied(), &panics);
    let reached = if unformatted.is_disjoint(&formatters) {
        unformatted
    } else {
        module.reached(module.table.iter().copied(), &panics)
    };
    let bodies = (module.imported..).zip(0..module.calls.len());
    Ok(bodies
        .filter(|(function, _)| !reached.contains(function) || panics.contains(function))
        .map(|(_, body)| body)
        .collect())
}

impl Module {
    fn read(wasm: &[u8]) -> Result<Self> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        module.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            module.entries.insert(export.index);
                        }
                    }
                }
                Payload::StartSection { func, .. } => {
                    module.entries.insert(func);
                }
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        module.table.extend(functions_in(global?.init_expr.get_operators_reader())?);
                    }
                }
                Payload::ElementSection(elements) => {
                    for element in elements {
                        match element?.items {
                            ElementItems::Functions(functions) => {
                                for function in functions {
                                    module.table.insert(function?);
                                }
                            }
                            ElementItems::Expressions(_, expressions) => {
                                for expression in expressions {
                                    module.table.extend(functions_in(expression?.get_operators_reader())?);
                                }
                            }
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    module.calls.push(functions_in(body.get_operators_reader()?)?);
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        for name in names {
                            if let Name::Function(functions) = name? {
                                for function in functions {
                                    let function = function?;
                                    module.names.insert(function.index, without_hashes(function.name));
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(module)
    }

    fn named(&self, is_meant: impl Fn(&str) -> bool) -> BTreeSet<u32> {
        self.names.iter().filter(|(_, name)| is_meant(name)).map(|(function, _)| *function).collect()
    }

    /// What is called from the entries and from `table`, but for what is called on the way into a panic.
    fn reached(&self, table: impl Iterator<Item = u32>, panics: &BTreeSet<u32>) -> BTreeSet<u32> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<u32> = self.entries.iter().copied().chain(table).collect();
        while let Some(function) = waiting.pop() {
            if reached.insert(function) && !panics.contains(&function) {
                let body = function.checked_sub(self.imported);
                let calls = body.and_then(|body| self.calls.get(usize::try_from(body).ok()?));
                waiting.extend(calls.into_iter().flatten());
            }
        }
        reached
    }
}

/// The functions that some instructions call or take a reference of.
fn functions_in(instructions: wasmparser::OperatorsReader<'_>) -> Result<Vec<u32>> {
    let mut functions = Vec::new();
    for instruction in instructions {
        match instruction? {
            Operator::Call { function_index }
            | Operator::ReturnCall { function_index }
            | Operator::RefFunc { function_index } => functions.push(function_index),
            _ => {}
        }
    }
    Ok(functions)
}

/// `core[0123456789abcdef]::fmt::write` is `core::fmt::write`.
fn without_hashes(name: &str) -> String {
    let mut plain = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        rest = match after.split_at_checked(16) {
            Some((hash, behind))
                if hash.bytes().all(|digit| digit.is_ascii_hexdigit()) && behind.starts_with(']') =>
            {
                &behind[1..]
            }
            _ => {
                plain.push('[');
                after
            }
        };
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::{needless_bodies, without_hashes};
    use crate::web::wasm::put_length;

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        let mut section = vec![id];
        put_length(&mut section, content.len());
        [&section, content].concat()
    }

    /// A module whose functions call one other each; the first is exported, the last stands in a table.
    fn module(functions: &[(&str, Option<u8>)]) -> Vec<u8> {
        let count = u8::try_from(functions.len()).expect("few");
        let mut bodies = vec![count];
        let mut names = vec![count];
        for (index, (name, called)) in (0..).zip(functions) {
            match called {
                Some(called) => bodies.extend([4, 0, 0x10, *called, 0x0b]),
                None => bodies.extend([2, 0, 0x0b]),
            }
            names.extend([index, u8::try_from(name.len()).expect("short")]);
            names.extend(name.bytes());
        }
        let names = [&[4, b'n', b'a', b'm', b'e'], &section(1, &names)[..]].concat();
        [
            &b"\0asm\x01\0\0\0"[..],
            &section(1, &[1, 0x60, 0, 0]),
            &section(3, &[&[count][..], &vec![0; functions.len()]].concat()),
            &section(4, &[1, 0x70, 0, 1]),
            &section(7, &[1, 1, b'a', 0, 0]),
            &section(9, &[1, 0, 0x41, 0, 0x0b, 1, count - 1]),
            &section(10, &bodies),
            &section(0, &names),
        ]
        .concat()
    }

    fn needless(functions: &[(&str, Option<u8>)]) -> Vec<usize> {
        needless_bodies(&module(functions)).expect("is wasm").into_iter().collect()
    }

    #[test]
    fn panics_trap_and_what_they_alone_call_goes() {
        let hashed = "core[0123456789abcdef]::panicking::panic_fmt";
        let debug = "<char as core::fmt::Debug>::fmt";
        let functions = [
            ("app::start", Some(1)),
            ("app::work", Some(2)),
            (hashed, Some(3)),
            ("core::fmt::write", None),
            (debug, None),
        ];
        assert_eq!(needless(&functions), [2, 3, 4]);
    }

    #[test]
    fn an_app_that_formats_keeps_what_it_formats() {
        let functions = [
            ("app::start", Some(1)),
            ("core::fmt::write", None),
            ("core::panicking::panic", Some(1)),
            ("<char as core::fmt::Debug>::fmt", None),
        ];
        assert_eq!(needless(&functions), [2]);
    }

    #[test]
    fn what_stands_in_a_table_stays_with_all_that_it_calls() {
        let functions =
            [("app::start", None), ("app::unused", None), ("app::used", None), ("app::handle", Some(2))];
        assert_eq!(needless(&functions), [1]);
    }

    #[test]
    fn hashes_are_told_from_arrays() {
        assert_eq!(
            without_hashes("<[u8] as alloc[0123456789abcdef]::slice::Join>"),
            "<[u8] as alloc::slice::Join>"
        );
        assert_eq!(without_hashes("a[é"), "a[é");
    }
}
