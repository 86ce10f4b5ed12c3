//! A conversation's status as a word with a mark.

use causette_shared::conversation::Status;
use leptos::prelude::*;

use crate::state::words;

/// Draws the status.
#[component]
pub fn StatusChip(
    /// The status.
    #[prop(into)]
    status: Signal<Status>,
) -> impl IntoView {
    view! {
        <span class=move || format!("status-chip status-chip--{}", status.get().as_str())>
            {move || words::status(status.get())}
        </span>
    }
}
