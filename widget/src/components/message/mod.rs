//! One message: its bubble, who wrote it, when, and how far it has come.

use std::sync::Arc;

use causette_shared::entry::Author;
use causette_shared::id::EntryId;
use causette_shared::message::{Segment, segments};
use causette_shared::texts::Text;

use super::element::{El, button, el};
use super::header::initials;
use crate::state::Widget;
use crate::state::rows::{Look, Progress};
use crate::state::slot::Slot;

/// Draws a message. Its element stays the same from *sending* to *seen*.
pub fn message(widget: Widget, id: EntryId, author: &Author, text: &str, look: Arc<Slot<Look>>) -> El {
    let words = &widget.words;
    let (kind, name) = match author {
        Author::Visitor => ("message message--own", words.get(Text::You)),
        Author::Agent { name, .. } => ("message message--agent", name.clone()),
        Author::Automatic => ("message message--automatic", words.get(Text::Automatic)),
    };
    let avatar = matches!(author, Author::Agent { .. })
        .then(|| el("span", "message__avatar").attr("aria-hidden", "true").text(initials(&name)));
    let class_of = Arc::clone(&look);
    el("div", kind)
        .attr_with("class", move || class(kind, class_of.get()))
        .child(el("p", "message__author").text(name))
        .maybe(avatar)
        .child(bubble(widget, text))
        .child_with(move || Some(foot(widget, id, look.get())?.into()))
}

fn class(kind: &str, look: Look) -> String {
    let starts = if look.starts_group { " message--starts" } else { "" };
    let ends = if look.ends_group { " message--ends" } else { "" };
    let failed = if look.progress == Some(Progress::Failed) { " message--failed" } else { "" };
    [kind, starts, ends, failed].concat()
}

/// The text with its links. Text goes in as text: nothing in it is ever read as HTML.
pub fn bubble(widget: Widget, text: &str) -> El {
    let mut bubble = el("div", "message__bubble");
    for segment in segments(text) {
        bubble = match segment {
            Segment::Text(text) => bubble.text(text),
            Segment::Link { text, href } => bubble.child(
                el("a", "")
                    .attr("href", href)
                    .attr("target", "_blank")
                    .attr("rel", "noopener noreferrer nofollow")
                    .attr("title", widget.words.get(Text::NewWindow))
                    .text(text),
            ),
        };
    }
    bubble
}

/// The time, and how far the message has come: under the last of a group, and wherever there is news.
fn foot(widget: Widget, id: EntryId, look: Look) -> Option<El> {
    let words = &widget.words;
    let (state, class) = match look.progress {
        Some(Progress::Failed) => return Some(failed(widget, id)),
        Some(Progress::Sending) => (Some(Text::Sending), "message__state message__state--sending"),
        Some(Progress::Seen) => (Some(Text::Seen), "message__state message__state--seen"),
        Some(Progress::Sent) => (Some(Text::Sent), "message__state"),
        None => (None, ""),
    };
    let state = state.map(|state| el("span", class).text(words.get(state)));
    let is_shown = look.ends_group || state.is_some();
    let time = el("span", "").text(words.time(look.at));
    is_shown.then(|| el("div", "message__foot").child(time).maybe(state))
}

fn failed(widget: Widget, id: EntryId) -> El {
    let words = &widget.words;
    el("div", "message__foot message__foot--failed")
        .child(el("span", "message__state").text(words.get(Text::Failed)))
        .child(button("message__act", words.get(Text::Retry), move || widget.retry(id)))
        .child(button("message__act", words.get(Text::Edit), move || widget.edit(id)))
}
