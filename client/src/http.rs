//! Requests to our own origin. How a body is read is left to the caller: the widget makes none, and the desk alone
//! carries a JSON reader.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCredentials, RequestInit, Response};

/// What the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

impl Reply {
    /// Whether the status is one of success.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

/// No answer came: the network, the server or the browser stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;

/// Asks our own origin, with its cookies. `json` becomes the body.
///
/// # Errors
/// No answer came, or it broke off. Every answer with a status is a `Reply`.
pub async fn request(method: &str, path: &str, json: Option<&str>) -> Result<Reply, Unreachable> {
    ask(method, path, json).await.map_err(|_| Unreachable)
}

async fn ask(method: &str, path: &str, json: Option<&str>) -> Result<Reply, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json, application/problem+json")?;
    let init = RequestInit::new();
    init.set_method(method);
    init.set_credentials(RequestCredentials::SameOrigin);
    if let Some(json) = json {
        headers.set("content-type", "application/json")?;
        init.set_body(&JsValue::from_str(json));
    }
    init.set_headers(&headers);
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let answer = JsFuture::from(window.fetch_with_str_and_init(path, &init)).await?;
    let response: Response = answer.dyn_into()?;
    let body = JsFuture::from(response.text()?).await?;
    Ok(Reply { status: response.status(), body: body.as_string().unwrap_or_default() })
}
