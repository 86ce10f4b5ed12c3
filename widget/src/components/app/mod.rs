//! The panel as a whole.

use crate::leptos::prelude::*;
use causette_shared::texts::Text;

use super::banner::connection_banner;
use super::composer::message_composer;
use super::element::{El, el, icon};
use super::header::panel_header;
use super::thread::thread;
use crate::state::Widget;

/// Draws the panel: header, banner, log, composer; or that there is no chat here.
pub fn app(widget: Widget) -> AnyView {
    el("div", "panel")
        .class_while("panel", "panel--sheet", move || widget.panel.sheet.get())
        .child(panel_header(widget))
        .child(connection_banner(widget))
        .child_with(move || {
            Some(if widget.connection.refused.get() { no_chat(widget) } else { chat(widget) }.into())
        })
        .into()
}

fn chat(widget: Widget) -> El {
    el("main", "panel__main")
        .attr("aria-label", widget.words.get(Text::Conversation))
        .child(thread(widget))
        .child(message_composer(widget))
}

fn no_chat(widget: Widget) -> El {
    el("main", "panel__refused")
        .child(icon("icon icon--unavailable"))
        .child(el("p", "").attr("role", "alert").text(widget.words.get(Text::Unavailable)))
}
