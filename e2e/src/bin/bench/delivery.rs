//! From the visitor's Enter to the pixels on the agent's screen: two browsers, one server, one machine.

use std::collections::HashMap;

use causette_e2e::harness::{ALICE, Browser, Server, wait_for};
use causette_e2e::pages::{Desk, Shop};
use serde_json::Value;

use super::before_click::run_in_every_document;
use causette_e2e::report::{Report, Runs};

const MESSAGES: usize = 30;

/// Notes in the panel when Enter was pressed on which text.
const WATCH_SENDING: &str = "
  top.sentAt = top.sentAt || {};
  addEventListener('keydown', (event) => {
    if (event.key === 'Enter') top.sentAt[event.target.value] = performance.timeOrigin + performance.now();
  }, true);";

/// Notes at the desk when which message was painted.
const WATCH_SHOWING: &str = "
  window.shownAt = {};
  new MutationObserver(() => {
    const log = document.querySelector('[role=log]');
    for (const text of (log ? log.textContent : '').match(/ping-\\d\\d/g) || []) {
      if (text in window.shownAt) continue;
      window.shownAt[text] = 0;
      requestAnimationFrame(() => setTimeout(() => {
        window.shownAt[text] = performance.timeOrigin + performance.now();
      }));
    }
  }).observe(document, { childList: true, subtree: true, characterData: true });";

/// Measures message by message: each is sent when the one before is on the screen.
pub async fn measure(report: &mut Report) {
    let settings = [("MESSAGE_BURST", "1000"), ("MESSAGES_PER_SECOND", "1000")];
    let server = Server::start_with(&settings).await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    run_in_every_document(&visitor, WATCH_SENDING).await;
    run_in_every_document(&agent, WATCH_SHOWING).await;
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("Hello").await;
    let number = panel.number().await;
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    desk.open(number).await;
    desk.wait_for_message("Hello").await;

    let mut texts = Vec::new();
    for message in 1..=MESSAGES {
        let text = format!("ping-{message:02}");
        panel.say(&text).await;
        let shown = format!("return window.shownAt['{text}'] || null");
        wait_for("the message at the desk", async || Ok(agent.run(&shown, vec![]).await?.as_f64())).await;
        texts.push(text);
    }
    let sent = times(&visitor, "return top.sentAt").await;
    let shown = times(&agent, "return window.shownAt").await;
    let runs = Runs::new(texts.iter().map(|text| shown[text] - sent[text]).collect());
    let is_met = runs.median() <= 150.0;
    report.add("visitor's Enter to the agent's screen, one visitor", runs, "≤ 150 ms", is_met);
}

async fn times(browser: &Browser, script: &str) -> HashMap<String, f64> {
    browser.top().await.expect("the window is there");
    let told = browser.run(script, vec![]).await.expect("the page is there");
    let told = told.as_object().cloned().unwrap_or_default();
    told.into_iter().filter_map(|(text, time): (String, Value)| Some((text, time.as_f64()?))).collect()
}
