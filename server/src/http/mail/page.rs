//! The page that a mail's "no more e-mails" leads to: the site's name and colour, one sentence, one button.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::http::visitor::document::escape;
use crate::mail::Language;
use crate::mail::brand::Brand;

/// What a page says.
pub struct Page {
    title: &'static str,
    text: String,
    button: Option<&'static str>,
}

impl Page {
    /// Asks whether to stop.
    pub fn ask(language: Language, number: u32) -> Self {
        let (title, text, button) = match language {
            Language::English => (
                "No more e-mails?",
                format!(
                    "You will get no more e-mails about conversation #{number}. The chat stays open to you."
                ),
                "Stop e-mails",
            ),
            Language::French => (
                "Plus d’e-mails ?",
                format!(
                    "Vous ne recevrez plus d’e-mails au sujet de la conversation nº {number}. Le chat vous reste ouvert."
                ),
                "Ne plus recevoir d’e-mails",
            ),
        };
        Self { title, text, button: Some(button) }
    }

    /// Says that it is done.
    pub fn done(language: Language, number: u32) -> Self {
        let (title, text) = match language {
            Language::English => {
                ("Done", format!("No more e-mails about conversation #{number} will be sent to you."))
            }
            Language::French => (
                "C’est fait",
                format!("Plus aucun e-mail au sujet de la conversation nº {number} ne vous sera envoyé."),
            ),
        };
        Self { title, text, button: None }
    }

    /// Says that the word leads nowhere.
    pub fn unknown() -> Self {
        let text = "This address is not complete. Open the link from the e-mail once more.";
        Self { title: "Nothing here", text: text.to_owned(), button: None }
    }

    /// Says that it did not work now.
    pub fn unavailable() -> Self {
        let text = "This did not work just now, and nothing was changed. Please try again in a minute.";
        Self { title: "Not now", text: text.to_owned(), button: None }
    }
}

/// Those of the mails (server/templates/email/layout.html).
const STYLE: &str = "\
    body{margin:0;min-height:100vh;display:grid;place-content:center;background:var(--ground);color:var(--ink);\
    font:16px/1.5 system-ui,sans-serif}\
    main{box-sizing:border-box;width:min(440px,100vw - 32px);margin:24px 0;padding:32px;background:var(--card);\
    border:1px solid var(--line);border-radius:16px}\
    header{display:flex;gap:10px;align-items:center;font-weight:600;overflow-wrap:anywhere}\
    header:before{content:'';flex:none;width:5px;height:24px;border-radius:3px;background:var(--fill)}\
    h1{margin:24px 0 8px;font-size:24px;line-height:1.25}p{margin:0;color:var(--soft)}\
    button{margin-top:24px;padding:12px 24px;min-height:48px;border:0;border-radius:12px;background:var(--fill);\
    color:var(--on-fill);font:600 16px system-ui,sans-serif;cursor:pointer}\
    button:hover{filter:brightness(1.08)}button:focus-visible{outline:3px solid var(--ink);outline-offset:3px}\
    @media(max-width:420px){button{width:100%}}";
const LIGHT: &str = "--ground:#f1f3f7;--card:#fff;--line:#dfe3ea;--ink:#14171c;--soft:#4b5563";
const DARK: &str = "--ground:#13151a;--card:#1d2027;--line:#343a44;--ink:#f3f4f6;--soft:#aeb6c2";

/// Answers with a page.
pub fn answer(status: StatusCode, brand: Option<&Brand>, language: Language, page: &Page) -> Response {
    let (fill, fill_dark) = brand.map_or_else(Brand::fills_of_none, Brand::fills);
    let style = format!(
        ":root{{{LIGHT};--fill:{};--on-fill:{}}}\
         @media(prefers-color-scheme:dark){{:root{{{DARK};--fill:{};--on-fill:{}}}}}{STYLE}",
        fill,
        fill.ink(),
        fill_dark,
        fill_dark.ink(),
    );
    let head = brand.map(|brand| format!("<header>{}</header>", escape(&brand.name))).unwrap_or_default();
    let form = page.button.map(|button| format!("<form method=\"post\"><button>{button}</button></form>"));
    let html = format!(
        "<!doctype html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{style}</style></head>\
         <body><main>{head}<h1>{title}</h1><p>{text}</p>{form}</main></body></html>\n",
        tag = language.tag(),
        title = page.title,
        text = escape(&page.text),
        form = form.unwrap_or_default(),
    );
    // The one style sheet is named by its hash, so that no other is taken.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        STANDARD.encode(Sha256::digest(&style))
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
