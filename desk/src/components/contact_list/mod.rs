//! The list of contacts: search, rows, the way to a new one and to an export.

use causette_shared::id::ContactId;
use causette_shared::protocol::contacts::ContactRow;
use leptos::prelude::*;

use crate::components::avatar::Avatar;
use crate::components::icon::{Icon, icon};
use crate::router::{Route, Router};
use crate::state::contacts::{Book, Load};
use crate::state::words;

/// Rows of the sketch that stands there until the list has come.
const SKETCHED_ROWS: usize = 8;

/// Draws the list.
#[component]
pub fn ContactList(
    /// The contacts.
    book: Book,
    /// The way to one of them.
    router: Router,
    /// Is told when the agent wants to add one.
    add: Callback<()>,
) -> impl IntoView {
    let rows = Memo::new(move |_| match book.rows.get() {
        Load::Ready(rows) => rows,
        _ => Vec::new(),
    });
    let is_searching = move || book.search.with(|search| !search.trim().is_empty());
    let state = move || {
        match book.rows.get() {
        Load::Failed(text) => Some(
            view! {
                <div class="nothing" role="alert">
                    <span class="nothing__picture">{icon(Icon::Alert)}</span>
                    <h2 class="nothing__title">"The contacts did not come"</h2>
                    <p class="nothing__text">{text}</p>
                    <button class="button" type="button" on:click=move |_| book.reload()>"Try again"</button>
                </div>
            }
            .into_any(),
        ),
        Load::Ready(rows) if rows.is_empty() && is_searching() => Some(
            view! {
                <div class="nothing">
                    <span class="nothing__picture">{icon(Icon::Search)}</span>
                    <h2 class="nothing__title">"Nobody found"</h2>
                    <p class="nothing__text">"No contact has these words in name, address, number or company."</p>
                </div>
            }
            .into_any(),
        ),
        Load::Ready(rows) if rows.is_empty() => Some(
            view! {
                <div class="nothing">
                    <span class="nothing__picture">{icon(Icon::Person)}</span>
                    <h2 class="nothing__title">"No contacts yet"</h2>
                    <p class="nothing__text">"Visitors who say who they are appear here, and people whom you add."</p>
                </div>
            }
            .into_any(),
        ),
        Load::Loading => Some(
            view! {
                <div class="list__sketch" aria-hidden="true">
                    {(0..SKETCHED_ROWS).map(|_| view! { <div class="list__sketch-row"></div> }).collect_view()}
                </div>
                <p class="visually-hidden" role="status">"Loading contacts"</p>
            }
            .into_any(),
        ),
        _ => None,
    }
    };
    view! {
        <section class="list contacts" aria-labelledby="contacts-title">
            <div class="list__head">
                <h2 class="list__title" id="contacts-title">"Contacts"</h2>
                <button class="button button--small" type="button" on:click=move |_| add.run(())>
                    {icon(Icon::Plus)}
                    "New contact"
                </button>
                <div class="list__search">
                    {icon(Icon::Search)}
                    <input
                        class="list__query"
                        type="search"
                        aria-label="Search contacts"
                        placeholder="Name, e-mail, phone or company"
                        autocomplete="off"
                        spellcheck="false"
                        prop:value=book.search
                        on:input=move |event| book.look_for(event_target_value(&event))
                    />
                </div>
            </div>
            <div class="list__scroll" aria-busy=move || if book.busy.get() { "true" } else { "false" }>
                <ul class="list__rows" role="list" aria-label="Contacts">
                    {move || rows.with(|rows| rows.iter().map(|row| contact_row(router, row)).collect_view())}
                </ul>
                {state}
                {move || {
                    book.next.get().map(|_| view! {
                        <button class="list__more" type="button" prop:disabled=book.busy on:click=move |_| book.more()>
                            "Show more contacts"
                        </button>
                    })
                }}
            </div>
            <div class="contacts__export">
                "Export all: "
                <a class="link" href="/api/v1/desk/contacts.csv" download="contacts.csv">"CSV"</a>
                <a class="link" href="/api/v1/desk/contacts.json" download="contacts.json">"JSON"</a>
            </div>
        </section>
    }
}

fn contact_row(router: Router, row: &ContactRow) -> AnyView {
    let id: ContactId = row.contact.id;
    let name = words::contact(&row.contact);
    let known = [&row.contact.email, &row.contact.phone, &row.contact.company];
    let line = known.into_iter().flatten().find(|text| **text != name).cloned().unwrap_or_default();
    let count = row.conversations;
    let counted = match count {
        0 => String::new(),
        1 => "1 conversation".to_owned(),
        count => format!("{count} conversations"),
    };
    view! {
        <li class="contact-row" class:contact-row--open=move || router.contact() == Some(id)>
            <a
                class="contact-row__link"
                href=Route::Contact(id).path()
                aria-current=move || (router.contact() == Some(id)).then_some("true")
                on:click=router.follow(Route::Contact(id))
            >
                <Avatar name=name.clone() hue_of=id.to_string()/>
                <span class="contact-row__name" dir="auto">{name}</span>
                <span class="contact-row__line" dir="auto">{line}</span>
                <span class="contact-row__count">{counted}</span>
            </a>
        </li>
    }
    .into_any()
}
