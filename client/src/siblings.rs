//! Panels of the same page's origin in other tabs: when one begins a session, the others take it up, so that a visitor
//! with two tabs is one visitor. The loader's cookie tells only those that are loaded later.
//!
//! The channel reaches documents of our own origin only. Panels in pages of other origins may hear it too, where the
//! browser does not keep them apart, so the page's origin is told and compared.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent};

/// The line to the siblings. It is there as long as this lives.
#[derive(Debug)]
pub struct Siblings {
    channel: BroadcastChannel,
    page: String,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Siblings {
    /// Listens for sessions that begin on `site` in pages of the origin `page`, and for their end, told as an empty one; `None`
    /// where the browser has no channels.
    #[must_use]
    pub fn listen(site: &str, page: &str, on_session: impl Fn(&str) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(&["causette.", site].concat()).ok()?;
        let expected = page.to_owned();
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let said = event.data().as_string().unwrap_or_default();
            if let Some((page, secret)) = said.split_once(' ')
                && page == expected
            {
                on_session(secret);
            }
        });
        channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        Some(Self { channel, page: page.to_owned(), _listener: listener })
    }

    /// Tells the siblings of a session that has begun here; an empty one that it has ended.
    pub fn tell(&self, secret: &str) {
        let said = [self.page.as_str(), " ", secret].concat();
        let _ = self.channel.post_message(&said.as_str().into());
    }
}
