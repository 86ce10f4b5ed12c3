//! A person as two letters on a colour. The name always stands beside it or in its title, so it is silent itself.

use leptos::prelude::*;

use crate::state::words;

/// Draws a person. `hue_of` decides the colour: what stays the same while the name is learned.
#[component]
pub fn Avatar(
    /// The name that gives the letters.
    #[prop(into)]
    name: Signal<String>,
    /// The text that gives the colour; the name where it is not given.
    #[prop(into, optional)]
    hue_of: Option<String>,
    /// Whether it is small: in a line of text rather than beside one.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    let class = move || {
        let hue = hue_of.as_deref().map_or_else(|| name.with(|name| words::hue(name)), words::hue);
        let size = if small { " avatar--small" } else { "" };
        format!("avatar avatar--hue{hue}{size}")
    };
    view! { <span class=class aria-hidden="true">{move || name.with(|name| words::initials(name))}</span> }
}
