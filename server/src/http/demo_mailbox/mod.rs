//! `/demo/mailbox`: the mail that the demo has captured, to be looked at.

pub mod answer;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use causette_shared::problem::ProblemKind;
use causette_shared::time::Timestamp;
use mail_parser::MessageParser;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::error::ApiError;
use crate::mail::Language;
use crate::mail::words::Wall;
use crate::mailer::Mailer;
use crate::mailer::captured::CapturedMail;

/// One mail in `/demo/mailbox.json`.
#[derive(Serialize)]
struct Listed {
    id: String,
    to: String,
    subject: String,
    /// RFC 3339.
    date: String,
    raw: String,
}

struct Read {
    to: String,
    subject: String,
    at: Timestamp,
    date: String,
    text: String,
    html: String,
    headers: String,
}

fn read(mail: &CapturedMail) -> Read {
    let parsed = MessageParser::default().parse(&mail.raw);
    let message = parsed.as_ref();
    let to = message.and_then(|mail| mail.to()).and_then(|to| to.first()).and_then(|to| to.address());
    let date = message.and_then(mail_parser::Message::date);
    let raw = String::from_utf8_lossy(&mail.raw);
    Read {
        to: to.unwrap_or_default().to_owned(),
        subject: message.and_then(|mail| mail.subject()).unwrap_or_default().to_owned(),
        at: Timestamp(date.map_or(0, |date| date.to_timestamp().saturating_mul(1_000))),
        date: date.map(mail_parser::DateTime::to_rfc3339).unwrap_or_default(),
        text: message.and_then(|mail| mail.body_text(0)).unwrap_or_default().into_owned(),
        html: message.and_then(|mail| mail.body_html(0)).unwrap_or_default().into_owned(),
        headers: raw.split("\r\n\r\n").next().unwrap_or_default().to_owned(),
    }
}

async fn captured(app: &App) -> Result<Vec<CapturedMail>, ApiError> {
    let Mailer::Captured(captured) = &app.mailer else {
        return Err(ApiError::new(ProblemKind::NotFound));
    };
    captured.list().await.map_err(|error| {
        tracing::error!(%error, "the captured mail cannot be read");
        ApiError::new(ProblemKind::Internal)
    })
}

/// Lists what was captured, newest first, raw.
pub async fn json(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let listed = captured(&app).await?.into_iter().map(|mail| {
        let Read { to, subject, date, .. } = read(&mail);
        Listed { id: mail.id, to, subject, date, raw: String::from_utf8_lossy(&mail.raw).into_owned() }
    });
    let listed: Vec<Listed> = listed.collect();
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(listed)).into_response())
}

/// Shows the list.
pub async fn list(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let wall = Wall { language: Language::English, offset_min: 0 };
    let mut rows = String::new();
    for mail in captured(&app).await? {
        let Read { to, subject, at, .. } = read(&mail);
        rows.push_str(&format!(
            "<li><a href=\"/demo/mailbox/{}\">{}</a><p>to {} · {} UTC</p></li>",
            escape(&mail.id),
            escape(&subject),
            escape(&to),
            escape(&wall.moment(at)),
        ));
    }
    if rows.is_empty() {
        rows.push_str("<li><p>No mail yet. Ask something in the shop, leave an address, close the page, and answer at the desk.</p></li>");
    }
    let body = format!(
        "<h1>Mailbox</h1><p class=\"mailbox__why\">What this demo would have sent. Nothing leaves this machine.</p>\
         <ul class=\"mailbox__list\">{rows}</ul>"
    );
    Ok(page("Mailbox", &body, "default-src 'self'; style-src 'self'"))
}

/// What the address of a mail may say.
#[derive(Deserialize)]
pub struct Asked {
    /// That the mail was answered just now.
    answered: Option<String>,
}

/// Shows one mail: as HTML, as text, and its headers.
pub async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, ApiError> {
    let (id, wants_html) = match id.strip_suffix(".html") {
        Some(id) => (id.to_owned(), true),
        None => (id, false),
    };
    let mail = captured(&app).await?.into_iter().find(|mail| mail.id == id);
    let mail = mail.ok_or_else(|| ApiError::new(ProblemKind::NotFound))?;
    let read = read(&mail);
    if wants_html {
        // As a mail program shows it: no script, no form, its own styles.
        return Ok(html_response(
            read.html,
            "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; \
             sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation",
        ));
    }
    let body = format!(
        "<p><a href=\"/demo/mailbox\">Mailbox</a></p><h1>{}</h1><p class=\"mailbox__why\">to {}</p>\
         <iframe class=\"mailbox__mail\" title=\"The mail\" src=\"/demo/mailbox/{}.html\"></iframe>{}\
         <h2>As text</h2><pre class=\"mailbox__text\">{}</pre><h2>Headers</h2><pre class=\"mailbox__text\">{}</pre>\
         <h2>Source</h2><pre class=\"mailbox__text\">{}</pre>",
        escape(&read.subject),
        escape(&read.to),
        escape(&id),
        answer_form(&id, asked.answered.is_some()),
        escape(&read.text),
        escape(&read.headers),
        escape(&String::from_utf8_lossy(&mail.raw)),
    );
    Ok(page(
        &read.subject,
        &body,
        "default-src 'self'; style-src 'self'; frame-src 'self'; form-action 'self'",
    ))
}

/// The form by which a mail is answered as by its recipient.
fn answer_form(id: &str, is_answered: bool) -> String {
    let done = "<p role=\"status\">Your answer has arrived: it stands in the conversation, at the desk and in the chat.</p>";
    format!(
        "<section id=\"answer\" class=\"mailbox__answer\"><h2><label for=\"text\">Answer this e-mail</label></h2>\
         <p class=\"mailbox__why\">As its reader would, with their own mail program.</p>{}\
         <form method=\"post\" action=\"/demo/mailbox/{}/reply\">\
         <textarea id=\"text\" name=\"text\" rows=\"4\" required maxlength=\"4000\"></textarea>\
         <button>Send the answer</button></form></section>",
        if is_answered { done } else { "" },
        escape(id),
    )
}

fn page(title: &str, body: &str, policy: &'static str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"/demo/mailbox.css\"></head><body class=\"mailbox\"><main>{body}</main></body></html>\n",
        escape(title)
    );
    html_response(html, policy)
}

fn html_response(html: String, policy: &'static str) -> Response {
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    // Without one, browsers say of a form that it comes from nowhere.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
