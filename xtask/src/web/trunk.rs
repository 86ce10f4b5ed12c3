//! Building widget and desk with Trunk: Rust to wasm, and its glue.
//!
//! Trunk's own document, hashes and minifier are not used: the server renders the documents, and the tree hashes what
//! the minifier has left.

use std::fs;

use anyhow::{Context, Result};

use crate::machine::{self, Checkout, Stopwatch};
use crate::process;
use crate::setup::{self, Tool};
use crate::web::App;
use crate::web::stamp::{Inputs, Stamp};

/// Where Trunk puts an app, relative to the checkout; its configuration names the same directory.
pub fn dist(app: App) -> String {
    format!("target/web-build/{}", app.name())
}

/// Builds an app, unless nothing it is made from has changed.
pub fn build(checkout: &Checkout, app: App) -> Result<()> {
    let name = app.name();
    let stamp = Stamp::new(checkout.web_build().join(format!("{name}.stamp")));
    let inputs = inputs(checkout, app)?;
    if stamp.is(&inputs) && checkout.path(&dist(app)).join(format!("causette-{name}_bg.wasm")).is_file() {
        return Ok(());
    }
    setup::add_wasm_target(checkout)?;
    let wasm_bindgen = Tool::wasm_bindgen(checkout)?.directory()?;
    let trunk = Tool::trunk().directory()?.join("trunk");
    println!("building the {name} (the first time takes a minute or two) …");
    let clock = Stopwatch::start();
    stamp.clear()?;
    // Trunk is told to stay offline, lest it download tools; cargo obeys that too, so what it needs is fetched first.
    process::run(&mut process::cargo(checkout, &["fetch", "--quiet"]))?;
    let mut command = process::command(trunk);
    command
        .current_dir(checkout.root())
        .args(["--quiet", "--color", "never", "build", "--config", configuration(app)])
        .env("PATH", machine::path_with(&wasm_bindgen)?)
        .env("CARGO_TERM_QUIET", "true")
        // Cargo joins them to those in .cargo/config.toml.
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags_against_paths()?)
        // Trunk 0.21 takes only the words true and false for this one, and fails over the customary 1.
        .env_remove("NO_COLOR")
        // A source that does not compile is the compiler's to explain; where Trunk noticed helps nobody.
        .env_remove("RUST_BACKTRACE");
    process::run(&mut command)?;
    println!("built the {name} in {:.0} s", clock.elapsed().as_secs_f32());
    stamp.set(&inputs)
}

/// Flags that leave this machine's directories out of what panics say about their place: the files are then the same
/// wherever they are built, tell nothing about the builder, and are a little lighter.
fn flags_against_paths() -> Result<String> {
    let registries = machine::cargo_home()?.join("registry").join("src");
    let mut flags = Vec::new();
    for entry in fs::read_dir(&registries).with_context(|| format!("cannot read {}", registries.display()))? {
        let flag = format!("--remap-path-prefix={}/=", entry?.path().display());
        // The variable is split at spaces; a home with a space in it keeps its paths.
        if !flag.contains(char::is_whitespace) {
            flags.push(flag);
        }
    }
    flags.sort();
    Ok(flags.join(" "))
}

fn configuration(app: App) -> &'static str {
    match app {
        App::Widget => "Trunk.toml",
        App::Desk => "desk/Trunk.toml",
    }
}

/// All that decides what the wasm and its glue are. Styles and the boot script go into the tree without Trunk.
fn inputs(checkout: &Checkout, app: App) -> Result<Inputs> {
    let mut inputs = Inputs::new(checkout.root());
    for file in ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "rust-toolchain.toml", configuration(app)]
    {
        inputs.add(file)?;
    }
    for name in [app.name(), "client", "shared"] {
        inputs.add(&format!("{name}/Cargo.toml"))?;
        inputs.add(&format!("{name}/build.rs"))?;
        inputs.add_unless(&format!("{name}/src"), |path| path.extension().is_some_and(|end| end == "css"))?;
    }
    inputs.add(&format!("{}/index.html", app.name()))?;
    inputs.add("xtask/src/web/trunk.rs")?;
    Ok(inputs)
}
