//! Sites at the desk: what an owner needs to install the chat, as JSON over HTTP.

use serde::{Deserialize, Serialize};

use crate::id::SiteKey;

/// Answer to a list of the sites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteList {
    /// Every site, by its key.
    pub sites: Vec<SiteRow>,
}

/// One site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteRow {
    /// The public key in the snippet.
    pub key: SiteKey,
    /// The name that visitors see.
    pub name: String,
    /// The origins whose pages may embed the chat; `self` is the installation's own.
    pub origins: Vec<String>,
    /// Whether the chat in an app's webview speaks with the app.
    pub allow_apps: bool,
}

/// Body of a change of a site: what is not named stays. Answered with the site's row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteChange {
    /// Whether the chat in an app's webview may speak with the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_apps: Option<bool>,
}

/// How a site's pages get the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// The line to paste.
    pub html: String,
    /// What a page's Content-Security-Policy has to allow.
    pub csp: SnippetPolicy,
    /// Where the template for Google Tag Manager is downloaded.
    pub gtm_url: String,
}

/// Sources to add to a page's Content-Security-Policy: one origin each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnippetPolicy {
    /// To `script-src`.
    pub script_src: String,
    /// To `frame-src`.
    pub frame_src: String,
}

/// Answer to publishing: a snippet whose script can never become another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedSnippet {
    /// The line to paste.
    pub html: String,
    /// Where the script lies, for ever.
    pub url: String,
    /// What browsers check it by: `sha384-` and the hash in base64 (W3C Subresource Integrity).
    pub integrity: String,
}
