//! Says who the visitor of a conversation is: a dialog that attaches a contact, and a button that takes it off.

use causette_shared::id::{ContactId, ConversationId};
use causette_shared::protocol::contacts::ContactCard;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::contact_picker::ContactPicker;
use crate::components::dialog::Dialog;
use crate::state::contacts::{Failure, requests};
use crate::state::desk::Desk;

/// Draws the buttons.
#[component]
pub fn ContactAttach(
    /// The store.
    desk: Desk,
    /// The conversation.
    conversation: ConversationId,
    /// The contact that it has.
    contact: Option<ContactId>,
    /// Whether the dialog is open. It outlives this view, which is drawn again with every message.
    open: RwSignal<bool>,
) -> impl IntoView {
    let attach = move |contact: Option<ContactId>| {
        open.set(false);
        spawn_local(async move {
            match requests::attach(conversation, contact).await {
                // The row comes over the socket.
                Ok(()) => {}
                Err(Failure::SignedOut) => desk.sign_out(true),
                Err(failure) => desk.tell(failure.message()),
            }
        });
    };
    view! {
        <div class="attach">
            {contact.map(|_| view! {
                <button class="button button--small" type="button" on:click=move |_| attach(None)>"Detach"</button>
            })}
            <button class="button button--small" type="button" on:click=move |_| open.set(true)>
                {if contact.is_some() { "Change…" } else { "Attach contact…" }}
            </button>
        </div>
        {move || {
            open.get().then(|| {
                let choose = Callback::new(move |card: ContactCard| attach(Some(card.id)));
                let inside = view! {
                    <p class="dialog__text">"Who is this visitor? All their conversations move to the contact."</p>
                    <ContactPicker desk but=contact choose/>
                }
                .into_any();
                let close = Callback::new(move |()| open.set(false));
                view! { <Dialog title="Attach contact" close inside/> }
            })
        }}
    }
}
