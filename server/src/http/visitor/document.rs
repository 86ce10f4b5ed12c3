//! `/widget/{site}`, the panel's document, and `/chat/{site}`, the same as a page of its own.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use causette_shared::id::SiteKey;
use causette_shared::problem::{Problem, ProblemKind};
use serde::Deserialize;

use super::texts;
use crate::app::App;
use crate::http::assets::{self, MANIFEST};
use crate::http::embed::note;
use crate::http::error::ApiError;
use crate::sighting::{Place, Step};
use crate::site::{LOCALES, Site, SiteOrigin, find_locale};
use crate::store::site;

/// What the document's address may say.
#[derive(Deserialize)]
pub struct Asked {
    /// The language that the page speaks, BCP 47.
    #[serde(default)]
    locale: String,
}

/// Serves the panel for the pages that may embed it.
pub async fn panel(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let site = find(&app, &key).await?;
    note(&app, &site, &headers, Step::Frame);
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // Our own pages frame any site: the desk shows its owner what it looks like. The browser alone says this.
    let is_ours = text("sec-fetch-site") == Some("same-origin");
    let is_preview = is_ours && !site.origins.contains(&SiteOrigin::Own);
    let ancestors = if is_preview { "'self'".to_owned() } else { site.frame_ancestors() };
    let mut response = answer(&app, &site, &asked, &headers, &ancestors, Bridge::Never)?;
    let from = Place::of_headers(None, text("referer"));
    if is_preview || from.is_some_and(|place| !site.allows(place.origin(), &app.own_origins)) {
        // Not for others, and not for whoever tries again when their origin was added.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// Serves the panel as a page of its own: for a link, another window, a webview. Nobody frames it. Where the site allows
/// apps, its first script looks for the app around it.
pub async fn page(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let site = find(&app, &key).await?;
    let bridge = if site.settings.allow_apps { Bridge::ForApps } else { Bridge::Never };
    answer(&app, &site, &asked, &headers, "'none'", bridge)
}

/// Whether the document loads the native bridge.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bridge {
    ForApps,
    Never,
}

async fn find(app: &App, key: &str) -> Result<Site, ApiError> {
    let unknown = || ApiError::new(ProblemKind::UnknownSite);
    let key = key.parse::<SiteKey>().map_err(|_| unknown())?;
    let mut tx = app.store.begin_read().await?;
    site::find_site(&mut tx, &key).await?.ok_or_else(unknown)
}

fn answer(
    app: &App,
    site: &Site,
    asked: &Asked,
    headers: &HeaderMap,
    ancestors: &str,
    bridge: Bridge,
) -> Result<Response, ApiError> {
    // What the loader asks for has been chosen already, in the same order: key, page, browser, site.
    let wanted = [asked.locale.as_str(), preferred(headers), site.settings.locale.as_str()];
    let locale = wanted.into_iter().find_map(find_locale).unwrap_or(LOCALES[0]);
    let document = render(app, site, locale, bridge)?;
    let mut response = assets::rendered(document, "text/html; charset=utf-8", headers);
    let policy = [
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self' ",
        &socket_sources(app),
        "; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors ",
        ancestors,
    ]
    .concat();
    let answer = response.headers_mut();
    // Origins are ASCII, checked when they were stored.
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        answer.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // The document holds nothing of the visitor's. It names hashed files, so it may not outlive a release by much.
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    answer.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    answer.insert("cross-origin-embedder-policy", HeaderValue::from_static("require-corp"));
    answer.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    );
    answer.append(header::VARY, HeaderValue::from_static("accept-language"));
    Ok(response)
}

/// The first language that the browser asks for.
fn preferred(headers: &HeaderMap) -> &str {
    let accept =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split([',', ';']).next().unwrap_or_default().trim()
}

/// Our own origins as socket addresses: not every engine counts `ws:` under `'self'`. A content security policy knows
/// no IPv6 addresses.
pub fn socket_sources(app: &App) -> String {
    let named = app.own_origins.iter().filter(|origin| !origin.contains('['));
    named.map(|origin| origin.replacen("http", "ws", 1)).collect::<Vec<_>>().join(" ")
}

/// Returns the text as it stands in an attribute or between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn render(app: &App, site: &Site, locale: &str, bridge: Bridge) -> Result<String, ApiError> {
    let manifest = MANIFEST.as_ref().ok_or_else(|| {
        Problem::with_detail(ProblemKind::Unavailable, "this server was built without its widget")
    })?;
    let files = &manifest.widget;
    // Before the boot script, which leaves to it whom the panel speaks with.
    let bridge = match bridge {
        Bridge::ForApps => format!("<script src=\"/widget/assets/{}\"></script>\n", manifest.bridge),
        Bridge::Never => String::new(),
    };
    let own = texts::document_texts(locale);
    let available = *app.hub.available().borrow();
    let settings = &site.settings;
    let greeting = crate::site::text_in(&settings.greeting, locale);
    let attributes = [
        ("data-site", site.key.as_str().to_owned()),
        ("data-name", site.name.clone()),
        ("data-color", settings.color.clone()),
        ("data-theme", settings.theme.clone()),
        ("data-greeting", greeting.to_owned()),
        ("data-available", available.to_string()),
        ("data-introduction-delay-ms", settings.introduction_delay_ms.to_string()),
        ("data-copy-delay-ms", settings.copy_delay_ms.to_string()),
    ];
    let attributes: String =
        attributes.iter().map(|(name, value)| format!(" {name}=\"{}\"", escape(value))).collect();
    Ok(format!(
        "<!doctype html>\n<html lang=\"{locale}\" dir=\"ltr\"{attributes}>\n<head>\n<meta charset=\"utf-8\">\n\
         <title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, interactive-widget=resizes-content\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"/widget/assets/{css}\">\n{bridge}\
         <script src=\"/widget/assets/{boot}\" data-glue=\"/widget/assets/{glue}\" data-wasm=\"/widget/assets/{wasm}\" \
         data-failed=\"{failed}\" data-retry=\"{retry}\" data-spent=\"{spent}\" \
         data-renew=\"{renew}\" data-renewed=\"{renewed}\" data-unknown=\"{unknown}\" data-dismiss=\"{dismiss}\"></script>\n\
         <link rel=\"modulepreload\" href=\"/widget/assets/{glue}\">\n\
         <link rel=\"preload\" href=\"/widget/assets/{wasm}\" as=\"fetch\" crossorigin>\n\
         </head>\n<body>\n<div id=\"app\"></div>\n<pre id=\"texts\" hidden>{texts}</pre>\n</body>\n</html>\n",
        title = escape(own.title),
        css = files.css,
        boot = files.boot,
        glue = files.glue,
        wasm = files.wasm,
        failed = escape(own.failed),
        retry = escape(own.retry),
        spent = escape(own.spent),
        renew = escape(own.renew),
        renewed = escape(own.renewed),
        unknown = escape(own.unknown),
        dismiss = escape(own.dismiss),
        texts = escape(texts::lines(locale)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_site_owner_writes_stays_text() {
        assert_eq!(escape("\"><script>&"), "&quot;&gt;&lt;script&gt;&amp;");
    }

    #[test]
    fn the_browsers_first_language_is_taken() {
        let headers = HeaderMap::from_iter([(
            header::ACCEPT_LANGUAGE,
            HeaderValue::from_static("fr-CH, fr;q=0.9, en;q=0.8"),
        )]);
        assert_eq!(preferred(&headers), "fr-CH");
        assert_eq!(preferred(&HeaderMap::new()), "");
    }
}
