//! `/embed/{site}/gtm.tpl`: the chat as a tag of Google Tag Manager, with this installation's origin and the site's key
//! in it. And `/embed/{site}/gtm.html`: the same as a Custom HTML tag, for those who may not add templates.
//!
//! Both are files to download: a browser shows neither, and runs neither.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use causette_shared::id::SiteKey;

use super::{SHORTLY, find, snippet};
use crate::app::App;
use crate::http::assets;
use crate::http::error::ApiError;

/// The source of the template.
pub const TEMPLATE: &str = include_str!("../../../../snippet/gtm/template.tpl.in");
/// The source of the Custom HTML tag.
pub const CUSTOM_HTML: &str = include_str!("../../../../snippet/gtm/custom.html.in");

/// Stands in both sources where the installation's origin goes.
const ORIGIN: &str = "__CAUSETTE_ORIGIN__";
/// Stands in both where the site's key goes.
const SITE: &str = "__CAUSETTE_SITE__";

/// Serves the template of a site.
pub async fn template(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let site = find(&app, &key).await?;
    Ok(download(fill(TEMPLATE, snippet::origin(&app), &site.key), &site.key, "tpl", &headers))
}

/// Serves the Custom HTML tag of a site.
pub async fn custom_html(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let site = find(&app, &key).await?;
    Ok(download(fill(CUSTOM_HTML, snippet::origin(&app), &site.key), &site.key, "html", &headers))
}

/// Puts origin and key into a source. Both are of characters that JSON and JavaScript take as they are: a key by its rule,
/// an origin by its serialisation (WHATWG URL §4.7).
fn fill(source: &str, origin: &str, site: &SiteKey) -> String {
    source.replace(ORIGIN, origin).replace(SITE, site.as_str())
}

fn download(text: String, site: &SiteKey, ending: &str, headers: &HeaderMap) -> Response {
    let mut response = assets::rendered(text, "text/plain; charset=utf-8", headers);
    let answer = response.headers_mut();
    let name = format!("attachment; filename=\"causette-{site}.{ending}\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        answer.insert(header::CONTENT_DISPOSITION, name);
    }
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(SHORTLY));
    response
}
