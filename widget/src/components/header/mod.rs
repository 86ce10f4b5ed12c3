//! Who the visitor talks to, whether anybody is there, and the conversation's number.

use causette_shared::texts::Text;

use super::element::{El, el, labelled_button, truth};
use super::{by_id, watch};
use crate::state::Widget;
use crate::state::form::CopyForm;
use crate::words::decimal;

/// The id of the icon that opens the form for a copy.
const COPY: &str = "header-copy";

/// Draws the header.
pub fn panel_header(widget: Widget) -> El {
    let minimise = widget.panel.minimizable.then(|| {
        let label = widget.words.get(Text::Minimise);
        labelled_button("header__button", label, "icon icon--minimise", move || widget.minimise())
    });
    watch(move || {
        if widget.form.opener_focus.get() > 0 {
            let _ = by_id(COPY).map(|icon| icon.focus());
        }
    });
    let has_conversation = move || widget.thread.about.with(Option::is_some);
    let available = move || widget.thread.available.get();
    let avatar = el("span", "header__avatar")
        .class_while("header__avatar", "header__avatar--available", available)
        .attr("aria-hidden", "true")
        .text_with(move || initials(&title(widget)));
    let titles = el("div", "header__titles")
        .child(el("h1", "header__title").text_with(move || title(widget)))
        .child(el("p", "header__standing").text_with(move || standing(widget)))
        .child(
            el("p", "header__number")
                .class_while("header__number", "header__number--none", move || number(widget).is_empty())
                .text_with(move || number(widget)),
        );
    el("header", "header")
        .child(avatar)
        .child(titles)
        .child_with(move || has_conversation().then(|| copy_opener(widget).into()))
        .maybe(minimise)
}

fn copy_opener(widget: Widget) -> El {
    let label = widget.words.get(Text::Copy);
    labelled_button("header__button", label, "icon icon--copy", move || widget.toggle_copy())
        .attr("id", COPY)
        .attr_with("aria-expanded", move || truth(widget.form.copy.get() != CopyForm::Closed))
}

/// The agent's name, or the site's before there is an agent.
fn title(widget: Widget) -> String {
    let assignee = widget.thread.about.with(|about| about.as_ref().and_then(|about| about.assignee.clone()));
    let site = &widget.setup.name;
    assignee.unwrap_or_else(|| if site.is_empty() { widget.words.get(Text::Title) } else { site.clone() })
}

fn standing(widget: Widget) -> String {
    widget.words.get(if widget.thread.available.get() { Text::Available } else { Text::Away })
}

fn number(widget: Widget) -> String {
    let number = widget.thread.about.with(|about| about.as_ref().map(|about| decimal(about.number as usize)));
    number.map(|number| widget.words.fill(Text::ConversationNumber, &number)).unwrap_or_default()
}

/// The first letters of the first and the last word; the style sheet makes them capitals, whose table is heavy.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).collect()
}
