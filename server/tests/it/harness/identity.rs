//! The server of a site, which signs who its person is; and what a panel does with that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causette_server::service::identity_secret::{HeldSecret, SetIdentitySecret};
use causette_shared::problem::Problem;
use causette_shared::protocol::visitor::{ClientFrame, ServerFrame, Standing};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::app::NOW;
use super::{TestServer, VisitorActor};

/// The secret that `TestServer::sign_identities` gives the shop.
pub const SECRET: &str = "what only the shop's own server knows";

/// A token of the shop for a person, good for five minutes from `NOW`, with more claims or other ones.
pub fn token(subject: &str, more: Value) -> String {
    token_signed_with(SECRET, subject, more)
}

/// The same, signed with any secret.
pub fn token_signed_with(secret: &str, subject: &str, more: Value) -> String {
    let mut claims = json!({ "sub": subject, "aud": "shop", "exp": NOW.0 / 1_000 + 300 });
    for (name, value) in more.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = [part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims)].join(".");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key does");
    mac.update(signed.as_bytes());
    [signed, URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())].join(".")
}

impl TestServer {
    /// Gives the shop `SECRET`.
    pub async fn sign_identities(&self) {
        let site = "shop".parse().expect("the key is valid");
        let set = SetIdentitySecret { site, secret: SECRET.to_owned(), held: HeldSecret::Keep };
        self.app.perform(set).await.expect("it has none yet");
    }
}

impl VisitorActor {
    /// Gives a token, and waits for what becomes of it.
    pub async fn identify(&mut self, token: &str) -> Result<Standing, Problem> {
        self.put(&ClientFrame::Identify { token: token.to_owned() }).await;
        self.expect("an answer to the identity", |frame| match frame {
            ServerFrame::Identified(standing) => Some(Ok(standing)),
            ServerFrame::Declined(problem) => Some(Err(problem)),
            _ => None,
        })
        .await
    }
}
