//! Which files a document makes a browser fetch, and what each of them weighs on the way.

use std::collections::BTreeSet;
use std::io::Read;

use anyhow::{Context, Result, bail};
use url::Url;

/// No file of ours is anywhere near; it only keeps a broken server from filling the memory.
const LONGEST_FILE: u64 = 64 << 20;

/// A file and its weight in bytes, by the encoding that was asked for.
#[derive(Debug, Clone)]
pub struct File {
    /// Where it was fetched.
    pub address: Url,
    /// As it is.
    pub raw: usize,
    /// With gzip.
    pub gzip: usize,
    /// With brotli.
    pub brotli: usize,
    kind: Kind,
    text: String,
}

/// What a file is, as far as it can name others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Document,
    Script,
    Style,
    Other,
}

/// Fetches a document and all that it and its files name, on the same server, each once.
///
/// # Errors
///
/// When one of them cannot be had.
pub fn fetch_closure(document: &Url) -> Result<Vec<File>> {
    let mut files: Vec<File> = Vec::new();
    let mut known = BTreeSet::from([document.clone()]);
    let mut waiting = vec![document.clone()];
    while let Some(address) = waiting.pop() {
        let file = fetch(&address)?;
        for name in names_in(file.kind, &file.text) {
            let named = address.join(&name).with_context(|| format!("{address} names \"{name}\""))?;
            if named.origin() == document.origin() && known.insert(named.clone()) {
                waiting.push(named);
            }
        }
        files.push(file);
    }
    files[1..].sort_by(|a, b| a.address.cmp(&b.address));
    Ok(files)
}

/// Fetches a file in each encoding.
///
/// # Errors
///
/// When the server does not have it, or cannot be reached.
pub fn fetch(address: &Url) -> Result<File> {
    let (content_type, raw) = get(address, "identity")?;
    let (_, gzip) = get(address, "gzip")?;
    let (_, brotli) = get(address, "br")?;
    let kind = kind_of(&content_type);
    let text = if kind == Kind::Other { String::new() } else { String::from_utf8_lossy(&raw).into_owned() };
    Ok(File { address: address.clone(), raw: raw.len(), gzip: gzip.len(), brotli: brotli.len(), kind, text })
}

/// The content type of a file and what of it came over the wire.
fn get(address: &Url, encoding: &str) -> Result<(String, Vec<u8>)> {
    let response = ureq::get(address.as_str()).header("Accept-Encoding", encoding).call();
    let mut response = response.with_context(|| format!("cannot fetch {address}"))?;
    let header = |name: &str| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let content_type = header("content-type");
    let sent = header("content-encoding");
    if !sent.is_empty() && sent != encoding {
        bail!("{address} came as {sent} when asked for {encoding}");
    }
    let mut body = Vec::new();
    response.body_mut().as_reader().take(LONGEST_FILE).read_to_end(&mut body)?;
    Ok((content_type, body))
}

fn kind_of(content_type: &str) -> Kind {
    match content_type.split(';').next().unwrap_or_default().trim() {
        "text/html" => Kind::Document,
        "text/javascript" | "application/javascript" => Kind::Script,
        "text/css" => Kind::Style,
        _ => Kind::Other,
    }
}

fn names_in(kind: Kind, text: &str) -> Vec<String> {
    match kind {
        Kind::Document => names_in_document(text),
        Kind::Script => names_in_script(text),
        Kind::Style => names_in_style(text),
        Kind::Other => Vec::new(),
    }
}

/// What a document loads by itself: sources, links that fetch, and what the boot script is told to load.
fn names_in_document(html: &str) -> Vec<String> {
    let mut names = Vec::new();
    for tag in
        html.split('<').skip(1).filter(|tag| tag.starts_with(|first: char| first.is_ascii_alphabetic()))
    {
        let attributes = attributes(tag);
        let is_link = tag.starts_with("link");
        for (name, value) in attributes {
            let fetched = matches!(name, "src" | "data-glue" | "data-wasm") || (is_link && name == "href");
            if fetched && !value.is_empty() && !value.starts_with("data:") {
                names.push(value.replace("&amp;", "&"));
            }
        }
    }
    names
}

/// The attributes of a tag, given from its name on; values without quotes end at the next space.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut attributes = Vec::new();
    let name_end = tag.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(tag.len());
    let mut rest = tag[name_end..].trim_start();
    while !rest.is_empty() && !rest.starts_with('>') {
        let end =
            rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>')).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = rest[end..].trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            // An attribute without a value; a lone slash is passed over in the same way.
            attributes.push((name, ""));
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value
                .split_at(value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len())),
        };
        attributes.push((name, value));
        rest = after.trim_start();
    }
    attributes
}

/// The relative modules that a script imports as soon as it is loaded: `from "./…"` and `import "./…"`.
fn names_in_script(script: &str) -> Vec<String> {
    let mut names = Vec::new();
    for keyword in ["from", "import"] {
        for (at, _) in script.match_indices(keyword) {
            let rest = script[at + keyword.len()..].trim_start();
            let Some(quote) = rest.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
                continue;
            };
            if let Some((name, _)) = rest[1..].split_once(quote)
                && (name.starts_with("./") || name.starts_with("../") || name.starts_with('/'))
            {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// What a style sheet names: `url(…)`. (Imports are gone once it is minified into one.)
fn names_in_style(style: &str) -> Vec<String> {
    let urls = style.split("url(").skip(1).filter_map(|rest| rest.split(')').next());
    let names = urls.map(|name| name.trim().trim_matches(['"', '\'']));
    names.filter(|name| !name.starts_with("data:") && !name.starts_with('#')).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{names_in_document, names_in_script, names_in_style};

    #[test]
    fn a_document_names_scripts_links_and_what_boot_loads() {
        let html = r#"<!doctype html><html lang="en"><head><meta charset=utf-8>
            <script src="/widget/assets/boot-1.js" data-glue="/widget/assets/widget-2.js"
              data-wasm='/widget/assets/widget-3_bg.wasm' data-failed="a > b"></script>
            <link rel=modulepreload href=/widget/assets/widget-2.js><link rel="stylesheet" href="looks.css?a=1&amp;b=2"/>
            </head><body><a href="/elsewhere">1 < 2</a><img src="data:image/png;base64,AA=="></body></html>"#;
        assert_eq!(
            names_in_document(html),
            [
                "/widget/assets/boot-1.js",
                "/widget/assets/widget-2.js",
                "/widget/assets/widget-3_bg.wasm",
                "/widget/assets/widget-2.js",
                "looks.css?a=1&b=2",
            ]
        );
    }

    #[test]
    fn broken_markup_is_read_to_its_end() {
        assert_eq!(names_in_document("<script src=\"a.js"), ["a.js"]);
        assert!(names_in_document("<").is_empty());
        assert!(names_in_document("<script =").is_empty());
        assert!(names_in_document("<script src=").is_empty());
        assert!(names_in_document("<link / href").is_empty());
    }

    #[test]
    fn a_script_names_the_modules_it_imports() {
        let script = r#"import{a as b}from"./snippet-1.js";import "./snippet-2.js";export * from './snippet-3.js';
            const text="from here";import(later);import("./lazy.js");Array.from("./x")"#;
        assert_eq!(names_in_script(script), ["./snippet-1.js", "./snippet-3.js", "./snippet-2.js"]);
    }

    #[test]
    fn a_style_sheet_names_its_images() {
        let style = ".a{background:url(tick.svg)}.b{background:url('data:image/svg+xml,x')}.c{mask:url(\"../b.svg\")}";
        assert_eq!(names_in_style(style), ["tick.svg", "../b.svg"]);
    }
}
