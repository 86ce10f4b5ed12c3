//! One field of a form: label, input, what is wrong with it, and what was probably meant.

use crate::leptos::prelude::event_target_value;
use causette_shared::texts::Text;

use super::by_id;
use super::element::{El, button, el, truth};
use crate::state::Widget;
use crate::state::form::{Field, Which};

/// Draws a field. What was typed stays, whatever is wrong with it.
pub fn field(widget: Widget, which: Which) -> El {
    let state = move || -> &'static Field { widget.state().form.field(which) };
    // The names are those that browsers fill in by themselves (HTML, "Autofill").
    let (label, name, kind) = match which {
        Which::Name => (Text::Name, "name", "text"),
        Which::Email => (Text::Email, "email", "email"),
        Which::Phone => (Text::Phone, "tel", "tel"),
    };
    // Of address and number one will do; it is the number that need not be.
    let is_optional = which != Which::Email && state().is_optional();
    let optional = is_optional.then(|| el("span", "field__optional").text(widget.words.get(Text::Optional)));
    let problem_id = ["problem-", name].concat();
    let input = el("input", "field__input")
        .attr("id", input_id(which))
        .attr("name", name)
        .attr("type", kind)
        .attr("autocomplete", name)
        .attr("aria-describedby", problem_id.clone())
        .attr_with("aria-invalid", move || truth(state().problem().is_some()))
        .value_with(move || state().value.get())
        .on("input", move |event| widget.typed_in_form(which, event_target_value(&event)))
        .on("blur", move |_| state().left());
    let problem = el("p", "field__problem")
        .attr("id", problem_id)
        .attr("role", "status")
        .text_with(move || state().problem().map(|problem| widget.words.get(problem)).unwrap_or_default());
    let suggestion = el("div", "field__meant").attr("role", "status").child_with(move || {
        let meant = state().suggestion()?;
        let label = widget.words.fill(Text::DidYouMean, &meant);
        let take = move || {
            widget.typed_in_form(which, meant.clone());
            // The button is about to go.
            focus(which);
        };
        // The field keeps the focus: as it is left everything here is drawn anew, and the click would miss.
        Some(button("field__take", label, take).on("mousedown", |event| event.prevent_default()).into())
    });
    el("div", "field")
        .child(el("label", "field__label").attr("for", input_id(which)).text(widget.words.get(label)))
        .maybe(optional)
        .child(input)
        .child(problem)
        .child(suggestion)
}

/// Puts the focus into a field.
pub fn focus(which: Which) {
    let _ = by_id(input_id(which)).map(|input| input.focus());
}

/// The id of a field's input.
const fn input_id(which: Which) -> &'static str {
    match which {
        Which::Name => "field-name",
        Which::Email => "field-email",
        Which::Phone => "field-tel",
    }
}
