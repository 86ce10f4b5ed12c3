//! One of a few choices, side by side.

use leptos::prelude::*;

/// Draws the choices: radio buttons, so that arrow keys and screen readers know what they are.
#[component]
pub fn Segments(
    /// What is chosen here; also what tells these radio buttons from others of the page.
    label: &'static str,
    /// Each choice: its value and its name.
    options: &'static [(&'static str, &'static str)],
    /// The value that is chosen.
    #[prop(into)]
    chosen: Signal<String>,
    /// Is given the value of another one.
    choose: Callback<&'static str>,
) -> impl IntoView {
    let option = move |(value, name): &(&'static str, &'static str)| {
        let (value, name) = (*value, *name);
        view! {
            <label class="segments__option">
                <input
                    class="segments__input"
                    type="radio"
                    name=label
                    prop:checked=move || chosen.with(|chosen| chosen == value)
                    on:change=move |_| choose.run(value)
                />
                <span class="segments__face">{name}</span>
            </label>
        }
    };
    view! {
        <div class="segments" role="radiogroup" aria-label=label>{options.iter().map(option).collect_view()}</div>
    }
}
