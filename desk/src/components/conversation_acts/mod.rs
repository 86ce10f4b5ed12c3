//! What an agent can do with the open conversation beside answering: the buttons in its head, and the dialogs behind them.

use std::sync::Arc;

use causette_shared::conversation::Status;
use causette_shared::id::ConversationId;
use causette_shared::protocol::agent::ConversationSummary;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::dialog::Dialog;
use crate::components::end_chat::EndChatDialog;
use crate::components::icon::{Icon, icon};
use crate::components::invite::InviteDialog;
use crate::components::menu::{Choice, Menu};
use crate::state::contacts::Failure;
use crate::state::conversation_mail;
use crate::state::desk::Desk;

/// What the agent is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Invite the visitor by mail.
    Invite,
    /// Send them a copy of the conversation.
    Copy,
    /// Take the links of earlier mails back.
    RevokeLinks,
    /// End the chat.
    EndChat,
}

/// Draws the buttons.
#[component]
pub fn ActButtons(
    /// The conversation.
    row: Memo<Option<Arc<ConversationSummary>>>,
    /// Is told what the agent is about to do.
    act: RwSignal<Option<Act>>,
) -> impl IntoView {
    let refusal = move |why: fn(&ConversationSummary) -> Option<&'static str>| {
        Signal::derive(move || row.with(|row| row.as_deref().and_then(why)))
    };
    let choice = move |label, picture, chosen, refusal| Choice {
        label,
        picture,
        refusal,
        run: Callback::new(move |()| act.set(Some(chosen))),
    };
    let choices = vec![
        choice("Invite by e-mail…", Icon::Mail, Act::Invite, refusal(conversation_mail::no_invite)),
        choice("Send a copy…", Icon::Copy, Act::Copy, refusal(conversation_mail::no_mail)),
        choice("Take links back…", Icon::Unlink, Act::RevokeLinks, refusal(|_| None)),
    ];
    let is_closed = move || row.with(|row| row.as_ref().is_none_or(|row| row.status == Status::Closed));
    view! {
        {move || (!is_closed()).then(|| view! {
            <button
                class="button button--small acts__end"
                type="button"
                title="End chat"
                on:click=move |_| act.set(Some(Act::EndChat))
            >
                {icon(Icon::End)}
                <span class="acts__word">"End chat"</span>
            </button>
        })}
        <Menu label="More" choices/>
    }
}

/// Draws the dialog of what the agent is about to do.
#[component]
pub fn ActDialog(
    /// The store.
    desk: Desk,
    /// Which conversation.
    id: ConversationId,
    /// The conversation.
    row: Memo<Option<Arc<ConversationSummary>>>,
    /// What the agent is about to do.
    act: RwSignal<Option<Act>>,
) -> impl IntoView {
    let close = Callback::new(move |()| act.set(None));
    move || match act.get()? {
        Act::Invite => Some(view! { <InviteDialog desk id row close/> }.into_any()),
        Act::EndChat => Some(view! { <EndChatDialog desk id row close/> }.into_any()),
        Act::Copy => {
            let contact = row.with_untracked(|row| row.as_ref().map(|row| row.contact.clone()))?;
            let to = contact.email.unwrap_or_default();
            let text = if contact.email_verified {
                format!("The whole conversation goes to {to}, as it reads now.")
            } else {
                format!(
                    "Nobody has shown yet that {to} is theirs. It gets a question whether it wants the copy, without a \
                     word of the conversation."
                )
            };
            let run = Callback::new(move |()| Box::pin(conversation_mail::send_copy(id)) as Asked);
            let confirm = Confirm {
                title: "Send a copy",
                text,
                button: "Send",
                done: "The e-mail is on its way.",
                run,
            };
            Some(view! { <ConfirmDialog desk confirm close/> }.into_any())
        }
        Act::RevokeLinks => {
            let text = "The links in the e-mails of this conversation will lead nowhere, and devices that came in through \
                        one of them are shut out. The browser where the conversation began stays, and new e-mails carry \
                        new links."
                .to_owned();
            let run = Callback::new(move |()| Box::pin(conversation_mail::revoke_links(id)) as Asked);
            let confirm = Confirm {
                title: "Take links back",
                text,
                button: "Take back",
                done: "The links lead nowhere any more.",
                run,
            };
            Some(view! { <ConfirmDialog desk confirm close/> }.into_any())
        }
    }
}

/// A request on its way.
type Asked = std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

/// What is to be confirmed.
struct Confirm {
    title: &'static str,
    text: String,
    button: &'static str,
    /// What is told once it is done.
    done: &'static str,
    run: Callback<(), Asked>,
}

#[component]
fn ConfirmDialog(desk: Desk, confirm: Confirm, close: Callback<()>) -> impl IntoView {
    let Confirm { title, text, button, done, run } = confirm;
    let failure = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let confirmed = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let answer = run.run(()).await;
            // Closed meanwhile, it is not to close what is open now.
            let is_here = busy.try_set(false).is_none();
            match answer {
                Ok(()) => {
                    if is_here {
                        close.run(());
                    }
                    desk.tell(done.to_owned());
                }
                Err(refused) => {
                    let text = desk.failure_told(&refused);
                    let _ = failure.try_set(Some(text));
                }
            }
        });
    };
    let inside = view! {
        <p class="dialog__text acts__text">{text}</p>
        <p class="dialog__error" role="alert">{failure}</p>
        <div class="dialog__buttons">
            <button class="button" type="button" autofocus=true on:click=move |_| close.run(())>"Cancel"</button>
            <button class="button button--primary" type="button" prop:disabled=busy on:click=confirmed>{button}</button>
        </div>
    };
    view! { <Dialog title close inside=inside.into_any()/> }
}
