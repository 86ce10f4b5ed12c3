//! The head of the open conversation: who, which number, where it stands, where the visitor is.

use std::sync::Arc;

use causette_shared::conversation::Status;
use causette_shared::presence::Presence;
use causette_shared::protocol::agent::ConversationSummary;
use leptos::html;
use leptos::prelude::*;

use crate::components::conversation_acts::{Act, ActButtons};
use crate::components::icon::{Icon, icon};
use crate::components::presence_dot::PresenceDot;
use crate::components::status_chip::StatusChip;
use crate::router::{Route, Router};
use crate::state::words;

/// Draws the head.
#[component]
pub fn ConversationHeader(
    /// The way back to the list.
    router: Router,
    /// The conversation.
    row: Memo<Option<Arc<ConversationSummary>>>,
    /// Is told what the agent is about to do.
    act: RwSignal<Option<Act>>,
    /// Whether the side panel is open where it does not always stand beside.
    details_open: RwSignal<bool>,
    /// The button that opens it, which gets the focus back.
    details_button: NodeRef<html::Button>,
    /// The heading, which gets the focus on a narrow screen.
    heading: NodeRef<html::H2>,
) -> impl IntoView {
    let name = move || row.with(|row| row.as_ref().map(|row| words::person(&row.contact)));
    let presence =
        Signal::derive(move || row.with(|row| row.as_ref().map_or(Presence::Idle, |row| row.presence)));
    let status = Signal::derive(move || row.with(|row| row.as_ref().map_or(Status::New, |row| row.status)));
    let number = move || row.with(|row| row.as_ref().map(|row| format!("#{}", row.number)));
    view! {
        <header class="head">
            <button
                class="icon-button head__back"
                type="button"
                aria-label="Back to the conversations"
                on:click=move |_| router.go(Route::Inbox)
            >
                {icon(Icon::Back)}
            </button>
            <div class="head__who">
                <h2 class="head__name" tabindex="-1" node_ref=heading>
                    <span class="head__person" dir="auto">{name}</span>
                    " "
                    <span class="head__number">{number}</span>
                </h2>
                <p class="head__presence">
                    <PresenceDot presence/>
                    <span aria-hidden="true">{move || words::presence_reason(presence.get())}</span>
                </p>
            </div>
            <StatusChip status/>
            <ActButtons row act/>
            <button
                class="icon-button head__details"
                type="button"
                aria-label="Details"
                title="Details"
                aria-expanded=move || if details_open.get() { "true" } else { "false" }
                aria-controls="details"
                node_ref=details_button
                on:click=move |_| details_open.update(|open| *open = !*open)
            >
                {icon(Icon::Person)}
            </button>
        </header>
    }
}
