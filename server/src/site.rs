//! A site: one embedded place, and what its owner has set.

use std::collections::BTreeMap;

use causette_shared::id::SiteKey;
use causette_shared::protocol::install::Looks;
use serde::{Deserialize, Serialize};

use crate::origin::parse_origin;

/// One embedded place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The public key in the snippet.
    pub key: SiteKey,
    /// The name that visitors see.
    pub name: String,
    /// The origins whose pages may embed the panel.
    pub origins: Vec<SiteOrigin>,
    /// What its owner has set.
    pub settings: SiteSettings,
}

/// An origin whose pages may embed a site's panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SiteOrigin {
    /// This installation's own origin, whatever it is.
    Own,
    /// An origin in its serialised form: `https://shop.example`, `http://127.0.0.1:8000`.
    Exact(String),
}

/// Not an origin.
#[derive(Debug, thiserror::Error)]
#[error("an origin is a scheme, a host and perhaps a port, like https://shop.example, or \"self\"")]
pub struct InvalidOrigin;

impl TryFrom<String> for SiteOrigin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        if text == "self" {
            return Ok(Self::Own);
        }
        parse_origin(&text).map(Self::Exact).ok_or(InvalidOrigin)
    }
}

impl From<SiteOrigin> for String {
    fn from(origin: SiteOrigin) -> Self {
        match origin {
            SiteOrigin::Own => "self".to_owned(),
            SiteOrigin::Exact(origin) => origin,
        }
    }
}

impl Site {
    /// Whether pages of `origin` may embed the panel. `own` are the installation's own origins.
    #[must_use]
    pub fn allows(&self, origin: &str, own: &[String]) -> bool {
        self.origins.iter().any(|allowed| match allowed {
            SiteOrigin::Own => own.iter().any(|own| own == origin),
            SiteOrigin::Exact(exact) => exact == origin,
        })
    }

    /// The page that links in mails lead to: the one that is set, else the root of the site's first origin, else, as for an
    /// app that has no page in the web, the chat as a page of its own. `own` is our public origin.
    #[must_use]
    pub fn home_url(&self, own: &str) -> String {
        self.set_home_url(own).unwrap_or_else(|| match self.origins.first() {
            Some(SiteOrigin::Own) => format!("{own}/"),
            Some(SiteOrigin::Exact(origin)) => format!("{origin}/"),
            None => self.chat_url(own),
        })
    }

    /// The page that is set for links in mails: below an origin of the site, or a path on ours where the site is there too,
    /// or our own page of its chat. `None` where none is set, or none that has the chat.
    #[must_use]
    pub fn set_home_url(&self, own: &str) -> Option<String> {
        let set = self.settings.home_url.as_str();
        let set = if set.starts_with('/') { format!("{own}{set}") } else { set.to_owned() };
        let mut page = url::Url::parse(&set).ok()?;
        let has_chat = self.allows(&page.origin().ascii_serialization(), &[own.to_owned()]);
        if page.fragment().is_some() {
            return None;
        }
        let address = String::from(page.as_str());
        page.set_query(None);
        (has_chat || page.as_str() == self.chat_url(own)).then_some(address)
    }

    /// The chat as a page of its own.
    #[must_use]
    pub fn chat_url(&self, own: &str) -> String {
        format!("{own}/chat/{}", self.key)
    }

    /// The sources for `frame-ancestors`; `'none'` where no origin is listed.
    #[must_use]
    pub fn frame_ancestors(&self) -> String {
        let sources: Vec<&str> = self
            .origins
            .iter()
            .map(|origin| match origin {
                SiteOrigin::Own => "'self'",
                SiteOrigin::Exact(origin) => origin,
            })
            .collect();
        if sources.is_empty() { "'none'".to_owned() } else { sources.join(" ") }
    }
}

/// A text in several languages, by language tag. English stands in for a language that is missing.
pub type Texts = BTreeMap<String, String>;

/// Returns a text in `locale`, in its base language, or in English.
#[must_use]
pub fn text_in<'a>(texts: &'a Texts, locale: &str) -> &'a str {
    let base = locale.split('-').next().unwrap_or(locale);
    [locale, base, "en"].into_iter().find_map(|tag| texts.get(tag)).map_or("", String::as_str)
}

/// The panel's languages. The first is the one that stands in for the others.
pub const LOCALES: &[&str] = &["en", "fr"];

/// Finds the language of the panel that a page or a browser asks for.
#[must_use]
pub fn find_locale(asked: &str) -> Option<&'static str> {
    let base = asked.split(['-', '_']).next().unwrap_or(asked).to_ascii_lowercase();
    LOCALES.iter().find(|locale| **locale == base).copied()
}

/// Returns the language of the panel for what a page or a browser asks for.
#[must_use]
pub fn supported_locale(asked: &str) -> &'static str {
    find_locale(asked).unwrap_or(LOCALES[0])
}

