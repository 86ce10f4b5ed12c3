//! Chromium: how it is started, and what only its DevTools protocol does.

use std::net::SocketAddr;

use fantoccini::Client;
use serde_json::{Value, json};
use tokio::process::Command as Spawn;

use super::looks::{Looks, Media, PHONE, Storage, WINDOW};
use crate::harness::driver::{Command, Driver};
use crate::harness::environment;
use crate::harness::switchboard::proxy;

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
    "--lang=en-US",
    "--accept-lang=en-US",
    // What is on this machine goes through a proxy too, where there is one.
    "--proxy-bypass-list=<-loopback>",
];

/// Starts the driver.
pub async fn start() -> Driver {
    let mut command = Spawn::new(environment::driver("CHROMEDRIVER", "chromedriver"));
    command.args(["--port=0", "--allowed-ips=127.0.0.1"]);
    let port = |line: &str| line.rsplit_once("on port ")?.1.trim_end_matches('.').parse::<u16>().ok();
    Driver::start(command, port).await
}

/// What is asked of the driver for a browser of these looks that reaches everything `through` a SOCKS proxy.
pub fn capabilities(looks: Looks<'_>, through: Option<SocketAddr>) -> Value {
    let mut logs = json!({ "browser": "ALL" });
    let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    flags.push(format!("--window-size={},{}", WINDOW.0, WINDOW.1));
    if looks.is_observed {
        logs["performance"] = json!("ALL");
        flags.push("--disable-site-isolation-trials".to_owned());
        flags.push("--disable-features=IsolateOrigins,site-per-process".to_owned());
    }
    if let Some(profile) = looks.profile {
        flags.push(format!("--user-data-dir={}", profile.display()));
    }
    // 1: cookies of third parties are blocked (chrome/browser/content_settings, CookieControlsMode). 2: all storage is
    // (components/content_settings, CONTENT_SETTING_BLOCK).
    let preferences = match looks.storage {
        Storage::Everything => json!({}),
        Storage::OfThePage => {
            json!({ "profile": { "cookie_controls_mode": 1, "block_third_party_cookies": true } })
        }
        Storage::Nothing => json!({ "profile": { "default_content_setting_values": { "cookies": 2 } } }),
    };
    json!({
        "goog:chromeOptions": { "args": flags, "prefs": preferences },
        "goog:loggingPrefs": logs,
        "proxy": proxy(through),
    })
}

/// Has it pretend to be a phone: a window of this browser cannot be as narrow.
pub async fn be_a_phone(client: &Client) {
    let screen = json!({ "width": PHONE.0, "height": PHONE.1, "deviceScaleFactor": 2, "mobile": true });
    devtools(client, "Emulation.setDeviceMetricsOverride", screen).await;
}

/// Has pages drawn for something else.
pub async fn set_media(client: &Client, media: Media) {
    let scheme = if media == Media::Dark { "dark" } else { "" };
    let medium = if media == Media::Print { "print" } else { "" };
    let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
    devtools(client, "Emulation.setEmulatedMedia", json!({ "media": medium, "features": features })).await;
}

/// Has it do something by its DevTools protocol.
///
/// # Panics
/// It refuses.
pub async fn devtools(client: &Client, name: &str, parameters: Value) -> Value {
    let answer = client.issue_cmd(Command::devtools(name, parameters)).await;
    answer.unwrap_or_else(|error| panic!("{name}: {error}"))
}
