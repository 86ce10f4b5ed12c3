//! The dialog that merges another contact into the open one: find it, look at what will become, confirm.

use causette_shared::protocol::contacts::ContactCard;
use leptos::prelude::*;

use crate::components::contact_picker::ContactPicker;
use crate::components::dialog::Dialog;
use crate::state::contacts::Book;
use crate::state::contacts::draft::joined;
use crate::state::desk::Desk;
use crate::state::words;

/// Draws the dialog, over everything. It is there as long as it is open.
#[component]
pub fn ContactMergeDialog(
    /// The store.
    desk: Desk,
    /// The contacts.
    book: Book,
    /// The one that is kept.
    kept: ContactCard,
    /// Closes the dialog.
    close: Callback<()>,
) -> impl IntoView {
    let other = RwSignal::new(None::<ContactCard>);
    let failure = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let id = kept.id;
    let merge = move |_| {
        let Some(merged) = other.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        failure.set(None);
        book.merge(id, merged.id, move |outcome| {
            busy.set(false);
            match outcome {
                Ok(()) => close.run(()),
                Err(text) => failure.set(Some(text)),
            }
        });
    };
    let inside = move || match other.get() {
        None => view! {
            <p class="dialog__text">"Which contact is the same person? Its conversations move here."</p>
            <ContactPicker desk but=Some(id) choose=Callback::new(move |card| other.set(Some(card)))/>
        }
        .into_any(),
        Some(merged) => {
            let result = joined(&kept, &merged);
            view! {
                <div class="merge__table" role="table" aria-label="What the merge will make">
                    <div class="merge__row merge__row--head" role="row">
                        <span role="columnheader"><span class="visually-hidden">"Field"</span></span>
                        <span role="columnheader">"This contact"</span>
                        <span role="columnheader">"Merged into it"</span>
                        <span role="columnheader">"Result"</span>
                    </div>
                    {line("Name", &kept.name, &merged.name, &result.name)}
                    {line("E-mail", &kept.email, &merged.email, &result.email)}
                    {line("Phone", &kept.phone, &merged.phone, &result.phone)}
                    {line("Company", &kept.company, &merged.company, &result.company)}
                </div>
                <p class="dialog__text">
                    {format!("The conversations of {} move here. You can undo this.", words::contact(&merged))}
                </p>
                <p class="dialog__error" role="alert">{failure}</p>
                <div class="dialog__buttons">
                    <button class="button" type="button" on:click=move |_| other.set(None)>"Choose another"</button>
                    <button class="button button--primary" type="button" prop:disabled=busy on:click=merge>
                        "Merge"
                    </button>
                </div>
            }
            .into_any()
        }
    };
    view! { <Dialog title="Merge contacts" close inside=inside.into_any()/> }
}

fn line(
    term: &'static str,
    kept: &Option<String>,
    merged: &Option<String>,
    result: &Option<String>,
) -> AnyView {
    let cell = |heading: &'static str, text: &Option<String>, class: &'static str| {
        let text = text.clone().unwrap_or_else(|| "–".to_owned());
        view! { <span class=class role="cell" data-heading=heading dir="auto">{text}</span> }
    };
    let lost = merged.is_some() && merged != result;
    view! {
        <div class="merge__row" role="row">
            <span class="merge__term" role="rowheader">{term}</span>
            {cell("This contact", kept, "merge__cell")}
            {cell("Merged into it", merged, if lost { "merge__cell merge__cell--lost" } else { "merge__cell" })}
            {cell("Result", result, "merge__cell merge__cell--result")}
        </div>
    }
    .into_any()
}
