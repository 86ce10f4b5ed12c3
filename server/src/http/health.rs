//! `/healthz`: the process answers. `/readyz`: it can take work, its database answers, its disk can be
//! written to, and it is not about to stop.

use std::sync::Arc;

use axum::extract::State;
use causette_shared::problem::ProblemKind;

use super::error::ApiError;
use crate::app::App;

/// Answers as long as the process runs.
pub async fn live() -> &'static str {
    "ok\n"
}

/// Answers when a request would be served.
pub async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    if *app.hub.draining().borrow() {
        return Err(ApiError::new(ProblemKind::Unavailable));
    }
    app.check().await?;
    Ok("ready\n")
}
