//! `/api/v1/desk/session`: sign in, who am I, sign out.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::{Agent, SignIn};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::http::auth::{OwnOrigin, Peer, SignedIn, desk_cookie_name, desk_session, is_secure};
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::live::hub::Notice;
use crate::secret::{self, SecretHash};
use crate::service::UseCaseError;
use crate::service::sign_in::{
    CloseSession, OpenSession, parse_agent_email, verify_password, wrong_credentials,
};
use crate::store::agent;

/// Each verification takes 19 MiB and a core: more at a time would only be slower.
static VERIFICATIONS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// Signs an agent in.
pub async fn sign_in(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    Peer(peer): Peer,
    Body(asked): Body<SignIn>,
) -> Result<Response, ApiError> {
    app.limiters.count_sign_in(peer, &asked.email)?;
    let found = match parse_agent_email(&asked.email) {
        Ok(email) => {
            let mut tx = app.store.begin_read().await?;
            agent::find_agent_by_email(&mut tx, &email).await?
        }
        Err(_) => None,
    };
    let (agent, hash) = found.map(|row| (row.agent, row.password_hash)).unzip();
    let verified = {
        let _permit = VERIFICATIONS.acquire().await;
        let verify = move || verify_password(&asked.password, hash.as_deref());
        tokio::task::spawn_blocking(verify).await.unwrap_or(false)
    };
    let agent = agent.filter(|_| verified).ok_or_else(wrong_credentials)?;
    let token = secret::mint().map_err(UseCaseError::from)?;
    let lasts = Duration::from_secs(u64::from(app.config.desk_session_hours) * 3600);
    app.perform(OpenSession { agent: agent.clone(), token: SecretHash::of(token.expose()), lasts }).await?;
    tracing::info!(agent = %agent.id, "signed in");
    Ok(answer(&app, StatusCode::OK, Some(agent), token.expose(), lasts))
}

/// Tells who is signed in. That nobody is, is an answer too: browsers would show a refusal as an error of the page.
pub async fn who(signed_in: Result<SignedIn, ApiError>) -> Result<Response, ApiError> {
    let answer = match signed_in {
        Ok(SignedIn { agent, .. }) => Json(agent).into_response(),
        Err(ApiError(problem)) if problem.kind == ProblemKind::NotSignedIn => {
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => return Err(error),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}

/// Signs out: the session ends, and with it its connections. Without a session it does no harm.
pub async fn sign_out(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(session) = desk_session(&headers, &app) {
        app.perform(CloseSession(session)).await?;
        app.hub.publish_to_desk(Notice::SessionEnded(session));
    }
    Ok(answer(&app, StatusCode::NO_CONTENT, None, "", Duration::ZERO))
}

fn answer(app: &App, status: StatusCode, agent: Option<Agent>, token: &str, lasts: Duration) -> Response {
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let cookie = format!(
        "{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}",
        desk_cookie_name(app),
        lasts.as_secs()
    );
    let mut response = match agent {
        Some(agent) => (status, Json(agent)).into_response(),
        None => status.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) => {
            headers.insert(header::SET_COOKIE, cookie);
            response
        }
        Err(_) => ApiError::new(ProblemKind::Internal).into_response(),
    }
}
