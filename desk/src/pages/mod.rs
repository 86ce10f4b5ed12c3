//! The pages, and which of them is shown.

mod contacts;
mod inbox;
mod install;
mod mail;
mod sign_in;

pub use contacts::ContactsPage;
pub use inbox::Inbox;
pub use install::InstallPage;
pub use mail::MailPage;
pub use sign_in::SignInPage;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::icon::mark;
use crate::router::{Route, Router};
use crate::state::desk::{Desk, Phase};
use crate::state::session;

/// The whole desk. Asks the server who is signed in; the answer decides the page.
#[component]
pub fn App(
    /// The store.
    desk: Desk,
    /// The address.
    router: Router,
) -> impl IntoView {
    let check = move || {
        desk.phase.set(Phase::Checking);
        spawn_local(async move {
            match session::find().await {
                Ok(Some(agent)) => desk.sign_in(agent),
                Ok(None) => desk.phase.set(Phase::SignedOut { expired: false }),
                Err(_) => desk.phase.set(Phase::Unreachable),
            }
        });
    };
    check();
    // Timers stand still in a hidden tab: what is old is asked for again when it is shown.
    let visible = window_event_listener_untyped("visibilitychange", move |_| desk.follow_mail());
    on_cleanup(move || visible.remove());
    Effect::new(move |_| {
        desk.phase.track();
        desk.follow_mail();
    });
    move || {
        match desk.phase.get() {
        Phase::Checking => view! {
            <main class="waiting" aria-busy="true">
                {mark()}
                <p class="visually-hidden" role="status">"Loading the desk"</p>
            </main>
        }
        .into_any(),
        Phase::Unreachable => view! {
            <main class="waiting">
                {mark()}
                <h1 class="waiting__title">"The desk cannot be reached"</h1>
                <p class="waiting__text">"Check your connection. Nothing that you wrote is lost."</p>
                <button class="button button--primary" type="button" on:click=move |_| check()>"Try again"</button>
            </main>
        }
        .into_any(),
        Phase::SignedOut { expired } => view! { <SignInPage desk expired/> }.into_any(),
        Phase::SignedIn => {
            let page = Memo::new(move |_| router.route().page());
            (move || match page.get() {
                Route::Contacts => view! { <ContactsPage desk router/> }.into_any(),
                Route::Install => view! { <InstallPage desk router/> }.into_any(),
                Route::Mail => view! { <MailPage desk router/> }.into_any(),
                _ => view! { <Inbox desk router/> }.into_any(),
            })
            .into_any()
        }
    }
    }
}
