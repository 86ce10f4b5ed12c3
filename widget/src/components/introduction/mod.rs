//! "Introduce yourself": the name first, then how to reach the visitor. The composer under it stays usable.

use crate::leptos::prelude::{AnyView, request_animation_frame};
use causette_shared::form::IntroductionStep;
use causette_shared::texts::Text;
use web_sys::Event;

use super::element::{El, button, el, icon, view_with};
use super::field::{field, input_id};
use super::{by_id, watch};
use crate::state::Widget;
use crate::state::introduction::{Shape, Which};

/// Draws the form, or the way back to it.
pub fn introduction(widget: Widget) -> AnyView {
    view_with(move || match widget.introduction.shape.get() {
        Shape::Nothing => None,
        Shape::Chip => Some(way_back(widget).into()),
        Shape::Form => Some(form(widget).into()),
    })
}

/// Draws the thanks. Their region is always there, so that screen readers hear what enters it.
pub fn thanks(widget: Widget) -> El {
    el("div", "").attr("role", "status").child_with(move || {
        let line = el("p", "introduction__thanks").child(icon("icon icon--check"));
        widget.introduction.thanks.get().then(|| line.text(widget.words.get(Text::Thanks)).into())
    })
}

/// The form itself, which stays in place while it grows.
fn form(widget: Widget) -> El {
    let words = &widget.words;
    let step = move || widget.introduction.step.get();
    // Whoever is in the form goes on in its next field; whoever is writing a message is left alone.
    watch(move || {
        let first = if step() == IntroductionStep::Name { Which::Name } else { Which::Email };
        if widget.introduction.entered.get() {
            focus(first);
        }
    });
    let go = el("button", "introduction__go").attr("type", "submit").text_with(move || {
        widget.words.get(if step() == IntroductionStep::Name { Text::Continue } else { Text::Send })
    });
    let later =
        button("introduction__later", words.get(Text::Later), move || widget.put_introduction_off(true));
    el("form", "introduction")
        .class_while("introduction", "introduction--busy", move || widget.introduction.busy.get())
        .attr("aria-label", words.get(Text::IntroduceYourself))
        .attr("novalidate", "")
        .on("submit", move |event| submit(widget, &event))
        .child(
            el("p", "introduction__heading")
                .attr("aria-hidden", "true")
                .text(words.get(Text::IntroduceYourself)),
        )
        .child(el("p", "introduction__why").attr("role", "status").text_with(move || why(widget)))
        .child_with(move || Some(fields(widget, step()).into()))
        .child(el("div", "introduction__buttons").child(go).child(later))
}

fn fields(widget: Widget, step: IntroductionStep) -> El {
    let fields = el("div", "");
    match step {
        IntroductionStep::Name => fields.child(field(widget, Which::Name)),
        IntroductionStep::Reach => {
            fields.child(field(widget, Which::Email)).child(field(widget, Which::Phone))
        }
    }
}

fn why(widget: Widget) -> String {
    match widget.introduction.step.get() {
        IntroductionStep::Name => widget.words.get(Text::IntroduceName),
        IntroductionStep::Reach => {
            let name = widget.introduction.known.with(|known| known.name.clone().unwrap_or_default());
            widget.words.fill(Text::IntroduceReach, &name)
        }
    }
}

fn submit(widget: Widget, event: &Event) {
    event.prevent_default();
    widget.introduction.entered.set(true);
    if let Err(wrong) = widget.answer_introduction() {
        // The input says that it is wrong as soon as that is drawn, which is after this event.
        request_animation_frame(move || focus(wrong));
    }
}

fn focus(which: Which) {
    let _ = by_id(input_id(which)).map(|input| input.focus());
}

fn way_back(widget: Widget) -> El {
    button("chip", widget.words.get(Text::IntroduceYourself), move || widget.put_introduction_off(false))
}
