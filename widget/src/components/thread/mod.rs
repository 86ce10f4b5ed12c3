//! The log, and everything that scrolls with it.

use std::sync::Arc;

use crate::leptos::prelude::AnyView;
use causette_client::timer;
use causette_shared::texts::Text;

use super::element::{El, button, el, icon};
use super::form::{form_or_way_back, thanks};
use super::message::message;
use super::notice::notice;
use super::typing::typing_indicator;
use super::welcome::{greeting, invitation, loading};
use crate::state::Widget;
use crate::state::rows::{Line, Look, Row};

mod list;
mod place;

/// Draws the log.
pub fn thread(widget: Widget) -> El {
    list::keep(widget);
    place::keep(widget);
    let live = move || if widget.thread.announces.get() { "polite" } else { "off" }.to_owned();
    let log = el("div", "thread__log")
        .attr("role", "log")
        .attr("tabindex", "0")
        .attr("aria-label", widget.words.get(Text::Conversation))
        .attr("id", list::LOG)
        .attr_with("aria-live", live);
    let content = el("div", "thread__content")
        .attr("id", place::CONTENT)
        .child_with(move || widget.thread.has_earlier.get().then(|| earlier(widget).into()))
        .child(invitation(widget))
        .child(greeting(widget))
        .child(loading(widget))
        .child(log)
        .child(typing_indicator(widget))
        .child(form_or_way_back(widget))
        .child(thanks(widget));
    let scroller = el("div", "thread__scroller")
        .attr("id", place::SCROLLER)
        .on("scroll", move |_| place::scrolled(widget))
        .child(content);
    el("div", "thread")
        .child(scroller)
        .child_with(move || widget.panel.news_below.get().then(|| pill(widget).into()))
}

fn earlier(widget: Widget) -> El {
    let busy = move || widget.thread.earlier_asked.get();
    button("thread__earlier", widget.words.get(Text::Earlier), move || widget.ask_earlier()).class_while(
        "thread__earlier",
        "thread__earlier--busy",
        busy,
    )
}

fn pill(widget: Widget) -> El {
    button("thread__pill", widget.words.get(Text::NewMessages), move || widget.panel.follow_end())
        .child(icon("icon icon--down"))
}

/// One row: the day where it begins, and the message or event. What the visitor wrote is not read back to them.
fn entry(widget: Widget, row: &Row) -> AnyView {
    let body = match &*row.line {
        Line::Message { author, text } => Some(message(widget, row.id, author, text, Arc::clone(&row.look))),
        line => notice(line, &widget.words),
    };
    // Only what is news moves in: history is simply there.
    let entry = el("div", if widget.thread.announces.now() { "row row--enters" } else { "row" });
    let entry = if row.line.is_own() { entry.attr("aria-live", "off") } else { entry };
    let look = Arc::clone(&row.look);
    let new = Arc::clone(&row.look);
    entry
        .child_with(move || Some(day(widget, look.get())?.into()))
        .child_with(move || new.get().starts_new.then(|| news(widget).into()))
        .maybe(body)
        .into()
}

fn news(widget: Widget) -> El {
    el("p", "row__day row__new").attr("id", place::NEW).text(widget.words.get(Text::NewMessages))
}

fn day(widget: Widget, look: Look) -> Option<El> {
    look.starts_day.then(|| el("p", "row__day").text(widget.words.day(look.at, timer::now())))
}
