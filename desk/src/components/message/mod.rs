//! One message: its text, who wrote it, when, and how far it has come; of one that came by e-mail, what is known of the mail.

use std::sync::Arc;

use causette_shared::id::EntryId;
use causette_shared::message::{Segment, segments};
use causette_shared::problem::{Problem, ProblemKind};
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::components::mail_parts::{MailFiles, mail_source, mail_warning, no_text};
use crate::components::original_mail::OriginalMailDialog;
use crate::state::calendar::{self, Local};
use crate::state::desk::Desk;
use crate::state::mail::words::{self as mail_words, Sender};
use crate::state::timeline::{Delivery, MessageRow, Side};
use crate::state::words;

/// Draws a message that may change from *sending* to *seen*.
#[component]
pub fn Message(
    /// The store.
    desk: Desk,
    /// The message.
    #[prop(into)]
    row: Signal<Option<Arc<MessageRow>>>,
    /// What the visitor is called.
    #[prop(into)]
    visitor: Signal<String>,
    /// Sends a refused message again.
    retry: Callback<EntryId>,
    /// Takes a refused message back into the composer.
    edit: Callback<EntryId>,
    /// Drops a refused message.
    discard: Callback<EntryId>,
) -> impl IntoView {
    // Who wrote what never changes; when, how far, and the place in a group do.
    let Some(first) = row.get_untracked() else { return ().into_any() };
    let (id, side) = (first.id, first.side.clone());
    let mail = first.mail.clone();
    let original_open = mail.is_some().then(|| RwSignal::new(false));
    let text = match &mail {
        Some(mail) if mail.text.trim().is_empty() => no_text(mail),
        _ => view! { <p class="message__text" dir="auto">{linked(&first.text)}</p> }.into_any(),
    };
    let class = match side {
        Side::Visitor if mail.is_some() => "message message--visitor message--mail",
        Side::Visitor => "message message--visitor",
        Side::Me => "message message--me",
        Side::Colleague(_) => "message message--colleague",
        Side::Automatic => "message message--automatic",
    };
    // Known while the conversation is; who the visitor is can change.
    let mail_and_contact = {
        let conversation = desk.open.get_untracked();
        mail.clone().map(|mail| {
            let contact = Memo::new(move |_| {
                let row = desk.list.with(|list| conversation.and_then(|id| list.find(id)));
                row.map(|row| row.contact.clone()).unwrap_or_default()
            });
            (mail, contact)
        })
    };
    let is_of_another = {
        let known = mail_and_contact.clone();
        move || {
            known.as_ref().is_some_and(|(mail, contact)| {
                contact.with(|contact| mail_words::sender(mail, contact) != Sender::Visitor)
            })
        }
    };
    let address = mail.as_ref().map(|mail| mail.from.clone()).filter(|from| !from.is_empty());
    let author = move || match &side {
        Side::Visitor if is_of_another() => address.clone().unwrap_or_else(|| "Unknown sender".to_owned()),
        Side::Visitor => visitor.get(),
        Side::Me => "You".to_owned(),
        Side::Colleague(name) => name.clone(),
        Side::Automatic => "Automatic answer".to_owned(),
    };
    let read = move |read: fn(&MessageRow) -> bool| row.with(|row| row.as_deref().is_some_and(read));
    let opens = move || read(|row| row.opens_group);
    let closes = move || read(|row| row.closes_group);
    let delivery = move || row.with(|row| row.as_ref().and_then(|row| row.delivery.clone()));
    let at = move || row.with(|row| row.as_ref().map_or_else(Default::default, |row| row.at));
    // Only the last of a group says when; on the way or refused, every message says so.
    let shows_foot = move || closes() || matches!(delivery(), Some(Delivery::Sending | Delivery::Failed(_)));
    view! {
        <article class=class class:message--opens=opens class:message--closes=closes>
            <p class=move || if opens() { "message__author" } else { "visually-hidden" } dir="auto">{author}</p>
            {mail_and_contact.map(|(mail, contact)| {
                move || contact.with(|contact| mail_source(&mail, contact))
            })}
            {mail.as_deref().and_then(mail_warning)}
            {text}
            {mail.as_ref().filter(|mail| !mail.files.is_empty()).map(|mail| {
                view! { <MailFiles files=mail.files.clone()/> }
            })}
            <div class="message__foot" class:visually-hidden=move || !shows_foot()>
                <time datetime=move || calendar::machine_time(at())>{move || Local::of(at()).clock()}</time>
                {move || delivery().as_ref().map(state_of)}
                {original_open.map(|is_open| view! {
                    <button
                        class="link-button message__original"
                        type="button"
                        on:click=move |_| is_open.set(true)
                    >
                        "Show original"
                    </button>
                })}
            </div>
            {move || match delivery() {
                Some(Delivery::Failed(problem)) => Some(refused(&problem, id, [retry, edit, discard])),
                _ => None,
            }}
            {original_open.map(|is_open| move || original(desk, id, is_open))}
        </article>
    }
    .into_any()
}

/// The mail as it came, while it is looked at: what it quotes, its headers, what its sender's domain says.
fn original(desk: Desk, entry: EntryId, is_open: RwSignal<bool>) -> Option<AnyView> {
    let conversation = desk.open.get_untracked().filter(|_| is_open.get())?;
    let close = Callback::new(move |()| is_open.set(false));
    Some(view! { <OriginalMailDialog desk conversation entry close/> }.into_any())
}

/// Text stays text; what looks like a link becomes one.
fn linked(text: &str) -> AnyView {
    segments(text)
        .into_iter()
        .map(|segment| match segment {
            Segment::Text(text) => text.to_owned().into_any(),
            Segment::Link { text, href } => view! {
                <a class="message__link" href=href target="_blank" rel="noopener noreferrer nofollow">
                    {text.to_owned()}
                </a>
            }
            .into_any(),
        })
        .collect_view()
        .into_any()
}

fn state_of(delivery: &Delivery) -> AnyView {
    let (class, picture, word) = match delivery {
        Delivery::Sending => ("message__state", Icon::Clock, "Sending"),
        Delivery::Sent => ("message__state", Icon::Check, "Sent"),
        Delivery::Seen => ("message__state message__state--seen", Icon::Checks, "Seen"),
        Delivery::Failed(_) => ("message__state message__state--failed", Icon::Alert, "Not sent"),
    };
    view! { <span class=class>{icon(picture)}{word}</span> }.into_any()
}

/// Why a message was refused, and what can be done. That a colleague was faster is no fault: nothing is wrong with the
/// text, and the agent who has read theirs decides.
fn refused(problem: &Problem, id: EntryId, [retry, edit, discard]: [Callback<EntryId>; 3]) -> AnyView {
    let why = words::refusal(problem);
    let label = format!("Not sent. {why}");
    let meanwhile = problem.kind == ProblemKind::AnsweredMeanwhile;
    let again = if meanwhile { "Send anyway" } else { "Retry" };
    view! {
        <div
            class="message__refusal"
            class:message__refusal--meanwhile=meanwhile
            role="group"
            aria-label=label
        >
            <p class="message__why" dir="auto">{why}</p>
            <div class="message__choices">
                <button class="button button--small" type="button" on:click=move |_| retry.run(id)>{again}</button>
                <button class="button button--small" type="button" on:click=move |_| edit.run(id)>"Edit"</button>
                <button class="link-button" type="button" on:click=move |_| discard.run(id)>"Discard"</button>
            </div>
        </div>
    }
    .into_any()
}
