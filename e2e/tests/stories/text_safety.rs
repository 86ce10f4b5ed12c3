//! Text is text, whoever wrote it and wherever it is shown.

use causette_e2e::harness::{ALICE, AgentSocket, Browser, Server};
use causette_e2e::pages::{Desk, Role, Shop, View};

const MARKUP: &str = "<img src=x onerror=\"document.title='owned'\">";
const SCRIPT: &str = "<script>document.title='owned'</script> javascript:alert(1) <b>bold</b>";

/// Asserts that no markup of a stranger became an element here.
async fn assert_harmless(view: View<'_>) {
    let elements = "return String(document.querySelectorAll('img[src=\"x\"], #app b, #app script').length)";
    assert_eq!(view.evaluate(elements).await.expect("the page is there"), "0");
    assert_ne!(view.browser.client.title().await.ok().as_deref(), Some("owned"));
    let links = view.find_all(Role::Link, None).await.expect("the page is there");
    for link in links {
        let address = link.attr("href").await.ok().flatten().unwrap_or_default();
        assert!(!address.starts_with("javascript:"), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_is_never_read_as_html() {
    let server = Server::start().await;
    // Somebody is there: else it is contacts that are asked for.
    let _there = AgentSocket::sign_in(&server.origin).await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say(MARKUP).await;
    panel.wait_for_message(MARKUP).await;
    panel.wait_for_form().await;
    panel.view.type_into("Name", MARKUP).await;
    panel.view.press("Continue").await;
    panel.view.wait_for_text(&format!("Nice to meet you, {MARKUP}!")).await;
    let number = panel.number().await;

    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    desk.wait_for_row(number, "the name as text", |row| row.contains(MARKUP)).await;
    desk.open(number).await;
    desk.wait_for_message(MARKUP).await;
    desk.wait_for_details(MARKUP).await;
    assert_harmless(desk.view).await;

    desk.reply(SCRIPT).await;
    panel.wait_for_message(SCRIPT).await;
    assert_harmless(panel.view).await;
    shop.close_chat().await;
    desk.reply(MARKUP).await;
    shop.launcher.wait_for_text(MARKUP).await;
    assert_harmless(shop.page).await;
}
