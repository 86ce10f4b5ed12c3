//! Where a visitor is, as a dot: its shape differs with its colour, and a screen reader hears the words.

use causette_shared::presence::Presence;
use leptos::prelude::*;

use crate::state::words;

/// Draws the dot.
#[component]
pub fn PresenceDot(
    /// Where the visitor is.
    #[prop(into)]
    presence: Signal<Presence>,
) -> impl IntoView {
    view! {
        <span
            class=move || format!("presence-dot presence-dot--{}", words::presence_class(presence.get()))
            title=move || words::presence_reason(presence.get())
        >
            <span class="visually-hidden">{move || words::presence(presence.get())}</span>
        </span>
    }
}
