//! The dialog that ends the chat: what is left of the request?

use std::sync::Arc;

use causette_shared::conversation::Status;
use causette_shared::id::ConversationId;
use causette_shared::protocol::agent::ConversationSummary;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::dialog::Dialog;
use crate::state::conversation_mail;
use crate::state::desk::Desk;

/// What can be left behind, with what that means.
const LEFT: [(Status, &str, &str); 3] = [
    (Status::Open, "In progress", "There is still something to do for you."),
    (Status::Pending, "Waiting", "The visitor has to come back to you."),
    (Status::Closed, "Closed", "Done. What the visitor writes later is a new conversation."),
];

/// Draws the dialog. It is there as long as it is open.
#[component]
pub fn EndChatDialog(
    /// The store.
    desk: Desk,
    /// Which conversation.
    id: ConversationId,
    /// The conversation.
    row: Memo<Option<Arc<ConversationSummary>>>,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let chosen = RwSignal::new(Status::Closed);
    let failure = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    // As it stood when the dialog opened: what comes meanwhile is told by the server.
    let has_ended = desk.timeline.with_untracked(|timeline| timeline.has_ended());
    let waits = move || row.with(|row| row.as_ref().is_some_and(|row| row.follow_up_at.is_some()));
    let end = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let answer = conversation_mail::end_chat(id, chosen.get_untracked()).await;
            let is_here = busy.try_set(false).is_none();
            match answer {
                Ok(()) if !is_here => {}
                Ok(()) => close.run(()),
                Err(refused) => {
                    let text = desk.failure_told(&refused);
                    let _ = failure.try_set(Some(text));
                }
            }
        });
    };
    let option = move |(status, name, means): (Status, &'static str, &'static str)| {
        let means_id = ["end-chat-", status.as_str()].concat();
        view! {
            <label class="end-chat__option">
                <input
                    class="end-chat__input"
                    type="radio"
                    name="end-chat"
                    autofocus=status == Status::Closed
                    aria-label=name
                    aria-describedby=means_id.clone()
                    prop:checked=move || chosen.get() == status
                    on:change=move |_| chosen.set(status)
                />
                <span class="end-chat__words">
                    <span class="end-chat__name">{name}</span>
                    <span class="end-chat__means" id=means_id>{means}</span>
                </span>
            </label>
        }
    };
    let inside = view! {
        <form class="end-chat" on:submit=end>
            <p class="dialog__text">
                {if has_ended {
                    "The chat has ended. You can still change how the conversation is left."
                } else {
                    "The visitor reads that the chat has ended."
                }}
                {move || waits().then_some(" What they have not seen yet is e-mailed at once.")}
            </p>
            <fieldset class="end-chat__options">
                <legend class="end-chat__legend">"The conversation is left"</legend>
                {LEFT.map(option).into_iter().collect_view()}
            </fieldset>
            <p class="dialog__error" role="alert">{failure}</p>
            <div class="dialog__buttons">
                <button class="button" type="button" on:click=move |_| close.run(())>"Cancel"</button>
                <button class="button button--primary" type="submit" prop:disabled=busy>
                    {if has_ended { "Change" } else { "End chat" }}
                </button>
            </div>
        </form>
    };
    view! { <Dialog title="End chat" close inside=inside.into_any()/> }
}
