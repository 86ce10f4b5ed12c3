//! `/embed/{site}/panel.js`: the loader's second half. A page that may not embed the site is told so here, before its
//! frame stays empty: unlike a script of the page's own, a module comes with the page's origin.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use causette_shared::problem::{Problem, ProblemKind};

use super::{find, note, script, texts};
use crate::app::App;
use crate::http::assets;
use crate::http::error::ApiError;
use crate::sighting::Step;

/// Stands in the minified second half where its texts go.
pub const PLACE: &str = "__CAUSETTE_PANEL_TEXTS__";

/// Serves the second half of a site's loader.
pub async fn panel(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let site = find(&app, &key).await?;
    note(&app, &site, &headers, Step::Half);
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    // A page of our own origin sends none.
    let stranger = origin.filter(|origin| !site.allows(origin, &app.own_origins));
    let code = match stranger {
        Some(origin) => refusal(origin, site.key.as_str()),
        None => {
            let code = assets::panel().ok_or_else(|| {
                Problem::with_detail(ProblemKind::Unavailable, "this server was built without its loader")
            })?;
            code.replacen(PLACE, &serde_json::json!(*texts::PANEL).to_string(), 1)
        }
    };
    let mut response = script(code, &headers);
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    if stranger.is_some() {
        // The owner may add the origin at any moment, and looks at once whether that helped.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// A module that says, in one line on the console, why there will be no panel.
fn refusal(origin: &str, site: &str) -> String {
    let line = format!(
        "Causette: pages of {origin} may not open the chat of the site “{site}”: add this origin to those of the site"
    );
    // JSON is JavaScript, so whatever an origin holds stays a text.
    format!("console.warn({});export default 0;", serde_json::Value::from(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_an_origin_holds_stays_a_text() {
        let code = refusal("https://x\"+alert(1)+\"", "shop");
        assert!(
            code.starts_with("console.warn(\"Causette: pages of https://x\\\"+alert(1)+\\\" may"),
            "{code}"
        );
        assert!(code.ends_with("\");export default 0;"), "{code}");
    }
}