/// What a site's owner has set. Every delay carries its unit in its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SiteSettings {
    /// The accent colour, a CSS colour.
    pub color: String,
    /// `auto`, `light` or `dark`.
    pub theme: String,
    /// `bottom-right` or `bottom-left`.
    pub position: String,
    /// Distance from the side, in CSS pixels.
    pub offset_x: u16,
    /// Distance from the bottom, in CSS pixels.
    pub offset_y: u16,
    /// Stacking order on the customer's page.
    pub z_index: i32,
    /// `auto` follows the page; else a language tag.
    pub locale: String,
    /// `welcome`, `chat` or `close` at the first visit.
    pub state: String,
    /// Whether the visitor can minimise the panel.
    pub minimizable: bool,
    /// Days that the session cookie lives; 0 is the browser session. At most 395.
    pub cookie_ttl_days: u16,
    /// Consent bits: 1 personalisation, 2 analytics.
    pub consent: u8,
    /// Seconds before the greeting bubble comes.
    pub greeting_delay_s: u16,
    /// Seconds that the greeting bubble stays; 0 = until it is closed.
    pub close_delay_s: u16,
    /// Milliseconds from the automatic answer to "Introduce yourself".
    pub introduction_delay_ms: u32,
    /// Milliseconds from the end of a chat to "Copy of the conversation".
    pub copy_delay_ms: u32,
    /// Whether replies that are not seen go out by e-mail.
    pub follow_up: bool,
    /// Seconds from a reply that the visitor does not see, while they are on the page, to its e-mail.
    pub follow_up_unseen_s: u32,
    /// Seconds from the moment when the visitor left the page to the e-mail.
    pub follow_up_left_s: u32,
    /// Seconds between two such e-mails of one conversation.
    pub follow_up_between_s: u32,
    /// Days that the link in a mail can be claimed.
    pub resume_link_days: u16,
    /// Devices that can claim the same link.
    pub resume_link_devices: u8,
    /// The page that links in mails lead to, below an origin of the site, or `/chat/KEY`; empty is the first of its origins,
    /// and without any the chat as a page of its own.
    pub home_url: String,
    /// The language of mails; empty is the conversation's.
    pub mail_locale: String,
    /// The address of a picture with the site's logo, for mails; empty shows the name.
    pub logo_url: String,
    /// When somebody is there, in the words of the site, for mails: "Monday to Friday, 9 to 17".
    pub opening_hours: Texts,
    /// Minutes that the site's clock is ahead of UTC, for the times in mails.
    pub utc_offset_minutes: i16,
    /// Whether the chat of an app's webview (`/chat/{site}`) speaks with the app.
    pub allow_apps: bool,
    /// What the bubble says.
    pub greeting: Texts,
    /// What belongs to the flows, by their names: pages choose one by their option `flow`.
    pub flows: BTreeMap<String, Flow>,
    /// The answer to the first message when an agent is at the desk.
    pub automatic_answer: Texts,
    /// The answer to the first message when nobody is.
    pub automatic_answer_away: Texts,
}

/// A way into the chat that pages choose by its name: sales, support, a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Flow {
    /// What the bubble says on its pages; empty where it says the site's own.
    pub greeting: Texts,
}

impl SiteSettings {
    /// What of these is looks and manners on the page.
    #[must_use]
    pub fn looks(&self) -> Looks {
        Looks {
            color: self.color.clone(),
            theme: self.theme.clone(),
            position: self.position.clone(),
            offset_x: self.offset_x,
            offset_y: self.offset_y,
            state: self.state.clone(),
            minimizable: self.minimizable,
            consent: self.consent,
            greeting: self.greeting.clone(),
            flows: self.flows.iter().map(|(name, flow)| (name.clone(), flow.greeting.clone())).collect(),
            greeting_delay_s: self.greeting_delay_s,
            close_delay_s: self.close_delay_s,
        }
    }

    /// Sets them. Whoever calls this has checked them.
    pub fn set_looks(&mut self, looks: Looks) {
        let Looks { color, theme, position, offset_x, offset_y, state, minimizable, consent, .. } = looks;
        (self.color, self.theme, self.position, self.state) = (color, theme, position, state);
        (self.offset_x, self.offset_y) = (offset_x, offset_y);
        (self.minimizable, self.consent) = (minimizable, consent);
        self.greeting = looks.greeting;
        self.flows = looks.flows.into_iter().map(|(name, greeting)| (name, Flow { greeting })).collect();
        (self.greeting_delay_s, self.close_delay_s) = (looks.greeting_delay_s, looks.close_delay_s);
    }
}

fn texts(pairs: [(&str, &str); 2]) -> Texts {
    pairs.map(|(tag, text)| (tag.to_owned(), text.to_owned())).into()
}

