//! The form of a contact: four fields, each with its own error, and a hint where an address looks like a slip.

use causette_shared::contact::suggest_email;
use causette_shared::id::ContactId;
use causette_shared::protocol::contacts::{ContactCard, ContactDetail};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::icon::{Icon, icon};
use crate::state::contacts::{Book, Draft, Errors, Failure, requests};

/// Draws the form.
#[component]
pub fn ContactForm(
    /// The contacts.
    book: Book,
    /// The contact that is changed; `None` adds one.
    card: Option<ContactCard>,
    /// Is given what became of it.
    done: Callback<ContactDetail>,
    /// Is told when the agent gives up.
    cancel: Callback<()>,
) -> impl IntoView {
    let held: Option<(ContactId, _)> = card.as_ref().map(|card| (card.id, card.updated_at));
    let first = card.as_ref().map(Draft::of).unwrap_or_default();
    let draft = RwSignal::new(first);
    let errors = RwSignal::new(Errors::default());
    let failure = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let form = NodeRef::<html::Form>::new();
    let suggestion = Memo::new(move |_| draft.with(|draft| suggest_email(&draft.email)));
    Effect::new(move |_| {
        if let Some(form) = form.get() {
            focus(&form, "input");
        }
    });
    // After the error is drawn: the first field at fault gets the focus.
    let show = move |found: Errors| {
        errors.set(found);
        request_animation_frame(move || {
            if let Some(form) = form.get_untracked() {
                focus(&form, "[aria-invalid=true]");
            }
        });
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let typed = draft.get_untracked();
        let found = typed.check();
        failure.set(None);
        if !found.is_empty() {
            show(found);
            return;
        }
        errors.set(Errors::default());
        busy.set(true);
        spawn_local(async move {
            let answer = match held {
                Some((id, at)) => requests::change(id, &typed.edited(at)).await,
                None => requests::create(&typed.created()).await,
            };
            busy.set(false);
            match answer {
                Ok(detail) => done.run(detail),
                Err(refused) => match &refused {
                    Failure::Refused(problem) if Errors::told(problem).is_some() => {
                        show(Errors::told(problem).unwrap_or_default());
                    }
                    _ => failure.set(Some(book.told(&refused))),
                },
            }
        });
    };
    let field = move |label: &'static str,
                      name: &'static str,
                      kind: &'static str,
                      text: fn(&mut Draft) -> &mut String,
                      error: fn(&Errors) -> &Option<String>| {
        let told = move || errors.with(|errors| error(errors).clone());
        let error_id = format!("contact-{name}-error");
        let described = error_id.clone();
        view! {
            <div class="field">
                <label class="field__label" for=format!("contact-{name}")>{label}</label>
                <input
                    class="field__input"
                    id=format!("contact-{name}")
                    type=kind
                    autocomplete="off"
                    autocapitalize=if kind == "text" { "words" } else { "none" }
                    spellcheck="false"
                    prop:value=move || draft.with(|draft| text(&mut draft.clone()).clone())
                    aria-invalid=move || told().map(|_| "true")
                    aria-describedby=move || told().map(|_| described.clone())
                    on:input=move |event| {
                        draft.update(|draft| *text(draft) = event_target_value(&event));
                        if told().is_some() {
                            errors.set(Errors::default());
                        }
                    }
                />
                {move || told().map(|text| view! {
                    <p class="contact-form__error" id=error_id.clone()>{text}</p>
                })}
            </div>
        }
    };
    let label = if held.is_some() { "Edit contact" } else { "New contact" };
    view! {
        <form class="contact-form" aria-label=label novalidate node_ref=form on:submit=submit>
            <h2 class="contact-form__title">{label}</h2>
            <div role="alert">
                {move || failure.get().map(|text| view! {
                    <p class="contact-form__failure">{icon(Icon::Alert)}<span>{text}</span></p>
                })}
            </div>
            {field("Name", "name", "text", |draft| &mut draft.name, |errors| &errors.name)}
            {field("Email", "email", "text", |draft| &mut draft.email, |errors| &errors.email)}
            <div role="status">
                {move || suggestion.get().map(|meant| {
                    let take = meant.clone();
                    view! {
                        <p class="contact-form__hint">
                            <button
                                class="link-button"
                                type="button"
                                on:click=move |_| {
                                    draft.update(|draft| draft.email.clone_from(&take));
                                    if let Some(form) = form.get_untracked() {
                                        focus(&form, "#contact-email");
                                    }
                                }
                            >
                                {format!("Did you mean {meant}?")}
                            </button>
                        </p>
                    }
                })}
            </div>
            {field("Phone", "phone", "tel", |draft| &mut draft.phone, |errors| &errors.phone)}
            {field("Company", "company", "text", |draft| &mut draft.company, |errors| &errors.company)}
            <div class="contact-form__buttons">
                <button class="button" type="button" on:click=move |_| cancel.run(())>"Cancel"</button>
                <button
                    class="button button--primary"
                    type="submit"
                    aria-busy=move || if busy.get() { "true" } else { "false" }
                >
                    {move || busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
                    "Save"
                </button>
            </div>
        </form>
    }
}

fn focus(form: &web_sys::HtmlFormElement, what: &str) {
    use wasm_bindgen::JsCast;
    let field = form.query_selector(what).ok().flatten();
    if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = field.focus();
    }
}
