//! Finds one contact by what is typed: the inside of a dialog.

use causette_shared::id::ContactId;
use causette_shared::protocol::contacts::ContactCard;
use leptos::prelude::*;

use crate::components::avatar::Avatar;
use crate::components::icon::{Icon, icon};
use crate::state::contacts::{Book, Load};
use crate::state::desk::Desk;
use crate::state::words;

/// Draws the search and what it finds.
#[component]
pub fn ContactPicker(
    /// The store.
    desk: Desk,
    /// The contact that is none of the choices.
    but: Option<ContactId>,
    /// Is given the one that is chosen.
    choose: Callback<ContactCard>,
) -> impl IntoView {
    let book = Book::new(desk);
    book.reload();
    let found = move || match book.rows.get() {
        Load::Ready(rows) => {
            let rows: Vec<_> = rows.into_iter().filter(|row| Some(row.contact.id) != but).collect();
            if rows.is_empty() {
                return view! { <p class="picker__state" role="status">"Nobody found"</p> }.into_any();
            }
            let choice = move |card: ContactCard| {
                let name = words::contact(&card);
                let known = [&card.email, &card.phone, &card.company];
                let line = known.into_iter().flatten().find(|text| **text != name).cloned();
                let id = card.id;
                view! {
                    <li>
                        <button class="picker__choice" type="button" on:click=move |_| choose.run(card.clone())>
                            <Avatar name=name.clone() hue_of=id.to_string()/>
                            <span class="picker__name" dir="auto">{name}</span>
                            " "
                            <span class="picker__line" dir="auto">{line}</span>
                        </button>
                    </li>
                }
            };
            view! {
                <ul class="picker__found" role="list" aria-label="Contacts found">
                    {rows.into_iter().map(|row| choice(row.contact)).collect_view()}
                </ul>
            }
            .into_any()
        }
        Load::Failed(text) => view! { <p class="picker__state" role="alert">{text}</p> }.into_any(),
        _ => view! { <p class="picker__state" role="status">"Loading…"</p> }.into_any(),
    };
    view! {
        <div class="list__search">
            {icon(Icon::Search)}
            <input
                class="list__query"
                type="search"
                aria-label="Find a contact"
                placeholder="Name, e-mail, phone or company"
                autocomplete="off"
                spellcheck="false"
                autofocus
                prop:value=book.search
                on:input=move |event| book.look_for(event_target_value(&event))
            />
        </div>
        <div class="picker__place">{found}</div>
    }
}
