//! `/embed/…`: the scripts that run in a customer's page, and what its owner installs them with.

pub mod declarations;
pub mod gtm;
pub mod loader;
pub mod panel;
pub mod published;
pub mod snippet;
mod texts;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::id::SiteKey;
use causette_shared::problem::ProblemKind;

use super::assets;
use super::error::ApiError;
use crate::app::App;
use crate::secret::SecretHash;
use crate::sighting::{Place, Step};
use crate::site::Site;
use crate::store::site;

/// A page may use a script for five minutes, and for a day longer while it fetches the next.
const SHORTLY: &str = "public, max-age=300, stale-while-revalidate=86400";

/// Returns the site with a key that a stranger gave.
///
/// # Errors
/// There is none, or the store fails.
pub async fn find(app: &App, key: &str) -> Result<Site, ApiError> {
    let unknown = || ApiError::new(ProblemKind::UnknownSite);
    let key = key.parse::<SiteKey>().map_err(|_| unknown())?;
    let mut tx = app.store.begin_read().await?;
    site::find_site(&mut tx, &key).await?.ok_or_else(unknown)
}

/// Notes that a page asked for something of a site, for those who install it there.
pub fn note(app: &App, site: &Site, headers: &HeaderMap, step: Step) {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let place = Place::of_headers(text(header::ORIGIN), text(header::REFERER));
    app.sightings.note(site, &app.own_origins, place, step, app.clock.now());
}

/// Answers with a script that pages of any origin may run.
fn script(code: String, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", &SecretHash::of(&code).to_hex()[..32]);
    let unchanged =
        headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        assets::rendered(code, "text/javascript; charset=utf-8", headers)
    };
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(SHORTLY));
    answer.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    // As a module, or with `integrity`, a script is fetched with CORS; and its page may see what it cost.
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer.insert("timing-allow-origin", HeaderValue::from_static("*"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    response
}
