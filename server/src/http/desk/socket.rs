//! `/api/v1/desk/socket`: opens an agent's connection. The session cookie tells who is there.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use causette_shared::problem::{Problem, ProblemKind};

use crate::app::App;
use crate::http::auth::{OwnOrigin, SignedIn};
use crate::http::error::ApiError;
use crate::live::{Connection, desk_socket};

/// Opens the connection for a desk of ours.
pub async fn open(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, session }: SignedIn,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|_| {
        Problem::with_detail(ProblemKind::Malformed, "this address takes WebSocket connections only")
    })?;
    Ok(crate::live::bounded(upgrade)
        .on_upgrade(move |socket| desk_socket::serve(app, Connection::over_socket(socket), agent, session)))
}
