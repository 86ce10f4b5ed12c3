//! The router: the table of routes, and what holds for all of them.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::limits::FRAME_BYTES;
use causette_shared::problem::ProblemKind;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use super::error::{ApiError, as_problem};
use super::routes::{Surface, routes};
use crate::app::App;

/// A request that takes longer is given up.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);

/// Builds the router.
pub fn router(app: Arc<App>, surface: Surface) -> Router {
    let mut router = Router::new();
    for route in routes(surface) {
        router = router.route(route.path, route.handler);
    }
    let always = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .fallback(|| async { ApiError::new(ProblemKind::NotFound) })
        .method_not_allowed_fallback(|| async { ApiError::new(ProblemKind::MethodNotAllowed) })
        .layer(RequestBodyLimitLayer::new(FRAME_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_WITHIN))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::map_response(as_problem))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "no-referrer"))
        .layer(
            TraceLayer::new_for_http().make_span_with(request_span).on_response(log_response).on_failure(()),
        )
        .with_state(app)
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    // The panic hook has logged where; what it said may hold data and is not told.
    ApiError::new(ProblemKind::Internal).into_response()
}

/// The route and not the address: an address can name a conversation, and its query anything.
fn request_span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), route)
}

fn log_response(response: &Response, took: Duration, _: &Span) {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(status = response.status().as_u16(), took_ms, "answered");
}
