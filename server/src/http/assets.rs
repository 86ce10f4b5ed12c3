//! The built files of widget and desk, embedded in the binary: hashed, immutable, compressed beforehand. And the
//! compression of what is rendered per site.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use causette_shared::problem::ProblemKind;
use rust_embed::RustEmbed;
use serde::Deserialize;

use super::error::ApiError;
use crate::secret::SecretHash;

/// What `cargo xtask build` made. Missing in a binary built without it, which says so when it is started.
#[derive(RustEmbed)]
#[folder = "../target/web"]
#[allow_missing = true]
struct Built;

/// The names of an app's files.
#[derive(Clone, Debug, Deserialize)]
pub struct Files {
    /// The classic script in the head.
    pub boot: String,
    /// The module that loads the wasm.
    pub glue: String,
    /// The wasm.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
}

/// The files of both apps.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// The visitor's widget.
    pub widget: Files,
    /// The agents' desk.
    pub desk: Files,
    /// The native bridge, among the files of the widget.
    pub bridge: String,
}

/// The names of the built files; `None` in a binary that was built without them.
pub static MANIFEST: LazyLock<Option<Manifest>> =
    LazyLock::new(|| Built::get("manifest.json").and_then(|file| serde_json::from_slice(&file.data).ok()));

/// The minified loader with its place for the site's settings.
pub fn loader() -> Option<String> {
    Built::get("loader.js").and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

/// The minified second half of the loader, with its place for its texts.
pub fn panel() -> Option<String> {
    Built::get("panel.js").and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

/// Both halves of the loader in one, with the places of both.
pub fn whole_loader() -> Option<String> {
    Built::get("loader-whole.js").and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

/// Serves a file of the widget.
pub async fn widget(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    serve("widget", &name, &headers)
}

/// Serves a file of the desk.
pub async fn desk(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    serve("desk", &name, &headers)
}

fn serve(app: &str, name: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let path = [app, "/", name].concat();
    let plain = || Built::get(&path).map(|file| (None, file.data));
    let encoded = |encoding: Encoding| {
        Built::get(&[&path, encoding.extension()].concat()).map(|file| (Some(encoding), file.data))
    };
    let (encoding, data) = accepted(headers)
        .and_then(encoded)
        .or_else(plain)
        .ok_or_else(|| ApiError::new(ProblemKind::NotFound))?;
    let mut response = Bytes::from(data.into_owned()).into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    set_encoding(answer, encoding);
    answer.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    Ok(response)
}

/// The media type that goes with a file name's ending.
pub fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("jpg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

/// A way to send bytes compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Brotli (RFC 7932).
    Brotli,
    /// gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    const fn extension(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }
}

/// The best encoding that the client takes (RFC 9110 §12.5.3).
fn accepted(headers: &HeaderMap) -> Option<Encoding> {
    let accept = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |wanted: &str| {
        accept.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    if takes("br") {
        Some(Encoding::Brotli)
    } else if takes("gzip") {
        Some(Encoding::Gzip)
    } else {
        None
    }
}

fn set_encoding(headers: &mut HeaderMap, encoding: Option<Encoding>) {
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let name = match encoding {
        Some(Encoding::Brotli) => "br",
        Some(Encoding::Gzip) => "gzip",
        None => return,
    };
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
}

/// Rendered texts are few (sites by languages), and compressing one takes some milliseconds: they are kept.
const KEPT: usize = 256;
static COMPRESSED: LazyLock<Mutex<HashMap<(SecretHash, Encoding), Bytes>>> = LazyLock::new(Mutex::default);

/// Answers with a text that was rendered, compressed as the client takes it.
pub fn rendered(text: String, kind: &'static str, headers: &HeaderMap) -> Response {
    let encoding = accepted(headers);
    let body = match encoding {
        Some(encoding) => compressed(&text, encoding),
        None => Bytes::from(text),
    };
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    set_encoding(response.headers_mut(), encoding);
    response
}

fn compressed(text: &str, encoding: Encoding) -> Bytes {
    let key = (SecretHash::of(text), encoding);
    if let Some(kept) = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return kept.clone();
    }
    let bytes = Bytes::from(compress(text.as_bytes(), encoding));
    let mut kept = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(key, bytes.clone());
    bytes
}

fn compress(text: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    match encoding {
        Encoding::Brotli => {
            let mut writer = brotli::CompressorWriter::new(&mut bytes, 4096, 11, 22);
            let _ = writer.write_all(text);
        }
        Encoding::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::best());
            let _ = writer.write_all(text).and_then(|()| writer.try_finish());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &'static str) -> Option<Encoding> {
        accepted(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
    }

    #[test]
    fn the_client_gets_the_best_encoding_that_it_takes() {
        assert_eq!(accept("gzip, deflate, br, zstd"), Some(Encoding::Brotli));
        assert_eq!(accept("br;q=0, gzip"), Some(Encoding::Gzip));
        assert_eq!(accept("identity"), None);
        assert_eq!(accepted(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_compressed_reads_back() {
        let text = "Bonjour ".repeat(100);
        let mut plain = Vec::new();
        let packed = compress(text.as_bytes(), Encoding::Brotli);
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut plain).expect("it was just packed");
        assert_eq!(plain, text.as_bytes());
        let packed = compress(text.as_bytes(), Encoding::Gzip);
        let mut reader = flate2::read::GzDecoder::new(packed.as_slice());
        let mut plain = String::new();
        std::io::Read::read_to_string(&mut reader, &mut plain).expect("it was just packed");
        assert_eq!(plain, text);
    }
}
