//! How the chat looks, as a form: each change is shown by the preview at once.

use causette_shared::protocol::install::Looks;
use leptos::prelude::*;

use crate::components::flows_form::FlowsForm;
use crate::components::icon::{Icon, icon};
use crate::components::segments::Segments;
use crate::state::install::Install;
use crate::state::install::looks::SWATCHES;

const POSITIONS: &[(&str, &str)] = &[("bottom-left", "Left"), ("bottom-right", "Right")];
const THEMES: &[(&str, &str)] = &[("auto", "Auto"), ("light", "Light"), ("dark", "Dark")];
const STATES: &[(&str, &str)] = &[("welcome", "Greeting"), ("chat", "Open chat"), ("close", "Button only")];
const CONSENTS: &[(&str, &str)] = &[("0", "None"), ("1", "Personal"), ("2", "Analytics"), ("3", "Both")];

/// Draws the form. It is there once the looks are.
#[component]
pub fn LooksForm(
    /// The store.
    install: Install,
) -> impl IntoView {
    let read = move |of: fn(&Looks) -> String| {
        Signal::derive(move || install.draft.with(|draft| draft.as_ref().map(of).unwrap_or_default()))
    };
    let change = move |act: &dyn Fn(&mut Looks)| {
        install.draft.update(|draft| {
            if let Some(draft) = draft {
                act(draft);
            }
        });
        install.forget_refusal();
    };
    let told = move |field: &'static str| {
        Signal::derive(move || {
            install.refusal.with(|refusal| {
                refusal.as_ref().filter(|refusal| refusal.field == field).map(|refusal| refusal.text.clone())
            })
        })
    };
    let error_id = |field: &str| ["looks-error-", field].concat();
    let error = move |field: &'static str| {
        let told = told(field);
        move || told.get().map(|text| view! { <p class="looks__error" id=error_id(field)>{text}</p> })
    };
    let color = read(|looks| looks.color.clone());
    let swatch = move |(value, name): (&'static str, &'static str)| {
        view! {
            <button
                class="looks__swatch"
                type="button"
                title=name
                aria-label=name
                aria-pressed=move || (color.get() == value).to_string()
                style:background=value
                on:click=move |_| change(&|looks| value.clone_into(&mut looks.color))
            ></button>
        }
    };
    let number = move |label: &'static str,
                       id: &'static str,
                       unit: &'static str,
                       field: &'static str,
                       of: fn(&mut Looks) -> &mut u16| {
        let value = Signal::derive(move || {
            install.draft.with(|draft| draft.clone().map(|mut draft| *of(&mut draft)).unwrap_or_default())
        });
        view! {
            <div class="looks__number">
                <label for=id>{label}<span class="visually-hidden">", "{unit}</span></label>
                <span class="looks__unit">
                    <input
                        class="looks__input"
                        id=id
                        type="number"
                        min="0"
                        inputmode="numeric"
                        prop:value=move || value.get().to_string()
                        aria-invalid=move || told(field).get().map(|_| "true")
                        aria-describedby=move || told(field).get().map(|_| error_id(field))
                        on:change=move |event| {
                            // What is no number leaves what was there.
                            if let Ok(number) = event_target_value(&event).parse::<u16>() {
                                change(&|looks| *of(looks) = number);
                            } else {
                                install.draft.notify();
                            }
                        }
                    />
                    <span aria-hidden="true">{unit}</span>
                </span>
                {error(field)}
            </div>
        }
    };
    let greeting = move |label: &'static str, id: &'static str, locale: &'static str| {
        let text = Signal::derive(move || {
            install.draft.with(|draft| draft.as_ref().and_then(|draft| draft.greeting.get(locale).cloned()))
        });
        view! {
            <div class="field">
                <label class="field__label" for=id>{label}</label>
                <textarea
                    class="looks__input looks__greeting"
                    id=id
                    lang=locale
                    rows="2"
                    maxlength="300"
                    prop:value=move || text.get().unwrap_or_default()
                    aria-invalid=move || told("greeting").get().map(|_| "true")
                    aria-describedby=move || told("greeting").get().map(|_| error_id("greeting"))
                    on:focus=move |_| install.shown_flow.set(None)
                    on:input=move |event| {
                        // One line: what a page's attribute and a bubble have room for.
                        let text = event_target_value(&event).replace('\n', " ");
                        change(&|looks| drop(looks.greeting.insert(locale.to_owned(), text.clone())));
                    }
                ></textarea>
            </div>
        }
    };
    let choice = move |label: &'static str,
                       options: &'static [(&'static str, &'static str)],
                       of: fn(&Looks) -> String,
                       set: fn(&mut Looks, &'static str)| {
        view! {
            <div class="looks__row">
                <span class="looks__label" aria-hidden="true">{label}</span>
                <Segments label options chosen=read(of) choose=Callback::new(move |value| change(&|looks| set(looks, value)))/>
            </div>
        }
    };
    let is_greeting = read(|looks| looks.state.clone());
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        install.save();
    };
    view! {
        <form class="looks" aria-label="Looks" novalidate on:submit=save>
            <fieldset class="looks__colors">
                <legend class="looks__label">"Colour"</legend>
                <div class="looks__swatches">{SWATCHES.map(swatch).into_iter().collect_view()}</div>
                <div class="looks__color">
                    <input
                        class="looks__picker"
                        type="color"
                        aria-label="Pick a colour"
                        prop:value=move || color.get()
                        on:input=move |event| {
                            let value = event_target_value(&event);
                            change(&|looks| looks.color.clone_from(&value));
                        }
                    />
                    <input
                        class="looks__input"
                        type="text"
                        aria-label="Colour"
                        autocapitalize="none"
                        autocomplete="off"
                        spellcheck="false"
                        maxlength="64"
                        prop:value=move || color.get()
                        aria-invalid=move || told("color").get().map(|_| "true")
                        aria-describedby=move || told("color").get().map(|_| error_id("color"))
                        on:input=move |event| {
                            let value = event_target_value(&event);
                            change(&|looks| looks.color.clone_from(&value));
                        }
                    />
                </div>
                {error("color")}
            </fieldset>
            {choice("Theme", THEMES, |looks| looks.theme.clone(), |looks, value| value.clone_into(&mut looks.theme))}
            {choice("Side", POSITIONS, |looks| looks.position.clone(), |looks, value| value.clone_into(&mut looks.position))}
            {choice("First visit", STATES, |looks| looks.state.clone(), |looks, value| value.clone_into(&mut looks.state))}
            <div class="looks__greetings" class:looks__greetings--off=move || is_greeting.get() != "welcome">
                {greeting("Greeting in English", "greeting-en", "en")}
                {greeting("Greeting in French", "greeting-fr", "fr")}
                {error("greeting")}
                <div class="looks__numbers">
                    {number("Comes after", "greeting-delay", "s", "greeting_delay_s", |looks| &mut looks.greeting_delay_s)}
                    {number("Stays for", "close-delay", "s", "close_delay_s", |looks| &mut looks.close_delay_s)}
                </div>
            </div>
            <FlowsForm install/>
            <details class="looks__more">
                <summary>"Distances, minimising, consent"</summary>
                <div class="looks__numbers">
                    {number("From the side", "offset-x", "px", "offset_x", |looks| &mut looks.offset_x)}
                    {number("From the bottom", "offset-y", "px", "offset_y", |looks| &mut looks.offset_y)}
                </div>
                <label class="looks__check">
                    <input
                        type="checkbox"
                        prop:checked=move || install.draft.with(|draft| draft.as_ref().is_some_and(|draft| draft.minimizable))
                        on:change=move |event| {
                            let is_on = event_target_checked(&event);
                            change(&|looks| looks.minimizable = is_on);
                        }
                    />
                    "Visitors can minimise the open chat"
                </label>
                {choice(
                    "Consent",
                    CONSENTS,
                    |looks| looks.consent.to_string(),
                    |looks, value| looks.consent = value.parse().unwrap_or_default(),
                )}
                <p class="looks__hint">
                    "What a page may keep before its visitor writes, unless the page says otherwise. None, unless you have asked."
                </p>
            </details>
            <div role="alert">{error("")}</div>
            <div class="looks__acts">
                {move || if install.is_admin() {
                    view! {
                        <button
                            class="button"
                            type="button"
                            prop:disabled=move || !install.is_changed()
                            on:click=move |_| install.reset()
                        >
                            "Discard"
                        </button>
                        <button
                            class="button button--primary"
                            type="submit"
                            prop:disabled=move || !install.is_changed()
                            aria-busy=move || install.busy.get().to_string()
                        >
                            {move || install.busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
                            "Save as the site’s looks"
                        </button>
                    }.into_any()
                } else {
                    view! {
                        <p class="looks__hint">{icon(Icon::Person)}"An admin can save these. The snippet below carries them meanwhile."</p>
                    }.into_any()
                }}
            </div>
        </form>
    }
}
