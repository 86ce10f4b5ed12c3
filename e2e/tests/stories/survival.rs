//! What the visitor sent survives: a cut wire, a refusal, a closed browser, a day in between, a second tab (G7).

use std::path::Path;
use std::time::Duration;

use causette_e2e::harness::{
    AgentSocket, Browser, HostSite, Looks, Policy, Proxy, Server, Wire, environment,
};
use causette_e2e::pages::{Panel, Role, Shop};
use causette_shared::entry::{Author, Body, Entry};
use causette_shared::id::EntryId;
use causette_shared::limits::MESSAGE_CHARS;
use causette_shared::time::Timestamp;

use crate::lost_connection::{ids_of, read_log, start, unsent};

const TYPED: [&str; 3] = ["First of three", "Second of three", "Third of three"];
const DAY: Duration = Duration::from_secs(26 * 3600);

/// The browser of one person, who closes it by dropping it and opens it again with everything that it keeps.
pub(crate) async fn open(profile: &Path) -> Browser {
    Browser::open_with("visitor", Looks { profile: Some(profile), ..Looks::default() }).await
}

pub(crate) fn profile() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

/// Cuts the wire and types while it is cut.
async fn type_offline(panel: Panel<'_>, wire: &Proxy, texts: &[&str]) -> Vec<String> {
    wire.set(Wire::Cut);
    panel.view.wait_for_text("Connection lost. Reconnecting…").await;
    for text in texts {
        panel.say(text).await;
    }
    let waiting = |log: &str| log.contains("Sending…") && texts.iter().all(|text| log.contains(text));
    panel.view.wait_for_log("that all of it is on its way", waiting).await;
    let mut kept = unsent(panel).await;
    kept.sort();
    assert_eq!(kept.len(), texts.len(), "each is kept");
    kept
}

/// What the visitor wrote, in the order of the log.
fn by_visitor(log: &[Entry]) -> Vec<(String, String)> {
    let text = |entry: &Entry| match (&entry.author, &entry.body) {
        (Author::Visitor, Body::Message { text }) => Some((entry.id.to_string(), text.clone())),
        _ => None,
    };
    log.iter().filter_map(text).collect()
}

/// The texts of the visitor's messages that the panel shows, in order.
async fn shown(panel: Panel<'_>, texts: &[&str]) -> Vec<String> {
    let log = panel.view.log().await.expect("the log is there");
    log.lines().filter(|line| texts.contains(line)).map(str::to_owned).collect()
}

