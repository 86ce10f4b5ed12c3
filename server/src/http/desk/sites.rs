//! `/api/v1/desk/sites`: the sites, and how their owners install the chat.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::{Agent, Role};
use causette_shared::protocol::install::{SiteChange, SiteList, SiteRow};

use crate::app::App;
use crate::http::auth::{OwnOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::embed;
use crate::http::error::ApiError;
use crate::service::change_site::{Change, ChangeSite};
use crate::site::Site;
use crate::store::site;

/// Lists the sites.
pub async fn list(State(app): State<Arc<App>>, _: SignedIn) -> Result<Response, ApiError> {
    let mut tx = app.store.begin_read().await?;
    let sites = site::list_sites(&mut tx).await?.into_iter().map(row).collect();
    Ok(private(Json(SiteList { sites })))
}

/// Tells how a site's pages get the chat.
pub async fn snippet(
    State(app): State<Arc<App>>,
    _: SignedIn,
    Path(key): Path<String>,
) -> Result<Response, ApiError> {
    let site = embed::find(&app, &key).await?;
    Ok(private(Json(embed::snippet::snippet(&app, &site.key))))
}

/// Publishes the loader as it is now: for admins, since it stays.
pub async fn publish(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(key): Path<String>,
) -> Result<Response, ApiError> {
    admin(&agent)?;
    let site = embed::find(&app, &key).await?;
    let published = embed::snippet::publish(&app, site).await?;
    tracing::info!(agent = %agent.id, site = key, "loader published");
    Ok(private(Json(published)))
}

/// Changes a site: for admins.
pub async fn change(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(key): Path<String>,
    Body(change): Body<SiteChange>,
) -> Result<Response, ApiError> {
    admin(&agent)?;
    let site = key.parse().map_err(|_| ApiError::new(ProblemKind::UnknownSite))?;
    let changed = app.perform(ChangeSite { site, change: Change::Settings(change) }).await?;
    tracing::info!(agent = %agent.id, site = key, "site changed");
    Ok(private(Json(row(changed))))
}

/// Refuses whoever is no admin.
pub(super) fn admin(agent: &Agent) -> Result<(), ApiError> {
    if agent.role == Role::Admin { Ok(()) } else { Err(ApiError::new(ProblemKind::Forbidden)) }
}

/// A site as the desk is told of it.
pub(super) fn row(Site { key, name, origins, settings }: Site) -> SiteRow {
    SiteRow {
        key,
        name,
        origins: origins.into_iter().map(String::from).collect(),
        allow_apps: settings.allow_apps,
    }
}

pub(super) fn private(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
