//! A real Chromium, with a fresh profile unless it is given one: one person at one device.

use std::net::SocketAddr;
use std::path::Path;

use base64::Engine as _;
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, TimeoutConfiguration, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::driver::{Command, Driver};
use super::environment;
use super::wait::{Problem, wait_until};

/// Flags that make it small, quiet and the same everywhere (FIELD-NOTES, "Browsers").
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
    "--window-size=1280,1000",
    "--lang=en-US",
    "--accept-lang=en-US",
];

/// The device, and what else differs between browsers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looks<'a> {
    /// Whether the screen is as small as a phone's.
    pub is_phone: bool,
    /// Whether the driver hears everything: every request, for `requests`, and every console, in frames of other sites
    /// too. The price is that all frames share one process, which is not how people's browsers run.
    pub is_observed: bool,
    /// Whether pages are asked to be dark.
    pub is_dark: bool,
    /// The directory of its profile, which outlives it. A browser that is opened with it again is the same person's, who
    /// had closed it.
    pub profile: Option<&'a Path>,
    /// Where connections to the first address really go: past a wire that others reach the server by, under the address
    /// that the server knows itself by.
    pub detour: Option<(SocketAddr, SocketAddr)>,
    /// A domain that is on this machine, with all its subdomains: for a site that has several.
    pub domain: Option<&'a str>,
    /// Whether frames of other sites get no cookies, as people may choose.
    pub is_wary: bool,
}

/// A browser. Dropping it closes it; when the test is failing, it first leaves a picture of each window in
/// `e2e/artifacts`.
pub struct Browser {
    driver: Driver,
    session: String,
    name: &'static str,
    /// The session, for what pages have no method for.
    pub client: Client,
}

impl Browser {
    /// Opens a browser as most people have it. `name` is whose it is, for the pictures.
    pub async fn open(name: &'static str) -> Self {
        Self::open_with(name, Looks::default()).await
    }

