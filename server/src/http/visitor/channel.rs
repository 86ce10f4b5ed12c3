//! `/api/v1/visitor/channel`: the visitor's connection over HTTP. Like the socket it reads no cookie; the first frame
//! tells who is there.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::http::auth::{OwnOrigin, Peer};
use crate::http::channel::{self, Token};
use crate::http::error::ApiError;
use crate::live::channel::Owner;
use crate::live::{Connection, visitor_socket};

/// Opens a connection for a panel of ours.
pub async fn open(State(app): State<Arc<App>>, _: OwnOrigin, Peer(peer): Peer) -> Result<Response, ApiError> {
    let (token, end) = app.channels.open(Owner::Visitor, peer)?;
    tokio::spawn(visitor_socket::serve(app, Connection::over_http(end), peer));
    Ok(channel::opened(&token))
}

/// Takes frames.
pub async fn send(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    token: Token,
    body: Bytes,
) -> Result<Response, ApiError> {
    channel::send(&app, Owner::Visitor, token, body).await
}

/// Answers frames.
pub async fn receive(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    token: Token,
    body: Bytes,
) -> Result<Response, ApiError> {
    channel::receive(&app, Owner::Visitor, token, body).await
}
