//! The tree that the server embeds: what Trunk, the minifiers and the compressors have made, under names that carry the
//! hash of the content, and a manifest that says which is which.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::machine::Checkout;
use crate::web::loader::{self, Halves};
use crate::web::script::{self, Kind};
use crate::web::stamp::content_hash;
use crate::web::{App, compress, style, trunk, wasm};

/// The source of an app's boot script, relative to the checkout.
pub fn boot_script(app: App) -> String {
    format!("{}/boot.js", app.name())
}

/// The source of the native bridge, relative to the checkout.
pub const BRIDGE: &str = "widget/bridge.js";

/// Which file is which, as the server reads it from `manifest.json`.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Manifest {
    widget: Entry,
    desk: Entry,
    /// The native bridge, in the widget's directory of the tree.
    bridge: String,
}

/// The names of an app's files, in the app's directory of the tree.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Entry {
    boot: String,
    glue: String,
    wasm: String,
    css: String,
}

/// The files of a tree by their path in it.
#[derive(Debug, Default)]
pub struct Tree(BTreeMap<String, Vec<u8>>);

/// Makes the tree from what Trunk has built and from the files that go past it.
///
/// # Errors
///
/// When a source is missing or malformed.
pub fn assemble(checkout: &Checkout) -> Result<Tree> {
    let mut tree = Tree::default();
    let bridge = script::minify(BRIDGE, &read_text(checkout, BRIDGE)?, Kind::Classic)?;
    let manifest = Manifest {
        widget: add_app(checkout, App::Widget, &mut tree)?,
        desk: add_app(checkout, App::Desk, &mut tree)?,
        bridge: tree.add_asset(App::Widget, "bridge", ".js", bridge.into_bytes())?,
    };
    tree.add("manifest.json", serde_json::to_vec_pretty(&manifest)?);
    let halves =
        Halves { loader: read_text(checkout, loader::LOADER)?, panel: read_text(checkout, loader::PANEL)? };
    tree.add("loader.js", halves.split()?.into_bytes());
    tree.add("panel.js", halves.second()?.into_bytes());
    tree.add("loader-whole.js", halves.whole()?.into_bytes());
    Ok(tree)
}

