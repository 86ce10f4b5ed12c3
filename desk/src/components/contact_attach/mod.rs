//! Says who the visitor of a conversation is: a dialog that attaches a contact, and a button that takes it off.

use causette_shared::id::{ContactId, ConversationId};
use causette_shared::protocol::contacts::ContactCard;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::contact_picker::ContactPicker;
use crate::components::icon::{Icon, icon};
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
        {move || open.get().then(|| view! {
            <AttachDialog
                desk
                but=contact
                choose=Callback::new(move |card: ContactCard| attach(Some(card.id)))
                close=Callback::new(move |()| open.set(false))
            />
        })}
    }
}

#[component]
fn AttachDialog(
    desk: Desk,
    but: Option<ContactId>,
    choose: Callback<ContactCard>,
    close: Callback<()>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog class="dialog" aria-labelledby="attach-title" node_ref=dialog on:close=move |_| close.run(())>
            <div class="dialog__inside">
                <div class="dialog__head">
                    <h2 class="dialog__title" id="attach-title">"Attach contact"</h2>
                    <button class="icon-button" type="button" aria-label="Close" on:click=move |_| close.run(())>
                        {icon(Icon::Close)}
                    </button>
                </div>
                <p class="dialog__text">"Who is this visitor? All their conversations move to the contact."</p>
                <ContactPicker desk but choose/>
            </div>
        </dialog>
    }
}
