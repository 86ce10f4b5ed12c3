//! `/embed/{site}.js`: the loader with the site's published settings in it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use causette_shared::problem::{Problem, ProblemKind};
use serde_json::{Value, json};

use super::{find, note, script, texts};
use crate::app::App;
use crate::http::assets;
use crate::http::error::ApiError;
use crate::sighting::Step;
use crate::site::Site;

/// Stands in the minified loader where the settings go.
pub const PLACE: &str = "__CAUSETTE_SETTINGS__";

/// Serves the loader of a site. The file's name is the site's key and `.js`.
pub async fn loader(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let key = file.strip_suffix(".js").ok_or_else(|| ApiError::new(ProblemKind::UnknownSite))?;
    let site = find(&app, key).await?;
    note(&app, &site, &headers, Step::Loader);
    let loader = assets::loader().ok_or_else(|| {
        Problem::with_detail(ProblemKind::Unavailable, "this server was built without its loader")
    })?;
    Ok(script(loader.replacen(PLACE, &settings(&site).to_string(), 1), &headers))
}

/// What the loader is told. Only what a page may know: nothing here is secret.
pub fn settings(site: &Site) -> Value {
    let settings = &site.settings;
    let mut greeting = json!(settings.greeting);
    for (name, flow) in settings.flows.iter().filter(|(_, flow)| !flow.greeting.is_empty()) {
        greeting[format!("#{name}")] = json!(flow.greeting);
    }
    json!({
        "site": site.key.as_str(),
        "color": settings.color,
        "theme": settings.theme,
        "position": settings.position,
        "offsetX": settings.offset_x,
        "offsetY": settings.offset_y,
        "zIndex": settings.z_index,
        "locale": settings.locale,
        "state": settings.state,
        "minimizable": settings.minimizable,
        "cookieTtl": settings.cookie_ttl_days,
        "consent": settings.consent,
        "greeting": greeting,
        "greetingDelay": settings.greeting_delay_s,
        "closeDelay": settings.close_delay_s,
        "texts": *texts::LOADER,
    })
}
