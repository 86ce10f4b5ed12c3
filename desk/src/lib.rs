//! The agents' desk: sign-in, the list of conversations, the open conversation and who the visitor is.
//!
//! `state` knows, `components` and `pages` draw, `router` keeps the address. Everything that the server says comes
//! through one socket; HTTP is for the session and for contacts.

pub mod components;
pub mod pages;
pub mod router;
pub mod state;

use std::rc::Rc;
use std::time::Duration;

use causette_client::timer::{self, Timer};
use leptos::prelude::*;

use crate::pages::App;
use crate::router::Router;
use crate::state::desk::Desk;
use crate::state::line::SocketLine;
use crate::state::theme::Theme;

/// How often times that are shown relative to now are brought up to date.
const TICK: Duration = Duration::from_secs(20);

/// Starts the desk in the document's `#app`, in place of what stands there while it loads.
pub fn start() {
    let Some(root) = document().get_element_by_id("app") else {
        leptos::logging::error!("The document has no #app.");
        return;
    };
    root.set_text_content(None);
    Theme::remembered().apply();
    mount_to(wasm_bindgen::JsCast::unchecked_into(root), || {
        let desk = Desk::new();
        desk.set_line(Rc::new(SocketLine::new(desk)));
        tick(desk);
        // Timers stand still in a hidden tab.
        let visible = window_event_listener_untyped("visibilitychange", move |_| desk.now.set(timer::now()));
        on_cleanup(move || visible.remove());
        view! { <App desk=desk router=Router::install()/> }
    })
    .forget();
}

fn tick(desk: Desk) {
    let next = Timer::after(TICK, move || {
        desk.now.set(timer::now());
        tick(desk);
    });
    // The desk lives as long as the page, and so does its clock.
    std::mem::forget(next);
}
