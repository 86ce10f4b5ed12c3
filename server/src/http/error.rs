//! The one way in which a request fails: a problem document (RFC 9457) without our inside.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use causette_shared::problem::{Problem, ProblemKind};
use serde::Serialize;

use crate::service::UseCaseError;
use crate::store::StoreError;

/// The media type of a problem document (RFC 9457 §3).
const PROBLEM_JSON: &str = "application/problem+json";

/// A request's failure.
#[derive(Debug)]
pub struct ApiError(pub Problem);

impl ApiError {
    /// Fails with the kind's own sentence.
    pub fn new(kind: ProblemKind) -> Self {
        Self(Problem::new(kind))
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<UseCaseError> for ApiError {
    fn from(error: UseCaseError) -> Self {
        error.log("a request");
        Self(error.problem())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        UseCaseError::from(error).into()
    }
}

/// The document that is sent.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    kind: ProblemKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u32>,
}

/// Turns a failure that the framework answered in its own words, which are plain text, into a problem document. A page for
/// people stays one.
pub async fn as_problem(response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let ours = kind.is_some_and(|kind| kind == PROBLEM_JSON || kind.starts_with("text/html"));
    let status = response.status();
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = match status {
        StatusCode::NOT_FOUND => ProblemKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemKind::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::TooLarge,
        StatusCode::SERVICE_UNAVAILABLE => ProblemKind::Unavailable,
        status if status.is_client_error() => ProblemKind::Malformed,
        _ => ProblemKind::Internal,
    };
    ApiError::new(kind).into_response()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let name = serde_json::to_string(&problem.kind).unwrap_or_default();
        let document = Document {
            // A URN needs no page of ours to be reachable (RFC 9457 §3.1.1).
            r#type: ["urn:causette:problem:", name.trim_matches('"')].concat(),
            title: problem.kind.title(),
            status: status.as_u16(),
            detail: &problem.detail,
            kind: problem.kind,
            field: problem.field.as_deref(),
            retry_after_ms: problem.retry_after_ms,
        };
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(millis) = problem.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(millis.div_ceil(1000)));
        }
        response
    }
}
