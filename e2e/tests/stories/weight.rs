//! What a page pays for the chat before anybody touches it, by the browser's own account, against the limits of
//! snippet/budget.toml (DESIGN 8).

use causette_e2e::harness::{Browser, HostSite, Policy, Server, environment};
use causette_e2e::pages::HostPage;
use serde_json::{Value, json};

/// As slow as a cheap phone.
const SLOWDOWN: u32 = 4;
/// Loads that are looked at. The machine has long tasks of its own making now and then; the best load is ours.
const LOADS: usize = 4;

/// A limit of the budget: `name = 12`.
fn limit(name: &str) -> f64 {
    let text = std::fs::read_to_string(environment::workspace().join("snippet/budget.toml"));
    let text = text.expect("there is a budget");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix('='));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("the budget limits {name}"))
}

/// Watches from the first script of a page on.
const WATCH: &str = "
  window.shifts = []; window.long = [];
  new PerformanceObserver((list) => list.getEntries().forEach((one) => window.shifts.push(one.value)))
    .observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((one) => window.long.push(one.duration)))
    .observe({ type: 'longtask', buffered: true });";

/// The bubble comes last of what comes by itself; two frames later everything of it is painted and told.
const SETTLED: &str = "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
  setTimeout(() => resolve({ shifts: window.shifts, long: window.long }), 100))))";

fn numbers(from: &Value) -> Vec<f64> {
    from.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn before_a_click_the_page_pays_one_small_request_no_shift_and_no_long_task() {
    if crate::engines::is_left_out(
        "weight::before_a_click_the_page_pays_one_small_request_no_shift_and_no_long_task",
    ) {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    visitor.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await;
    let page = HostPage::visit(&visitor, &site, "plain").await;
    page.shop().launcher.wait_for_text("Hello! Any questions?").await;
    let resources =
        "performance.getEntriesByType('resource').filter((one) => !one.name.endsWith('/favicon.ico'))";
    let loader = format!("{resources}.map((one) => [one.name, one.initiatorType, one.renderBlockingStatus])");
    let address = format!("{}/embed/shop.js", server.origin);
    assert_eq!(page.ask(&loader).await, json!([[address, "script", "non-blocking"]]));
    let bytes = page.ask(&format!("{resources}[0].encodedBodySize")).await.as_f64().unwrap_or_default();
    assert!(bytes > 1000.0 && bytes <= limit("loader_brotli"), "{bytes} bytes");

    visitor.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": SLOWDOWN })).await;
    let mut long = Vec::new();
    let mut shifts = Vec::new();
    for _ in 0..LOADS {
        let page = HostPage::visit(&visitor, &site, "plain").await;
        page.shop().launcher.wait_for_text("Hello! Any questions?").await;
        let seen = page.ask(SETTLED).await;
        long.push(numbers(&seen["long"]));
        shifts.extend(numbers(&seen["shifts"]));
    }
    let fewest = long.iter().map(Vec::len).min().unwrap_or_default();
    assert!(fewest as f64 <= limit("long_tasks"), "tasks over 50 ms in {LOADS} loads: {long:?}");
    assert!(shifts.iter().sum::<f64>() <= limit("layout_shift"), "{shifts:?}");

    // An observer that sees nothing would find nothing: a page that does both is seen doing it.
    let page = HostPage::visit(&visitor, &site, "bare").await;
    page.act(
        "setTimeout(() => { const end = performance.now() + 80; while (performance.now() < end); });
         const bar = document.createElement('p');
         bar.style.height = '300px';
         requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector('main').prepend(bar)))",
    )
    .await;
    page.wait_for("window.long.length > 0", true).await;
    page.wait_for("window.shifts.length > 0", true).await;
}
