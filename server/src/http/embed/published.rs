//! `/embed/{site}/{hash}.js`: a loader that was published, for pages that pin it by its hash (SRI). It stays what it was,
//! whatever becomes of the site's settings or of this server's version.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use causette_shared::problem::ProblemKind;

use super::{find, note, script};
use crate::app::App;
use crate::http::error::ApiError;
use crate::service::publish_loader::LoaderHash;
use crate::sighting::Step;
use crate::store::published_loader;

/// Serves a published loader. The file's name is its hash and `.js`.
pub async fn loader(
    State(app): State<Arc<App>>,
    Path((key, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let site = find(&app, &key).await?;
    let missing = || ApiError::new(ProblemKind::NotFound);
    let hash = file.strip_suffix(".js").and_then(LoaderHash::parse).ok_or_else(missing)?;
    let mut tx = app.store.begin_read().await?;
    let code = published_loader::find_loader(&mut tx, &site.key, hash.as_str()).await?.ok_or_else(missing)?;
    note(&app, &site, &headers, Step::Pinned);
    let mut response = script(code, &headers);
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    // Without this the browser would not let its hash be checked.
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}
