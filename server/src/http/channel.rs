//! What the visitor's and the desk's channels share: connections over HTTP, for where WebSockets are blocked.

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::id::SessionSecret;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::channel::TOKEN_HEADER;

use super::error::ApiError;
use crate::app::App;
use crate::live::channel::Owner;
use crate::secret::SecretHash;

/// The channel that a request is about. A header and not the address, which would be logged on the way.
pub struct Token(SecretHash);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let token = parts.headers.get(TOKEN_HEADER).and_then(|token| token.to_str().ok());
        let token = token.ok_or_else(|| {
            Problem::with_detail(ProblemKind::Malformed, "the header Causette-Channel is missing")
        })?;
        Ok(Self(SecretHash::of(token)))
    }
}

/// Answers that a channel is open.
pub fn opened(token: &SessionSecret) -> Response {
    answer("text/plain", Bytes::copy_from_slice(token.expose().as_bytes()))
}

/// Takes the frames of a request.
pub async fn send(app: &App, owner: Owner, Token(token): Token, body: Bytes) -> Result<Response, ApiError> {
    app.channels.find(owner, &token)?.put(body).await?;
    Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response())
}

/// Answers the frames that wait, or that come while the request is held.
pub async fn receive(
    app: &App,
    owner: Owner,
    Token(token): Token,
    body: Bytes,
) -> Result<Response, ApiError> {
    let frames = app.channels.find(owner, &token)?.fetch(&body).await?;
    Ok(answer("application/octet-stream", frames))
}

fn answer(kind: &'static str, body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], body).into_response()
}
