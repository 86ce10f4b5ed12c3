//! `/api/v1/visitor/resume`: the panel exchanges the token of a resume link for a session. Only a POST from a page of ours
//! does: a scanner that follows links spends nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use causette_shared::id::{SessionSecret, SiteKey};
use causette_shared::problem::{Problem, ProblemKind};
use serde::Deserialize;

use crate::app::App;
use crate::http::auth::{OwnOrigin, Peer};
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::secret::SecretHash;
use crate::service::claim_link::{ClaimLink, RequestNewLink};

/// A claim.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    site: String,
    token: String,
    /// The device's new session, minted there: a repeat carries the same.
    session: String,
}

/// A link that was of no use.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Old {
    site: String,
    token: String,
}

/// Gives a device a session of the conversation that the link reopens.
pub async fn claim(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    Peer(peer): Peer,
    Body(asked): Body<Claim>,
) -> Result<StatusCode, ApiError> {
    app.limiters.count_beginning(peer)?;
    let session: SessionSecret =
        asked.session.parse().map_err(|_| Problem::field("session", "is no session"))?;
    let (site, token) = (known_site(&asked.site)?, SecretHash::of(&asked.token));
    app.perform(ClaimLink { site, token, session: SecretHash::of(session.expose()) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mails a new link to the address that the old one was sent to.
pub async fn renew(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    Peer(peer): Peer,
    Body(asked): Body<Old>,
) -> Result<StatusCode, ApiError> {
    app.limiters.count_beginning(peer)?;
    let (site, token) = (known_site(&asked.site)?, SecretHash::of(&asked.token));
    app.perform(RequestNewLink { site, token }).await?;
    Ok(StatusCode::ACCEPTED)
}

fn known_site(key: &str) -> Result<SiteKey, ApiError> {
    key.parse().map_err(|_| ApiError::new(ProblemKind::UnknownSite))
}
