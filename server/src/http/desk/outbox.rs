//! `/api/v1/desk/outbox`: the mail that waits, and the mail that was given up.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use causette_shared::id::JobId;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::outbox::{DEAD_MAILS_SHOWN, Outbox, RetriedAll};

use crate::app::App;
use crate::http::auth::{OwnOrigin, SignedIn};
use crate::http::error::ApiError;
use crate::service::UseCaseError;
use crate::service::outbox_discard::DiscardMail;
use crate::service::outbox_retry::RetryMail;
use crate::store::{dead_mail, outbox};

/// Mails that one request tries again: each is a transaction of its own, and together they are done in time.
const RETRIED_TOGETHER: u32 = 200;

/// Tells what waits, what was given up, and whether mail can be sent and read.
pub async fn show(State(app): State<Arc<App>>, _: SignedIn) -> Result<Response, ApiError> {
    let mut tx = app.store.begin_read().await?;
    let waiting = dead_mail::find_waiting(&mut tx).await?;
    let told = Outbox {
        is_configured: app.mailer.is_there(),
        has_mailbox: app.config.imap_url.is_some(),
        waiting: waiting.count,
        next_due_at: outbox::next_due(&mut tx).await?,
        delayed: waiting.delayed,
        delay_error: waiting.error,
        dead_count: dead_mail::count_dead(&mut tx).await?,
        dead: dead_mail::list_dead(&mut tx, DEAD_MAILS_SHOWN).await?,
    };
    Ok(private(Json(told)))
}

/// Sends a mail again.
pub async fn retry(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let job = known(&id)?;
    app.perform(RetryMail(job)).await?;
    tracing::info!(agent = %agent.id, %job, "a mail is tried again");
    Ok(private(StatusCode::NO_CONTENT))
}

/// Sends all again that surely did not arrive.
pub async fn retry_all(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
) -> Result<Response, ApiError> {
    let mut tx = app.store.begin_read().await?;
    let jobs = dead_mail::list_undelivered(&mut tx, RETRIED_TOGETHER).await?;
    drop(tx);
    let mut retried = 0;
    for job in jobs {
        match app.perform(RetryMail(job)).await {
            Ok(()) => retried += 1,
            // Another agent was faster.
            Err(UseCaseError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    tracing::info!(agent = %agent.id, retried, "mails are tried again");
    let mut tx = app.store.begin_read().await?;
    Ok(private(Json(RetriedAll { retried, left: dead_mail::count_dead(&mut tx).await? })))
}

/// Drops a mail.
pub async fn discard(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let job = known(&id)?;
    app.perform(DiscardMail(job)).await?;
    tracing::info!(agent = %agent.id, %job, "a mail is dropped");
    Ok(private(StatusCode::NO_CONTENT))
}

/// What is no id is answered like the id of nothing.
fn known(id: &str) -> Result<JobId, ApiError> {
    id.parse().map_err(|_| ApiError::new(ProblemKind::NotFound))
}

fn private(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}
