//! What is drawn, a folder for each component with its style sheet beside it.
//!
//! Components are functions of the widget's state that give a view. Their elements are made with `element`, which says
//! why not with `view!`.

use crate::leptos::prelude::*;
use wasm_bindgen::JsCast;

pub mod app;
pub mod banner;
pub mod composer;
pub mod element;
pub mod field;
pub mod form;
pub mod header;
pub mod message;
pub mod notice;
pub mod thread;
pub mod typing;
pub mod welcome;

/// Does something outside of the views, now and whenever what it read has changed.
pub(crate) fn watch(act: impl FnMut() + 'static) {
    fn boxed(act: Box<dyn FnMut()>) {
        Effect::new(act);
    }
    boxed(Box::new(act));
}

/// The element with this id. An id costs less than a reference through the view, and the panel is a document of its own.
fn by_id(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id).and_then(|element| element.dyn_into().ok())
}
