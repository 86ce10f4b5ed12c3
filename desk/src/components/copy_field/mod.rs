//! A text to copy: in a field, so that it can be taken by hand where the browser lets no page write to the clipboard.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::components::icon::{Icon, icon};

/// Draws the field with its button.
#[component]
pub fn CopyField(
    /// What the text is.
    label: &'static str,
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// Whether it is one short line.
    #[prop(optional)]
    short: bool,
) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let said = RwSignal::new("");
    // Another text was not copied.
    Effect::new(move |_| {
        text.track();
        said.set("");
    });
    let copy = move |_| {
        spawn_local(async move {
            let copied = write(&text.get_untracked()).await.is_ok();
            if !copied && let Some(field) = field.get_untracked() {
                let _ = field.focus();
                field.select();
            }
            said.set(if copied { "Copied" } else { "Selected: copy it with your keyboard" });
        });
    };
    view! {
        <div class="copy-field" class:copy-field--short=short>
            <textarea
                class="copy-field__text"
                aria-label=label
                readonly
                spellcheck="false"
                rows=if short { 1 } else { 3 }
                prop:value=text
                node_ref=field
            ></textarea>
            <button class="button button--small copy-field__copy" type="button" on:click=copy>
                {move || icon(if said.get() == "Copied" { Icon::Check } else { Icon::Copy })}
                "Copy"
                <span class="visually-hidden">" "{label}</span>
            </button>
            <p class="copy-field__said" role="status">{said}</p>
        </div>
    }
}

/// Writes to the clipboard. A page that is not served over https has none.
async fn write(text: &str) -> Result<(), JsValue> {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into())?;
    let write: js_sys::Function = js_sys::Reflect::get(&clipboard, &"writeText".into())?.dyn_into()?;
    let promise: js_sys::Promise = write.call1(&clipboard, &text.into())?.dyn_into()?;
    JsFuture::from(promise).await.map(drop)
}
