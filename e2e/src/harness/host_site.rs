//! A customer's site: the pages of `snippet/test` on an origin of their own, and a record of what was asked of it.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::browser::NOTE_CONSOLE;
use super::{Engine, Server, environment};

/// The site's key at the server.
const KEY: &str = "shop";

/// The Content-Security-Policy that the pages are sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// None.
    Open,
    /// The strictest that DESIGN 6 promises to work under.
    Strict,
    /// Nothing but Trusted Types may become code, and the page makes none.
    TrustedTypes,
    /// The page is alone in its process, and embeds only what says that it may be embedded.
    Isolated,
}

/// A customer's site. Dropping it closes it.
pub struct HostSite {
    serving: JoinHandle<()>,
    asked: Asked,
    port: u16,
    snippet: Pinned,
    /// Where it lives. By name, and so another *site* than the server in the browser's eyes, as it is for customers.
    pub origin: String,
}

type Asked = Arc<Mutex<Vec<String>>>;

/// What stands in a page in the place of `{{SNIPPET}}`.
type Pinned = Arc<Mutex<String>>;

struct Shelf {
    chat: String,
    headers: HeaderMap,
    asked: Asked,
    snippet: Pinned,
}

impl HostSite {
    /// Opens a site and makes it known to the server.
    ///
    /// # Panics
    /// No port is free, or the server refuses the site.
    pub async fn open(server: &Server, policy: Policy) -> Self {
        let site = Self::serve(server, policy, "localhost").await;
        server.add_site(KEY, &[&site.origin]).await;
        site
    }

    /// Opens a site whose snippet is that of another: the server knows the key, and not the pages' origin.
    ///
    /// # Panics
    /// As `open`.
    pub async fn open_unlisted(server: &Server) -> Self {
        let site = Self::serve(server, Policy::Open, "localhost").await;
        server.add_site(KEY, &["https://shop.example"]).await;
        site
    }

    /// Opens a site under several names, of which the first is its origin's: browsers are to be told that all of them are
    /// on this machine (`Looks::domain`).
    ///
    /// # Panics
    /// As `open`.
    pub async fn open_under(server: &Server, names: &[&str]) -> Self {
        let site = Self::serve(server, Policy::Open, names.first().copied().unwrap_or("localhost")).await;
        let origins: Vec<String> = names.iter().map(|name| site.origin_under(name)).collect();
        server.add_site(KEY, &origins.iter().map(String::as_str).collect::<Vec<_>>()).await;
        site
    }

    async fn serve(server: &Server, policy: Policy, name: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let asked = Asked::default();
        let snippet = Pinned::default();
        let chat = server.origin.clone();
        let headers = headers(policy, &chat);
        let shelf = Arc::new(Shelf { chat, headers, asked: asked.clone(), snippet: snippet.clone() });
        let app = axum::Router::new().fallback(page).with_state(shelf);
        let serving = tokio::spawn(async move {
            // It serves until it is aborted.
            let _ = axum::serve(listener, app).await;
        });
        Self { serving, asked, port, snippet, origin: format!("http://{name}:{port}") }
    }

    /// Its origin under another of its names.
    #[must_use]
    pub fn origin_under(&self, name: &str) -> String {
        format!("http://{name}:{}", self.port)
    }

    /// The address of a page: `plain` for `snippet/test/plain.html`.
    #[must_use]
    pub fn page(&self, name: &str) -> String {
        format!("{}/{name}.html", self.origin)
    }

    /// Sets the snippet of the pages that have a place for one of their own: `{{SNIPPET}}`.
    pub fn pin(&self, snippet: &str) {
        snippet.clone_into(&mut self.snippet.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The paths that were asked for, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for HostSite {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn headers(policy: Policy, chat: &str) -> HeaderMap {
    let strict = format!("default-src 'self'; script-src 'self' {chat}; frame-src {chat}; style-src 'self'");
    let wanted: &[(&'static str, &str)] = match policy {
        Policy::Open => &[],
        Policy::Strict => &[("content-security-policy", &strict)],
        Policy::TrustedTypes => {
            &[("content-security-policy", "require-trusted-types-for 'script'; trusted-types 'none'")]
        }
        Policy::Isolated => {
            &[("cross-origin-embedder-policy", "require-corp"), ("cross-origin-opener-policy", "same-origin")]
        }
    };
    let pairs = wanted.iter().map(|(name, value)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("it is a header's value"))
    });
    pairs.collect()
}

async fn page(State(shelf): State<Arc<Shelf>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    shelf.asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
    if path == "/favicon.ico" {
        return StatusCode::NO_CONTENT.into_response();
    }
    // What stands between a page and its script, now and then.
    match path.strip_prefix("/answer/").and_then(|rest| rest.split('/').next()) {
        Some("503") => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some("html") => {
            let kind = [(header::CONTENT_TYPE, "text/html"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
            return (kind, "<!doctype html><title>Please sign in to the hotel's network</title>")
                .into_response();
        }
        _ => {}
    }
    let name = path.trim_start_matches('/');
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    let text = match tokio::fs::read_to_string(environment::host_pages().join(name)).await {
        Ok(text) if is_plain => text,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let snippet = shelf.snippet.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = text.replace("{{SNIPPET}}", &snippet);
    let text = text.replace("{{ORIGIN}}", &shelf.chat).replace("/embed/demo.js", &format!("/embed/{KEY}.js"));
    let media_type = match name.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        _ => "text/html; charset=utf-8",
    };
    // The pages' own notes, and where no driver tells of the console, its notes with them.
    let text = match name {
        "page.js" if Engine::chosen() == Engine::WebKit => [NOTE_CONSOLE, &text].concat(),
        _ => text,
    };
    let mut response = ([(header::CONTENT_TYPE, media_type)], text).into_response();
    response.headers_mut().extend(shelf.headers.clone());
    response
}