impl Default for SiteSettings {
    fn default() -> Self {
        Self {
            color: "#4338ca".to_owned(),
            theme: "auto".to_owned(),
            position: "bottom-right".to_owned(),
            offset_x: 20,
            offset_y: 20,
            z_index: 2_147_483_000,
            locale: "auto".to_owned(),
            state: "welcome".to_owned(),
            minimizable: true,
            cookie_ttl_days: 180,
            consent: 0,
            greeting_delay_s: 1,
            close_delay_s: 15,
            introduction_delay_ms: 5_000,
            copy_delay_ms: 5_000,
            follow_up: true,
            follow_up_unseen_s: 60,
            follow_up_left_s: 20,
            follow_up_between_s: 600,
            resume_link_days: 30,
            resume_link_devices: 3,
            home_url: String::new(),
            mail_locale: String::new(),
            logo_url: String::new(),
            opening_hours: Texts::new(),
            utc_offset_minutes: 0,
            allow_apps: false,
            flows: BTreeMap::new(),
            greeting: texts([("en", "Hello! Any questions?"), ("fr", "Bonjour ! Une question ?")]),
            automatic_answer: texts([
                (
                    "en",
                    "Thank you, your message has arrived. Someone from our team will answer you here shortly.",
                ),
                (
                    "fr",
                    "Merci, votre message nous est bien parvenu. Quelqu’un de notre équipe vous répond ici d’ici peu.",
                ),
            ]),
            automatic_answer_away: texts([
                (
                    "en",
                    "Thank you, your message has arrived. We are away at the moment and will answer as soon as we are back.",
                ),
                (
                    "fr",
                    "Merci, votre message nous est bien parvenu. Nous sommes absents pour le moment et vous répondrons dès notre retour.",
                ),
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_ours_or_another() {
        let origin = |text: &str| SiteOrigin::try_from(text.to_owned()).map(String::from).ok();
        assert_eq!(origin("self"), Some("self".to_owned()));
        assert_eq!(origin("https://Shop.Example:443/"), Some("https://shop.example".to_owned()));
        assert_eq!(origin("shop.example"), None);
    }

    fn site(home_url: &str, origins: &[&str]) -> Site {
        let origin = |text: &&str| SiteOrigin::try_from((*text).to_owned()).expect("it is one");
        Site {
            key: "demo".parse().expect("a key"),
            name: String::new(),
            origins: origins.iter().map(origin).collect(),
            settings: SiteSettings { home_url: home_url.to_owned(), ..SiteSettings::default() },
        }
    }

    #[test]
    fn links_in_mails_lead_to_a_page_of_the_site() {
        let own = "https://chat.example";
        let shop = ["https://shop.example", "self"];
        for (set, page) in [
            ("", "https://shop.example/"),
            ("https://shop.example/help?a=b", "https://shop.example/help?a=b"),
            ("https://elsewhere.example/", "https://shop.example/"),
            ("javascript:alert(1)", "https://shop.example/"),
            ("https://shop.example/#part", "https://shop.example/"),
            ("/demo/", "https://chat.example/demo/"),
            ("/demo/#part", "https://shop.example/"),
        ] {
            assert_eq!(site(set, &shop).home_url(own), page, "{set}");
        }
    }

    #[test]
    fn without_a_page_of_the_site_they_lead_to_the_chat_itself() {
        let own = "https://chat.example";
        let shop = ["https://shop.example"];
        let chat = "https://chat.example/chat/demo";
        assert_eq!(site("", &[]).home_url(own), chat);
        for set in ["/demo/", "https://elsewhere.example/", "/chat/other"] {
            assert_eq!(site(set, &[]).set_home_url(own), None, "{set}");
            assert_eq!(site(set, &[]).home_url(own), chat, "{set}");
            assert_eq!(site(set, &shop).home_url(own), "https://shop.example/", "{set}");
        }
        // Wanted there although the site has pages.
        for (set, page) in [
            ("/chat/demo", chat),
            ("https://chat.example/chat/demo", chat),
            ("/chat/demo?locale=fr", "https://chat.example/chat/demo?locale=fr"),
        ] {
            assert_eq!(site(set, &shop).home_url(own), page, "{set}");
        }
        for set in
            ["/chat/demo/x", "/chat/demo#x", "//evil.example/chat/demo", "https://evil.example/chat/demo"]
        {
            assert_eq!(site(set, &shop).home_url(own), "https://shop.example/", "{set}");
        }
    }

    #[test]
    fn nobody_embeds_a_site_without_origins() {
        let mut site = Site {
            key: "demo".parse().expect("a key"),
            name: String::new(),
            origins: Vec::new(),
            settings: SiteSettings::default(),
        };
        assert_eq!(site.frame_ancestors(), "'none'");
        assert!(!site.allows("https://a.example", &[]));
        site.origins = vec![SiteOrigin::Own, SiteOrigin::Exact("https://a.example".to_owned())];
        assert_eq!(site.frame_ancestors(), "'self' https://a.example");
        assert!(site.allows("https://a.example", &[]));
        assert!(site.allows("http://own", &["http://own".to_owned()]));
        assert!(!site.allows("https://b.example", &["http://own".to_owned()]));
    }

    #[test]
    fn a_language_falls_back_to_its_base_and_to_english() {
        assert_eq!(supported_locale("fr-CA"), "fr");
        assert_eq!(supported_locale("FR"), "fr");
        assert_eq!(supported_locale("de"), "en");
        let settings = SiteSettings::default();
        assert!(text_in(&settings.greeting, "fr-FR").starts_with("Bonjour"));
        assert!(text_in(&settings.greeting, "de").starts_with("Hello"));
    }
}
