//! The lines that an owner pastes: made here alone, for the desk, the command line and the tests.

use causette_shared::id::SiteKey;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::install::{PublishedSnippet, Snippet, SnippetPolicy};

use super::{loader, panel, texts};
use crate::app::App;
use crate::http::assets;
use crate::service::UseCaseError;
use crate::service::publish_loader::PublishLoader;
use crate::site::Site;

/// How a site's pages get the chat: the loader as it is at each time.
pub fn snippet(app: &App, key: &SiteKey) -> Snippet {
    let origin = origin(app);
    Snippet {
        // A key and an origin hold nothing that HTML would read otherwise.
        html: format!("<script async src=\"{origin}/embed/{key}.js\"></script>"),
        csp: SnippetPolicy { script_src: origin.to_owned(), frame_src: origin.to_owned() },
        gtm_url: format!("{origin}/embed/{key}/gtm.tpl"),
    }
}

/// Publishes a site's loader as it is now, and returns the snippet that pins it.
///
/// # Errors
/// The server was built without its loader, or the store fails.
pub async fn publish(app: &App, site: Site) -> Result<PublishedSnippet, UseCaseError> {
    let script = whole(&site).ok_or_else(|| {
        let detail = "this server was built without its loader";
        UseCaseError::Refused(Problem::with_detail(ProblemKind::Unavailable, detail))
    })?;
    let key = site.key.clone();
    let hash = app.perform(PublishLoader { site: site.key, script }).await?;
    let url = format!("{}/embed/{key}/{}.js", origin(app), hash.as_str());
    let integrity = hash.integrity();
    // The hash can be checked only of a script that is fetched with CORS.
    let html =
        format!("<script async src=\"{url}\" integrity=\"{integrity}\" crossorigin=\"anonymous\"></script>");
    Ok(PublishedSnippet { html, url, integrity })
}

/// The origin that addresses are made with.
pub fn origin(app: &App) -> &str {
    app.own_origins.first().map_or("", String::as_str)
}

/// Both halves in one script, with the site's settings and the texts: nothing that it runs comes from elsewhere.
fn whole(site: &Site) -> Option<String> {
    let script = assets::whole_loader()?;
    // The texts first: a site's own words could hold the token.
    let script = script.replacen(panel::PLACE, &serde_json::json!(*texts::PANEL).to_string(), 1);
    Some(script.replacen(loader::PLACE, &loader::settings(site).to_string(), 1))
}
