//! What a page pays for the chat before anybody touches it.

use causette_e2e::harness::{Browser, Command, HostSite, Looks, Policy, Server};
use causette_e2e::pages::{Role, Shop, View};
use serde_json::{Value, json};

use causette_e2e::report::Report;

/// How much slower the page's processor is made, as for a cheap phone.
pub const SLOWDOWN: u32 = 4;

/// What the bubble says, which comes last of what comes by itself.
const GREETING: &str = "Hello! Any questions?";
/// Notes every task of 50 ms and more.
const WATCH_TASKS: &str = "
  window.longTasks = [];
  new PerformanceObserver((list) => list.getEntries().forEach((task) => window.longTasks.push(task.duration)))
    .observe({ type: 'longtask', buffered: true });";

/// Loads of the page with and without the chat.
const LOADS: usize = 5;

/// Measures requests, bytes and long tasks on a customer's page, and the bytes of the first opening.
pub async fn measure(report: &mut Report) {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let looks = Looks { is_observed: true, ..Looks::default() };
    let browser = Browser::open_with("bench", looks).await;
    report.set_beside(version(&browser));
    let shop = Shop::visit(&browser, &site.page("plain")).await;
    shop.launcher.wait_for_text(GREETING).await;
    let sizes = body_sizes(&browser.network_events().await, &server.origin);
    let bytes: u64 = sizes.iter().sum();
    report.add("before a click: requests", sizes.len(), "1", sizes.len() == 1);
    report.add("before a click: bytes as sent", format!("{bytes} B"), "≤ 4 KiB", bytes <= 4 * 1024);
    measure_long_tasks(report, &browser, &site).await;

    // On the demo's shop: requests of a frame from another site are not told to the page's driver.
    let browser = Browser::open_with("bench", looks).await;
    let shop = Shop::visit(&browser, &server.shop("")).await;
    shop.launcher.wait_for_text(GREETING).await;
    browser.network_events().await;
    shop.open_chat().await.view.wait_for_text("How can we help?").await;
    let sizes = body_sizes(&browser.network_events().await, &server.origin);
    let bytes: u64 = sizes.iter().sum();
    let figure = format!("{:.1} KiB in {} requests", bytes as f64 / 1024.0, sizes.len());
    report.add("first opening: bytes as sent", figure, "≤ 110 KiB", bytes <= 110 * 1024);
}

/// Tells the long tasks of the page beside those of the same page without the chat: the browser has some of its own.
async fn measure_long_tasks(report: &mut Report, browser: &Browser, site: &HostSite) {
    slow_down(browser).await;
    run_in_every_document(browser, WATCH_TASKS).await;
    let mut with = Vec::new();
    for _ in 0..LOADS {
        let shop = Shop::visit(browser, &site.page("plain")).await;
        shop.launcher.wait_for_text(GREETING).await;
        with.extend(long_tasks(shop.page).await);
    }
    devtools(browser, "Network.enable", json!({})).await;
    devtools(browser, "Network.setBlockedURLs", json!({ "urls": ["*/embed/*"] })).await;
    let mut without = Vec::new();
    for _ in 0..LOADS {
        let shop = Shop::visit(browser, &site.page("plain")).await;
        shop.page.wait_for(Role::Heading, "Plain page").await;
        without.extend(long_tasks(shop.page).await);
    }
    let longest = with.iter().copied().fold(0.0, f64::max);
    let figure = format!(
        "{} in {LOADS} loads (longest {longest:.0} ms); without the chat {}",
        with.len(),
        without.len()
    );
    report.add("before a click: long tasks at 4× slowdown", figure, "none", with.len() <= without.len());
}

async fn long_tasks(page: View<'_>) -> Vec<f64> {
    let tasks = page.evaluate("return window.longTasks").await.expect("the page is there");
    tasks.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// Makes the page's processor slower.
pub async fn slow_down(browser: &Browser) {
    devtools(browser, "Emulation.setCPUThrottlingRate", json!({ "rate": SLOWDOWN })).await;
}

/// Has a script run first in every document of the page's own origin.
pub async fn run_in_every_document(browser: &Browser, script: &str) {
    devtools(browser, "Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
}

async fn devtools(browser: &Browser, name: &str, parameters: Value) -> Value {
    let answer = browser.client.issue_cmd(Command::devtools(name, parameters)).await;
    answer.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn version(browser: &Browser) -> String {
    let told = |name: &str| {
        let capabilities = browser.client.capabilities()?;
        capabilities.get(name)?.as_str().map(str::to_owned)
    };
    [told("browserName"), told("browserVersion")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The sizes of the bodies that `origin` sent over the wire, compressed as they were.
fn body_sizes(events: &[Value], origin: &str) -> Vec<u64> {
    let is_received = |event: &&Value| event["method"] == "Network.responseReceived";
    let size = |event: &Value| {
        let response = &event["params"]["response"];
        let address = response["url"].as_str()?;
        let from_cache = response["fromDiskCache"] == true || response["fromPrefetchCache"] == true;
        if !address.starts_with(origin) || from_cache {
            return None;
        }
        let headers = response["headers"].as_object()?;
        let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        length.and_then(|(_, length)| length.as_str()?.parse().ok())
    };
    events.iter().filter(is_received).filter_map(size).collect()
}
