//! Tokens by which a site's own server proves who the person on its page is: JSON Web Tokens (RFC 7519) signed with the
//! site's secret by HMAC with SHA-256, and by nothing else.
//!
//! One algorithm is one function: what a token's header asks for is compared and never chosen by (RFC 8725 §3.1). A library
//! of all algorithms would bring the ways to confuse them, and a clock of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causette_shared::id::SiteKey;
use causette_shared::limits;
use causette_shared::said::parse_subject;
use causette_shared::time::Timestamp;
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

/// Seconds by which the clock of the site's server may differ from ours.
const LEEWAY_S: f64 = 60.0;
/// Seconds that a token may be good for: whoever gets hold of one gets hold of the person's conversation.
const LIFETIME_S: f64 = 3_600.0;

/// Who the person is, as their site says.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The site's own id of them, for ever the same.
    pub subject: String,
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Whether the site has seen that the address is theirs.
    pub email_verified: bool,
    /// Their number.
    pub phone: Option<String>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(redacted)")
    }
}

/// Why a token is not believed, for whoever writes the site's server. What stands in it is told of only once its signature is
/// good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Not three parts of base64url, or the header is not one.
    #[error("the token is no JWT")]
    Malformed,
    /// The header names another algorithm, or something that has to be understood.
    #[error("the token is not signed with HS256")]
    Algorithm,
    /// The site has no secret, or another one.
    #[error("the token's signature does not fit the site's secret")]
    Signature,
    /// A claim is missing or of the wrong type.
    #[error(
        "the token's claims are not a text sub, a text aud and a number exp, with texts name, email and phone"
    )]
    Claims,
    /// `sub` is empty, too long, or holds control characters.
    #[error("the token's sub must have 1 to 128 characters")]
    Subject,
    /// `aud` is not this site's key.
    #[error("the token's aud is not this site's key")]
    Audience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `exp` is more than an hour ahead.
    #[error("the token's exp is more than an hour ahead")]
    TooLong,
    /// `nbf` is still to come.
    #[error("the token is not good yet")]
    Early,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that have to be understood (RFC 7515 §4.1.11): we understand none.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: f64,
    aud: Audience,
    nbf: Option<f64>,
    name: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    phone: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Reads a token of a site; `now` is our clock.
///
/// # Errors
/// It is not to be believed, and why.
pub fn verify(
    token: &str,
    secret: Option<&str>,
    site: &SiteKey,
    now: Timestamp,
) -> Result<Person, InvalidToken> {
    let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(InvalidToken::Malformed)?;
    if token.len() > limits::TOKEN_BYTES || claims.contains('.') {
        return Err(InvalidToken::Malformed);
    }
    let header: Header = read(header).ok_or(InvalidToken::Malformed)?;
    if header.alg != "HS256" || header.crit.is_some() {
        return Err(InvalidToken::Algorithm);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| InvalidToken::Malformed)?;
    let secret = secret.ok_or(InvalidToken::Signature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| InvalidToken::Signature)?;
    mac.update(signed.as_bytes());
    // In constant time.
    mac.verify_slice(&signature).map_err(|_| InvalidToken::Signature)?;
    let claims: Claims = read(claims).ok_or(InvalidToken::Claims)?;
    claims.check(site, now)
}

fn read<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

