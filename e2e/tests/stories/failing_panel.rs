//! A chat that cannot be opened: said kindly to the visitor, once to the owner, and not at all to the page.

use causette_e2e::harness::{Browser, Gate, HostSite, Looks, Policy, Server, Sockets, wait_until};
use causette_e2e::pages::{HostPage, Role};
use serde_json::{Value, json};

const SORRY: &str = "Chat is unavailable. Try again";
const SORRY_IN_FRENCH: &str = "Chat indisponible. Réessayer";
/// Notes what the loader says to the page.
const LISTEN: &str = "window.events = [];
  ['opened', 'closed', 'error', 'state:changed'].forEach((name) =>
    causette('on', name, (detail) => window.events.push(name + ' ' + JSON.stringify(detail || null))))";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_origin_that_is_not_listed_is_told_so_in_one_line() {
    let server = Server::start().await;
    let site = HostSite::open_unlisted(&server).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "strict-csp").await;
    page.wait_for("shown(launcher)", true).await;
    assert_eq!(visitor.console().await, Vec::<String>::new(), "nothing is said before it is needed");
    page.act(LISTEN).await;
    for _ in 0..2 {
        page.act("launcher.click()").await;
        page.shop().launcher.wait_for_text(SORRY).await;
        page.wait_for("[causette('get', 'state'), frame, shown(launcher)]", json!(["close", null, true]))
            .await;
    }
    let said = visitor.console().await;
    let (ours, theirs): (Vec<&String>, Vec<&String>) =
        said.iter().partition(|line| line.contains("Causette:"));
    assert_eq!(ours.len(), 1, "{said:#?}");
    assert!(ours[0].starts_with("WARNING") && ours[0].contains(&site.origin), "{}", ours[0]);
    assert!(ours[0].contains("add this origin to those of the site"), "{}", ours[0]);
    // The browser says for itself that it has refused to frame us.
    assert!(theirs.iter().all(|line| line.contains("frame-ancestors")), "{theirs:#?}");
    page.assert_unharmed().await;
    let events = page.ask("window.events").await;
    let round = [
        "state:changed {\"state\":\"chat\"}",
        "opened null",
        "state:changed {\"state\":\"close\"}",
        "closed null",
    ];
    let error = "error {\"kind\":\"unreachable\"}";
    let wanted: Vec<&str> = round.into_iter().chain([error]).cycle().take(10).collect();
    assert_eq!(events, json!(wanted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_that_does_not_come_gives_way_and_can_be_tried_again() {
    let mut server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    // The server is gone when the visitor comes to speak.
    let page = HostPage::visit(&visitor, &site, "strict-csp").await;
    page.wait_for("shown(launcher)", true).await;
    page.act(LISTEN).await;
    server.kill().await;
    page.act("launcher.click()").await;
    page.shop().launcher.wait_for_text(SORRY).await;
    page.wait_for("frame", Value::Null).await;
    assert_eq!(page.ask("window.events[4]").await, "error {\"kind\":\"unreachable\"}");
    page.assert_unharmed().await;
    server.restart().await;
    page.shop().launcher.press(SORRY).await;
    page.shop().panel().say("There you are").await;
    page.shop().panel().wait_until_sent().await;
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_panel_gives_way_too() {
    let address = Server::free_address();
    let gate = Gate::start(address, Sockets::Pass).await;
    let mut server = Server::start_behind(address, &format!("http://{}", gate.address)).await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    // The second half does not come, as behind a list of trackers.
    gate.refuse(Some("/panel.js"));
    let page = HostPage::visit(&visitor, &site, "bare").await;
    // On this page time flies at first, so that its patience ends soon.
    page.act(
        "const real = window.setTimeout;
         window.pace = 20;
         window.setTimeout = (work, wait, ...values) => real(work, wait / window.pace, ...values);",
    )
    .await;
    assert!(page.add_snippet(&format!("{}/embed/shop.js", server.origin), json!({})).await);
    page.act("causette('close'); causette('open')").await;
    page.shop().launcher.wait_for_text(SORRY).await;
    page.wait_for("frame", Value::Null).await;
    page.assert_unharmed().await;
    gate.refuse(None);
    page.act("window.pace = 1").await;
    page.shop().launcher.press(SORRY).await;
    page.shop().panel().say("There you are").await;
    page.shop().panel().wait_until_sent().await;
    // The second half is there, and the document does not come: in another language, or the browser would have it still.
    page.act("causette('destroy')").await;
    server.kill().await;
    page.act("window.pace = 20; causette('boot', { state: 'chat', locale: 'fr' })").await;
    page.shop().launcher.wait_for_text(SORRY_IN_FRENCH).await;
    page.wait_for("frame", Value::Null).await;
    page.assert_unharmed().await;
    server.restart().await;
    page.act("window.pace = 1").await;
    page.shop().launcher.press(SORRY_IN_FRENCH).await;
    page.shop().panel().wait_for_message("There you are").await;
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_a_sandbox_has_a_launcher_and_no_exception() {
    if crate::engines::is_left_out("failing_panel::a_page_in_a_sandbox_has_a_launcher_and_no_exception") {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open_with("visitor", Looks { is_observed: true, ..Looks::default() }).await;
    let page = HostPage::visit(&visitor, &site, "bare").await;
    page.act(&format!(
        "const sandbox = document.createElement('iframe');
         sandbox.sandbox = 'allow-scripts';
         sandbox.src = '{}#causette=0123456789012345678901';
         sandbox.style.cssText = 'width: 900px; height: 900px';
         document.querySelector('main').append(sandbox)",
        site.page("strict-csp")
    ))
    .await;
    visitor.top().await.expect("the window is there");
    let frame = page.shop().page.wait_for(Role::Frame, "").await;
    frame.enter_frame().await.expect("the sandbox is there");
    let ask = async |script: &str| visitor.run(script, vec![]).await;
    let launcher = "document.querySelector('causette-chat').shadowRoot.querySelector('[aria-expanded]')";
    wait_until("the launcher in the sandbox", async || {
        Ok(ask(&format!("return {launcher}.offsetWidth > 0")).await? == true)
    })
    .await;
    let refused = ask("try { return document.cookie } catch (error) { return error.name }").await;
    assert_eq!(refused.expect("the sandbox answers"), "SecurityError");
    let press = format!(
        "causette('setConsent', 3); causette('close'); {launcher}.click(); return causette('get', 'state')"
    );
    assert_eq!(ask(&press).await.expect("the launcher can be pressed"), "chat");
    // Its origin is none, so that no site can list it.
    wait_until("the chat to give way", async || Ok(ask("return causette('get', 'state')").await? == "close"))
        .await;
    let noted = ask("return JSON.stringify([window.violations, window.failures])").await;
    assert_eq!(noted.expect("the sandbox answers"), "[[],[]]");
    let ours = visitor.console().await.into_iter().filter(|line| line.contains("Causette:")).count();
    assert_eq!(ours, 1);
}
