//! `/embed/{site}.js`: the loader with the site's published settings in it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::id::SiteKey;
use causette_shared::problem::{Problem, ProblemKind};
use serde_json::{Value, json};

use super::assets;
use super::error::ApiError;
use crate::app::App;
use crate::secret::SecretHash;
use crate::site::Site;
use crate::store::site;

/// Stands in the minified loader where the settings go.
const PLACE: &str = "__CAUSETTE_SETTINGS__";

/// The names of the loader's own texts, in the order in which `snippet/loader.js` reads them from one line.
const TEXT_NAMES: [&str; 6] = ["close", "dismiss", "failed", "open", "panel", "unread"];

/// Stands between two texts.
const TEXT_SEPARATOR: &str = "|";

/// The loader's own texts, one line for each language: their names would travel with every language otherwise.
static TEXTS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut languages = texts();
    let line = |texts: &mut BTreeMap<String, String>| {
        TEXT_NAMES.map(|name| texts.remove(name).unwrap_or_default()).join(TEXT_SEPARATOR)
    };
    languages.iter_mut().map(|(locale, texts)| (locale.clone(), line(texts))).collect()
});

fn texts() -> BTreeMap<String, BTreeMap<String, String>> {
    serde_json::from_str(include_str!("../../../snippet/texts.json"))
        .expect("the texts are checked by a test")
}

/// Serves the loader of a site. The file's name is the site's key and `.js`.
pub async fn loader(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let key = file.strip_suffix(".js").and_then(|key| key.parse::<SiteKey>().ok());
    let key = key.ok_or_else(|| ApiError::new(ProblemKind::UnknownSite))?;
    let mut tx = app.store.begin_read().await?;
    let found =
        site::find_site(&mut tx, &key).await?.ok_or_else(|| ApiError::new(ProblemKind::UnknownSite))?;
    let loader = assets::loader().ok_or_else(|| {
        Problem::with_detail(ProblemKind::Unavailable, "this server was built without its loader")
    })?;
    let script = loader.replacen(PLACE, &settings(&found).to_string(), 1);
    let tag = format!("\"{}\"", &SecretHash::of(&script).to_hex()[..32]);
    let unchanged =
        headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        assets::rendered(script, "text/javascript; charset=utf-8", &headers)
    };
    let answer = response.headers_mut();
    answer.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300, stale-while-revalidate=86400"),
    );
    answer.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// What the loader is told. Only what a page may know: nothing here is secret.
fn settings(site: &Site) -> Value {
    let settings = &site.settings;
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
        "greeting": settings.greeting,
        "greetingDelay": settings.greeting_delay_s,
        "closeDelay": settings.close_delay_s,
        "texts": *TEXTS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::LOCALES;

    #[test]
    fn every_language_has_the_texts_that_the_loader_reads() {
        let languages = texts();
        for locale in LOCALES {
            let names: Vec<&str> = languages[*locale].keys().map(String::as_str).collect();
            assert_eq!(names, TEXT_NAMES, "{locale}");
            let parts: Vec<&str> = TEXTS[*locale].split(TEXT_SEPARATOR).collect();
            assert_eq!(parts.len(), TEXT_NAMES.len(), "{locale}: a text holds the separator");
            assert!(parts.iter().all(|text| !text.is_empty()), "{locale}");
        }
        assert!(TEXTS["en"].starts_with("Close chat|Dismiss|"), "{}", TEXTS["en"]);
    }

    #[test]
    fn the_loader_reads_the_texts_in_their_order() {
        let places = TEXT_NAMES.iter().enumerate();
        let places = places.map(|(place, name)| format!("{} = {place}", name.to_uppercase()));
        let line = format!("const {};", places.collect::<Vec<_>>().join(", "));
        assert!(include_str!("../../../snippet/loader.js").contains(&line), "{line}");
    }
}
