//! The loader on the customer's page, as the panel in its iframe sees it (`causette_shared::protocol::host`).
//!
//! The document's first script has listened for the loader's `init` since before the wasm came, and keeps it in
//! `window.causettePanel`. A panel that is a page of its own has no loader; in an app's webview the bridge
//! (`widget/bridge.js`) stands in its place. What comes from the page is taken field by field: what is missing or of the
//! wrong type counts as not said.

use causette_shared::protocol::host::{to_loader, to_panel};
use causette_shared::protocol::visitor::Description;
use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, MessagePort};

/// What the page knows of the person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefill {
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Their number.
    pub phone: Option<String>,
}

/// What the loader says once, at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The session secret that the page's cookie keeps.
    pub session: Option<String>,
    /// Whether the panel is visible from the start.
    pub open: bool,
    /// Whether the visitor may minimise it.
    pub minimizable: bool,
    /// The consent bits; `None` where nobody speaks of them, as in an app.
    pub consent: Option<u32>,
    /// The colour that the page chose, any CSS colour.
    pub color: Option<String>,
    /// `light`, `dark` or `auto`.
    pub theme: Option<String>,
    /// The greeting of this page.
    pub greeting: Option<String>,
    /// What the page knows of the person.
    pub prefill: Prefill,
    /// Whether the page can prove who the person is.
    pub identity: bool,
    /// Whether the link of a mail has led here, and has opened its conversation.
    pub resumed: bool,
}

/// What the loader says later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostMessage {
    /// The panel has become visible.
    Shown,
    /// The panel has been hidden.
    Hidden,
    /// Put the focus into the composer.
    Focus,
    /// What the page knows of the person has changed.
    Prefill(Prefill),
    /// The page chose a theme.
    Theme(String),
    /// The consent bits have changed.
    Consent(u32),
    /// The person signed out of the page.
    Logout,
    /// The token that proves who the person is; `None` where nobody is signed in.
    Identity(Option<String>),
    /// The page has another identity now.
    Identify,
    /// All that the page says of the person.
    Description(Description),
    /// The visitor is on a page.
    Page {
        /// Its address.
        url: String,
        /// Its title.
        title: String,
    },
    /// Whether the panel covers the whole of a narrow screen.
    Viewport {
        /// It does.
        sheet: bool,
    },
}

/// The line to the loader.
#[derive(Clone, Debug)]
pub struct Host {
    /// The page's origin, as the browser told it.
    pub origin: String,
    port: MessagePort,
}

impl Host {
    /// Says something with no more to it than its type.
    pub fn post(&self, kind: &str) {
        self.post_with(kind, &[]);
    }

    /// Says something with fields.
    pub fn post_with(&self, kind: &str, fields: &[(&str, JsValue)]) {
        let message = object(fields);
        set(&message, "type", &kind.into());
        let _ = self.port.post_message(&message);
    }

    /// Tells the page about an event. Never carries message text.
    pub fn event(&self, name: &str, data: &[(&str, JsValue)]) {
        self.post_with(to_loader::EVENT, &[("name", name.into()), ("data", object(data).into())]);
    }

    /// Calls `handle` for everything that the loader says from now on, and for what has waited in the port.
    pub fn listen(&self, handle: impl Fn(HostMessage) + 'static) {
        let listener = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(message) = parse(&event.data()) {
                handle(message);
            }
        });
        self.port.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        // The loader is there as long as this document is.
        listener.forget();
    }
}

/// Waits for the loader, or for the app around a webview; `None` where this document is a page of its own.
pub async fn connect() -> Option<(Host, Config)> {
    let window = web_sys::window()?;
    let panel: Promise = get(&window, "causettePanel").dyn_into().ok()?;
    let init = JsFuture::from(panel).await.ok()?;
    let port: MessagePort = get(&init, "port").dyn_into().ok()?;
    let config = get(&init, "config");
    let config = Config {
        session: text(&config, "session"),
        open: get(&config, "open").is_truthy(),
        minimizable: !get(&config, "minimizable").is_falsy() || get(&config, "minimizable").is_undefined(),
        consent: get(&config, "consent").as_f64().map(|bits| bits as u32),
        color: text(&config, "color"),
        theme: text(&config, "theme"),
        greeting: text(&config, "greeting"),
        prefill: prefill(&get(&config, "prefill")),
        identity: get(&config, "identity").is_truthy(),
        resumed: get(&config, "resumed").is_truthy(),
    };
    Some((Host { origin: text(&init, "origin").unwrap_or_default(), port }, config))
}

fn parse(data: &JsValue) -> Option<HostMessage> {
    let kind = text(data, "type")?;
    Some(match kind.as_str() {
        to_panel::SHOWN => HostMessage::Shown,
        to_panel::HIDDEN => HostMessage::Hidden,
        to_panel::FOCUS => HostMessage::Focus,
        to_panel::PREFILL => HostMessage::Prefill(prefill(data)),
        to_panel::THEME => HostMessage::Theme(text(data, "theme")?),
        to_panel::CONSENT => HostMessage::Consent(number(data, "consent")),
        to_panel::LOGOUT => HostMessage::Logout,
        to_panel::IDENTITY => HostMessage::Identity(text(data, "token")),
        to_panel::IDENTIFY => HostMessage::Identify,
        to_panel::ATTRIBUTES => HostMessage::Description(Description {
            client_id: text(data, "clientId"),
            country: text(data, "country"),
            flow: text(data, "flow"),
            attributes: pairs(&get(data, "list")),
        }),
        to_panel::PAGE => {
            HostMessage::Page { url: text(data, "url")?, title: text(data, "title").unwrap_or_default() }
        }
        to_panel::VIEWPORT => HostMessage::Viewport { sheet: get(data, "sheet").is_truthy() },
        _ => return None,
    })
}

fn prefill(from: &JsValue) -> Prefill {
    Prefill { name: text(from, "name"), email: text(from, "email"), phone: text(from, "phone") }
}

fn pairs(from: &JsValue) -> Vec<(String, Option<String>)> {
    let pair = |pair: JsValue| {
        let pair: Array = pair.dyn_into().ok()?;
        Some((pair.get(0).as_string()?, pair.get(1).as_string()))
    };
    from.dyn_ref::<Array>().map(|list| list.iter().filter_map(pair).collect()).unwrap_or_default()
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in fields {
        set(&object, key, value);
    }
    object
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // Fails only for frozen objects and setters that throw; this one is neither.
    let _ = Reflect::set(object, &key.into(), value);
}

fn get(from: &JsValue, key: &str) -> JsValue {
    Reflect::get(from, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

fn text(from: &JsValue, key: &str) -> Option<String> {
    get(from, key).as_string().filter(|text| !text.is_empty())
}

fn number(from: &JsValue, key: &str) -> u32 {
    get(from, key).as_f64().map_or(0, |number| number as u32)
}