impl Claims {
    fn check(self, site: &SiteKey, now: Timestamp) -> Result<Person, InvalidToken> {
        let is_ours = match &self.aud {
            Audience::One(one) => one == site.as_str(),
            Audience::Many(many) => many.iter().any(|one| one == site.as_str()),
        };
        if !is_ours {
            return Err(InvalidToken::Audience);
        }
        let now = now.0 as f64 / 1_000.0;
        if self.exp + LEEWAY_S <= now {
            return Err(InvalidToken::Expired);
        }
        if self.exp > now + LIFETIME_S + LEEWAY_S {
            return Err(InvalidToken::TooLong);
        }
        if self.nbf.is_some_and(|nbf| nbf > now + LEEWAY_S) {
            return Err(InvalidToken::Early);
        }
        Ok(Person {
            subject: parse_subject(&self.sub).ok_or(InvalidToken::Subject)?,
            name: self.name,
            email: self.email,
            email_verified: self.email_verified == Some(true),
            phone: self.phone,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of the shop";
    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const NOW_S: i64 = NOW.0 / 1_000;

    fn site() -> SiteKey {
        "shop".parse().expect("a key")
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn sign(header: &Value, claims: &Value, secret: &str) -> String {
        let signed = [part(header), part(claims)].join(".");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key does");
        mac.update(signed.as_bytes());
        [signed, URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())].join(".")
    }

    fn token(changes: &Value) -> String {
        let mut claims = json!({ "sub": "42", "aud": "shop", "exp": NOW_S + 300 });
        for (name, value) in changes.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        sign(&json!({ "alg": "HS256", "typ": "JWT" }), &claims, SECRET)
    }

    fn refusal(token: &str) -> Option<InvalidToken> {
        verify(token, Some(SECRET), &site(), NOW).err()
    }

    #[test]
    fn the_example_of_rfc_7515_is_signed_as_there() {
        // Appendix A.1: its key, with its line breaks in the parts. Its claims are not ours; its signature is good.
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                     eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                     dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .expect("base64url");
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key does");
        mac.update(signed.as_bytes());
        assert_eq!(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()), signature);
    }

    #[test]
    fn a_good_token_tells_who_the_person_is() {
        let all = json!({ "name": "Ada", "email": "ada@x.example", "email_verified": true, "phone": "+33 1", "more": [] });
        let person = verify(&token(&all), Some(SECRET), &site(), NOW).expect("it is good");
        assert_eq!((person.subject.as_str(), person.name.as_deref()), ("42", Some("Ada")));
        assert_eq!((person.email.as_deref(), person.email_verified), (Some("ada@x.example"), true));
        assert!(!format!("{person:?}").contains("Ada"));
        assert_eq!(refusal(&token(&json!({ "aud": ["other", "shop"], "name": null }))), None);
    }

    #[test]
    fn only_hs256_is_an_algorithm() {
        let claims = json!({ "sub": "42", "aud": "shop", "exp": NOW_S + 300 });
        for alg in ["none", "None", "", "hs256", "HS512", "HS384", "RS256", "ES256", "EdDSA"] {
            let header = json!({ "alg": alg });
            assert_eq!(refusal(&sign(&header, &claims, SECRET)), Some(InvalidToken::Algorithm), "{alg}");
            let unsigned = format!("{}.{}.", part(&header), part(&claims));
            assert_eq!(refusal(&unsigned), Some(InvalidToken::Algorithm), "{alg} unsigned");
        }
        let critical = json!({ "alg": "HS256", "crit": ["b64"], "b64": false });
        assert_eq!(refusal(&sign(&critical, &claims, SECRET)), Some(InvalidToken::Algorithm));
        let unsigned = format!("{}.{}.", part(&json!({ "alg": "HS256" })), part(&claims));
        assert_eq!(refusal(&unsigned), Some(InvalidToken::Signature), "nothing is no signature");
    }

    #[test]
    fn the_signature_is_that_of_the_sites_present_secret() {
        let good = token(&json!({}));
        assert_eq!(refusal(&good), None);
        assert_eq!(verify(&good, Some("another"), &site(), NOW).err(), Some(InvalidToken::Signature));
        assert_eq!(verify(&good, None, &site(), NOW).err(), Some(InvalidToken::Signature));
        let (signed, signature) = good.rsplit_once('.').expect("three parts");
        let (header, _) = signed.split_once('.').expect("three parts");
        let forged = part(&json!({ "sub": "1", "aud": "shop", "exp": NOW_S + 300 }));
        assert_eq!(refusal(&format!("{header}.{forged}.{signature}")), Some(InvalidToken::Signature));
        let cut = &good[..good.len() - 7];
        assert_eq!(refusal(cut), Some(InvalidToken::Signature), "a part of it is none");
    }

    #[test]
    fn a_token_is_for_this_site_and_for_an_hour_at_most() {
        for (changes, wanted) in [
            (json!({ "aud": "other" }), Some(InvalidToken::Audience)),
            (json!({ "aud": [] }), Some(InvalidToken::Audience)),
            (json!({ "aud": null }), Some(InvalidToken::Claims)),
            (json!({ "exp": NOW_S + 3_660 }), None),
            (json!({ "exp": NOW_S + 3_661 }), Some(InvalidToken::TooLong)),
            (json!({ "exp": 1e300 }), Some(InvalidToken::TooLong)),
            (json!({ "exp": NOW_S - 59 }), None),
            (json!({ "exp": NOW_S - 60 }), Some(InvalidToken::Expired)),
            (json!({ "exp": -1e300 }), Some(InvalidToken::Expired)),
            (json!({ "exp": (NOW_S + 300).to_string() }), Some(InvalidToken::Claims)),
            (json!({ "exp": null }), Some(InvalidToken::Claims)),
            (json!({ "nbf": NOW_S + 60 }), None),
            (json!({ "nbf": NOW_S + 61 }), Some(InvalidToken::Early)),
            (json!({ "nbf": "soon" }), Some(InvalidToken::Claims)),
            (json!({ "sub": "" }), Some(InvalidToken::Subject)),
            (json!({ "sub": "x".repeat(128) }), None),
            (json!({ "sub": "x".repeat(129) }), Some(InvalidToken::Subject)),
            (json!({ "sub": "4\n2" }), Some(InvalidToken::Subject)),
            (json!({ "sub": 42 }), Some(InvalidToken::Claims)),
            (json!({ "email_verified": "false" }), Some(InvalidToken::Claims)),
        ] {
            assert_eq!(refusal(&token(&changes)), wanted, "{changes}");
        }
        let no_end = json!({ "sub": "42", "aud": "shop" });
        assert_eq!(refusal(&sign(&json!({ "alg": "HS256" }), &no_end, SECRET)), Some(InvalidToken::Claims));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = token(&json!({}));
        for wrong in
            ["", ".", "..", "a.b", "a.b.c", &format!("{good}."), &format!(".{good}"), &format!("{good}=")]
        {
            assert!(refusal(wrong).is_some(), "{wrong}");
        }
        let padded = token(&json!({ "note": "x".repeat(limits::TOKEN_BYTES) }));
        assert_eq!(refusal(&padded), Some(InvalidToken::Malformed));
    }

    proptest! {
        #[test]
        fn no_text_is_believed(text in any::<String>(), parts in prop::collection::vec("[A-Za-z0-9_-]{0,40}", 1..5)) {
            prop_assert!(refusal(&text).is_some());
            prop_assert!(refusal(&parts.join(".")).is_some());
        }
    }
}
