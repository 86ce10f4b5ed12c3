//! `/api/v1/visitor/socket`: opens the visitor's connection. It reads no cookie; the first frame tells who is there.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use causette_shared::problem::{Problem, ProblemKind};

use crate::app::App;
use crate::http::auth::{OwnOrigin, Peer};
use crate::http::error::ApiError;
use crate::live::{Connection, visitor_socket};

/// Opens the connection for a panel of ours.
pub async fn open(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    Peer(peer): Peer,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|_| {
        Problem::with_detail(ProblemKind::Malformed, "this address takes WebSocket connections only")
    })?;
    Ok(crate::live::bounded(upgrade)
        .on_upgrade(move |socket| visitor_socket::serve(app, Connection::over_socket(socket), peer)))
}
