//! Where the visitor writes. Enter sends, Shift and Enter make a new line.

use crate::leptos::prelude::event_target_value;
use causette_shared::texts::Text;
use wasm_bindgen::JsCast;
use web_sys::{Event, FocusOptions, KeyboardEvent};

use super::element::{El, el, labelled_button, truth};
use super::{by_id, watch};
use crate::state::Widget;
use crate::words::decimal;

/// The key code of keys that an input method handles, in engines that report no composition with them.
const HANDLED_BY_INPUT_METHOD: u32 = 229;
const AREA: &str = "composer-text";
const PROBLEM: &str = "composer-problem";

/// Draws the composer.
pub fn message_composer(widget: Widget) -> El {
    watch(move || {
        if widget.composer.focus.get() > 0
            && let Some(area) = by_id(AREA)
        {
            let options = FocusOptions::new();
            // The page around the panel is not ours to scroll.
            options.set_prevent_scroll(true);
            let _ = area.focus_with_options(&options);
        }
    });
    let problem = el("p", "composer__problem")
        .attr("id", PROBLEM)
        .attr("role", "status")
        .text_with(move || problem(widget));
    el("div", "composer").child(writing_box(widget)).child(problem)
}

fn writing_box(widget: Widget) -> El {
    let words = &widget.words;
    let wrong = move || widget.composer.excess().is_some();
    let area = el("textarea", "composer__text")
        .attr("id", AREA)
        .attr("rows", "1")
        .attr("dir", "auto")
        .attr("enterkeyhint", "send")
        .attr("autocomplete", "off")
        .attr("aria-label", words.get(Text::Message))
        .attr("aria-describedby", PROBLEM)
        .attr("placeholder", words.get(Text::Placeholder))
        .attr_with("aria-invalid", move || truth(wrong()))
        .value_with(move || widget.composer.text.get())
        .on("input", move |event| widget.typed(event_target_value(&event)))
        .on("keydown", move |event| key(widget, &event));
    // The box is as high as this copy of the text, which the style sheet draws invisibly.
    let grow =
        el("div", "composer__grow").attr_with("data-text", move || widget.composer.text.get()).child(area);
    let send =
        labelled_button("composer__send", words.get(Text::Send), "icon icon--send", move || widget.submit())
            .class_while("composer__send", "composer__send--ready", move || {
                !widget.composer.is_blank() && !wrong()
            });
    el("div", "composer__box")
        .class_while("composer__box", "composer__box--wrong", wrong)
        .child(grow)
        .child(send)
}

fn key(widget: Widget, event: &Event) {
    let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
        return;
    };
    let composing = event.is_composing() || event.key_code() == HANDLED_BY_INPUT_METHOD;
    if event.key() == "Enter" && !event.shift_key() && !composing {
        event.prevent_default();
        widget.submit();
    }
}

fn problem(widget: Widget) -> String {
    let text = |excess| widget.words.fill(Text::MessageTooLong, &decimal(excess));
    widget.composer.excess().map(text).unwrap_or_default()
}
