//! Automatic, light or dark.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::state::theme::Theme;

/// Draws the switch: three radio buttons, so that arrow keys and screen readers know what it is.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(Theme::remembered());
    let option = move |theme: Theme| {
        let picture = match theme {
            Theme::Auto => Icon::Screen,
            Theme::Light => Icon::Sun,
            Theme::Dark => Icon::Moon,
        };
        view! {
            <label class="theme-switch__option" title=theme.label()>
                <input
                    class="theme-switch__input"
                    type="radio"
                    name="theme"
                    aria-label=theme.label()
                    prop:checked=move || chosen.get() == theme
                    on:change=move |_| {
                        chosen.set(theme);
                        theme.apply();
                    }
                />
                <span class="theme-switch__face">{icon(picture)}</span>
            </label>
        }
    };
    view! {
        <div class="theme-switch" role="radiogroup" aria-label="Colour scheme">
            {Theme::ALL.map(option).into_iter().collect_view()}
        </div>
    }
}
