//! One contact: what is known, its conversations, what was merged into it.

use causette_shared::presence::UnreachableReason;
use causette_shared::protocol::contacts::{ContactConversation, ContactDetail, ContactMerge};
use leptos::html;
use leptos::prelude::*;

use crate::components::avatar::Avatar;
use crate::components::details::{fact, plain};
use crate::components::icon::{Icon, icon};
use crate::components::status_chip::StatusChip;
use crate::router::{Route, Router};
use crate::state::calendar::{self, Local};
use crate::state::contacts::Book;
use crate::state::desk::Desk;
use crate::state::words;

/// Draws the contact.
#[component]
pub fn ContactView(
    /// The store.
    desk: Desk,
    /// The contacts.
    book: Book,
    /// The way to its conversations.
    router: Router,
    /// The contact.
    detail: ContactDetail,
    /// Is told when the agent wants to change it.
    edit: Callback<()>,
    /// Is told when the agent wants to merge another one into it.
    merge: Callback<()>,
) -> impl IntoView {
    let ContactDetail { contact, conversations, conversations_total, merges } = detail;
    let name = words::contact(&contact);
    let verified = contact.email_verified;
    let email = contact.email.clone().map(|email| {
        let mark = if verified { "Verified" } else { "Not verified" };
        view! {
            <a class="link" href=words::mailto(&email)>{email.clone()}</a>
            <span class="details__mark" class:details__mark--good=verified>{mark}</span>
        }
        .into_any()
    });
    let phone = contact
        .phone
        .clone()
        .map(|phone| view! { <a class="link" href=words::tel(&phone)>{phone.clone()}</a> }.into_any());
    let unreachable = contact.unreachable.map(|reason| {
        let text = match reason {
            UnreachableReason::OptedOut => "Wants no e-mail.".to_owned(),
            _ => match contact.unreachable_detail.as_deref().filter(|detail| !detail.is_empty()) {
                Some(detail) => format!("E-mail came back: {detail}"),
                None => "E-mail came back.".to_owned(),
            },
        };
        view! { <p class="contact__warning">{icon(Icon::Alert)}<span dir="auto">{text}</span></p> }
    });
    let created_at = contact.created_at;
    let shown = conversations.len();
    // Whoever opened, saved or merged goes on from here, also where the button they pressed is gone.
    let heading = NodeRef::<html::H2>::new();
    Effect::new(move |_| {
        if let Some(heading) = heading.get() {
            let _ = heading.focus();
        }
    });
    view! {
        <header class="contact__head">
            <Avatar name=name.clone() hue_of=contact.id.to_string()/>
            <h2 class="contact__name" tabindex="-1" dir="auto" node_ref=heading>{name}</h2>
            <div class="contact__actions">
                <button class="button" type="button" on:click=move |_| merge.run(())>"Merge…"</button>
                <button class="button button--primary" type="button" on:click=move |_| edit.run(())>"Edit"</button>
            </div>
        </header>
        {unreachable}
        <section class="contact__card" aria-label="What is known">
            <dl class="details__facts">
                {fact("Name", contact.name.clone().map(plain))}
                {fact("E-mail", email)}
                {fact("Phone", phone)}
                {fact("Company", contact.company.clone().map(plain))}
                {fact(
                    "Since",
                    Some(view! { {move || Local::of(created_at).full(Local::of(desk.now.get()))} }.into_any()),
                )}
            </dl>
        </section>
        <section class="contact__card" aria-labelledby="contact-conversations">
            <h3 class="details__heading" id="contact-conversations">
                {format!("Conversations ({conversations_total})")}
            </h3>
            {if shown == 0 {
                view! { <p class="details__unknown">"None yet."</p> }.into_any()
            } else {
                view! {
                    <ul class="contact__conversations" role="list" aria-label="Conversations of this contact">
                        {conversations.into_iter().map(|row| conversation(desk, router, row)).collect_view()}
                    </ul>
                }
                .into_any()
            }}
            {(u32::try_from(shown).is_ok_and(|shown| shown < conversations_total))
                .then(|| view! { <p class="details__unknown">{format!("The newest {shown} are shown.")}</p> })}
        </section>
        {(!merges.is_empty()).then(|| view! {
            <section class="contact__card" aria-labelledby="contact-merges">
                <h3 class="details__heading" id="contact-merges">"Merged into this contact"</h3>
                <ul class="contact__merges" role="list">
                    {merges.into_iter().map(|row| merged(desk, book, row)).collect_view()}
                </ul>
            </section>
        })}
    }
}

fn conversation(desk: Desk, router: Router, row: ContactConversation) -> AnyView {
    let route = Route::Conversation(row.number);
    let at = row.last_message_at;
    let today = move || Local::of(desk.now.get());
    view! {
        <li>
            <a class="contact__conversation" href=route.path() on:click=router.follow(route)>
                <span class="contact__number">{format!("#{}", row.number)}</span>
                <span class="contact__preview" dir="auto">{row.preview}</span>
                <StatusChip status=row.status/>
                <time class="contact__time" datetime=calendar::machine_time(at)>
                    {move || calendar::ago(desk.now.get(), at, today(), Local::of(at))}
                </time>
            </a>
        </li>
    }
    .into_any()
}

fn merged(desk: Desk, book: Book, row: ContactMerge) -> AnyView {
    let ContactMerge { id, merged, by, at } = row;
    let name = merged.unwrap_or_else(|| "A contact without a name".to_owned());
    let by = by.map_or_else(|| "by a proven address".to_owned(), |by| ["by ", &by].concat());
    view! {
        <li class="contact__merge">
            <span class="contact__merged">
                <span dir="auto">{name.clone()}</span>
                <span class="contact__time">
                    {move || format!("{} · {by}", Local::of(at).full(Local::of(desk.now.get())))}
                </span>
            </span>
            <button
                class="button button--small"
                type="button"
                aria-label=format!("Undo the merge of {name}")
                on:click=move |_| book.undo(id)
            >
                "Undo"
            </button>
        </li>
    }
    .into_any()
}
