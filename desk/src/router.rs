//! Addresses of the desk, and moving between them without loading the document again.
//!
//! Two pages need no library: the path is the state, `History` keeps it, and everything that is shown derives from
//! `Router::route`. Whether somebody is signed in is not an address: the sign-in page stands in for any of them.

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
}

impl Route {
    /// Reads a path. Anything that is not an address of the desk leads to the list.
    #[must_use]
    pub fn parse(path: &str) -> Self {
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
            Route::Inbox => None,
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

    #[test]
    fn addresses_read_back() {
        for route in [Route::Inbox, Route::Conversation(1), Route::Conversation(u32::MAX)] {
            assert_eq!(Route::parse(&route.path()), route);
        }
        assert_eq!(Route::parse("/desk/conversations/1042/"), Route::Conversation(1042));
    }

    #[test]
    fn anything_else_is_the_list() {
        for path in [
            "/",
            "/desk",
            "/desk/conversations/",
            "/desk/conversations/x",
            "/desk/conversations/+5",
            "/desk/conversations/99999999999",
        ] {
            assert_eq!(Route::parse(path), Route::Inbox, "{path}");
        }
    }
}
