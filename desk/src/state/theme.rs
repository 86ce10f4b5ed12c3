//! The colour scheme: the system's, or the agent's own choice, which is remembered.

use causette_client::storage::{self, Area};
use leptos::prelude::*;

const KEY: &str = "causette.desk.theme";

/// A colour scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every scheme, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// What was chosen in this browser.
    #[must_use]
    pub fn remembered() -> Self {
        let kept = storage::get(Area::Local, KEY);
        Self::ALL.into_iter().find(|theme| kept.as_deref() == Some(theme.as_str())).unwrap_or_default()
    }

    /// Shows it, and remembers it.
    pub fn apply(self) {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", self.as_str());
        }
        if self == Self::Auto {
            storage::remove(Area::Local, KEY);
        } else {
            storage::set(Area::Local, KEY, self.as_str());
        }
    }

    /// The name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Auto => "Automatic",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}
