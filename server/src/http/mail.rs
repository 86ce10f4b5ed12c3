//! `/mail/stop/{word}`: one click in a mail stops mail for its conversation (RFC 8058). A GET shows what a POST would do:
//! scanners follow links. The word is signed, so that it needs no session and never grows old.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::id::ConversationId;
use causette_shared::problem::ProblemKind;

use crate::app::App;
use crate::http::error::ApiError;
use crate::service::stop_mail::StopMail;
use crate::signed::{self, Purpose};
use crate::store::conversation;

/// Asks whether to stop.
pub async fn ask(State(app): State<Arc<App>>, Path(word): Path<String>) -> Result<Response, ApiError> {
    let (_, locale) = find(&app, &word).await?;
    let (title, text, button) = match &*locale {
        "fr" => (
            "Ne plus recevoir d’e-mails",
            "Vous ne recevrez plus d’e-mails au sujet de cette conversation.",
            "Ne plus recevoir d’e-mails",
        ),
        _ => ("Stop e-mails", "You will get no more e-mails about this conversation.", "Stop e-mails"),
    };
    let form = format!("<p>{text}</p><form method=\"post\"><button>{button}</button></form>");
    Ok(page(StatusCode::OK, &locale, title, &form))
}

/// Stops. A repeat changes nothing.
pub async fn stop(State(app): State<Arc<App>>, Path(word): Path<String>) -> Result<Response, ApiError> {
    let (conversation, locale) = find(&app, &word).await?;
    app.perform(StopMail { conversation }).await?;
    let (title, text) = match &*locale {
        "fr" => ("C’est fait", "Vous ne recevrez plus d’e-mails au sujet de cette conversation."),
        _ => ("Done", "You will get no more e-mails about this conversation."),
    };
    Ok(page(StatusCode::OK, &locale, title, &format!("<p>{text}</p>")))
}

/// The conversation of a word and its language.
async fn find(app: &App, word: &str) -> Result<(ConversationId, String), ApiError> {
    let unknown = || ApiError::new(ProblemKind::NotFound);
    let key = app.letterhead().await?.key;
    let id = signed::read(&key, Purpose::StopMail, word).ok_or_else(unknown)?;
    let mut tx = app.store.begin_read().await?;
    let found = conversation::find_conversation(&mut tx, id).await?.ok_or_else(unknown)?;
    Ok((id, crate::site::supported_locale(&found.locale).to_owned()))
}

/// A page of our own words alone.
fn page(status: StatusCode, locale: &str, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"{locale}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title></head><body><main><h1>{title}</h1>{body}\
         </main></body></html>\n"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    );
    response
}
