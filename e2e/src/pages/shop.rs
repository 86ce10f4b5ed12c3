//! A page with the chat on it: the shop of the demo, or a customer's.

use super::panel::Panel;
use super::view::{Place, Role, View};
use crate::harness::Browser;

/// The words on the launcher, in the page's language.
#[derive(Clone, Copy)]
struct Labels {
    open: &'static str,
    close: &'static str,
}

/// A page with the chat on it.
#[derive(Clone, Copy)]
pub struct Shop<'a> {
    labels: Labels,
    /// The page itself.
    pub page: View<'a>,
    /// What the loader draws in it.
    pub launcher: View<'a>,
}

impl<'a> Shop<'a> {
    /// Goes to an address that has the chat on it.
    pub async fn visit(browser: &'a Browser, address: &str) -> Self {
        browser.goto(address).await;
        Self::shown(browser)
    }

    /// The page that the browser shows.
    #[must_use]
    pub const fn shown(browser: &'a Browser) -> Self {
        let labels = Labels { open: "Open chat", close: "Close chat" };
        Self { labels, page: View::new(browser, Place::Page), launcher: View::new(browser, Place::Launcher) }
    }

    /// The same page in French.
    #[must_use]
    pub const fn in_french(self) -> Self {
        Self { labels: Labels { open: "Ouvrir le chat", close: "Fermer le chat" }, ..self }
    }

    /// Opens the panel with the launcher.
    pub async fn open_chat(self) -> Panel<'a> {
        self.launcher.press(self.labels.open).await;
        self.panel()
    }

    /// Closes the panel with the launcher.
    pub async fn close_chat(self) {
        self.launcher.press(self.labels.close).await;
        self.launcher.wait_for(Role::Button, self.labels.open).await;
    }

    /// The panel, which may not be there yet.
    #[must_use]
    pub const fn panel(self) -> Panel<'a> {
        Panel::new(self.page.browser)
    }

    /// Waits until the launcher says that the panel is open.
    pub async fn wait_until_open(self) {
        self.launcher.wait_for(Role::Button, self.labels.close).await;
    }

    /// Waits until the launcher says that the panel is closed.
    pub async fn wait_until_closed(self) {
        self.launcher.wait_for(Role::Button, self.labels.open).await;
    }
}
