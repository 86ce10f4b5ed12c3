//! The form at the end of the log: who the visitor is, how to reach them, where a copy should go. The composer under it
//! stays usable.

use crate::leptos::prelude::{AnyView, document, request_animation_frame};
use causette_shared::form::Question;
use causette_shared::texts::Text;
use web_sys::Event;

use super::element::{El, button, el, icon, view_with};
use super::field::{field, focus};
use super::watch;
use crate::state::Widget;
use crate::state::form::{Shape, fields_of};

/// Draws the form, or the way back to it.
pub fn form_or_way_back(widget: Widget) -> AnyView {
    view_with(move || match widget.form.shape.get() {
        Shape::Nothing => None,
        Shape::Chip => Some(way_back(widget).into()),
        Shape::Form => Some(form(widget).into()),
    })
}

/// Draws the thanks. Their region is always there, so that screen readers hear what enters it.
pub fn thanks(widget: Widget) -> El {
    el("div", "").attr("role", "status").child_with(move || {
        let line = el("p", "form__thanks").child(icon("icon icon--check"));
        widget.form.thanks.get().then(|| line.text(widget.words.get(Text::Thanks)).into())
    })
}

/// The form itself, which stays in place while what it asks changes.
fn form(widget: Widget) -> El {
    let words = &widget.words;
    let question = move || widget.form.question.get();
    let heading = move || widget.words.get(heading_of(question()));
    // Whoever is in the form goes on in its next field; whoever is writing a message is left alone.
    watch(move || {
        let first = fields_of(question())[0];
        if widget.form.entered.get() {
            // Its fields are drawn by then, also where the form was there before and asked something else.
            request_animation_frame(move || {
                let focused = document().active_element();
                if focused.is_none_or(|focused| focused.tag_name() != "INPUT") {
                    focus(first);
                }
            });
        }
    });
    let go = el("button", "form__go")
        .attr("type", "submit")
        .text_with(move || {
            widget.words.get(if question() == Question::Name { Text::Continue } else { Text::Send })
        })
        // The field keeps the focus: what would be said as it is left would move the button away from under the pointer.
        .on("mousedown", |event| event.prevent_default());
    let later = button("form__later", words.get(Text::Later), move || widget.put_form_off(true));
    el("form", "form")
        .class_while("form", "form--busy", move || widget.form.busy.get())
        .attr_with("aria-label", heading)
        .attr("novalidate", "")
        .on("submit", move |event| submit(widget, &event))
        .child(el("p", "form__heading").attr("aria-hidden", "true").text_with(heading))
        .child(el("p", "form__why").attr("role", "status").text_with(move || why(widget)))
        .child_with(move || {
            let fields = fields_of(question()).iter();
            Some(fields.fold(el("div", ""), |all, which| all.child(field(widget, *which))).into())
        })
        .child(el("div", "form__buttons").child(go).child(later))
}

const fn heading_of(question: Question) -> Text {
    match question {
        Question::Name | Question::Reach => Text::IntroduceYourself,
        Question::Contacts => Text::LeaveContacts,
        Question::Copy => Text::Copy,
    }
}

fn why(widget: Widget) -> String {
    let words = &widget.words;
    match widget.form.question.get() {
        Question::Name => words.get(Text::IntroduceName),
        Question::Reach => {
            let name = widget.form.known.with(|known| known.name.clone().unwrap_or_default());
            words.fill(Text::IntroduceReach, &name)
        }
        Question::Contacts => words.get(Text::ContactsWhy),
        Question::Copy => words.get(Text::CopyWhy),
    }
}

fn submit(widget: Widget, event: &Event) {
    event.prevent_default();
    widget.form.entered.set(true);
    if let Err(wrong) = widget.answer_form() {
        // The input says that it is wrong as soon as that is drawn, which is after this event.
        request_animation_frame(move || focus(wrong));
    }
}

fn way_back(widget: Widget) -> El {
    button("chip", "", move || widget.put_form_off(false))
        .text_with(move || widget.words.get(heading_of(widget.form.question.get())))
}
