//! The side panel: what we know of the visitor, and of the conversation.

use std::sync::Arc;

use causette_shared::protocol::agent::ConversationSummary;
use leptos::html;
use leptos::prelude::*;

use crate::components::avatar::Avatar;
use crate::components::contact_attach::ContactAttach;
use crate::components::icon::{Icon, icon};
use crate::components::page_says::PageSays;
use crate::components::presence_dot::PresenceDot;
use crate::components::status_chip::StatusChip;
use crate::router::{Route, Router};
use crate::state::calendar::Local;
use crate::state::desk::Desk;
use crate::state::words;

/// Draws the panel.
#[component]
pub fn Details(
    /// The store.
    desk: Desk,
    /// The way to the contact.
    router: Router,
    /// The conversation.
    row: Memo<Option<Arc<ConversationSummary>>>,
    /// Whether it is open where it does not always stand beside.
    open: RwSignal<bool>,
    /// Its close button, which gets the focus when it opens.
    close_button: NodeRef<html::Button>,
) -> impl IntoView {
    let attaching = RwSignal::new(false);
    // Of its own: a message that comes must not empty what the agent types in the dialog.
    let who = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| (row.id, row.contact_id))));
    let said = Memo::new(move |_| {
        let id = row.with(|row| row.as_ref().map(|row| row.id))?;
        desk.said.with(|said| said.get(&id).cloned())
    });
    view! {
        <aside class="details" id="details" aria-label="Details" class:details--open=open>
            <button
                class="icon-button details__close"
                type="button"
                aria-label="Close details"
                node_ref=close_button
                on:click=move |_| open.set(false)
            >
                {icon(Icon::Close)}
            </button>
            {move || row.get().map(|row| person(router, &row))}
            {move || {
                who.get().map(|(conversation, contact)| view! {
                    <ContactAttach desk conversation contact open=attaching/>
                })
            }}
            {move || row.get().map(|row| conversation(desk, &row))}
            <PageSays desk said/>
        </aside>
    }
}

fn person(router: Router, row: &ConversationSummary) -> AnyView {
    let contact = &row.contact;
    let name = words::person(contact);
    let presence = row.presence;
    let email = contact.email.clone().map(|email| {
        let mark = if contact.email_verified { "Verified" } else { "Not verified" };
        view! {
            <a class="link" href=words::mailto(&email)>{email.clone()}</a>
            <span class="details__mark" class:details__mark--good=contact.email_verified>{mark}</span>
        }
        .into_any()
    });
    let phone = contact
        .phone
        .clone()
        .map(|phone| view! { <a class="link" href=words::tel(&phone)>{phone.clone()}</a> }.into_any());
    view! {
        <div class="details__person">
            <Avatar name=name.clone() hue_of=row.number.to_string()/>
            <p class="details__name" dir="auto">
                {match row.contact_id.map(Route::Contact) {
                    Some(route) => view! {
                        <a class="details__link" href=route.path() on:click=router.follow(route)>{name}</a>
                    }
                    .into_any(),
                    None => name.into_any(),
                }}
            </p>
            <p class="details__presence">
                <PresenceDot presence=presence/>
                <span aria-hidden="true">{words::presence_reason(presence)}</span>
            </p>
        </div>
        <section class="details__group" aria-labelledby="details-contact">
            <h2 class="details__heading" id="details-contact">"Contact"</h2>
            <dl class="details__facts">
                {fact("Name", contact.name.clone().map(plain))}
                {fact("E-mail", email)}
                {fact("Phone", phone)}
                {fact("Language", Some(plain(words::language(&row.locale))))}
            </dl>
        </section>
    }
    .into_any()
}

fn conversation(desk: Desk, row: &ConversationSummary) -> AnyView {
    let created_at = row.created_at;
    let assignee = row.assignee.as_ref().map(|agent| {
        let mine = desk.my_id() == Some(agent.id);
        let name = if mine { format!("{} (you)", agent.name) } else { agent.name.clone() };
        view! { <span class="details__agent"><Avatar name=agent.name.clone() small=true/>{name}</span> }
            .into_any()
    });
    view! {
        <section class="details__group" aria-labelledby="details-conversation">
            <h2 class="details__heading" id="details-conversation">"Conversation"</h2>
            <dl class="details__facts">
                {fact("Number", Some(plain(format!("#{}", row.number))))}
                {fact("Status", Some(view! { <StatusChip status=row.status/> }.into_any()))}
                {fact("Assignee", assignee)}
                {fact("Site", Some(plain(row.site.clone())))}
                {fact(
                    "Started",
                    Some(view! { {move || Local::of(created_at).full(Local::of(desk.now.get()))} }.into_any()),
                )}
            </dl>
        </section>
    }
    .into_any()
}

/// A text that may run either way.
pub fn plain(text: String) -> AnyView {
    view! { <span dir="auto">{text}</span> }.into_any()
}

/// One fact; what is not known is said, so that the panel keeps its shape.
pub fn fact(term: &'static str, value: Option<AnyView>) -> AnyView {
    let value =
        value.unwrap_or_else(|| view! { <span class="details__unknown">"Not known"</span> }.into_any());
    view! {
        <div class="details__fact">
            <dt class="details__term">{term}</dt>
            <dd class="details__value">{value}</dd>
        </div>
    }
    .into_any()
}
