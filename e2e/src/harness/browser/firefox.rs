//! Firefox: how it is started, and what it does by WebDriver BiDi or only for its own chrome.

use std::net::SocketAddr;

use fantoccini::Client;
use serde_json::{Value, json};
use tokio::process::Command as Spawn;

use super::looks::{Looks, Media, PHONE, Storage, WINDOW};
use crate::harness::bidi::Bidi;
use crate::harness::driver::{Command, Driver};
use crate::harness::environment;
use crate::harness::switchboard::proxy;
use crate::harness::wait::Problem;

/// Starts the driver, which is given the right to reach past pages: that is how a page is drawn dark or for paper.
pub async fn start() -> Driver {
    let mut command = Spawn::new(environment::driver("GECKODRIVER", "geckodriver"));
    command.args(["--port=0", "--websocket-port=0", "--allow-system-access"]);
    command.env("MOZ_HEADLESS_WIDTH", WINDOW.0.to_string());
    command.env("MOZ_HEADLESS_HEIGHT", WINDOW.1.to_string());
    let port = |line: &str| line.rsplit_once("Listening on 127.0.0.1:")?.1.trim().parse::<u16>().ok();
    Driver::start(command, port).await
}

/// What is asked of the driver for a browser of these looks that reaches everything `through` a SOCKS proxy.
pub fn capabilities(looks: Looks<'_>, through: Option<SocketAddr>) -> Value {
    let mut arguments = vec!["-headless".to_owned()];
    if let Some(profile) = looks.profile {
        arguments.extend(["-profile".to_owned(), profile.display().to_string()]);
    }
    let mut preferences = json!({
        "ui.prefersReducedMotion": 1,
        "intl.accept_languages": "en-US",
        // 1: light, whatever the system says (modules/libpref/init/StaticPrefList.yaml).
        "layout.css.prefers-color-scheme.content-override": 1,
        // What is on this machine goes through a proxy too, where there is one, and names are looked up there.
        "network.proxy.allow_hijacking_localhost": true,
        "network.proxy.socks_remote_dns": true,
        // No process in reserve: two browsers share two cores here.
        "dom.ipc.processPrelaunch.enabled": false,
    });
    if looks.is_phone {
        // Scroll bars take no room there (LookAndFeel::IntID::UseOverlayScrollbars).
        preferences["ui.useOverlayScrollbars"] = json!(1);
    }
    // 1: cookies of third parties are refused, 2: all storage is (netwerk/cookie/nsICookieService.idl, BEHAVIOR_REJECT…).
    match looks.storage {
        Storage::Everything => {}
        Storage::OfThePage => preferences["network.cookie.cookieBehavior"] = json!(1),
        Storage::Nothing => preferences["network.cookie.cookieBehavior"] = json!(2),
    }
    json!({
        "moz:firefoxOptions": { "args": arguments, "prefs": preferences },
        "webSocketUrl": true,
        "proxy": proxy(through),
    })
}

/// Connects to the running browser and has it tell what comes to its consoles.
pub async fn listen(client: &Client) -> Bidi {
    let address = client.capabilities().and_then(|given| given.get("webSocketUrl")?.as_str());
    let bidi = Bidi::connect(address.expect("the driver speaks WebDriver BiDi")).await;
    let subscribed = bidi.call("session.subscribe", json!({ "events": ["log.entryAdded"] })).await;
    subscribed.expect("the browser tells of its consoles");
    bidi
}

/// Gives the tab that is shown the size of a phone's screen: no window of this browser is narrower than 450 pixels.
pub async fn be_a_phone(client: &Client, bidi: &Bidi) {
    let window = client.window().await.expect("there is a window");
    let size = json!({ "width": PHONE.0, "height": PHONE.1 });
    let parameters = json!({ "context": String::from(window), "viewport": size, "devicePixelRatio": 2.0 });
    bidi.call("browsingContext.setViewport", parameters).await.expect("a tab can be as small as a phone");
}

/// Has the tab that is shown drawn for something else.
pub async fn set_media(client: &Client, media: Media) -> Result<(), Problem> {
    let scheme = if media == Media::Dark { "dark" } else { "none" };
    let medium = if media == Media::Print { "print" } else { "" };
    let script = "const tab = Services.wm.getMostRecentWindow('navigator:browser').gBrowser.selectedBrowser;
        tab.browsingContext.prefersColorSchemeOverride = arguments[0];
        tab.browsingContext.mediumOverride = arguments[1];";
    client.issue_cmd(Command::post("moz/context", json!({ "context": "chrome" }))).await?;
    let set = client.execute(script, vec![json!(scheme), json!(medium)]).await;
    client.issue_cmd(Command::post("moz/context", json!({ "context": "content" }))).await?;
    set?;
    Ok(())
}
