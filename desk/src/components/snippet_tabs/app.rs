//! The chat in an app: its address for a webview, and whether the app around it may speak with it.

use leptos::prelude::*;

use crate::components::copy_field::CopyField;
use crate::state::contacts::Load;
use crate::state::install::Install;

/// Draws what an app needs.
pub fn app(install: Install) -> AnyView {
    let address = Memo::new(move |_| {
        install.chosen.with(|chosen| match chosen {
            Load::Ready(chosen) => {
                [&chosen.snippet.csp.script_src, "/chat/", chosen.site.key.as_str()].concat()
            }
            _ => String::new(),
        })
    });
    let is_busy = Memo::new(move |_| install.apps_wanted.with(Option::is_some));
    view! {
        <p class="snippet__text">"The chat as a page of its own. An app shows this address in a webview:"</p>
        <CopyField label="Address for apps" text=address short=true/>
        <label class="switch">
            <input
                class="switch__input"
                type="checkbox"
                role="switch"
                prop:checked=move || install.allows_apps()
                prop:disabled=move || !install.is_admin()
                aria-busy=move || is_busy.get().to_string()
                aria-describedby="apps-meaning"
                on:click=move |event| {
                    // One at a time; it would be turned and saved as what it was.
                    if is_busy.get_untracked() {
                        event.prevent_default();
                    }
                }
                on:change=move |event| install.set_apps(event_target_checked(&event))
            />
            "Apps may speak with this chat"
            {move || is_busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
        </label>
        <div role="alert">
            {move || install.apps_failure.get().map(|text| view! { <p class="snippet__failure">{text}</p> })}
        </div>
        <p class="snippet__note" id="apps-meaning">
            "An app can then keep the visitor’s session, say who they are, and hear of new messages. Without it the page works like any other, and knows nothing of the app around it."
            {move || (!install.is_admin()).then_some(" An admin can change this.")}
        </p>
        <p class="snippet__note">
            "Samples for iOS, Android, React Native and Flutter come with the source, in "<code>"snippet/native/"</code>
            ". What page and app say to each other stands in "<code>"docs/embedding.md"</code>", section Apps."
        </p>
    }
    .into_any()
}
