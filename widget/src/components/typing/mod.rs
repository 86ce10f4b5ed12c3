//! That an agent is typing.

use crate::leptos::prelude::AnyView;
use causette_shared::texts::Text;

use super::element::{el, view_with};
use crate::state::Widget;

/// Draws three dots and a name while an agent types. Not a live region: it comes and goes too often to be read out.
pub fn typing_indicator(widget: Widget) -> AnyView {
    view_with(move || {
        let name = widget.thread.typing.get()?;
        let dot = || el("span", "typing__dot");
        let dots =
            el("span", "typing__dots").attr("aria-hidden", "true").child(dot()).child(dot()).child(dot());
        let text = el("span", "").text(widget.words.fill(Text::Typing, &name));
        Some(el("div", "typing").child(dots).child(text).into())
    })
}
