//! Looks as plain data: what the preview is told, and what a snippet carries while they are not the site's own.

use causette_shared::protocol::install::Looks;
use serde::Serialize;

/// Colours to begin with, and what they are called. White can be read on each (4.5 to 1).
pub const SWATCHES: [(&str, &str); 8] = [
    ("#4338ca", "Indigo"),
    ("#1d4ed8", "Blue"),
    ("#0f766e", "Teal"),
    ("#1f5f4a", "Fir"),
    ("#a16207", "Amber"),
    ("#b4232c", "Red"),
    ("#a21caf", "Fuchsia"),
    ("#1f2937", "Slate"),
];

/// How the preview shows the greeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At once and for good, so that it can be looked at.
    Held,
    /// As a visitor meets it.
    Real,
}

/// The options of the page's `causette('update', …)` (docs/embedding.md).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options<'a> {
    color: &'a str,
    theme: &'a str,
    position: &'a str,
    offset_x: u16,
    offset_y: u16,
    minimizable: bool,
    greeting: &'a str,
    greeting_delay: u16,
    close_delay: u16,
    locale: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
}

/// Who looks at the preview.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// What their system prefers: `light` or `dark`.
    pub scheme: &'a str,
    /// Their language.
    pub locale: &'a str,
    /// What the bubble says to them; empty where nothing is written yet, and it says what the site has saved.
    pub greeting: &'a str,
}

/// What the chat of the preview is told, as JSON. `state` brings the chat into one where it is to change.
#[must_use]
pub fn options(looks: &Looks, visitor: Visitor<'_>, pace: Pace, state: Option<&str>) -> String {
    let Visitor { scheme, locale, greeting } = visitor;
    let (greeting_delay, close_delay) = match pace {
        Pace::Held => (0, 0),
        Pace::Real => (looks.greeting_delay_s, looks.close_delay_s),
    };
    let options = Options {
        color: &looks.color,
        theme: if looks.theme == "auto" { scheme } else { &looks.theme },
        position: &looks.position,
        offset_x: looks.offset_x,
        offset_y: looks.offset_y,
        minimizable: looks.minimizable,
        greeting,
        greeting_delay,
        close_delay,
        locale,
        state,
    };
    serde_json::to_string(&options).unwrap_or_default()
}

/// The snippet with what differs from the site's own looks as attributes. The greeting is not among them: an attribute holds one
/// text, whatever the visitor's language; nor are flows, of which `flow` is chosen by its name, or none where it is empty.
#[must_use]
pub fn snippet(html: &str, saved: &Looks, draft: &Looks, flow: &str) -> String {
    let number = |saved: u16, draft: u16| (saved.to_string(), draft.to_string());
    let text = |saved: &str, draft: &str| (saved.to_owned(), draft.to_owned());
    let pairs = [
        ("color", text(&saved.color, &draft.color)),
        ("theme", text(&saved.theme, &draft.theme)),
        ("position", text(&saved.position, &draft.position)),
        ("offset-x", number(saved.offset_x, draft.offset_x)),
        ("offset-y", number(saved.offset_y, draft.offset_y)),
        ("state", text(&saved.state, &draft.state)),
        ("minimizable", text(bool_text(saved.minimizable), bool_text(draft.minimizable))),
        ("greeting-delay", number(saved.greeting_delay_s, draft.greeting_delay_s)),
        ("close-delay", number(saved.close_delay_s, draft.close_delay_s)),
        ("consent", number(saved.consent.into(), draft.consent.into())),
        ("flow", text("", flow)),
    ];
    let mut attributes = String::new();
    for (name, (_, value)) in pairs.iter().filter(|(_, (saved, draft))| saved != draft) {
        attributes.push_str(&[" data-", name, "=\"", &escape(value), "\""].concat());
    }
    // The first `>` ends the tag: an address and a key hold none.
    html.replacen('>', &[&attributes, ">"].concat(), 1)
}

const fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn looks() -> Looks {
        Looks {
            color: "#4338ca".to_owned(),
            theme: "auto".to_owned(),
            position: "bottom-right".to_owned(),
            offset_x: 20,
            offset_y: 20,
            state: "welcome".to_owned(),
            minimizable: true,
            consent: 0,
            greeting: BTreeMap::from([("en".to_owned(), "Hello".to_owned())]),
            flows: BTreeMap::new(),
            greeting_delay_s: 1,
            close_delay_s: 15,
        }
    }

    const HTML: &str = "<script async src=\"https://chat.example/embed/shop.js\"></script>";

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_snippet_carries_what_the_site_does_not_know_yet() {
        assert_eq!(snippet(HTML, &looks(), &looks(), ""), HTML);
        let mut draft = looks();
        draft.color = "\"><script>".to_owned();
        draft.minimizable = false;
        draft.offset_x = 8;
        draft.greeting.clear();
        assert_eq!(
            snippet(HTML, &looks(), &draft, "a \"flow\""),
            "<script async src=\"https://chat.example/embed/shop.js\" data-color=\"&quot;&gt;&lt;script&gt;\" \
             data-offset-x=\"8\" data-minimizable=\"false\" \
             data-flow=\"a &quot;flow&quot;\"></script>"
        );
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn the_preview_holds_the_greeting_and_has_the_scheme_that_is_chosen() {
        let visitor = |scheme, locale, greeting| Visitor { scheme, locale, greeting };
        let told = options(&looks(), visitor("dark", "fr", "Bonjour"), Pace::Held, None);
        for part in [
            "\"greeting\":\"Bonjour\"",
            "\"theme\":\"dark\"",
            "\"greetingDelay\":0",
            "\"closeDelay\":0",
            "\"locale\":\"fr\"",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains("state"));
        let mut light = looks();
        light.theme = "light".to_owned();
        let told = options(&light, visitor("dark", "en", "Hello"), Pace::Real, Some("welcome"));
        for part in
            ["\"theme\":\"light\"", "\"closeDelay\":15", "\"state\":\"welcome\"", "\"greeting\":\"Hello\""]
        {
            assert!(told.contains(part), "{part} in {told}");
        }
    }
}
