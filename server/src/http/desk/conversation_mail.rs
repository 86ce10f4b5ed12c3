//! `/api/v1/desk/conversations/{id}/…`: what an agent does about a conversation's mail, and about its end.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::limits::FRAME_BYTES;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::Agent;
use causette_shared::protocol::conversation_mail as body;

use crate::app::App;
use crate::http::auth::{OwnOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::letter::ComposeError;
use crate::mail::Rendered;
use crate::service::claim_link::RevokeLinks;
use crate::service::copy::SendCopy;
use crate::service::end_chat::EndChat;
use crate::service::follow_up::DecideFollowUp;
use crate::service::invite::Invite;
use crate::service::preview_invite;

/// As a mail program shows it: its own styles, and no script, form or way out. Pictures are the site's logo.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'self'; sandbox";
/// The one field of the form that asks for the mail's page.
const TEXT_FIELD: &str = "text=";

fn known<T: std::str::FromStr>(id: &str) -> Result<T, ApiError> {
    id.parse().map_err(|_| ApiError::new(ProblemKind::NotFound))
}

/// Sends the follow-up at once, or not at all.
pub async fn decide_follow_up(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    _: SignedIn,
    Path(id): Path<String>,
    Body(body::DecideFollowUp { wish }): Body<body::DecideFollowUp>,
) -> Result<StatusCode, ApiError> {
    app.perform(DecideFollowUp { conversation: known(&id)?, wish }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Invites the visitor back.
pub async fn invite(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
    Body(body::SendInvite { id: entry, text }): Body<body::SendInvite>,
) -> Result<StatusCode, ApiError> {
    app.perform(Invite { agent, conversation: known(&id)?, id: entry, text }).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Tells what mail an invitation would be.
pub async fn preview(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
    Body(body::PreviewInvite { text }): Body<body::PreviewInvite>,
) -> Result<Response, ApiError> {
    let (to, mail) = render(&app, &id, &agent, &text).await?;
    let preview =
        body::InvitePreview { to, from_name: mail.from_name, subject: mail.subject, text: mail.text };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(preview)).into_response())
}

/// Shows that mail as a page. The desk sends a form to it from a frame: a page that the desk made itself would be under
/// the desk's own policy, which allows no mail its styles. The form's type is `text/plain`, which grows no character.
pub async fn preview_page(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let bytes = axum::body::to_bytes(request.into_body(), FRAME_BYTES)
        .await
        .map_err(|_| ApiError::new(ProblemKind::TooLarge))?;
    let text = std::str::from_utf8(&bytes).ok().and_then(|body| body.strip_prefix(TEXT_FIELD));
    let text = text.ok_or_else(|| ApiError::new(ProblemKind::Malformed))?;
    let (_, mail) = render(&app, &id, &agent, text).await?;
    let mut response = mail.html.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(MAIL_POLICY));
    Ok(response)
}

async fn render(app: &App, id: &str, agent: &Agent, text: &str) -> Result<(String, Rendered), ApiError> {
    let mut tx = app.store.begin_read().await?;
    let now = app.clock.now();
    let material = preview_invite::gather(&mut tx, known(id)?, agent, text, now).await?;
    drop(tx);
    let mail = app.letterhead().await?.render(&material).map_err(|error| match error {
        ComposeError::Page => ApiError(Problem::with_detail(
            ProblemKind::WrongState,
            "the page that the mail's link would lead to has no address that fits",
        )),
        error => {
            tracing::error!(%error, "a mail could not be made");
            ApiError::new(ProblemKind::Internal)
        }
    })?;
    Ok((material.to, mail))
}

/// Ends the chat.
pub async fn end(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
    Body(body::EndChat { status }): Body<body::EndChat>,
) -> Result<StatusCode, ApiError> {
    app.perform(EndChat { agent, conversation: known(&id)?, status }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a copy of the conversation to the contact's address.
pub async fn copy(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.perform(SendCopy { agent, conversation: known(&id)? }).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Takes the links in earlier mails back.
pub async fn revoke_links(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    // Whoever came through one of them is connected under a session that is none any more, and is let go (`live::ended_sessions`).
    app.perform(RevokeLinks { agent, conversation: known(&id)? }).await?;
    Ok(StatusCode::NO_CONTENT)
}
