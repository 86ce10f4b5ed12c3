//! `/embed/causette.d.ts`: the TypeScript declarations of the page's API, of the version that this server serves.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::SHORTLY;
use crate::http::assets;

/// The declarations.
pub const DECLARATIONS: &str = include_str!("../../../../snippet/causette.d.ts");

/// Serves them. Not as a script: no page runs them.
pub async fn declarations(headers: HeaderMap) -> Response {
    let mut response = assets::rendered(DECLARATIONS.to_owned(), "text/plain; charset=utf-8", &headers);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(SHORTLY));
    response
}
