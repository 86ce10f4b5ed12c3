//! `/desk/preview/{site}`: a page as a customer could have it, with the real snippet of a site on it. The desk frames it, and
//! tells the chat there how to look, by the commands that every page has.

use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::http::assets;
use crate::http::auth::SignedIn;
use crate::http::embed;
use crate::http::error::ApiError;

/// Grey shapes where a shop has words and pictures: nothing that would draw the eye from the chat.
const STYLE: &str = include_str!("preview.css");

/// The policy allows this style and no other (Content Security Policy 3 §2.3.1).
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; script-src 'self'; frame-src 'self'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'self'"
    )
});

/// Serves the page. The snippet says what the desk cannot change later: nothing is stored in this browser, and the chat begins
/// as for a new visitor.
pub async fn page(
    State(app): State<Arc<App>>,
    _: SignedIn,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let site = embed::find(&app, &key).await?.key;
    let block = "<div class=\"card\"><i></i><b></b><p></p></div>";
    let document = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Preview</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <style>{STYLE}</style>\n\
         <script async src=\"/embed/{site}.js\" data-consent=\"0\" data-state=\"close\"></script>\n</head>\n<body>\n\
         <div aria-hidden=\"true\">\n<header><b></b><i></i><i></i><i></i></header>\n<section><b></b><p></p><p></p></section>\n\
         <main>{block}{block}{block}{block}{block}{block}</main>\n</div>\n</body>\n</html>\n"
    );
    let mut response = assets::rendered(document, "text/html; charset=utf-8", &headers);
    let answer = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        answer.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.insert("permissions-policy", HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    Ok(response)
}
