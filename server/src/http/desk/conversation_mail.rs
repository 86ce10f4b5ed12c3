//! `/api/v1/desk/conversations/{id}/…`: what an agent does about a conversation's mail, and about its end.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::conversation::Status;
use causette_shared::id::EntryId;
use causette_shared::problem::ProblemKind;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::auth::{OwnOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::service::claim_link::RevokeLinks;
use crate::service::end_chat::EndChat;
use crate::service::follow_up::{DecideFollowUp, Wish};
use crate::service::invite::Invite;
use crate::service::preview_invite;

/// What to do with the follow-up that waits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    wish: Wish,
}

/// What an agent invites with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// The message's id, minted by the desk.
    id: EntryId,
    text: String,
}

/// What an invitation would say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    text: String,
}

/// The real mail, as it would be sent now.
#[derive(Serialize)]
struct Preview {
    to: String,
    from_name: String,
    subject: String,
    text: String,
    html: String,
}

/// How a chat ends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    status: Status,
}

fn known<T: std::str::FromStr>(id: &str) -> Result<T, ApiError> {
    id.parse().map_err(|_| ApiError::new(ProblemKind::NotFound))
}

/// Sends the follow-up at once, or not at all.
pub async fn decide_follow_up(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    _: SignedIn,
    Path(id): Path<String>,
    Body(decision): Body<Decision>,
) -> Result<StatusCode, ApiError> {
    app.perform(DecideFollowUp { conversation: known(&id)?, wish: decision.wish }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Invites the visitor back.
pub async fn invite(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
    Body(Invitation { id: entry, text }): Body<Invitation>,
) -> Result<StatusCode, ApiError> {
    app.perform(Invite { agent, conversation: known(&id)?, id: entry, text }).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Shows the mail that an invitation would be.
pub async fn preview(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
    Body(Draft { text }): Body<Draft>,
) -> Result<Response, ApiError> {
    let mut tx = app.store.begin_read().await?;
    let now = app.clock.now();
    let material = preview_invite::gather(&mut tx, known(&id)?, &agent, &text, now).await?;
    drop(tx);
    let mail = app.letterhead().await?.render(&material).map_err(|error| {
        tracing::error!(%error, "a mail could not be made");
        ApiError::new(ProblemKind::Internal)
    })?;
    let preview = Preview {
        to: material.to.clone(),
        from_name: mail.from_name,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(preview)).into_response())
}

/// Ends the chat.
pub async fn end(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
    Body(End { status }): Body<End>,
) -> Result<StatusCode, ApiError> {
    app.perform(EndChat { agent, conversation: known(&id)?, status }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the links in earlier mails back.
pub async fn revoke_links(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    _: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.perform(RevokeLinks { conversation: known(&id)? }).await?;
    // Whoever came through one of them is connected under a session that is none any more: everybody says who they are anew.
    app.hub.let_go();
    Ok(StatusCode::NO_CONTENT)
}
