//! A real browser, with a fresh profile unless it is given one: one person at one device. Which engine it is hangs on the
//! run (`Engine::chosen`), and the stories do not ask.

mod chromium;
mod engine;
mod firefox;
mod looks;
mod said;
mod webkit;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, TimeoutConfiguration, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

pub use self::engine::Engine;
pub use self::looks::{Looks, Media, Storage};
pub use self::said::Cookie;
use super::bidi::Bidi;
use super::driver::{Command, Driver};
use super::environment;
use super::switchboard::{Routes, Switchboard};
use super::wait::{Problem, wait_until};

pub(super) use self::webkit::NOTE_CONSOLE;

/// A browser. Dropping it closes it; when the test is failing, it first leaves a picture of each window in
/// `e2e/artifacts`.
pub struct Browser {
    driver: Driver,
    session: String,
    name: &'static str,
    engine: Engine,
    bidi: Option<Bidi>,
    noted: Mutex<Vec<String>>,
    // Held so that it connects for as long as there is somebody to connect.
    _switchboard: Option<Switchboard>,
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
        let engine = Engine::chosen();
        let switchboard = match looks {
            Looks { detour: None, domain: None, .. } => None,
            Looks { detour, domain, .. } => {
                Some(Switchboard::open(Routes { detour, domain: domain.map(str::to_owned) }).await)
            }
        };
        let through = switchboard.as_ref().map(|switchboard| switchboard.address);
        let (driver, wanted) = match engine {
            Engine::Chromium => (chromium::start().await, chromium::capabilities(looks, through)),
            Engine::Firefox => (firefox::start().await, firefox::capabilities(looks, through)),
            Engine::WebKit => (webkit::start().await, webkit::capabilities(looks, through)),
        };
        let Value::Object(wanted) = wanted else { panic!("capabilities are an object") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(Capabilities::from_iter(wanted))
            .connect(&format!("http://{}", driver.address))
            .await
            .unwrap_or_else(|error| panic!("the browser does not start: {error}"));
        let session = client.session_id().await.ok().flatten().unwrap_or_default();
        // Looking for something returns at once: waiting is done by `wait_for`.
        let timeouts = TimeoutConfiguration::new(None, None, Some(Duration::ZERO));
        client.update_timeouts(timeouts).await.expect("the driver keeps its timeouts");
        let bidi = match engine {
            Engine::Firefox => Some(firefox::listen(&client).await),
            Engine::Chromium | Engine::WebKit => None,
        };
        match (engine, &bidi) {
            (Engine::Chromium, _) if looks.is_phone => chromium::be_a_phone(&client).await,
            (Engine::Firefox, Some(bidi)) if looks.is_phone => firefox::be_a_phone(&client, bidi).await,
            (Engine::WebKit, _) => webkit::resize(&client, looks).await,
            _ => {}
        }
        let noted = Mutex::default();
        Self { driver, session, name, engine, bidi, noted, _switchboard: switchboard, client }
    }

    /// Goes to an address and waits until it has loaded.
    ///
    /// # Panics
    /// It cannot be reached.
    pub async fn goto(&self, address: &str) {
        self.top().await.unwrap_or_else(|error| panic!("{error}"));
        self.note_console().await;
        self.client.goto(address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
        self.note_console().await;
    }

    /// Loads the page again.
    ///
    /// # Panics
    /// It cannot be reached.
    pub async fn reload(&self) {
        self.top().await.unwrap_or_else(|error| panic!("{error}"));
        self.note_console().await;
        self.client.refresh().await.unwrap_or_else(|error| panic!("{error}"));
        self.note_console().await;
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

    /// Has Chromium do something by its DevTools protocol.
    ///
    /// # Panics
    /// It refuses, or it is another engine.
    pub async fn devtools(&self, name: &str, parameters: Value) -> Value {
        assert_eq!(self.engine, Engine::Chromium, "{name} needs DevTools: name the story in engines.rs");
        chromium::devtools(&self.client, name, parameters).await
    }

    /// Has pages drawn for something else than they were opened for.
    ///
    /// # Panics
    /// It is WebKit, whose driver cannot.
    pub async fn set_media(&self, media: Media) {
        match self.engine {
            Engine::Chromium => chromium::set_media(&self.client, media).await,
            Engine::Firefox => {
                let set = firefox::set_media(&self.client, media).await;
                set.unwrap_or_else(|error| panic!("the page cannot be drawn for {media:?}: {error}"));
            }
            Engine::WebKit => panic!("WebKit's driver cannot set media: name the story in engines.rs"),
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
    fn noted(&self) -> MutexGuard<'_, Vec<String>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

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
