//! What is fixed for the life of the panel: what the document and the loader said at the start.

use std::time::Duration;

use causette_client::host::{Config, Host};
use causette_client::storage::{self, Area};

use crate::words::Words;

/// The facts that the panel starts with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The site's key.
    pub site: String,
    /// The site's name, as visitors know it.
    pub name: String,
    /// The language, BCP 47.
    pub locale: String,
    /// The site's colour, unless the page chose one.
    pub color: Option<String>,
    /// Whether somebody can answer, as the document was rendered.
    pub available: bool,
    /// How long after the automatic answer the form comes.
    pub introduction_delay: Duration,
    /// How long after the end of the chat a copy is offered.
    pub copy_delay: Duration,
    /// The origin of the page around the panel; our own where there is none.
    pub origin: String,
    /// Whether the panel is a page of its own.
    pub full_page: bool,
    /// What the loader said.
    pub config: Config,
}

impl Setup {
    /// Reads the document's attributes and puts them together with what the loader said.
    #[must_use]
    pub fn read(loader: Option<(&Host, Config)>) -> Self {
        let window = web_sys::window();
        let root = window.as_ref().and_then(|window| window.document()?.document_element());
        let attribute =
            |name: &str| root.as_ref().and_then(|root| root.get_attribute(name)).unwrap_or_default();
        let own_origin =
            || window.as_ref().and_then(|window| window.location().origin().ok()).unwrap_or_default();
        let delay = |name: &str| Duration::from_millis(attribute(name).parse().unwrap_or(5_000));
        let site = attribute("data-site");
        let full_page = loader.is_none();
        let (origin, config) = match loader {
            Some((host, config)) => (host.origin.clone(), config),
            None => (own_origin(), alone(&site)),
        };
        Self {
            name: attribute("data-name"),
            locale: attribute("lang"),
            color: config
                .color
                .clone()
                .or_else(|| Some(attribute("data-color")).filter(|color| !color.is_empty())),
            available: attribute("data-available") == "true",
            introduction_delay: delay("data-introduction-delay-ms"),
            copy_delay: delay("data-copy-delay-ms"),
            site,
            origin,
            full_page,
            config,
        }
    }
}

/// A panel that is a page of its own keeps its session itself, and cannot be minimised.
fn alone(site: &str) -> Config {
    Config { session: storage::get(Area::Local, &session_key(site)), open: true, ..Config::default() }
}

/// Where a panel that is a page of its own keeps its session.
#[must_use]
pub fn session_key(site: &str) -> String {
    ["causette.", site, ".session"].concat()
}

/// Reads the texts and the language of the document.
#[must_use]
pub fn words() -> Words {
    let document = web_sys::window().and_then(|window| window.document());
    let lines = document.as_ref().and_then(|document| document.get_element_by_id("texts")?.text_content());
    let locale = document.and_then(|document| document.document_element()?.get_attribute("lang"));
    Words::new(&lines.unwrap_or_default(), locale.as_deref().unwrap_or("en"))
}
