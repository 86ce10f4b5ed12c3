//! `size`: what a browser fetches, weighed at the real server, against the limits in snippet/budget.toml.
//!
//! The weight of an opening is the closure of its document: all that it names, and all that those files name in turn.
//! Each file is asked for as it is, with gzip and with brotli, and what arrives is counted, without headers.

mod budget;
mod closure;
mod demo;

use std::fs;

use anyhow::{Context, Result, bail};
use url::Url;

use crate::machine::{Checkout, Profile};
use crate::size::budget::{Budget, Limit};
use crate::size::closure::{File, fetch, fetch_closure};
use crate::size::demo::Demo;
use crate::{build, web};

/// Where the limits are.
const BUDGET: &str = "snippet/budget.toml";

/// Builds what has changed, starts a demo and weighs it.
///
/// # Errors
///
/// When something does not build, the demo does not serve it, or a limit is passed.
pub fn size(checkout: &Checkout) -> Result<()> {
    web::build(checkout)?;
    build::build_server(checkout, Profile::Dev)?;
    weigh(checkout)
}

/// Weighs what the server that is already built serves.
///
/// # Errors
///
/// When the demo does not serve it, or a limit is passed.
pub fn weigh(checkout: &Checkout) -> Result<()> {
    let text = fs::read_to_string(checkout.path(BUDGET)).with_context(|| format!("cannot read {BUDGET}"))?;
    let budget = Budget::read(&text).context(BUDGET)?;
    let demo = Demo::start(checkout)?;
    let loader = [fetch(&demo.address("/embed/demo.js")?)?];
    let widget = fetch_closure(&demo.address("/widget/demo")?)?;
    let desk = fetch_closure(&demo.address("/desk/")?)?;
    drop(demo);

    let code: Vec<File> = widget.iter().filter(|file| is_code(&file.address)).cloned().collect();
    println!("{:<44} {:>9} {:>9} {:>9}", "", "raw", "gzip", "brotli");
    print_group("at page load, with the settings of the demo site", &loader);
    print_group("first opening of the widget", &widget);
    print_group("first opening of the desk", &desk);
    println!();
    let limits = [
        Limit::new("loader_brotli", budget.loader_brotli, brotli_sum(&loader)),
        Limit::new("widget_open_brotli", budget.widget_open_brotli, brotli_sum(&widget)),
        Limit::new("widget_code_brotli", budget.widget_code_brotli, brotli_sum(&code)),
        Limit::new("desk_open_brotli", budget.desk_open_brotli, brotli_sum(&desk)),
    ];
    for limit in &limits {
        println!("{limit}");
    }
    let passed: Vec<&str> = limits.iter().filter(|limit| limit.is_passed()).map(|limit| limit.name).collect();
    if !passed.is_empty() {
        bail!("over the limit of {BUDGET}: {}", passed.join(", "));
    }
    Ok(())
}

fn print_group(title: &str, files: &[File]) {
    println!("{title}");
    for file in files {
        print_line(file.address.path(), file.raw, file.gzip, file.brotli);
    }
    if files.len() > 1 {
        let sum = |weight: fn(&File) -> usize| files.iter().map(weight).sum();
        print_line("together", sum(|file| file.raw), sum(|file| file.gzip), sum(|file| file.brotli));
    }
}

fn print_line(name: &str, raw: usize, gzip: usize, brotli: usize) {
    println!("  {name:<42} {raw:>9} {gzip:>9} {brotli:>9}");
}

fn brotli_sum(files: &[File]) -> usize {
    files.iter().map(|file| file.brotli).sum()
}

/// Whether a file is wasm or one of the modules around it. The boot script is not: it belongs to the document.
fn is_code(address: &Url) -> bool {
    let name = address.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    name.ends_with(".wasm") || (name.ends_with(".js") && !name.starts_with("boot-"))
}

#[cfg(test)]
mod tests {
    use super::is_code;

    #[test]
    fn code_is_wasm_and_modules() {
        let is_code =
            |path: &str| is_code(&format!("http://localhost{path}").parse().expect("is an address"));
        assert!(is_code("/widget/assets/widget-1_bg.wasm"));
        assert!(is_code("/widget/assets/widget-1.js"));
        assert!(is_code("/widget/assets/snippet-1.js"));
        assert!(!is_code("/widget/assets/boot-1.js"));
        assert!(!is_code("/widget/assets/widget-1.css"));
        assert!(!is_code("/widget/demo"));
    }
}
