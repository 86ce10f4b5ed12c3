//! `/demo/`: the shop of `causette demo`, static pages with the real snippet on them.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::problem::ProblemKind;
use rust_embed::RustEmbed;

use super::assets::media_type;
use super::error::ApiError;

#[derive(RustEmbed)]
#[folder = "demo"]
struct Shop;

/// Serves the shop's first page.
pub async fn home() -> Result<Response, ApiError> {
    page("index.html")
}

/// Serves a page or file of the shop; a folder's address gives its first page.
pub async fn file(Path(path): Path<String>) -> Result<Response, ApiError> {
    if path.is_empty() || path.ends_with('/') { page(&[&path, "index.html"].concat()) } else { page(&path) }
}

fn page(path: &str) -> Result<Response, ApiError> {
    let file = Shop::get(path).ok_or_else(|| ApiError::new(ProblemKind::NotFound))?;
    let mut response = Bytes::from(file.data.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // What browsers do where a page says nothing, as most customers' pages: the desk sees where the snippet is.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    // The shop is held to what we promise to strict pages: nothing inline, nothing evaluated.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'self'; script-src 'self'; frame-src 'self'; style-src 'self'"),
    );
    Ok(response)
}
