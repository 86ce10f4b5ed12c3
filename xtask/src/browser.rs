//! The browsers that tests run in, with their drivers: from `PATH`, from Debian's packages, and one driver from crates.io.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::setup::Tool;
use crate::{machine, packages};

/// A browser engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Chromium with chromedriver.
    Chromium,
    /// Firefox with geckodriver.
    Firefox,
    /// WebKitGTK's own small browser with its driver, and a screen for it that nobody sees.
    WebKit,
}

/// A browser's driver; it finds its browser by itself.
#[derive(Debug, Clone)]
pub struct Browser {
    engine: Engine,
    driver: PathBuf,
}

impl Browser {
    /// What the tests read in their environment: which engine it is, and its driver.
    pub fn settings(self) -> [(&'static str, OsString); 2] {
        let (_, variable, _) = self.engine.driver();
        [("E2E_ENGINE", self.engine.name().into()), (variable, self.driver.into())]
    }
}

impl Engine {
    /// Its name, as the stories know it.
    fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// Its driver: the program, the variable that names another, and Debian's packages of the browser and what it needs.
    fn driver(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Chromium => ("chromedriver", "CHROMEDRIVER", &["chromium", "chromium-driver"]),
            Self::Firefox => ("geckodriver", "GECKODRIVER", &["firefox-esr"]),
            Self::WebKit => ("WebKitWebDriver", "WEBKITDRIVER", &["webkit2gtk-driver", "xvfb"]),
        }
    }

    /// The programs of which one is enough, beside the driver. WebKit's own browser lies where its driver's package puts
    /// it, which the stories know.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => {
                &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
            }
            Self::Firefox => &["firefox-esr", "firefox"],
            Self::WebKit => &["Xvfb"],
        }
    }

    /// Finds the browser and its driver; installs them where this is Debian or Ubuntu and we are root.
    ///
    /// # Errors
    ///
    /// When they are missing and cannot be installed; the message says what to install.
    pub fn find_or_install(self) -> Result<Browser> {
        let (_, _, names) = self.driver();
        let advice = format!("install it (Debian, Ubuntu: apt-get install {})", names.join(" "));
        let missing = format!("no {} for the tests", self.name());
        if let Some(browser) = self.find()? {
            return Ok(browser);
        }
        packages::install(&missing, names, &advice)?;
        match self.find()? {
            Some(browser) => Ok(browser),
            None => bail!("{missing} is in the packages: {advice}"),
        }
    }

    fn find(self) -> Result<Option<Browser>> {
        if !self.programs().iter().any(|name| machine::find_in_path(name).is_some()) {
            return Ok(None);
        }
        let (program, variable, _) = self.driver();
        let named = machine::variable(variable).map(PathBuf::from).filter(|path| path.is_file());
        let driver = match named.or_else(|| machine::find_in_path(program)) {
            Some(driver) => Some(driver),
            // Debian has no package of it.
            None if self == Self::Firefox => Some(Tool::geckodriver().directory()?.join(program)),
            None => None,
        };
        Ok(driver.map(|driver| Browser { engine: self, driver }))
    }
}
