//! What stands in the list where there is no row: why, and what to do about it.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::state::desk::Desk;

/// Why there is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody has written yet.
    NoConversations,
    /// The words of the filter are nowhere.
    NothingFound,
    /// Everything is read.
    AllRead,
    /// Nothing is assigned to the agent.
    NoneMine,
}

/// Draws the reason.
#[component]
pub fn EmptyList(
    /// The store.
    desk: Desk,
    /// The reason.
    reason: Reason,
) -> impl IntoView {
    let (title, text) = match reason {
        Reason::NoConversations => {
            ("No conversations yet", "When a visitor writes, the conversation appears here by itself.")
        }
        Reason::NothingFound => {
            ("Nothing found", "No loaded conversation has these words in its name, number or last message.")
        }
        Reason::AllRead => {
            ("All read", "Nobody waits for an answer. New messages appear here by themselves.")
        }
        Reason::NoneMine => ("None yours", "Conversations that are assigned to you appear here."),
    };
    if reason == Reason::NoConversations {
        desk.look_for_demo();
    }
    view! {
        <div class="nothing">
            <span class="nothing__picture">{icon(Icon::Bubble)}</span>
            <h2 class="nothing__title">{title}</h2>
            <p class="nothing__text">{text}</p>
            {move || {
                (reason == Reason::NoConversations && desk.has_demo.get()).then(|| view! {
                    <p class="nothing__text">
                        <a class="link" href="/demo/" target="_blank" rel="noopener">"Open the demo shop"</a>
                        " and write as a visitor."
                    </p>
                })
            }}
        </div>
    }
}
