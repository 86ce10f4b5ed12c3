//! The browser's side: from the sources of widget, desk and loader to the tree that the server embeds.
//!
//! ```text
//! target/web/manifest.json                  which file is which, see `tree::Manifest`
//! target/web/loader.js                      minified, with `__CAUSETTE_SETTINGS__` for the server to replace
//! target/web/panel.js                       its second half, with `__CAUSETTE_PANEL_TEXTS__`
//! target/web/loader-whole.js                both in one, for pages that pin it by its hash
//! target/web/widget/boot-HASH.js            classic script for the document's head
//! target/web/widget/bridge-HASH.js          classic script before it, in an app's webview
//! target/web/widget/widget-HASH.js          module: glue between JavaScript and wasm
//! target/web/widget/widget-HASH_bg.wasm
//! target/web/widget/widget-HASH.css
//! target/web/widget/….br ….gz               each of them compressed
//! target/web/desk/…                         likewise
//! ```
//!
//! A hash is one of the file's own bytes, so a file never changes under its name. Each step is left out while the
//! hash of everything it reads is the one kept in its stamp; a file that has not changed is not touched either, so
//! that cargo does not build the server again.

mod compress;
mod loader;
mod panics;
mod script;
mod stamp;
mod style;
mod tree;
mod trunk;
mod wasm;

use std::fs;

use anyhow::{Context, Result};

use crate::machine::Checkout;
use crate::setup;
use crate::web::stamp::{Inputs, Stamp};

/// One of the two programs that run in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// The visitor's panel.
    Widget,
    /// The agents' desk.
    Desk,
}

impl App {
    /// Both, in the order in which they are built.
    pub const ALL: [Self; 2] = [Self::Widget, Self::Desk];

    /// Its directory in the checkout, and its directory and the stem of its files in the tree.
    pub fn name(self) -> &'static str {
        match self {
            Self::Widget => "widget",
            Self::Desk => "desk",
        }
    }
}

/// Brings `target/web` up to date.
///
/// # Errors
///
/// When a tool is missing, a source does not compile, or the tree cannot be written.
pub fn build(checkout: &Checkout) -> Result<()> {
    let directory = checkout.web_build();
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let _lock =
        setup::lock(&directory.join("lock"), "another chore is building widget and desk; waiting for it …")?;
    for app in App::ALL {
        trunk::build(checkout, app)?;
    }
    let stamp = Stamp::new(directory.join("tree.stamp"));
    let inputs = tree_inputs(checkout)?;
    if stamp.is(&inputs) && checkout.web().join("manifest.json").is_file() {
        return Ok(());
    }
    println!("making the tree of hashed, minified and compressed files …");
    stamp.clear()?;
    tree::assemble(checkout)?.write(&checkout.web())?;
    stamp.set(&inputs)
}

/// All that the tree is made from, the code that makes it included.
fn tree_inputs(checkout: &Checkout) -> Result<Inputs> {
    let mut inputs = Inputs::new(checkout.root());
    inputs.add("xtask/src/web")?;
    inputs.add("xtask/Cargo.toml")?;
    inputs.add(loader::LOADER)?;
    inputs.add(loader::PANEL)?;
    inputs.add(tree::BRIDGE)?;
    for app in App::ALL {
        inputs.add(&trunk::dist(app))?;
        inputs.add(&tree::boot_script(app))?;
        for file in style::files(checkout, app)? {
            inputs.add(&file)?;
        }
    }
    Ok(inputs)
}
