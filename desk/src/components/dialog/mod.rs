//! A dialog over everything. The browser keeps the focus in it, closes it with Escape, and gives the focus back.

use leptos::html;
use leptos::prelude::*;

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
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog class="dialog" aria-labelledby="dialog-title" node_ref=dialog on:close=move |_| close.run(())>
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
