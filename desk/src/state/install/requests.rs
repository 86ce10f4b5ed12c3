//! The requests about sites.

use causette_shared::id::SiteKey;
use causette_shared::protocol::install::{
    Looks, Origins, PublishedSnippet, SeenList, SiteChange, SiteList, SiteRow, Snippet,
};
use serde::de::DeserializeOwned;

use crate::state::contacts::Failure;
use crate::state::contacts::requests::ask;

const SITES: &str = "/api/v1/desk/sites";

/// Every site.
///
/// # Errors
/// See `Failure`.
pub async fn sites() -> Result<SiteList, Failure> {
    ask("GET", SITES, None).await
}

/// How a site looks.
///
/// # Errors
/// See `Failure`.
pub async fn looks(site: &SiteKey) -> Result<Looks, Failure> {
    of("GET", site, "/looks", None).await
}

/// Sets how it looks, and returns that as it is stored.
///
/// # Errors
/// See `Failure`.
pub async fn save_looks(site: &SiteKey, looks: &Looks) -> Result<Looks, Failure> {
    of("PUT", site, "/looks", serde_json::to_string(looks).ok()).await
}

/// How a site's pages get the chat.
///
/// # Errors
/// See `Failure`.
pub async fn snippet(site: &SiteKey) -> Result<Snippet, Failure> {
    of("GET", site, "/snippet", None).await
}

/// Publishes the loader as it is now.
///
/// # Errors
/// See `Failure`.
pub async fn publish(site: &SiteKey) -> Result<PublishedSnippet, Failure> {
    of("POST", site, "/snippet/publish", None).await
}

/// Where the snippet was seen.
///
/// # Errors
/// See `Failure`.
pub async fn seen(site: &SiteKey) -> Result<SeenList, Failure> {
    of("GET", site, "/seen", None).await
}

/// Sets which pages may embed the chat.
///
/// # Errors
/// See `Failure`.
pub async fn set_origins(site: &SiteKey, origins: Vec<String>) -> Result<SiteRow, Failure> {
    of("PUT", site, "/origins", serde_json::to_string(&Origins { origins }).ok()).await
}

/// Changes what is named of a site, and returns the site as it is then.
///
/// # Errors
/// See `Failure`.
pub async fn change(site: &SiteKey, change: &SiteChange) -> Result<SiteRow, Failure> {
    of("PATCH", site, "", serde_json::to_string(change).ok()).await
}

async fn of<T: DeserializeOwned>(
    method: &str,
    site: &SiteKey,
    what: &str,
    json: Option<String>,
) -> Result<T, Failure> {
    ask(method, &[SITES, "/", site.as_str(), what].concat(), json).await
}