    /// Opens a browser.
    ///
    /// # Panics
    /// There is none, or it does not start.
    pub async fn open_with(name: &'static str, looks: Looks<'_>) -> Self {
        let driver = Driver::start().await;
        let mut logs = json!({ "browser": "ALL" });
        let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        if looks.is_observed {
            logs["performance"] = json!("ALL");
            flags.push("--disable-site-isolation-trials".to_owned());
            flags.push("--disable-features=IsolateOrigins,site-per-process".to_owned());
        }
        if let Some(profile) = looks.profile {
            flags.push(format!("--user-data-dir={}", profile.display()));
        }
        if let Some((from, to)) = looks.detour {
            flags.push(format!("--host-resolver-rules=MAP {from} {to}"));
        }
        if let Some(domain) = looks.domain {
            flags.push(format!("--host-resolver-rules=MAP {domain} 127.0.0.1, MAP *.{domain} 127.0.0.1"));
        }
        // 1: cookies of third parties are blocked (chrome/browser/content_settings, CookieControlsMode).
        let preferences = match looks.is_wary {
            true => json!({ "profile": { "cookie_controls_mode": 1, "block_third_party_cookies": true } }),
            false => json!({}),
        };
        let mut wanted = Capabilities::new();
        wanted.insert("goog:chromeOptions".to_owned(), json!({ "args": flags, "prefs": preferences }));
        wanted.insert("goog:loggingPrefs".to_owned(), logs);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://{}", driver.address))
            .await
            .unwrap_or_else(|error| panic!("the browser does not start: {error}"));
        let session = client.session_id().await.ok().flatten().unwrap_or_default();
        // Looking for something returns at once: waiting is done by `wait_for`.
        let timeouts = TimeoutConfiguration::new(None, None, Some(std::time::Duration::ZERO));
        client.update_timeouts(timeouts).await.expect("the driver keeps its timeouts");
        if looks.is_phone {
            // A window of this browser cannot be as narrow as a phone.
            let screen = json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true });
            let resized =
                client.issue_cmd(Command::devtools("Emulation.setDeviceMetricsOverride", screen)).await;
            resized.expect("the browser can pretend to be a phone");
        }
        if looks.is_dark {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
            let set = client.issue_cmd(Command::devtools("Emulation.setEmulatedMedia", media)).await;
            set.expect("the browser can prefer dark pages");
        }
        Self { driver, session, name, client }
    }

    /// Goes to an address and waits until it has loaded.
    ///
    /// # Panics
    /// It cannot be reached.
    pub async fn goto(&self, address: &str) {
        self.top().await.unwrap_or_else(|error| panic!("{error}"));
        self.client.goto(address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// Loads the page again.
    ///
    /// # Panics
    /// It cannot be reached.
    pub async fn reload(&self) {
        self.top().await.unwrap_or_else(|error| panic!("{error}"));
        self.client.refresh().await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Leaves whatever frame the driver looks at.
    ///
    /// # Errors
    /// The window is gone.
    pub async fn top(&self) -> Result<(), Problem> {
        self.client.issue_cmd(Command::post("frame", json!({ "id": null }))).await?;
        Ok(())
    }

    /// The window that the driver looks at.
    ///
    /// # Panics
    /// It is gone.
    pub async fn window(&self) -> WindowHandle {
        self.client.window().await.expect("there is a window")
    }

    /// Opens another tab and looks at it.
    ///
    /// # Panics
    /// The browser refuses.
    pub async fn open_tab(&self) -> WindowHandle {
        let tab = self.client.new_window(true).await.expect("a tab can be opened").handle;
        self.look_at(&tab).await;
        tab
    }

    /// Looks at a window, which comes to the front.
    ///
    /// # Panics
    /// It is gone.
    pub async fn look_at(&self, window: &WindowHandle) {
        self.client.switch_to_window(window.clone()).await.expect("the window is there");
    }

    /// Runs a function's body in the page or frame that the driver looks at, with `arguments`.
    ///
    /// # Errors
    /// The script throws, or the frame is gone.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value, Problem> {
        Ok(self.client.execute(script, arguments).await?)
    }

    /// What the browser's accessibility tree says of an element: role and name.
    ///
    /// # Errors
    /// The element is gone.
    pub async fn role_and_name(&self, element: &Element) -> Result<(String, String), Problem> {
        let id = element.element_id();
        let role = self.client.issue_cmd(Command::get(&format!("element/{id}/computedrole"))).await?;
        let name = self.client.issue_cmd(Command::get(&format!("element/{id}/computedlabel"))).await?;
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        Ok((text(role), text(name)))
    }

    /// Everything on the console since this was asked last, with its level: `WARNING http://… "text"`.
    ///
    /// # Panics
    /// The driver keeps no log.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        entries.iter().map(|entry| format!("{} {}", text(entry, "level"), text(entry, "message"))).collect()
    }

    /// Has the browser do something by its DevTools protocol.
    ///
    /// # Panics
    /// It refuses.
    pub async fn devtools(&self, name: &str, parameters: Value) -> Value {
        let answer = self.client.issue_cmd(Command::devtools(name, parameters)).await;
        answer.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The errors on the console since this was asked last: those of frames of other sites only in a browser that is
    /// observed.
    ///
    /// # Panics
    /// The driver keeps no log.
    pub async fn console_errors(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        errors.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The addresses of all requests of all frames since this was asked last, those answered from a cache included.
    ///
    /// # Panics
    /// The browser was opened without `is_observed`.
    pub async fn requests(&self) -> Vec<String> {
        let events = self.network_events().await;
        let sent = events.iter().filter(|event| {
            event["method"] == "Network.requestWillBeSent" || event["method"] == "Network.webSocketCreated"
        });
        sent.filter_map(|event| {
            let parameters = &event["params"];
            parameters["request"]["url"].as_str().or_else(|| parameters["url"].as_str()).map(str::to_owned)
        })
        .collect()
    }

    /// The events of the DevTools protocol's `Network` domain since this was asked last.
    ///
    /// # Panics
    /// The browser was opened without `is_observed`.
    pub async fn network_events(&self) -> Vec<Value> {
        let entries = self.log("performance").await;
        let parse = |entry: &Value| serde_json::from_str::<Value>(entry["message"].as_str()?).ok();
        entries.iter().filter_map(parse).map(|mut event| event["message"].take()).collect()
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let asked = self.client.issue_cmd(Command::post("se/log", json!({ "type": kind }))).await;
        match asked.expect("the driver keeps this log") {
            Value::Array(entries) => entries,
            _ => Vec::new(),
        }
    }

    /// Waits until the title of the page reads so.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_for_title(&self, what: &str, is_right: impl Fn(&str) -> bool) {
        wait_until(&format!("the title to say {what}"), async || Ok(is_right(&self.client.title().await?)))
            .await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.leave_pictures();
        }
        self.driver.ask_now("DELETE", &format!("/session/{}", self.session));
    }
}

impl Browser {
    fn leave_pictures(&self) {
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let picture = self.driver.ask_now("GET", &format!("/session/{}/screenshot", self.session));
        let picture = picture
            .and_then(|picture| base64::engine::general_purpose::STANDARD.decode(picture.as_str()?).ok());
        let directory = environment::artifacts();
        let file = directory.join(format!("{test}-{}.png", self.name));
        if let Some(picture) = picture
            && std::fs::create_dir_all(&directory).is_ok()
            && std::fs::write(&file, picture).is_ok()
        {
            eprintln!("---- what {}'s browser showed: {}", self.name, file.display());
        }
    }
}
