//! Who is asking: the origin, the address, and the desk's session cookie.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::AsHeaderName;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::Agent;

use super::cookie::find_cookie;
use super::error::ApiError;
use super::forwarded::client_address;
use crate::app::App;
use crate::secret::SecretHash;
use crate::store::agent;

/// The cookie of the desk's session. Over https it carries the `__Host-` prefix (RFC 6265bis §4.1.3.2).
pub const DESK_COOKIE: &str = "causette_desk";

/// Proof that a request was made by a page of ours.
pub struct OwnOrigin;

impl FromRequestParts<Arc<App>> for OwnOrigin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let origin = parts.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        match origin {
            Some(origin) if app.own_origins.iter().any(|own| own == origin) => Ok(Self),
            _ => Err(ApiError::new(ProblemKind::WrongOrigin)),
        }
    }
}

/// The address that a request comes from.
pub struct Peer(pub IpAddr);

impl FromRequestParts<Arc<App>> for Peer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let direct = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let direct = direct.ok_or_else(|| ApiError::new(ProblemKind::Internal))?;
        let forwarded = texts(&parts.headers, "x-forwarded-for");
        Ok(Self(client_address(direct, forwarded, &app.config.trusted_proxies)))
    }
}

/// The values of a header that are text.
fn texts(headers: &HeaderMap, name: impl AsHeaderName) -> impl DoubleEndedIterator<Item = &str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

/// An agent with an unexpired session.
pub struct SignedIn {
    /// Who.
    pub agent: Agent,
    /// Their session.
    pub session: SecretHash,
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let session =
            desk_session(&parts.headers, app).ok_or_else(|| ApiError::new(ProblemKind::NotSignedIn))?;
        let mut tx = app.store.begin_read().await?;
        let agent = agent::find_agent_by_session(&mut tx, &session, app.clock.now()).await?;
        agent.map(|agent| Self { agent, session }).ok_or_else(|| ApiError::new(ProblemKind::NotSignedIn))
    }
}

/// Whether we are reached over https, so that cookies can be bound to it.
pub fn is_secure(app: &App) -> bool {
    app.own_origins.first().is_some_and(|origin| origin.starts_with("https:"))
}

/// The name of the session cookie at this installation.
pub fn desk_cookie_name(app: &App) -> String {
    [if is_secure(app) { "__Host-" } else { "" }, DESK_COOKIE].concat()
}

/// The session that the cookies carry, which may be none of ours.
pub fn desk_session(headers: &HeaderMap, app: &App) -> Option<SecretHash> {
    find_cookie(texts(headers, header::COOKIE), &desk_cookie_name(app)).map(SecretHash::of)
}