impl Tree {
    /// Writes the tree, and removes what is in the directory and not in the tree. A file that is right is left alone.
    ///
    /// # Errors
    ///
    /// When the directory cannot be written.
    pub fn write(&self, directory: &Path) -> Result<()> {
        self.remove_others(directory, directory)?;
        // The manifest goes last: whoever reads it finds the files it names.
        let (manifest, files): (Vec<_>, Vec<_>) =
            self.0.iter().partition(|(name, _)| name.as_str() == "manifest.json");
        for (name, bytes) in files.into_iter().chain(manifest) {
            let path = directory.join(name);
            if fs::read(&path).is_ok_and(|present| &present == bytes) {
                continue;
            }
            let parent = path.parent().unwrap_or(directory);
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    fn remove_others(&self, root: &Path, directory: &Path) -> Result<()> {
        if !directory.is_dir() {
            return Ok(());
        }
        for entry in
            fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?
        {
            let path = entry?.path();
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                self.remove_others(root, &path)?;
            } else if !self.0.contains_key(&name) {
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: impl Into<String>, bytes: Vec<u8>) {
        self.0.insert(path.into(), bytes);
    }

    /// Adds an immutable file, plain and compressed, and returns its name.
    fn add_asset(&mut self, app: App, stem: &str, end: &str, bytes: Vec<u8>) -> Result<String> {
        let name = format!("{stem}-{}{end}", content_hash(&bytes));
        let path = format!("{}/{name}", app.name());
        self.add(format!("{path}.br"), compress::brotli(&bytes)?);
        self.add(format!("{path}.gz"), compress::gzip(&bytes)?);
        self.add(path, bytes);
        Ok(name)
    }
}

fn add_app(checkout: &Checkout, app: App, tree: &mut Tree) -> Result<Entry> {
    let name = app.name();
    let dist = trunk::dist(app);
    let boot = boot_script(app);
    let boot = script::minify(&boot, &read_text(checkout, &boot)?, Kind::Classic)?;
    let wasm = format!("{dist}/causette-{name}_bg.wasm");
    let wasm = fs::read(checkout.path(&wasm)).with_context(|| format!("cannot read {wasm}"))?;
    let wasm = wasm::shipped(&wasm)?;
    let glue = read_text(checkout, &format!("{dist}/causette-{name}.js"))?;
    let glue = with_snippets(checkout, app, &glue, tree)?;
    let glue = script::minify(&format!("causette-{name}.js"), &glue, Kind::Module)?;
    let css = style::sheet(checkout, app)?;
    Ok(Entry {
        boot: tree.add_asset(app, "boot", ".js", boot.into_bytes())?,
        glue: tree.add_asset(app, name, ".js", glue.into_bytes())?,
        wasm: tree.add_asset(app, name, "_bg.wasm", wasm)?,
        css: tree.add_asset(app, name, ".css", css.into_bytes())?,
    })
}

/// Adds the modules that a dependency's JavaScript snippets become, and names them in the glue by their hashed names.
fn with_snippets(checkout: &Checkout, app: App, glue: &str, tree: &mut Tree) -> Result<String> {
    let mut named = glue.to_owned();
    for specifier in snippet_specifiers(glue) {
        let file = format!("{}/{}", trunk::dist(app), specifier.trim_start_matches("./"));
        let source = read_text(checkout, &file)?;
        if !snippet_specifiers(&source).is_empty() {
            bail!("{file} imports a further snippet, which the tree does not know how to name");
        }
        let source = script::minify(&file, &source, Kind::Module)?;
        let hashed = tree.add_asset(app, "snippet", ".js", source.into_bytes())?;
        named = named.replace(specifier, &format!("./{hashed}"));
    }
    Ok(named)
}

/// The specifiers of snippets in what wasm-bindgen writes: `import … from './snippets/…';`.
fn snippet_specifiers(glue: &str) -> Vec<&str> {
    let imports = glue.lines().filter(|line| line.starts_with("import "));
    let mut specifiers: Vec<&str> = imports
        .filter_map(|line| line.split(['\'', '"']).find(|word| word.starts_with("./snippets/")))
        .collect();
    specifiers.sort_unstable();
    specifiers.dedup();
    specifiers
}

fn read_text(checkout: &Checkout, file: &str) -> Result<String> {
    fs::read_to_string(checkout.path(file)).with_context(|| format!("cannot read {file}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Entry, Manifest, Tree, snippet_specifiers};
    use crate::web::App;

    fn entry(name: &str) -> Entry {
        Entry {
            boot: "boot-1.js".into(),
            glue: format!("{name}-2.js"),
            wasm: format!("{name}-3_bg.wasm"),
            css: format!("{name}-4.css"),
        }
    }

    #[test]
    fn the_manifest_is_what_the_server_reads() {
        let bridge = "bridge-5.js".to_owned();
        let manifest = Manifest { widget: entry("widget"), desk: entry("desk"), bridge };
        let json = serde_json::to_string(&manifest).expect("serialises");
        let widget =
            r#"{"boot":"boot-1.js","glue":"widget-2.js","wasm":"widget-3_bg.wasm","css":"widget-4.css"}"#;
        let desk = r#"{"boot":"boot-1.js","glue":"desk-2.js","wasm":"desk-3_bg.wasm","css":"desk-4.css"}"#;
        assert_eq!(json, format!(r#"{{"widget":{widget},"desk":{desk},"bridge":"bridge-5.js"}}"#));
    }

    #[test]
    fn writing_replaces_adds_removes_and_leaves_alone() {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let mut tree = Tree::default();
        let name = tree.add_asset(App::Widget, "boot", ".js", b"start()".to_vec()).expect("compresses");
        tree.add("manifest.json", b"{}".to_vec());
        fs::create_dir(directory.path().join("widget")).expect("writable");
        fs::write(directory.path().join("widget/old.js"), "").expect("writable");
        tree.write(directory.path()).expect("writable");
        assert!(!directory.path().join("widget/old.js").exists());
        let boot = directory.path().join("widget").join(&name);
        assert_eq!(fs::read(&boot).expect("is there"), b"start()");
        assert!(directory.path().join(format!("widget/{name}.br")).is_file());
        let written = fs::metadata(&boot).and_then(|file| file.modified()).expect("is there");
        tree.write(directory.path()).expect("writable");
        assert_eq!(fs::metadata(&boot).and_then(|file| file.modified()).expect("is there"), written);
    }

    #[test]
    fn snippets_are_found_in_imports_only() {
        let glue =
            "import { now } from './snippets/dep-12/inline0.js';\nconst text = './snippets/none.js';\n";
        assert_eq!(snippet_specifiers(glue), ["./snippets/dep-12/inline0.js"]);
    }
}
