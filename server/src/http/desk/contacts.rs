//! `/api/v1/desk/contacts`: who the visitors are, for agents.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::contacts::{
    AttachContact as Attach, ContactDetail, EditContact, MergeContacts as Merge, NewContact,
};
use serde::Deserialize;

use crate::app::App;
use crate::http::auth::{OwnOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::service::contact::attach::AttachContact;
use crate::service::contact::edit::{ChangeContact, CreateContact};
use crate::service::contact::merge::{MergeContacts, UndoMerge};
use crate::service::contact::read;

/// Which part of the list is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Words that stand in the contact.
    #[serde(default)]
    search: String,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Lists contacts.
pub async fn list(
    State(app): State<Arc<App>>,
    _: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let after = query.after.map(|after| after.parse()).transpose();
    let after = after.map_err(|_| Problem::field("after", "not a place in the list"))?;
    let mut tx = app.store.begin_read().await?;
    Ok(private(Json(read::page(&mut tx, &query.search, after).await?)))
}

/// Tells about one contact.
pub async fn find(
    State(app): State<Arc<App>>,
    _: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let mut tx = app.store.begin_read().await?;
    let found = read::find_detail(&mut tx, known_id(&id)?).await?;
    Ok(private(Json(found.ok_or_else(|| ApiError::new(ProblemKind::NotFound))?)))
}

/// Adds one.
pub async fn create(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    _: SignedIn,
    Body(given): Body<NewContact>,
) -> Result<Response, ApiError> {
    let added: ContactDetail = app.perform(CreateContact(given)).await?;
    Ok((StatusCode::CREATED, private(Json(added))).into_response())
}

/// Changes one.
pub async fn change(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    _: SignedIn,
    Path(id): Path<String>,
    Body(edit): Body<EditContact>,
) -> Result<Response, ApiError> {
    Ok(private(Json(app.perform(ChangeContact { id: known_id(&id)?, edit }).await?)))
}

/// Merges another one into it.
pub async fn merge(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
    Body(Merge { merged }): Body<Merge>,
) -> Result<Response, ApiError> {
    let kept = known_id(&id)?;
    let done = app.perform(MergeContacts { kept, merged, by: agent.id }).await?;
    tracing::info!(agent = %agent.id, merge = %done.merge, "contacts merged");
    Ok(private(Json(done)))
}

/// Takes a merge back.
pub async fn undo_merge(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let kept = app.perform(UndoMerge(known_id(&id)?)).await?;
    tracing::info!(agent = %agent.id, merge = id, "merge undone");
    Ok(private(Json(kept)))
}

/// Attaches a contact to a conversation.
pub async fn attach(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    _: SignedIn,
    Path(id): Path<String>,
    Body(Attach { contact }): Body<Attach>,
) -> Result<Response, ApiError> {
    app.perform(AttachContact { conversation: known_id(&id)?, contact: Some(contact) }).await?;
    Ok(private(StatusCode::NO_CONTENT))
}

/// Takes the contact of a conversation off it.
pub async fn detach(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    _: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    app.perform(AttachContact { conversation: known_id(&id)?, contact: None }).await?;
    Ok(private(StatusCode::NO_CONTENT))
}

/// What is no id is answered like the id of nothing.
fn known_id<T: std::str::FromStr>(id: &str) -> Result<T, ApiError> {
    id.parse().map_err(|_| ApiError::new(ProblemKind::NotFound))
}

fn private(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
