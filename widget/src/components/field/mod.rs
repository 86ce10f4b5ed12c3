//! One field of a form: label, input, and what is wrong with it.

use crate::leptos::prelude::event_target_value;
use causette_shared::texts::Text;

use super::element::{El, el, truth};
use crate::state::Widget;
use crate::state::introduction::{Field, Which};

/// Draws a field. What was typed stays, whatever is wrong with it.
pub fn field(widget: Widget, which: Which) -> El {
    let state = move || -> &'static Field { widget.state().introduction.field(which) };
    // The names are those that browsers fill in by themselves (HTML, "Autofill").
    let (label, name, kind) = match which {
        Which::Name => (Text::Name, "name", "text"),
        Which::Email => (Text::Email, "email", "email"),
        Which::Phone => (Text::Phone, "tel", "tel"),
    };
    let optional =
        (which == Which::Phone).then(|| el("span", "field__optional").text(widget.words.get(Text::Optional)));
    let problem_id = ["problem-", name].concat();
    let input = el("input", "field__input")
        .attr("id", input_id(which))
        .attr("name", name)
        .attr("type", kind)
        .attr("autocomplete", name)
        .attr("aria-describedby", problem_id.clone())
        .attr_with("aria-invalid", move || truth(state().problem().is_some()))
        .value_with(move || state().value.get())
        .on("input", move |event| state().typed(event_target_value(&event)))
        .on("blur", move |_| state().left());
    let problem = el("p", "field__problem")
        .attr("id", problem_id)
        .attr("role", "status")
        .text_with(move || state().problem().map(|problem| widget.words.get(problem)).unwrap_or_default());
    el("div", "field")
        .child(el("label", "field__label").attr("for", input_id(which)).text(widget.words.get(label)))
        .maybe(optional)
        .child(input)
        .child(problem)
}

/// The id of a field's input.
pub const fn input_id(which: Which) -> &'static str {
    match which {
        Which::Name => "field-name",
        Which::Email => "field-email",
        Which::Phone => "field-tel",
    }
}
