//! Install: how the chat looks, what to put on the pages, and whether it is there.

use causette_shared::id::SiteKey;
use causette_shared::protocol::install::SiteRow;
use leptos::prelude::*;

use crate::components::banner::Banner;
use crate::components::copy_field::CopyField;
use crate::components::icon::{Icon, icon};
use crate::components::looks_form::LooksForm;
use crate::components::looks_preview::LooksPreview;
use crate::components::seen_list::SeenList;
use crate::components::snippet_tabs::SnippetTabs;
use crate::components::top_bar::TopBar;
use crate::router::Router;
use crate::state::contacts::Load;
use crate::state::desk::Desk;
use crate::state::install::Install;

/// Draws the page.
#[component]
pub fn InstallPage(
    /// The store.
    desk: Desk,
    /// The address.
    router: Router,
) -> impl IntoView {
    let install = Install::new(desk);
    desk.open_conversation(None);
    install.start();
    Effect::new(move |_| document().set_title("Install · Causette"));
    // By its key alone: what is saved of a site draws nothing anew.
    let site = Memo::new(move |_| {
        install.chosen.with(|chosen| match chosen {
            Load::Ready(chosen) => Load::Ready(chosen.site.key.clone()),
            Load::Nothing => Load::Nothing,
            Load::Missing => Load::Missing,
            Load::Loading => Load::Loading,
            Load::Failed(text) => Load::Failed(text.clone()),
        })
    });
    let shown = move || {
        match site.get() {
        Load::Ready(site) => view! {
            <section class="install__part" aria-labelledby="looks-title">
                <h2 class="install__head" id="looks-title"><span aria-hidden="true">"1"</span>"Choose how it looks"</h2>
                <div class="install__looks">
                    <LooksForm install/>
                    <LooksPreview install site/>
                </div>
            </section>
            <section class="install__part" aria-labelledby="snippet-title">
                <h2 class="install__head" id="snippet-title"><span aria-hidden="true">"2"</span>"Put it on your pages"</h2>
                <SnippetTabs install/>
            </section>
            <section class="install__part" aria-labelledby="seen-title">
                <h2 class="install__head" id="seen-title"><span aria-hidden="true">"3"</span>"Is it there?"</h2>
                <SeenList desk install/>
            </section>
        }
        .into_any(),
        Load::Loading => view! {
            <p class="mail-page__loading" role="status"><span class="spinner" aria-hidden="true"></span>"Loading…"</p>
        }
        .into_any(),
        Load::Failed(text) => view! {
            <div class="nothing" role="alert">
                <span class="nothing__picture">{icon(Icon::Alert)}</span>
                <h2 class="nothing__title">"The sites did not come"</h2>
                <p class="nothing__text">{text}</p>
                <button class="button" type="button" on:click=move |_| install.start()>"Try again"</button>
            </div>
        }
        .into_any(),
        Load::Nothing | Load::Missing => view! {
            <div class="nothing">
                <span class="nothing__picture">{icon(Icon::Bubble)}</span>
                <h2 class="nothing__title">"No site yet"</h2>
                <p class="nothing__text">"Whoever runs the server adds one:"</p>
                <CopyField
                    label="Command"
                    text=Signal::stored("causette site add --key shop --name Shop --origin https://shop.example".to_owned())
                    short=true
                />
                <button class="button" type="button" on:click=move |_| install.start()>"Look again"</button>
            </div>
        }
        .into_any(),
    }
    };
    // What a site may do changes on this page; which there are does not.
    let names = Memo::new(move |_| {
        let name = |site: &SiteRow| (site.key.clone(), site.name.clone());
        install.sites.with(|sites| sites.iter().map(name).collect::<Vec<_>>())
    });
    view! {
        <div class="desk">
            <TopBar desk router/>
            <Banner desk/>
            <main class="install">
                <div class="install__sheet">
                    <div class="install__title">
                        <h1>"Install"</h1>
                        {move || choice(install, &names.read())}
                    </div>
                    {shown}
                </div>
            </main>
            <div class="notice-place" role="status">
                {move || desk.notice.get().map(|text| view! { <p class="notice">{text}</p> })}
            </div>
        </div>
    }
}

/// Which site, where there are several.
fn choice(install: Install, sites: &[(SiteKey, String)]) -> Option<AnyView> {
    let name = |(key, name): &(SiteKey, String)| [name, " (", key.as_str(), ")"].concat();
    match sites {
        [] => None,
        [only] => Some(view! { <p class="install__site">{name(only)}</p> }.into_any()),
        several => {
            let option = |site: &(SiteKey, String)| {
                view! { <option value=site.0.as_str().to_owned()>{name(site)}</option> }
            };
            let options = several.iter().map(option).collect_view();
            Some(
                view! {
                    <select
                        class="install__choice"
                        aria-label="Site"
                        on:change=move |event| {
                            if let Ok(key) = event_target_value(&event).parse() {
                                install.choose(&key);
                            }
                        }
                    >
                        {options}
                    </select>
                }
                .into_any(),
            )
        }
    }
}
