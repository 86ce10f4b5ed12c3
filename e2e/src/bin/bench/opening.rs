//! From the click on the launcher to a composer that can be typed into, with the page's processor slowed down.
//!
//! Taken on the demo's shop, where page and panel share an origin and so a process: the browser slows down one process,
//! and elsewhere the panel would run unhindered in another.

use causette_e2e::harness::{Browser, Server, wait_for};
use causette_e2e::pages::{Role, Shop};

use super::before_click::{run_in_every_document, slow_down};
use causette_e2e::report::{Report, Runs};

const COLD_RUNS: usize = 7;
const WARM_RUNS: usize = 11;
/// Openings after which the browser's caches, that of compiled wasm included, hold what they will hold.
const WARMING_UP: usize = 3;

/// Notes in the page's own window when it was clicked, and when the composer was painted after it. The first frame
/// after the composer is in the document paints it; what is posted from there runs after the painting.
const WATCH: &str = "
  const now = () => performance.timeOrigin + performance.now();
  if (window === top) {
    addEventListener('click', () => { top.clickedAt = now(); }, true);
  } else {
    const look = () => {
      const box = document.querySelector('textarea');
      if (!box || box.disabled) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => { top.usableAt = now(); }));
    };
    const watch = new MutationObserver(look);
    watch.observe(document, { childList: true, subtree: true, attributes: true });
  }";

/// Clicks the launcher as a finger does: nothing has hovered over it before, which would fetch the panel ahead.
const CLICK: &str =
    "document.querySelector('causette-chat').shadowRoot.querySelector('button[aria-expanded]').click()";

/// Measures both, each in fresh pages.
pub async fn measure(report: &mut Report) {
    let server = Server::start().await;
    let mut cold = Vec::new();
    for _ in 0..COLD_RUNS {
        // A fresh profile has empty caches.
        cold.push(open_once(&prepare().await, &server).await);
    }
    let browser = prepare().await;
    let mut warm = Vec::new();
    for run in 0..WARMING_UP + WARM_RUNS {
        let took = open_once(&browser, &server).await;
        if run >= WARMING_UP {
            warm.push(took);
        }
    }
    let (cold, warm) = (Runs::new(cold), Runs::new(warm));
    let (cold_met, warm_met) = (cold.median() <= 600.0, warm.median() <= 400.0);
    report.add("click to a usable composer at 4× slowdown, cold", cold, "≤ 600 ms", cold_met);
    report.add("click to a usable composer at 4× slowdown, warm", warm, "≤ 400 ms", warm_met);
}

async fn prepare() -> Browser {
    let browser = Browser::open("bench").await;
    slow_down(&browser).await;
    run_in_every_document(&browser, WATCH).await;
    browser
}

/// Opens the chat on a page that is loaded afresh; returns the milliseconds.
async fn open_once(browser: &Browser, server: &Server) -> f64 {
    let shop = Shop::visit(browser, &server.shop("")).await;
    shop.launcher.wait_for(Role::Button, "Open chat").await;
    shop.page.evaluate(CLICK).await.expect("the launcher can be clicked");
    let both = "return window.usableAt && window.clickedAt ? window.usableAt - window.clickedAt : null";
    wait_for("the composer", async || Ok(browser.run(both, vec![]).await?.as_f64())).await
}