async fn assert_stored(server: &Server, ids: &[String], texts: &[&str]) {
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let log = read_log(&mut agent, texts[texts.len() - 1]).await;
    let expected: Vec<_> = ids.iter().cloned().zip(texts.iter().map(|text| (*text).to_owned())).collect();
    let written = by_visitor(&log);
    assert_eq!(written[written.len() - expected.len()..], expected, "once, in order, under the same ids");
    for text in texts {
        assert_eq!(ids_of(&log, text).len(), 1, "“{text}” is there once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_offline_arrives_after_the_browser_was_closed() {
    if crate::engines::is_left_out("survival::what_was_typed_offline_arrives_after_the_browser_was_closed") {
        return;
    }
    let (server, wire) = start().await;
    let profile = profile();
    let browser = open(profile.path()).await;
    let panel = Shop::visit(&browser, &server.shop("")).await.open_chat().await;
    panel.say("Is anybody there?").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    let ids = type_offline(panel, &wire, &TYPED).await;
    panel.view.type_into("Message", "And half of a four").await;
    drop(browser);

    wire.set(Wire::Passes);
    let browser = open(profile.path()).await;
    let shop = Shop::visit(&browser, &server.shop("about.html")).await;
    shop.wait_until_open().await;
    let panel = shop.panel();
    panel.wait_for_message(TYPED[2]).await;
    panel.wait_until_sent().await;
    assert_eq!(panel.view.value_of("Message").await, "And half of a four", "and so does the draft");
    assert_eq!(shown(panel, &TYPED).await, TYPED);
    assert_eq!(unsent(panel).await, Vec::<String>::new(), "what has arrived is kept no longer");
    assert_stored(&server, &ids, &TYPED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_first_messages_survive_too_when_they_were_typed_offline() {
    if crate::engines::is_left_out(
        "survival::the_very_first_messages_survive_too_when_they_were_typed_offline",
    ) {
        return;
    }
    let (server, wire) = start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let profile = profile();
    let browser = open(profile.path()).await;
    let panel = Shop::visit(&browser, &site.page("plain")).await.open_chat().await;
    panel.view.wait_for(Role::Field, "Message").await;
    let ids = type_offline(panel, &wire, &TYPED).await;
    drop(browser);

    wire.set(Wire::Passes);
    let browser = open(profile.path()).await;
    let shop = Shop::visit(&browser, &site.page("plain")).await;
    shop.wait_until_open().await;
    let panel = shop.panel();
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    assert_eq!(shown(panel, &TYPED).await, TYPED);
    assert_stored(&server, &ids, &TYPED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_for_a_day_is_sent_once_and_before_what_is_newer() {
    if crate::engines::is_left_out("survival::what_was_kept_for_a_day_is_sent_once_and_before_what_is_newer")
    {
        return;
    }
    let server = Server::start().await;
    let profile = profile();
    let browser = open(profile.path()).await;
    let shop = Shop::visit(&browser, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("The day before").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    // As the panel left it when it was closed more than a day ago: the id says when it was written.
    let Timestamp(now) = environment::now();
    let day = i64::try_from(DAY.as_millis()).expect("a day is short");
    let id = EntryId::mint(Timestamp(now - day), [7; 10]).to_string();
    let keep = format!("localStorage.setItem('causette.demo.unsent.{id}', 'mWritten yesterday')");
    panel.view.evaluate(&keep).await.expect("the panel is there");
    drop(browser);

    let browser = open(profile.path()).await;
    let shop = Shop::visit(&browser, &server.shop("")).await;
    shop.wait_until_open().await;
    let panel = shop.panel();
    panel.wait_for_message("Written yesterday").await;
    panel.wait_until_sent().await;
    panel.say("And today").await;
    panel.wait_until_sent().await;
    let texts = ["The day before", "Written yesterday", "And today"];
    assert_eq!(shown(panel, &texts).await, texts);
    browser.reload().await;
    panel.wait_for_message("And today").await;
    assert_eq!(shown(panel, &texts).await, texts);
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let log = read_log(&mut agent, "And today").await;
    let written = by_visitor(&log);
    assert_eq!(written.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), texts);
    assert_eq!(written[1].0, id, "under the id that it was written with");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_were_offline_end_with_one_log() {
    let (server, wire) = start().await;
    let browser = Browser::open("visitor").await;
    let shop = Shop::visit(&browser, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("Is anybody there?").await;
    panel.wait_until_sent().await;
    let first = browser.window().await;
    let second = browser.open_tab().await;
    browser.goto(&server.shop("about.html")).await;
    shop.wait_until_open().await;
    panel.wait_for_message("Is anybody there?").await;

    wire.set(Wire::Cut);
    let texts = ["One of the second", "Two of the second", "One of the first", "Two of the first"];
    for (window, said) in [(&second, &texts[..2]), (&first, &texts[2..])] {
        browser.look_at(window).await;
        panel.view.wait_for_text("Connection lost. Reconnecting…").await;
        for text in said {
            panel.say(text).await;
        }
    }
    panel.view.type_into("Message", "Half of the first").await;
    let mut kept = unsent(panel).await;
    kept.sort();
    assert_eq!(kept.len(), texts.len(), "both tabs keep in one place");
    wire.set(Wire::Passes);
    let mut orders = Vec::new();
    for window in [&first, &second] {
        browser.look_at(window).await;
        panel.view.wait_for_log("all four", |log| texts.iter().all(|text| log.contains(text))).await;
        panel.wait_until_sent().await;
        orders.push(shown(panel, &texts).await);
    }
    assert_eq!(orders[0], orders[1], "one order for both");
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let log = read_log(&mut agent, &orders[0][3]).await;
    let written = by_visitor(&log);
    assert_eq!(written[1..].iter().map(|(_, text)| text.clone()).collect::<Vec<_>>(), orders[0]);
    let mut ids: Vec<_> = written[1..].iter().map(|(id, _)| id.clone()).collect();
    ids.sort();
    assert_eq!(ids, kept, "each once, under the id that it was written with");
    for said in [&texts[..2], &texts[2..]] {
        let own: Vec<_> = orders[0].iter().filter(|text| said.contains(&text.as_str())).collect();
        assert_eq!(own, said, "each tab's own order is kept");
    }
    // What one tab has sent meanwhile does not cost the other its draft.
    browser.look_at(&second).await;
    panel.say("One more of the second").await;
    panel.wait_until_sent().await;
    browser.look_at(&first).await;
    assert_eq!(panel.view.value_of("Message").await, "Half of the first");
    browser.reload().await;
    shop.wait_until_open().await;
    panel.wait_for_message("One more of the second").await;
    assert_eq!(panel.view.value_of("Message").await, "Half of the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_says_so_and_is_retried_or_edited() {
    let server = Server::start().await;
    let browser = Browser::open("visitor").await;
    let shop = Shop::visit(&browser, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("Is anybody there?").await;
    panel.wait_until_sent().await;
    // Kept by a panel that knew another limit: this one would not have sent it.
    let id = environment::entry_id();
    let keep = format!(
        "localStorage.setItem('causette.demo.unsent.{id}', 'mToo long ' + 'x'.repeat({MESSAGE_CHARS}))"
    );
    panel.view.evaluate(&keep).await.expect("the panel is there");
    browser.reload().await;
    panel.view.wait_for_text("Not sent").await;
    // What comes after is not held up by it.
    panel.say("And this one is short").await;
    panel.wait_until_sent().await;
    panel.view.press("Try again").await;
    panel.view.wait_for_text("Not sent").await;
    browser.reload().await;
    panel.view.wait_for_text("Not sent").await;
    assert_eq!(unsent(panel).await, [id.to_string()], "it is kept until the visitor decides");
    panel.view.press("Edit").await;
    assert!(panel.view.value_of("Message").await.starts_with("Too long x"));
    panel.view.empty("Message").await;
    panel.say("Shorter now").await;
    panel.wait_until_sent().await;
    assert_eq!(unsent(panel).await, Vec::<String>::new());
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let log = read_log(&mut agent, "Shorter now").await;
    let texts: Vec<_> = by_visitor(&log).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["Is anybody there?", "And this one is short", "Shorter now"]);
}
