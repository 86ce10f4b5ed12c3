//! WebKitGTK's own small browser: how it is started, and what stands in for what its driver cannot do.
//!
//! Its driver speaks classic WebDriver alone, so that what comes to the console is noted by the pages themselves, from
//! where a page of a customer begins (`HostSite`) or else from when it has loaded; and by pages only, not by the panel in
//! them. The browser keeps nothing once it is closed.

use std::net::SocketAddr;

use fantoccini::Client;
use serde_json::{Value, json};
use tokio::process::Command as Spawn;

use super::looks::{Looks, PHONE, Storage, WINDOW};
use crate::harness::driver::Driver;
use crate::harness::environment;
use crate::harness::process::{Program, Said};
use crate::harness::server::Server;

/// Notes what comes to the console of a page. Once for each document, however often it is run.
pub const NOTE_CONSOLE: &str = include_str!("note_console.js");
/// Takes what was noted, as text of JSON: the page may have changed what arrays are.
pub const TAKE_NOTES: &str = "const notes = window[Symbol.for('e2e notes')] || [];
  return JSON.stringify(Array.from(notes.splice(0)));";

/// Starts the driver and a screen that nobody sees.
pub async fn start() -> Driver {
    let leavings = tempfile::tempdir().expect("a temporary directory can be made");
    let size = format!("{}x{}x24", WINDOW.0, WINDOW.1);
    let mut screen = Spawn::new("Xvfb");
    screen.args(["-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp"]);
    let mut screen = Program::start(&mut screen, Said::default());
    let number = screen.wait_for_line("the screen's number", |line| line.trim().parse::<u32>().ok()).await;

    // Pages ask for reduced motion where the desktop has none (Settings::gtk-enable-animations).
    let settings = leavings.path().join("gtk-3.0/settings.ini");
    std::fs::create_dir_all(leavings.path().join("gtk-3.0")).expect("a directory can be made");
    std::fs::write(settings, "[Settings]\ngtk-enable-animations=0\n").expect("a file can be written");

    // The driver does not tell which port it was given.
    let address: SocketAddr = Server::free_address();
    let mut command = Spawn::new(environment::driver("WEBKITDRIVER", "WebKitWebDriver"));
    command.args([format!("--port={}", address.port()), format!("--host={}", address.ip())]);
    command.env("DISPLAY", format!(":{number}"));
    for name in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"] {
        command.env(name, leavings.path());
    }
    command.env("LC_ALL", "C.UTF-8").env("LANGUAGE", "en_US").env("GDK_BACKEND", "x11");
    // No accessibility bus, which not every machine has, and no hardware to draw with.
    command.env("NO_AT_BRIDGE", "1").env("LIBGL_ALWAYS_SOFTWARE", "1");
    Driver::start_at(command, address, leavings, screen).await
}

/// What is asked of the driver for a browser of these looks that reaches everything `through` a SOCKS proxy.
///
/// # Panics
/// It is to keep a profile.
pub fn capabilities(looks: Looks<'_>, through: Option<SocketAddr>) -> Value {
    assert!(looks.profile.is_none(), "WebKit's browser keeps no profile: name the story in engines.rs");
    let mut arguments = vec!["--automation".to_owned()];
    // Without being asked it gives cookies to the page's own site alone, as Safari does.
    match looks.storage {
        Storage::Everything => arguments.push("--cookies-policy=always".to_owned()),
        Storage::OfThePage => {}
        Storage::Nothing => arguments.push("--cookies-policy=never".to_owned()),
    }
    // The driver takes the standard's word for a proxy, and the browser does not.
    arguments.extend(through.map(|address| format!("--proxy=socks5://{address}")));
    let binary = environment::webkit_browser();
    json!({ "webkitgtk:browserOptions": { "binary": binary, "args": arguments } })
}

/// Gives the window its size: a phone's is as narrow as this browser's tools allow, which is narrower than what the chat
/// takes for a phone.
pub async fn resize(client: &Client, looks: Looks<'_>) {
    let (width, height) = if looks.is_phone { PHONE } else { WINDOW };
    client.set_window_rect(0, 0, width, height).await.expect("a window can have a size");
}
