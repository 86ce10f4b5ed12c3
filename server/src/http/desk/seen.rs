//! `/api/v1/desk/sites/{key}/seen`: where the snippet was seen, and what blocks it. And `…/origins`: which pages may embed the
//! chat, which is the cure for most of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use causette_shared::problem::Problem;
use causette_shared::protocol::install::{Origins, SeenList};

use super::sites::{admin, private, row};
use crate::app::App;
use crate::http::auth::{OwnOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::embed;
use crate::http::error::ApiError;
use crate::service::change_site::{Change, ChangeSite};
use crate::sighting::verdict;
use crate::site::SiteOrigin;
use crate::store::sighting;

/// A policy with more of them would be a header that proxies refuse (8 KiB in many).
const ORIGINS_MAX: usize = 100;

/// Tells of every origin that the site lists or that was seen.
pub async fn seen(
    State(app): State<Arc<App>>,
    _: SignedIn,
    Path(key): Path<String>,
) -> Result<Response, ApiError> {
    let site = embed::find(&app, &key).await?;
    let mut tx = app.store.begin_read().await?;
    let mut held = sighting::list_sightings(&mut tx, &site.key).await?;
    drop(tx);
    for fresh in app.sightings.of(&site.key) {
        match held.iter_mut().find(|known| known.origin == fresh.origin) {
            Some(known) => known.merge(&fresh),
            None => held.push(fresh),
        }
    }
    let origins = verdict::of_site(&site, held, &app.own_origins, app.clock.now());
    Ok(private(Json(SeenList { origins })))
}

/// Sets the origins whose pages may embed the chat, all of them: for admins.
pub async fn set_origins(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(key): Path<String>,
    Body(Origins { origins }): Body<Origins>,
) -> Result<Response, ApiError> {
    admin(&agent)?;
    let site = embed::find(&app, &key).await?.key;
    let change = Change::Origins(check(origins)?);
    let site = app.perform(ChangeSite { site, change }).await?;
    tracing::info!(agent = %agent.id, site = key, count = site.origins.len(), "origins changed");
    Ok(private(Json(row(site))))
}

/// Reads origins; one that is given twice counts once.
fn check(texts: Vec<String>) -> Result<Vec<SiteOrigin>, Problem> {
    let mut origins = Vec::new();
    for text in texts {
        let origin = SiteOrigin::try_from(text.trim().to_owned());
        let origin = origin.map_err(|error| Problem::field("origins", &error.to_string()))?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if origins.len() > ORIGINS_MAX {
        return Err(Problem::field("origins", &format!("a site has at most {ORIGINS_MAX} origins")));
    }
    Ok(origins)
}
