//! Sites at the desk: what an owner needs to install the chat, as JSON over HTTP.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::SiteKey;
use crate::time::Timestamp;

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

/// What a site's owner chooses of its looks, and of its manners on the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looks {
    /// The accent colour: hexadecimal, `rgb()`, `hsl()` or a name of CSS. The server answers `#rrggbb`.
    pub color: String,
    /// `auto`, `light` or `dark`.
    pub theme: String,
    /// `bottom-right` or `bottom-left`.
    pub position: String,
    /// Distance from the side, in CSS pixels.
    pub offset_x: u16,
    /// Distance from the bottom, in CSS pixels.
    pub offset_y: u16,
    /// `welcome` (bubble), `chat` (open) or `close` (icon only) at the first visit.
    pub state: String,
    /// Whether the visitor can minimise the panel.
    pub minimizable: bool,
    /// Consent bits that hold until the page says otherwise: 1 personalisation, 2 analytics.
    pub consent: u8,
    /// What the bubble says, by language. English is always there, and stands in for what is missing.
    pub greeting: BTreeMap<String, String>,
    /// What it says instead on the pages of a flow, by the name of the flow and by language. English is always there.
    pub flows: BTreeMap<String, BTreeMap<String, String>>,
    /// Seconds before the bubble comes.
    pub greeting_delay_s: u16,
    /// Seconds that it stays; 0 = until it is closed.
    pub close_delay_s: u16,
}

/// A new list of the origins whose pages may embed the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origins {
    /// Each like `https://shop.example`; `self` is the installation's own.
    pub origins: Vec<String>,
}

/// Answer to where a site's snippet was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenList {
    /// What is blocked comes first, what was never seen last.
    pub origins: Vec<SeenOrigin>,
}

/// What is known of the pages of one origin. Nothing here is about a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenOrigin {
    /// Which pages.
    pub origin: String,
    /// Whether they may embed the chat.
    pub is_listed: bool,
    /// How far the chat comes there.
    pub state: SeenState,
    /// The address of the page that asked last, without what stands behind `?` and `#`, where its site lets us know.
    pub page: Option<String>,
    /// When they asked for something first.
    pub first_at: Option<Timestamp>,
    /// When they did last.
    pub last_at: Option<Timestamp>,
    /// What was asked for last.
    pub last: Option<SeenStep>,
    /// What stands in the way, or could be better.
    pub advice: Option<Advice>,
}

/// How far the chat comes on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenState {
    /// Somebody has opened it there, and it has connected.
    Works,
    /// The snippet is there; nobody has opened the chat yet.
    Loaded,
    /// Somebody is opening it just now.
    Opening,
    /// Something stands in the way.
    Blocked,
    /// Nothing was asked for yet.
    Unseen,
}

/// What pages ask for, in the order in which a chat comes to life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenStep {
    /// The loader: the page has the snippet.
    Loader,
    /// The panel: somebody reaches for the chat.
    Panel,
    /// The connection: the chat lives.
    Connection,
}

/// What stands in the way, as a sentence with its cure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// Which of those that the server can tell.
    pub kind: AdviceKind,
    /// What is the matter.
    pub sentence: String,
    /// What helps.
    pub cure: String,
    /// What to copy for it, where there is something.
    pub line: Option<String>,
}

/// What can stand in the way of a chat, as far as its server can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdviceKind {
    /// The pages' origin is not one of the site's.
    NotListed,
    /// The pages are served over https and the chat is not.
    NotHttps,
    /// The page lets our frame not in.
    FrameBlocked,
    /// The page lets the loader's second half not in.
    ScriptBlocked,
    /// The panel came and never connected.
    NeverConnected,
    /// It works, but without WebSockets.
    WithoutSockets,
}
