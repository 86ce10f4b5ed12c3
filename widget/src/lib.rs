//! The visitor's panel: what a visitor sees of a conversation, in an iframe on the customer's page or as a page of its
//! own.
//!
//! `setup` reads what the document and the loader say, `state` holds and moves the conversation, `components` draw it.
//! The bytes of this crate travel to every visitor who opens the chat: no serde_json, no `format!`, no formatting of
//! floats, and styles in files of their own.

pub mod components;
pub mod leptos;
pub mod page;
pub mod setup;
pub mod state;
pub mod theme;
pub mod words;

use std::cell::OnceCell;
use std::rc::Rc;

use causette_client::host;
use causette_client::live::{Live, Payload};
use causette_shared::protocol::host::to_loader;
use causette_shared::protocol::visitor::{self, ClientFrame};
use wasm_bindgen::JsCast;

use components::app::app;
use setup::Setup;
use state::{Outlet, Widget};

/// Below it are the server's socket, and the channel for where sockets are blocked.
const SERVICE: &str = "/api/v1/visitor";

/// Starts the panel in this document: waits for the loader, mounts, connects.
pub fn start() {
    wasm_bindgen_futures::spawn_local(async {
        let (host, config) = host::connect().await.unzip();
        let setup = Setup::read(host.as_ref().zip(config));
        let root = leptos::prelude::document().get_element_by_id("app").and_then(|root| root.dyn_into().ok());
        if let Some(root) = root {
            run(root, setup, host);
        }
    });
}

/// Mounts the panel into `root`, in place of what stands there, and connects it.
fn run(root: web_sys::HtmlElement, setup: Setup, host: Option<host::Host>) {
    theme::set_theme(setup.config.theme.as_deref().unwrap_or_default());
    if let Some(color) = &setup.color {
        theme::set_color(color);
    }
    root.set_text_content(None);
    // The connection needs the widget to tell, and the widget the connection to send.
    let line: Rc<OnceCell<Live>> = Rc::default();
    let outlet: Outlet = {
        let line = Rc::clone(&line);
        Rc::new(move |frame| match (line.get(), visitor::encode(frame)) {
            (Some(live), Ok(bytes)) => live.send(&Payload::Binary(bytes)),
            _ => false,
        })
    };
    let panel = host.clone();
    leptos::mount(&root, move || {
        let widget = Widget::new(setup, setup::words(), host, outlet);
        page::listen(widget);
        widget.begin_person();
        widget.join_siblings();
        let ping = visitor::encode(&ClientFrame::Ping).unwrap_or_default();
        let live = Live::new(SERVICE, Payload::Binary(ping), move |event| widget.live_event(event));
        widget.attach(Live::clone(line.get_or_init(|| live)));
        app(widget)
    });
    if let Some(panel) = panel {
        panel.post(to_loader::READY);
    }
}
