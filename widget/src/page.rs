//! What happens around the panel: the loader's words, the tab, the network, the keys.

use crate::leptos::ev;
use crate::leptos::prelude::*;
use causette_client::host::HostMessage;
use causette_shared::protocol::host::{CONSENT_ANALYTICS, CONSENT_PERSONALISATION, to_loader};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, VisibilityState};

use crate::state::Widget;
use crate::theme;
use crate::words::decimal;

/// Listens to everything around the panel for as long as the document lives.
pub fn listen(widget: Widget) {
    listen_to_loader(widget);
    let visible = || document().visibility_state() != VisibilityState::Hidden;
    widget.set_visible(visible());
    let offline = || !window().navigator().on_line();
    widget.set_offline(offline());
    // Each handle would stop its listener; nothing here ends before the document.
    let _ = window_event_listener(ev::visibilitychange, move |_| widget.set_visible(visible()));
    let _ = window_event_listener(ev::online, move |_| widget.set_offline(offline()));
    let _ = window_event_listener(ev::offline, move |_| widget.set_offline(offline()));
    let _ = window_event_listener(ev::pointerdown, move |_| widget.used());
    let _ = window_event_listener(ev::keydown, move |event| {
        widget.used();
        if event.key() == "Escape" && !event.is_composing() {
            if widget.dismiss_copy() {
                // Whoever asks whether there was something to close, as an app's way back does (`bridge.js`), is told so.
                event.prevent_default();
            } else {
                widget.minimise();
            }
        }
    });
    widget.watch_seen();
    if widget.setup.full_page {
        leave_room_for_keyboard();
    }
}

/// Makes the page as high as what the on-screen keyboard leaves; in an iframe the loader does that. Only Safari needs it:
/// elsewhere the viewport itself shrinks.
fn leave_room_for_keyboard() {
    let Some(viewport) = window().visual_viewport() else {
        return;
    };
    let resized = Closure::<dyn Fn()>::new(|| {
        let (root, viewport) = (document().document_element(), window().visual_viewport());
        if let (Some(root), Some(viewport)) =
            (root.and_then(|root| root.dyn_into::<HtmlElement>().ok()), viewport)
        {
            // Rounded, because writing a fraction would bring the code that formats floats.
            let height = [&decimal(viewport.height() as usize), "px"].concat();
            let _ = root.style().set_property("--height", &height);
        }
    });
    viewport.set_onresize(Some(resized.as_ref().unchecked_ref()));
    // The page lives as long as the document.
    resized.forget();
}

fn listen_to_loader(widget: Widget) {
    widget.with_host(|host| {
        host.listen(move |message| match message {
            HostMessage::Shown => {
                let was_shown = widget.panel.shown.now();
                widget.panel.shown.set(true);
                widget.used();
                if !was_shown {
                    widget.open();
                }
            }
            HostMessage::Hidden => widget.panel.shown.set(false),
            HostMessage::Focus => widget.composer.take_focus(),
            HostMessage::Prefill(prefill) => widget.form.prefill(prefill),
            HostMessage::Theme(theme) => theme::set_theme(&theme),
            HostMessage::Consent(bits) => {
                widget.set_personalisation(bits & CONSENT_PERSONALISATION != 0);
                widget.set_analytics(bits & CONSENT_ANALYTICS != 0);
            }
            HostMessage::Identity(token) => widget.take_identity(token),
            HostMessage::Identify => widget.renew_identity(),
            HostMessage::Description(said) => widget.take_description(said),
            HostMessage::Page { url, title } => widget.visit(url, title),
            HostMessage::Logout => {
                widget.tell_siblings_of_end();
                widget.log_out();
            }
            HostMessage::Viewport { sheet } => widget.panel.sheet.set(sheet),
        });
    });
}

impl Widget {
    /// The visitor asked to minimise.
    pub fn minimise(self) {
        if self.panel.minimizable {
            self.with_host(|host| host.post(to_loader::MINIMISE));
        }
    }
}
