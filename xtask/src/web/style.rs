//! One style sheet per app, out of a file for each component.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use lightningcss::error::Error;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions, StyleSheet};
use lightningcss::targets::{Browsers, Targets};

use crate::machine::Checkout;
use crate::web::App;

/// The files of an app's style sheet, relative to the checkout, in the order in which they cascade: tokens, base, the
/// rest of `style/`, then the components by name.
///
/// # Errors
///
/// When a directory cannot be read.
pub fn files(checkout: &Checkout, app: App) -> Result<Vec<String>> {
    let style = format!("{}/style", app.name());
    let mut files = list(checkout, &style, |path| path.extension().is_some_and(|end| end == "css"))?;
    files.sort_by_key(|file| (rank(file), file.clone()));
    for parent in ["components", "pages"] {
        for folder in list(checkout, &format!("{}/src/{parent}", app.name()), Path::is_dir)? {
            files.extend(list(checkout, &folder, |path| path.extension().is_some_and(|end| end == "css"))?);
        }
    }
    Ok(files)
}

/// The minified style sheet of an app; empty while it has no styles.
///
/// # Errors
///
/// When a file cannot be read, or is not CSS; the message names file, line and column.
pub fn sheet(checkout: &Checkout, app: App) -> Result<String> {
    let mut text = String::new();
    for file in files(checkout, app)? {
        let content =
            fs::read_to_string(checkout.path(&file)).with_context(|| format!("cannot read {file}"))?;
        // Each file by itself first: in the whole, a mistake would have no file, and a missing brace would be found
        // somewhere in the next one.
        minify(&file, &content)?;
        text.push_str(&content);
        text.push('\n');
    }
    minify(&format!("{}.css", app.name()), &text)
}

/// Tokens come before all that uses them, and the base before what refines it.
fn rank(file: &str) -> u8 {
    match Path::new(file).file_stem().and_then(|stem| stem.to_str()) {
        Some("tokens") => 0,
        Some("base") => 1,
        _ => 2,
    }
}

fn list(checkout: &Checkout, directory: &str, keep: impl Fn(&Path) -> bool) -> Result<Vec<String>> {
    let path = checkout.path(directory);
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&path).with_context(|| format!("cannot read {directory}"))? {
        let entry = entry?;
        if keep(&entry.path()) {
            names.push(format!("{directory}/{}", entry.file_name().to_string_lossy()));
        }
    }
    names.sort();
    Ok(names)
}

fn minify(name: &str, text: &str) -> Result<String> {
    let options = ParserOptions { filename: name.to_owned(), ..ParserOptions::default() };
    let mut sheet = StyleSheet::parse(text, options).map_err(|error| mistake(name, &error))?;
    let targets = Targets::from(oldest_browsers());
    sheet
        .minify(MinifyOptions { targets, ..MinifyOptions::default() })
        .map_err(|error| mistake(name, &error))?;
    let printed = sheet
        .to_css(PrinterOptions { minify: true, targets, ..PrinterOptions::default() })
        .map_err(|error| mistake(name, &error))?;
    Ok(printed.code)
}

/// The message of a mistake with its place as editors count it: the library's first line is 0.
fn mistake<T: fmt::Display>(name: &str, error: &Error<T>) -> anyhow::Error {
    match &error.loc {
        Some(place) => anyhow!("{name}:{}:{}: {}", place.line + 1, place.column, error.kind),
        None => anyhow!("{name}: {}", error.kind),
    }
}

/// The engines that the wasm runs in at all and that are still met; without naming them the printer would write the
/// newest syntax it knows (ranges in media queries, for one), which Safari reads only since 16.4.
fn oldest_browsers() -> Browsers {
    let version = |major: u32| Some(major << 16);
    Browsers {
        chrome: version(109),
        edge: version(109),
        android: version(109),
        firefox: version(115),
        safari: version(16),
        ios_saf: version(16),
        samsung: version(21),
        ie: None,
        opera: version(95),
    }
}

#[cfg(test)]
mod tests {
    use super::{minify, rank};

    #[test]
    fn styles_are_minified_without_newer_syntax() {
        let css = "@media (min-width: 600px) {\n  .log { color: #ffffff; margin: 0px }\n}\n";
        assert_eq!(
            minify("log.css", css).expect("is CSS"),
            "@media (min-width:600px){.log{color:#fff;margin:0}}"
        );
    }

    #[test]
    fn a_mistake_is_reported_with_its_place() {
        let error =
            minify("widget/style/base.css", ".a { color: red }\n.b { color red }").expect_err("is no CSS");
        assert!(format!("{error:#}").contains("widget/style/base.css:2:"), "{error:#}");
    }

    #[test]
    fn tokens_come_first_and_the_base_second() {
        let mut files = vec!["style/base.css", "style/animation.css", "style/tokens.css"];
        files.sort_by_key(|file| (rank(file), *file));
        assert_eq!(files, ["style/tokens.css", "style/base.css", "style/animation.css"]);
    }
}
