//! The bar over everything: the product, its pages, the colour scheme, who is signed in, the way out.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::avatar::Avatar;
use crate::components::icon::{Icon, icon, mark};
use crate::components::theme_switch::ThemeSwitch;
use crate::router::{Route, Router};
use crate::state::desk::Desk;
use crate::state::session;

/// Draws the bar.
#[component]
pub fn TopBar(
    /// The store.
    desk: Desk,
    /// The way between the pages.
    router: Router,
) -> impl IntoView {
    let name =
        Signal::derive(move || desk.me.with(|me| me.as_ref().map_or_else(String::new, |me| me.name.clone())));
    let email = move || desk.me.with(|me| me.as_ref().map(|me| me.email.clone()));
    let leaving = RwSignal::new(false);
    let leave = move |_| {
        if leaving.get_untracked() {
            return;
        }
        leaving.set(true);
        spawn_local(async move {
            match session::delete().await {
                Ok(()) => desk.sign_out(false),
                // The cookie would live on: saying that we signed out would be untrue.
                Err(_) => desk.tell("You are still signed in: the desk could not be reached.".to_owned()),
            }
            leaving.set(false);
        });
    };
    let page = move |route: Route, label: &'static str| {
        let is_here = move || router.route().page() == route;
        // Mail that was given up waits for a person, whichever page they are on.
        let count = move || if route == Route::Mail { desk.count_dead_mail() } else { 0 };
        view! {
            <a
                class="top-bar__page"
                href=route.path()
                aria-current=move || is_here().then_some("page")
                on:click=router.follow(route)
            >
                {label}
                {move || (count() > 0).then(|| {
                    let count = count();
                    let shown = if count > 99 { "99+".to_owned() } else { count.to_string() };
                    view! {
                        <span class="top-bar__count">{shown}<span class="visually-hidden">" not delivered"</span></span>
                    }
                })}
            </a>
        }
    };
    view! {
        <header class="top-bar">
            <div class="top-bar__brand">{mark()}<span class="top-bar__name">"Causette"</span></div>
            <nav class="top-bar__pages" aria-label="Pages">
                {page(Route::Inbox, "Inbox")}
                {page(Route::Contacts, "Contacts")}
                {page(Route::Mail, "Mail")}
                {page(Route::Install, "Install")}
            </nav>
            <ThemeSwitch/>
            <div class="top-bar__me" title=email>
                <Avatar name=name/>
                <span class="top-bar__agent">{name}</span>
            </div>
            <button
                class="icon-button"
                type="button"
                aria-label="Sign out"
                title="Sign out"
                prop:disabled=leaving
                on:click=leave
            >
                {icon(Icon::SignOut)}
            </button>
        </header>
    }
}
