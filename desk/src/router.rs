//! Addresses of the desk, and moving between them without loading the document again.
//!
//! A few pages need no library: the path is the state, `History` keeps it, and everything that is shown derives from
//! `Router::route`. Whether somebody is signed in is not an address: the sign-in page stands in for any of them.

use causette_shared::id::ContactId;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// What an address of the desk asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The list alone.
    Inbox,
    /// One conversation, by the number that both sides see.
    Conversation(u32),
    /// The contacts.
    Contacts,
    /// One of them.
    Contact(ContactId),
    /// Mail that waits, was given up or was not taken in.
    Mail,
    /// How a site's pages get the chat.
    Install,
}

impl Route {
    /// Reads a path. Anything that is not an address of the desk leads to the list.
    #[must_use]
    pub fn parse(path: &str) -> Self {
        if let Some(rest) = path.strip_prefix("/desk/contacts") {
            let id = rest.trim_matches('/');
            return match id.parse() {
                Ok(id) => Self::Contact(id),
                Err(_) if id.is_empty() || rest.starts_with('/') => Self::Contacts,
                Err(_) => Self::Inbox,
            };
        }
        match path.strip_suffix('/').unwrap_or(path) {
            "/desk/mail" => return Self::Mail,
            "/desk/install" => return Self::Install,
            _ => {}
        }
        path.strip_prefix("/desk/conversations/")
            .map(|rest| rest.strip_suffix('/').unwrap_or(rest))
            .filter(|digits| !digits.starts_with(['+', '0']))
            .and_then(|digits| digits.parse().ok())
            .map_or(Self::Inbox, Self::Conversation)
    }

    /// The path that `parse` reads back.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Inbox => "/desk/".to_owned(),
            Self::Conversation(number) => format!("/desk/conversations/{number}"),
            Self::Contacts => "/desk/contacts".to_owned(),
            Self::Contact(id) => format!("/desk/contacts/{id}"),
            Self::Mail => "/desk/mail".to_owned(),
            Self::Install => "/desk/install".to_owned(),
        }
    }

    /// The page that the bar leads to, and that this address is on.
    #[must_use]
    pub const fn page(self) -> Self {
        match self {
            Self::Inbox | Self::Conversation(_) => Self::Inbox,
            Self::Contacts | Self::Contact(_) => Self::Contacts,
            Self::Mail | Self::Install => self,
        }
    }
}

/// Where the desk is, and how to get elsewhere.
#[derive(Clone, Copy)]
pub struct Router {
    route: RwSignal<Route>,
}

impl Router {
    /// Reads the address that the document was opened with, and follows the browser's back and forward.
    #[must_use]
    pub fn install() -> Self {
        let current = || Route::parse(&window().location().pathname().unwrap_or_default());
        let route = RwSignal::new(current());
        let listener = window_event_listener(ev::popstate, move |_| route.set(current()));
        on_cleanup(move || listener.remove());
        Self { route }
    }

    /// Where the desk is. Tracked.
    #[must_use]
    pub fn route(self) -> Route {
        self.route.get()
    }

    /// The number of the conversation that the address names. Tracked.
    #[must_use]
    pub fn number(self) -> Option<u32> {
        match self.route.get() {
            Route::Conversation(number) => Some(number),
            _ => None,
        }
    }

    /// The contact that the address names. Tracked.
    #[must_use]
    pub fn contact(self) -> Option<ContactId> {
        match self.route.get() {
            Route::Contact(id) => Some(id),
            _ => None,
        }
    }

    /// What a click on a link to a page of ours does. One that asks for a new tab or window is the browser's.
    pub fn follow(self, route: Route) -> impl Fn(ev::MouseEvent) + 'static {
        move |event| {
            let plain = !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
            if plain && event.button() == 0 {
                event.prevent_default();
                self.go(route);
            }
        }
    }

    /// Goes to another page, with an entry in the browser's history.
    pub fn go(self, route: Route) {
        if self.route.get_untracked() == route {
            return;
        }
        if let Ok(history) = window().history() {
            // A history that refuses (a sandboxed document) costs the address, not the page.
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&route.path()));
        }
        self.route.set(route);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn addresses_read_back() {
        let contact = Route::Contact(ContactId(uuid::Uuid::nil()));
        for route in [
            Route::Inbox,
            Route::Conversation(1),
            Route::Conversation(u32::MAX),
            Route::Contacts,
            contact,
            Route::Mail,
            Route::Install,
        ] {
            assert_eq!(Route::parse(&route.path()), route);
        }
        assert_eq!(Route::parse("/desk/conversations/1042/"), Route::Conversation(1042));
        assert_eq!(Route::parse("/desk/mail/"), Route::Mail);
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_contact_that_cannot_be_is_the_list_of_them() {
        for path in ["/desk/contacts/", "/desk/contacts/x", "/desk/contacts/1/2"] {
            assert_eq!(Route::parse(path), Route::Contacts, "{path}");
        }
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn anything_else_is_the_list() {
        for path in [
            "/",
            "/desk",
            "/desk/conversations/",
            "/desk/conversations/x",
            "/desk/conversations/+5",
            "/desk/conversations/99999999999",
            "/desk/contactsx",
            "/desk/mails",
            "/desk/mail/1",
            "/desk/installs",
        ] {
            assert_eq!(Route::parse(path), Route::Inbox, "{path}");
        }
    }
}
