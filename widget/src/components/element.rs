//! An element, of whatever tag.
//!
//! `view!` gives every tag, attribute and event a type of its own, and each of them its own copy of the code that builds
//! and patches it. Here they share one: Leptos' builder with the name as data. For this widget that makes 15 kB of
//! brotli, a sixth of all.

use std::sync::{Arc, Mutex};

use crate::leptos::attr::any_attribute::AnyAttribute;
use crate::leptos::ev;
use crate::leptos::prelude::*;
use crate::leptos::tachys::html::element::{Custom, HtmlElement, custom};
use crate::leptos::tachys::view::iterators::StaticVec;
use web_sys::Event;

type Inner = HtmlElement<Custom<&'static str>, Vec<AnyAttribute>, StaticVec<AnyView>>;

/// An element under construction.
pub struct El(Inner);

/// Begins an element with its classes.
pub fn el(tag: &'static str, class: &'static str) -> El {
    let nothing: StaticVec<AnyView> = Vec::new().into();
    El(custom(tag).attr("class", class).child(nothing))
}

impl El {
    /// Sets an attribute.
    pub fn attr(self, name: &'static str, value: impl Into<String>) -> Self {
        Self(self.0.attr(name, value.into()))
    }

    /// Sets an attribute that changes.
    pub fn attr_with(self, name: &'static str, value: impl FnMut() -> String + Send + 'static) -> Self {
        Self(self.0.attr(name, shared(value)))
    }

    /// Adds `class` while the condition holds; `always` are the classes that stay.
    pub fn class_while(
        self,
        always: &'static str,
        class: &'static str,
        holds: impl Fn() -> bool + Send + 'static,
    ) -> Self {
        self.attr_with(
            "class",
            move || if holds() { [always, " ", class].concat() } else { always.to_owned() },
        )
    }

    /// Keeps the value of an input equal to what is typed or set.
    pub fn value_with(self, value: impl FnMut() -> String + Send + 'static) -> Self {
        Self(self.0.prop("value", shared(value)))
    }

    /// Listens to an event.
    pub fn on(self, event: &'static str, handle: impl FnMut(Event) + 'static) -> Self {
        let handle: Box<dyn FnMut(Event)> = Box::new(handle);
        Self(self.0.on(ev::Custom::<Event>::new(event), handle))
    }

    /// Adds a text.
    pub fn text(self, text: impl Into<String>) -> Self {
        Self(self.0.child(text.into()))
    }

    /// Adds a text that changes.
    pub fn text_with(self, text: impl FnMut() -> String + Send + 'static) -> Self {
        Self(self.0.child(shared(text)))
    }

    /// Adds a child.
    pub fn child(self, child: impl Into<AnyView>) -> Self {
        Self(self.0.child(child.into()))
    }

    /// Adds a child where there is one.
    pub fn maybe(self, child: Option<El>) -> Self {
        match child {
            Some(child) => self.child(child),
            None => self,
        }
    }

    /// Adds a child that comes, goes and changes.
    pub fn child_with(self, child: impl FnMut() -> Option<AnyView> + Send + 'static) -> Self {
        Self(self.0.child(shared(child)))
    }
}

impl From<El> for AnyView {
    fn from(element: El) -> Self {
        element.0.into_any()
    }
}

/// A view that comes, goes and changes, where no element stands around it.
pub fn view_with(view: impl FnMut() -> Option<AnyView> + Send + 'static) -> AnyView {
    shared(view).into_any()
}

/// One type for all closures that give the same.
fn shared<T>(give: impl FnMut() -> T + Send + 'static) -> Arc<Mutex<dyn FnMut() -> T + Send>> {
    Arc::new(Mutex::new(give))
}

/// An icon of the style sheet.
pub fn icon(class: &'static str) -> El {
    el("span", class).attr("aria-hidden", "true")
}

/// A button that says what it does.
pub fn button(class: &'static str, label: impl Into<String>, act: impl FnMut() + 'static) -> El {
    icon_button(class, act).text(label)
}

/// A button whose label is not drawn.
pub fn labelled_button(
    class: &'static str,
    label: impl Into<String>,
    icon_class: &'static str,
    act: impl FnMut() + 'static,
) -> El {
    let label = label.into();
    icon_button(class, act).attr("aria-label", label.clone()).attr("title", label).child(icon(icon_class))
}

fn icon_button(class: &'static str, mut act: impl FnMut() + 'static) -> El {
    el("button", class).attr("type", "button").on("click", move |_| act())
}

/// Writes a condition as ARIA does.
pub fn truth(holds: bool) -> String {
    if holds { "true" } else { "false" }.to_owned()
}
