//! A button that opens a menu (WAI-ARIA Authoring Practices, "Menu Button"): arrow keys, Home and End move, Escape closes
//! and gives the focus back, Tab and a press outside close. What cannot be done now stays in it and says why.

use leptos::ev::{self, KeyboardEvent};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, Node};

use crate::components::icon::{Icon, icon};

/// One choice.
#[derive(Clone)]
pub struct Choice {
    /// What it does.
    pub label: &'static str,
    /// Its picture.
    pub picture: Icon,
    /// Why it cannot be done now.
    pub refusal: Signal<Option<&'static str>>,
    /// Does it.
    pub run: Callback<()>,
}

/// Draws the button and, while it is open, its menu.
#[component]
pub fn Menu(
    /// The name of both.
    label: &'static str,
    /// What can be chosen.
    choices: Vec<Choice>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let place = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let close = move || {
        open.set(false);
        if let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
        let is_inside = place.get_untracked().is_some_and(|place| place.contains(target.as_ref()));
        if open.get_untracked() && !is_inside {
            open.set(false);
        }
    });
    on_cleanup(move || outside.remove());
    // Opened, it is entered at its first choice.
    Effect::new(move |_| {
        if open.get() {
            request_animation_frame(move || move_to(place, Step::First));
        }
    });
    let pressed = move |event: KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowDown" if !open.get_untracked() => {
                event.prevent_default();
                return open.set(true);
            }
            _ if !open.get_untracked() => return,
            "Escape" => {
                event.prevent_default();
                event.stop_propagation();
                return close();
            }
            "Tab" => return open.set(false),
            "ArrowDown" => Step::Next,
            "ArrowUp" => Step::Previous,
            "Home" => Step::First,
            "End" => Step::Last,
            _ => return,
        };
        event.prevent_default();
        move_to(place, step);
    };
    let item = move |Choice { label, picture, refusal, run }: Choice| {
        view! {
            <button
                class="menu__choice"
                type="button"
                role="menuitem"
                tabindex="-1"
                aria-disabled=move || refusal.get().map(|_| "true")
                on:click=move |_| {
                    if refusal.get_untracked().is_none() {
                        close();
                        run.run(());
                    }
                }
            >
                {icon(picture)}
                <span class="menu__words">
                    <span>{label}</span>" "
                    {move || refusal.get().map(|why| view! { <span class="menu__why">{why}</span> })}
                </span>
            </button>
        }
    };
    view! {
        <div class="menu" node_ref=place on:keydown=pressed>
            <button
                class="icon-button"
                type="button"
                aria-label=label
                title=label
                aria-haspopup="menu"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                node_ref=button
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {icon(Icon::More)}
            </button>
            {move || open.get().then(|| view! {
                <div class="menu__sheet" role="menu" aria-label=label>
                    {choices.iter().cloned().map(item).collect_view()}
                </div>
            })}
        </div>
    }
}

/// Where the focus goes in the menu.
#[derive(Clone, Copy)]
enum Step {
    First,
    Last,
    Next,
    Previous,
}

fn move_to(place: NodeRef<html::Div>, step: Step) {
    let Some(items) =
        place.get_untracked().and_then(|place| place.query_selector_all("[role=menuitem]").ok())
    else {
        return;
    };
    let count = items.length();
    if count == 0 {
        return;
    }
    let focused: Option<Node> = document().active_element().map(Into::into);
    let here = (0..count).find(|index| items.item(*index) == focused);
    let next = match (step, here) {
        (Step::First, _) | (Step::Next, None) => 0,
        (Step::Last, _) | (Step::Previous, None) => count - 1,
        (Step::Next, Some(here)) => (here + 1) % count,
        (Step::Previous, Some(here)) => (here + count - 1) % count,
    };
    if let Some(item) = items.item(next).and_then(|item| item.dyn_into::<HtmlElement>().ok()) {
        let _ = item.focus();
    }
}
