//! Where the log is scrolled to.
//!
//! It opens at what is new to the visitor, else at its end. Someone at the end stays at the end, whatever grows or shrinks; someone who reads further up is left where they are,
//! also when earlier messages are put above. The browser's own anchoring is switched off: not every engine has it.

use crate::leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, ResizeObserver};

use crate::components::{by_id, watch};
use crate::state::Widget;

/// The id of what scrolls.
pub(super) const SCROLLER: &str = "thread-scroller";
/// The id of what is scrolled.
pub(super) const CONTENT: &str = "thread-content";
/// The id of the line before what is new.
pub(super) const NEW: &str = "thread-new";
/// The room left above that line, in CSS pixels.
const ABOVE_NEW: i32 = 8;
/// This close to the end counts as the end, in CSS pixels.
const END: i32 = 48;
/// This close to the start, earlier messages are asked for.
const START: i32 = 160;

/// The log was scrolled.
pub(super) fn scrolled(widget: Widget) {
    let Some(scroller) = by_id(SCROLLER) else {
        return;
    };
    let below = scroller.scroll_height() - scroller.scroll_top();
    widget.panel.from_end.set(below);
    widget.panel.at_end.set(below - scroller.client_height() <= END);
    if scroller.scroll_top() < START && scroller.scroll_height() > scroller.client_height() {
        widget.ask_earlier();
    }
}

/// Keeps the reader's place through every change of size.
pub(super) fn keep(widget: Widget) {
    // The observer runs after layout and before painting, so nothing is ever seen in the wrong place.
    watch(move || {
        let (Some(outer), Some(inner)) = (by_id(SCROLLER), by_id(CONTENT)) else {
            return;
        };
        let resized = Closure::<dyn FnMut()>::new(move || {
            if widget.panel.at_end.now() {
                go_to_end(widget);
            }
        });
        if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&outer);
            observer.observe(&inner);
        }
        // The log lives as long as the document.
        resized.forget();
    });
    watch(move || {
        if widget.panel.to_end.get() > 0 {
            go_to_end(widget);
        }
    });
    watch(move || {
        if widget.panel.to_new.get() > 0 {
            // The rows are drawn by then, and the panel has its size.
            request_animation_frame(move || go_to_new(widget));
        }
    });
    let mut first = None;
    watch(move || {
        let now_first = widget.thread.rows.with(|rows| rows.first().map(|row| row.id));
        let is_prepended = first.is_some() && first != now_first;
        first = now_first;
        if is_prepended && !widget.panel.at_end.now() {
            let below = widget.panel.from_end.get();
            request_animation_frame(move || {
                with_scroller(|scroller| scroller.set_scroll_top(scroller.scroll_height() - below));
            });
        }
    });
    // What had come of the other side when the reader left the end; anything later is news.
    let mut known = 0;
    watch(move || {
        let newest = widget.thread.foreign_seq.get();
        let at_end = widget.panel.at_end.get();
        if widget.panel.is_attentive() {
            known = newest;
        }
        widget.panel.news_below.set(!at_end && newest > known);
    });
}

fn go_to_end(widget: Widget) {
    with_scroller(|scroller| {
        scroller.set_scroll_top(scroller.scroll_height());
        widget.panel.from_end.set(scroller.client_height());
    });
}

/// Where nothing old stands before it, what is new begins at the top.
fn go_to_new(widget: Widget) {
    let top = by_id(NEW).map_or(0, |line| line.offset_top() - ABOVE_NEW);
    with_scroller(|scroller| scroller.set_scroll_top(top));
    // Where nothing had to move, no event tells that its end can be seen.
    scrolled(widget);
}

fn with_scroller(act: impl FnOnce(&HtmlElement)) {
    if let Some(scroller) = by_id(SCROLLER) {
        act(&scroller);
    }
}
