//! Request bodies: JSON, checked, with a problem instead of the framework's own words.

use axum::extract::{FromRequest, Request};
use axum::http::header;
use causette_shared::limits::FRAME_BYTES;
use causette_shared::problem::{Problem, ProblemKind};
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        // Another type could be sent from a foreign page's form without asking us first.
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            return Err(
                Problem::with_detail(ProblemKind::Malformed, "the body must be application/json").into()
            );
        }
        let bytes = axum::body::to_bytes(request.into_body(), FRAME_BYTES)
            .await
            .map_err(|_| ApiError::new(ProblemKind::TooLarge))?;
        // The parser's own message could quote what was sent.
        serde_json::from_slice(&bytes).map(Self).map_err(|_| ApiError::new(ProblemKind::Malformed))
    }
}
