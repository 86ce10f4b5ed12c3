//! The flows of a site: each has a name, by which pages choose it, and a greeting of its own, which the preview shows while it
//! is being written.

use causette_shared::limits::FLOWS;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDetailsElement, HtmlElement};

use crate::state::install::Install;
use crate::state::install::flows::{Flow, Part};

/// Draws the list.
#[component]
pub fn FlowsForm(
    /// The store.
    install: Install,
) -> impl IntoView {
    let place = NodeRef::<html::Details>::new();
    let summary = NodeRef::<html::Summary>::new();
    // What is at fault is not hidden, and where that is one field, it is gone to.
    Effect::new(move |_| {
        let at = install.refusal.with(|refusal| {
            refusal.as_ref().filter(|refusal| refusal.field == "flows").map(|refusal| refusal.flow)
        });
        let (Some(at), Some(place)) = (at, place.get_untracked()) else { return };
        place.set_open(true);
        let Some((id, part)) = at else { return };
        let find = |id: &str| document().get_element_by_id(id).map(JsCast::unchecked_into::<HtmlElement>);
        if let Some(flow) = find(&id_of(id, "")) {
            flow.unchecked_into::<HtmlDetailsElement>().set_open(true);
        }
        let part = match part {
            Part::Name => "name",
            Part::English => "en",
        };
        if let Some(field) = find(&id_of(id, part)) {
            let _ = field.focus();
        }
    });
    let ids =
        Memo::new(move |_| install.flows.with(|flows| flows.iter().map(|flow| flow.id).collect::<Vec<_>>()));
    let remove = Callback::new(move |id| {
        install.remove_flow(id);
        // The button is gone; what it stood in is the nearest to it.
        if let Some(summary) = summary.get_untracked() {
            let _ = summary.focus();
        }
    });
    let refusal = move || {
        let of_list =
            install.refusal.get().filter(|refusal| refusal.field == "flows" && refusal.flow.is_none());
        of_list.map(|refusal| view! { <p class="looks__error">{refusal.text}</p> })
    };
    let add = move || {
        if ids.with(Vec::len) < FLOWS {
            view! {
                <button class="button button--small flows__add" type="button" on:click=move |_| install.add_flow()>
                    "Add a flow"
                </button>
            }
            .into_any()
        } else {
            view! { <p class="looks__hint">"A site has at most 12 flows."</p> }.into_any()
        }
    };
    view! {
        <details class="looks__more flows" node_ref=place>
            <summary node_ref=summary>
                "Flows"
                {move || ids.with(|ids| (!ids.is_empty()).then(|| view! { <span class="flows__count">{ids.len()}</span> }))}
            </summary>
            <p class="looks__hint flows__hint">
                <span>"A flow has a greeting of its own. Pages choose one with "<code>"data-flow=\"sales\""</code>"."</span>
            </p>
            <ul class="flows__list" role="list" aria-label="Flows">
                <For each=move || ids.get() key=|id| *id children=move |id| flow(install, id, remove)/>
            </ul>
            <div role="alert">{refusal}</div>
            {add}
        </details>
    }
}

/// The id of a part of a flow in the document; of the flow itself where the part is empty.
fn id_of(id: u32, part: &str) -> String {
    ["flow-", &id.to_string(), "-", part].concat()
}

fn flow(install: Install, id: u32, remove: Callback<u32>) -> AnyView {
    let read = move |of: fn(&Flow) -> String| {
        Memo::new(move |_| {
            install.flows.with(|flows| flows.iter().find(|flow| flow.id == id).map(of).unwrap_or_default())
        })
    };
    let name = read(|flow| flow.name.clone());
    let english = read(|flow| flow.texts.get("en").cloned().unwrap_or_default());
    let french = read(|flow| flow.texts.get("fr").cloned().unwrap_or_default());
    let is_new = name.with_untracked(String::is_empty) && english.with_untracked(String::is_empty);
    let first = NodeRef::<html::Input>::new();
    if is_new {
        first.on_load(|field| {
            let _ = field.focus();
        });
    }
    let told = move |part: Part| {
        Memo::new(move |_| {
            install.refusal.with(|refusal| {
                let refusal = refusal.as_ref().filter(|refusal| refusal.flow == Some((id, part)));
                refusal.map(|refusal| refusal.text.clone())
            })
        })
    };
    let error = move |told: Memo<Option<String>>, error_id: String| {
        view! { <p class="looks__error" id=error_id>{told}</p> }
    };
    let text = move |label: &'static str,
                     locale: &'static str,
                     value: Memo<String>,
                     told: Option<Memo<Option<String>>>| {
        let is_bad = move || told.and_then(|told| told.with(Option::is_some).then_some("true"));
        let error_id = id_of(id, "en-error");
        let change = move |text: &str| {
            // One line, as the site's own.
            let text = text.replace('\n', " ");
            install.change_flow(id, |flow| drop(flow.texts.insert(locale.to_owned(), text)));
        };
        view! {
            <div class="field">
                <label class="field__label" for=id_of(id, locale)>{label}</label>
                <textarea
                    class="looks__input looks__greeting"
                    id=id_of(id, locale)
                    lang=locale
                    rows="2"
                    maxlength="300"
                    prop:value=value
                    aria-invalid=is_bad
                    aria-describedby=told.map(|_| error_id.clone())
                    on:input=move |event| change(&event_target_value(&event))
                ></textarea>
                {told.map(|told| error(told, error_id))}
            </div>
        }
    };
    let (name_told, english_told) = (told(Part::Name), told(Part::English));
    view! {
        <li on:focusin=move |_| install.shown_flow.set(Some(id))>
            <details
                class="flow"
                id=id_of(id, "")
                open=is_new
                on:toggle=move |event| {
                    // One that is put away is not shown on; its neighbours' fields show theirs.
                    if !event_target::<HtmlDetailsElement>(&event).open() {
                        install.hide_flow(id);
                    }
                }
            >
                <summary class="flow__summary">
                    <strong class="flow__name">
                        <bdi>{move || name.with(|name| if name.is_empty() { "New flow".to_owned() } else { name.clone() })}</bdi>
                    </strong>
                    <span class="flow__text"><bdi>{english}</bdi></span>
                </summary>
                <div class="flow__fields">
                    <div class="field">
                        <label class="field__label" for=id_of(id, "name")>"Name of the flow"</label>
                        <input
                            class="looks__input"
                            id=id_of(id, "name")
                            type="text"
                            maxlength="40"
                            autocapitalize="none"
                            autocomplete="off"
                            spellcheck="false"
                            node_ref=first
                            prop:value=name
                            aria-invalid=move || name_told.with(Option::is_some).then_some("true")
                            aria-describedby=id_of(id, "name-error")
                            on:input=move |event| {
                                let name = event_target_value(&event);
                                install.change_flow(id, |flow| flow.name = name);
                            }
                        />
                        {error(name_told, id_of(id, "name-error"))}
                    </div>
                    {text("Its greeting in English", "en", english, Some(english_told))}
                    {text("Its greeting in French", "fr", french, None)}
                    <button
                        class="button button--small flow__remove"
                        type="button"
                        on:click=move |_| remove.run(id)
                    >
                        "Remove"<span class="visually-hidden">" "{name}</span>
                    </button>
                </div>
            </details>
        </li>
    }
    .into_any()
}
