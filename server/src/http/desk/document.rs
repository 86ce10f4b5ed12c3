//! `/desk/` and every address below it: one document, whose router does the rest.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use causette_shared::problem::{Problem, ProblemKind};

use crate::app::App;
use crate::http::assets::{self, MANIFEST};
use crate::http::error::ApiError;
use crate::http::visitor::document::socket_sources;

/// Serves the desk.
pub async fn document(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let files = MANIFEST.as_ref().map(|manifest| &manifest.desk);
    let files = files.ok_or_else(|| {
        Problem::with_detail(ProblemKind::Unavailable, "this server was built without its desk")
    })?;
    let document = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Causette</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, interactive-widget=resizes-content\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"/desk/assets/{css}\">\n\
         <script src=\"/desk/assets/{boot}\" data-glue=\"/desk/assets/{glue}\" data-wasm=\"/desk/assets/{wasm}\" \
         data-failed=\"The desk could not be loaded.\" data-retry=\"Try again\"></script>\n\
         <link rel=\"modulepreload\" href=\"/desk/assets/{glue}\">\n\
         <link rel=\"preload\" href=\"/desk/assets/{wasm}\" as=\"fetch\" crossorigin>\n\
         </head>\n<body>\n<div id=\"app\"></div>\n</body>\n</html>\n",
        css = files.css,
        boot = files.boot,
        glue = files.glue,
        wasm = files.wasm,
    );
    let mut response = assets::rendered(document, "text/html; charset=utf-8", &headers);
    let policy = [
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self' ",
        &socket_sources(&app),
        "; img-src 'self' blob: data:; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ]
    .concat();
    let answer = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        answer.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // To ourselves it says where it comes from: browsers give the form that asks for a mail's preview no origin without.
    answer.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    answer.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    answer.insert("permissions-policy", HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    Ok(response)
}
