//! The engines that the stories are told in.

use std::fmt;

use crate::harness::environment;

/// A browser engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chromium with chromedriver.
    Chromium,
    /// Firefox with geckodriver.
    Firefox,
    /// WebKitGTK's own small browser with its driver, on a screen that nobody sees.
    WebKit,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// The engine of this run: what `E2E_ENGINE` names, else Chromium.
    ///
    /// # Panics
    /// It names none.
    #[must_use]
    pub fn chosen() -> Self {
        let Some(name) = environment::engine() else { return Self::Chromium };
        let engine = Self::ALL.into_iter().find(|engine| engine.name() == name);
        engine.unwrap_or_else(|| panic!("E2E_ENGINE is to be chromium, firefox or webkit and is {name}"))
    }

    /// Its name as one types it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
