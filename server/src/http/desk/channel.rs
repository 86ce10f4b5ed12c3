//! `/api/v1/desk/channel`: an agent's connection over HTTP. The session cookie tells who is there, in every request: a
//! channel is of no use to another session.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::http::auth::{OwnOrigin, Peer, SignedIn};
use crate::http::channel::{self, Token};
use crate::http::error::ApiError;
use crate::live::channel::Owner;
use crate::live::{Connection, desk_socket};

/// Opens a connection for a desk of ours.
pub async fn open(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, session }: SignedIn,
    Peer(peer): Peer,
) -> Result<Response, ApiError> {
    let (token, end) = app.channels.open(Owner::Desk(session), peer)?;
    tokio::spawn(desk_socket::serve(app, Connection::over_http(end), agent, session));
    Ok(channel::opened(&token))
}

/// Takes frames.
pub async fn send(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { session, .. }: SignedIn,
    token: Token,
    body: Bytes,
) -> Result<Response, ApiError> {
    channel::send(&app, Owner::Desk(session), token, body).await
}

/// Answers frames.
pub async fn receive(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { session, .. }: SignedIn,
    token: Token,
    body: Bytes,
) -> Result<Response, ApiError> {
    channel::receive(&app, Owner::Desk(session), token, body).await
}
