//! The dialog that invites a visitor by mail: write, look at the mail as it will be, send. What is written is kept until it
//! is sent, so that a dialog closed by mistake loses nothing.

use std::sync::Arc;

use causette_client::{random, timer};
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::limits::MESSAGE_CHARS;
use causette_shared::presence::Presence;
use causette_shared::protocol::agent::ConversationSummary;
use causette_shared::protocol::conversation_mail::InvitePreview;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::dialog::Dialog;
use crate::components::invite::mail_preview::MailPreview;
use crate::state::conversation_mail;
use crate::state::desk::Desk;
use crate::state::kept::{self, Invitation};
use crate::state::words;

pub mod mail_preview;

/// From how many characters on their number is shown.
const COUNTED_FROM: usize = MESSAGE_CHARS - 500;

/// Draws the dialog. It is there as long as it is open.
#[component]
pub fn InviteDialog(
    /// The store.
    desk: Desk,
    /// Which conversation.
    id: ConversationId,
    /// The conversation.
    row: Memo<Option<Arc<ConversationSummary>>>,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let agent = desk.my_id();
    let invitation = RwSignal::new(agent.map(|agent| kept::invitation(agent, id)).unwrap_or_default());
    let preview = RwSignal::new(None::<InvitePreview>);
    let failure = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let keep = move |next: Invitation| {
        if let Some(agent) = agent {
            kept::set_invitation(agent, id, &next);
        }
        invitation.try_set(next);
    };
    let name =
        move || row.with(|row| row.as_ref().map(|row| words::person(&row.contact)).unwrap_or_default());
    let text = move || invitation.with(|invitation| invitation.text.clone());
    let length = move || invitation.with(|invitation| invitation.text.trim().chars().count());
    let is_counted = move || length() >= COUNTED_FROM;
    let is_too_long = move || length() > MESSAGE_CHARS;
    let can_look = move || (1..=MESSAGE_CHARS).contains(&length());
    let is_back = move || {
        row.with(|row| {
            row.as_ref().is_some_and(|row| matches!(row.presence, Presence::Active | Presence::Idle))
        })
    };
    let fail = move |refused: &crate::state::contacts::Failure| {
        let told = desk.failure_told(refused);
        let _ = failure.try_set(Some(told));
    };

    let look = move || {
        if busy.get_untracked() || !untrack(can_look) {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let answer = conversation_mail::preview_invite(id, untrack(text)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(mail) => {
                    let _ = preview.try_set(Some(mail));
                }
                Err(refused) => fail(&refused),
            }
        });
    };
    let send = move || {
        if busy.get_untracked() {
            return;
        }
        let Invitation { id: tried, text } = invitation.get_untracked();
        let entry = tried.unwrap_or_else(|| EntryId::mint(timer::now(), random::bytes()));
        // Kept before it goes: should the answer be lost, the next attempt is the same invitation.
        keep(Invitation { id: Some(entry), text: text.clone() });
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let answer = conversation_mail::invite(id, entry, text).await;
            let is_here = busy.try_set(false).is_none();
            match answer {
                Ok(()) => {
                    // Closed and opened again meanwhile, it may hold another text by now.
                    let kept = agent.map(|agent| kept::invitation(agent, id)).unwrap_or_default();
                    if kept.id == Some(entry) {
                        keep(Invitation::default());
                    }
                    if is_here {
                        close.run(());
                    }
                    desk.tell("The invitation is on its way.".to_owned());
                }
                Err(refused) => fail(&refused),
            }
        });
    };
    let write = move || {
        let field = NodeRef::<html::Textarea>::new();
        Effect::new(move |_| {
            if let Some(field) = field.get() {
                let _ = field.focus();
            }
        });
        view! {
            <form
                class="invite"
                aria-label="Invite by e-mail"
                on:submit=move |event| {
                    event.prevent_default();
                    look();
                }
            >
                <p class="dialog__text">
                    <span dir="auto">{name}</span>
                    " gets what you write by e-mail, with a link that continues this conversation. It also stands in the \
                     conversation."
                </p>
                <label class="invite__label" for="invite-text">"Your message"</label>
                <textarea
                    class="invite__field"
                    id="invite-text"
                    rows="7"
                    dir="auto"
                    aria-describedby="invite-note"
                    aria-invalid=move || is_too_long().then_some("true")
                    node_ref=field
                    prop:value=text
                    on:input=move |event| {
                        failure.set(None);
                        // Another text is another invitation.
                        keep(Invitation { id: None, text: event_target_value(&event) });
                    }
                ></textarea>
                <p class="invite__note" id="invite-note" class:invite__note--bad=is_too_long>
                    {move || is_counted().then(|| format!("{} of {MESSAGE_CHARS} characters", length()))}
                </p>
                <p class="dialog__error" role="alert">{failure}</p>
                <div class="dialog__buttons">
                    <button class="button" type="button" on:click=move |_| close.run(())>"Cancel"</button>
                    <button
                        class="button button--primary"
                        type="submit"
                        prop:disabled=move || busy.get() || !can_look()
                    >
                        "Preview"
                    </button>
                </div>
            </form>
        }
        .into_any()
    };
    let inside = move || {
        match preview.get() {
        None => write(),
        Some(mail) => view! {
            <div class="invite">
                <MailPreview mail page=conversation_mail::preview_page(id) text=untrack(text)/>
                {move || is_back().then(|| view! {
                    <p class="invite__back" role="status">
                        <span dir="auto">{name}</span>" is on the page now: an answer in the chat is read at once."
                    </p>
                })}
                <p class="dialog__error" role="alert">{failure}</p>
                <div class="dialog__buttons">
                    <button
                        class="button"
                        type="button"
                        on:click=move |_| {
                            failure.set(None);
                            preview.set(None);
                        }
                    >
                        "Back"
                    </button>
                    <button
                        class="button button--primary"
                        type="button"
                        prop:disabled=busy
                        on:click=move |_| send()
                    >
                        "Send invitation"
                    </button>
                </div>
            </div>
        }
        .into_any(),
    }
    };
    view! { <Dialog title="Invite by e-mail" close wide=true inside=inside.into_any()/> }
}
