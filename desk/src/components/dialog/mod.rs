//! A dialog over everything. The browser keeps the focus in it, closes it with Escape, and gives the focus back.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::components::icon::{Icon, icon};

/// Draws a dialog, which is there as long as it is open.
#[component]
pub fn Dialog(
    /// Its title.
    title: &'static str,
    /// Closes it.
    close: Callback<()>,
    /// What stands in it.
    inside: AnyView,
    /// Whether it needs the width of a mail.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let opener = StoredValue::new_local(None::<HtmlElement>);
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            opener.set_value(document().active_element().and_then(|focused| focused.dyn_into().ok()));
            let _ = dialog.show_modal();
        }
    });
    // A browser gives the focus back where the dialog closes, not where it is taken away.
    on_cleanup(move || {
        if let Some(opener) = opener.try_update_value(Option::take).flatten() {
            request_animation_frame(move || {
                let is_nowhere =
                    document().active_element().is_none_or(|focused| focused.tag_name() == "BODY");
                if is_nowhere {
                    let _ = opener.focus();
                }
            });
        }
    });
    view! {
        <dialog class="dialog" class:dialog--wide=wide aria-labelledby="dialog-title" node_ref=dialog on:close=move |_| close.run(())>
            <div class="dialog__inside">
                <div class="dialog__head">
                    <h2 class="dialog__title" id="dialog-title">{title}</h2>
                    <button class="icon-button" type="button" aria-label="Close" on:click=move |_| close.run(())>
                        {icon(Icon::Close)}
                    </button>
                </div>
                {inside}
            </div>
        </dialog>
    }
}
