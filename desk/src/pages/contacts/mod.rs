//! The contacts: list, the open one, its form.

use causette_shared::protocol::contacts::ContactDetail;
use leptos::prelude::*;

use crate::components::banner::Banner;
use crate::components::contact_detail::ContactView;
use crate::components::contact_form::ContactForm;
use crate::components::contact_list::ContactList;
use crate::components::contact_merge::ContactMergeDialog;
use crate::components::icon::{Icon, icon};
use crate::components::top_bar::TopBar;
use crate::router::{Route, Router};
use crate::state::contacts::{Book, Load};
use crate::state::desk::Desk;
use crate::state::words;

/// What the agent does with the open contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Reading,
    Editing,
    Adding,
}

/// Draws the page.
#[component]
pub fn ContactsPage(
    /// The store.
    desk: Desk,
    /// The address.
    router: Router,
) -> impl IntoView {
    let book = Book::new(desk);
    let doing = RwSignal::new(Doing::Reading);
    let merging = RwSignal::new(false);
    desk.open_conversation(None);
    book.reload();
    Effect::new(move |_| {
        let id = router.contact();
        doing.set(Doing::Reading);
        merging.set(false);
        // One that was merged leads to the one that stands for it now.
        book.open(id, move |now| router.go(Route::Contact(now)));
    });
    Effect::new(move |_| {
        let name = book.open.with(|open| match open {
            Load::Ready(detail) => Some(words::contact(&detail.contact)),
            _ => None,
        });
        document().set_title(&name.map_or_else(
            || "Contacts · Causette".to_owned(),
            |name| format!("{name} · Contacts · Causette"),
        ));
    });
    let saved = Callback::new(move |detail: ContactDetail| {
        let id = detail.contact.id;
        doing.set(Doing::Reading);
        book.changed(detail);
        router.go(Route::Contact(id));
    });
    let give_up = Callback::new(move |()| doing.set(Doing::Reading));
    let shown = move || match (doing.get(), book.open.get()) {
        (Doing::Adding, _) => view! { <ContactForm book card=None done=saved cancel=give_up/> }.into_any(),
        (Doing::Editing, Load::Ready(detail)) => {
            view! { <ContactForm book card=Some(detail.contact) done=saved cancel=give_up/> }.into_any()
        }
        (_, Load::Ready(detail)) => view! {
            <ContactView
                desk
                book
                router
                detail
                edit=Callback::new(move |()| doing.set(Doing::Editing))
                merge=Callback::new(move |()| merging.set(true))
            />
        }
        .into_any(),
        (_, Load::Loading) => view! { <p class="desk__searching" role="status">"Loading…"</p> }.into_any(),
        (_, Load::Missing) => message("This contact was not found", "It does not exist, or not any more."),
        (_, Load::Failed(text)) => message("The contact did not come", &text),
        (_, Load::Nothing) => message("No contact open", "Choose one from the list, or add a new one."),
    };
    let dialog = move || {
        let kept = book.open.with(|open| match open {
            Load::Ready(detail) => Some(detail.contact.clone()),
            _ => None,
        });
        let close = Callback::new(move |()| merging.set(false));
        kept.filter(|_| merging.get()).map(|kept| view! { <ContactMergeDialog desk book kept close/> })
    };
    let is_open = move || router.contact().is_some() || doing.get() == Doing::Adding;
    view! {
        <div class="desk" class:desk--conversation=is_open>
            <TopBar desk router/>
            <Banner desk/>
            <main class="desk__columns">
                <h1 class="visually-hidden">"Contacts"</h1>
                <ContactList book router add=Callback::new(move |()| doing.set(Doing::Adding))/>
                <div class="desk__conversation contact">
                    <button
                        class="icon-button contact__back"
                        type="button"
                        aria-label="Back to the contacts"
                        on:click=move |_| {
                            doing.set(Doing::Reading);
                            router.go(Route::Contacts);
                        }
                    >
                        {icon(Icon::Back)}
                    </button>
                    <div class="contact__sheet">{shown}</div>
                </div>
            </main>
            {dialog}
            <div class="notice-place" role="status">
                {move || match (book.merged.get(), desk.notice.get()) {
                    (Some((merge, text)), _) => Some(view! {
                        <p class="notice notice--acts">
                            <span>{text}</span>
                            <button class="link-button" type="button" on:click=move |_| book.undo(merge)>"Undo"</button>
                            <button
                                class="icon-button"
                                type="button"
                                aria-label="Dismiss"
                                on:click=move |_| book.merged.set(None)
                            >
                                {icon(Icon::Close)}
                            </button>
                        </p>
                    }.into_any()),
                    (None, Some(text)) => Some(view! { <p class="notice">{text}</p> }.into_any()),
                    (None, None) => None,
                }}
            </div>
        </div>
    }
}

fn message(title: &'static str, text: &str) -> AnyView {
    view! {
        <div class="nothing">
            <span class="nothing__picture">{icon(Icon::Person)}</span>
            <h2 class="nothing__title">{title}</h2>
            <p class="nothing__text">{text.to_owned()}</p>
        </div>
    }
    .into_any()
}
