//! What stands in the log before anything was said, and while what was said is on its way.

use crate::leptos::prelude::AnyView;
use causette_shared::texts::Text;

use super::element::{El, el, icon, view_with};
use super::message::bubble;
use crate::state::Widget;

/// Draws the invitation to write.
pub fn invitation(widget: Widget) -> AnyView {
    view_with(move || {
        let words = &widget.words;
        let mark = el("span", "welcome__mark").attr("aria-hidden", "true").child(icon("icon icon--hello"));
        widget.thread.is_empty().then(|| {
            el("div", "welcome")
                .child(mark)
                .child(el("p", "welcome__heading").text(words.get(Text::EmptyHeading)))
                .child(el("p", "welcome__text").text(words.get(Text::EmptyText)))
                .into()
        })
    })
}

/// Draws the site's greeting, which stays when the conversation begins under it.
pub fn greeting(widget: Widget) -> AnyView {
    view_with(move || {
        let text = widget.thread.greeting.get()?;
        let class = "greeting message message--automatic message--starts message--ends";
        Some(el("div", class).child(bubble(widget, &text)).into())
    })
}

/// Draws the shape of a conversation that is being loaded.
pub fn loading(widget: Widget) -> AnyView {
    let shape = move || -> El {
        el("div", "loading")
            .attr("role", "status")
            .child(el("span", "visually-hidden").text(widget.words.get(Text::Loading)))
            .child(el("span", "loading__line"))
            .child(el("span", "loading__line loading__line--own"))
            .child(el("span", "loading__line loading__line--short"))
    };
    view_with(move || widget.thread.loading.get().then(|| shape().into()))
}
