//! Who is asking: the origin, the address, and the desk's session cookie.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::Agent;

use super::error::ApiError;
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
        Ok(Self(client_address(direct, &parts.headers, &app.config.trusted_proxies)))
    }
}

/// Walks `X-Forwarded-For` from the right, as far as it was written by proxies that we trust. Anybody can write the
/// rest.
fn client_address(direct: IpAddr, headers: &HeaderMap, trusted: &[ipnet::IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = direct.to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in forwarded.into_iter().rev() {
        if !is_trusted(&address) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(hop) => address = hop.to_canonical(),
            Err(_) => break,
        }
    }
    address
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
    let name = desk_cookie_name(app);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| SecretHash::of(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header value"));
        }
        let trusted: Vec<_> = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        client_address(IpAddr::from([10, 0, 0, 1]), &headers, &trusted).to_string()
    }

    #[test]
    fn forwarded_addresses_are_believed_from_listed_proxies_only() {
        assert_eq!(address(&["192.0.2.7"], &[]), "10.0.0.1");
        assert_eq!(address(&["192.0.2.7"], &["10.0.0.0/8"]), "192.0.2.7");
        assert_eq!(address(&["1.1.1.1, 192.0.2.7"], &["10.0.0.0/8"]), "192.0.2.7");
        assert_eq!(address(&["192.0.2.7", "10.0.0.2"], &["10.0.0.0/8"]), "192.0.2.7");
        assert_eq!(address(&["nonsense"], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(address(&["::ffff:192.0.2.7"], &["10.0.0.0/8"]), "192.0.2.7");
    }
}
