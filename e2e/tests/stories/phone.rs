//! The same on a phone: the panel covers the screen, and its own button leads back to the page.

use causette_e2e::harness::{Browser, Looks, Server};
use causette_e2e::pages::{Role, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_the_panel_covers_the_screen() {
    let server = Server::start().await;
    let visitor = Browser::open_with("visitor", Looks { is_phone: true, ..Looks::default() }).await;
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("Written with two thumbs").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    shop.launcher.wait_until_gone(Role::Button, "Close chat").await;
    let size = panel.view.evaluate("return [innerWidth, innerHeight]").await.expect("the panel is there");
    let page = shop.page.evaluate("return [innerWidth, innerHeight]").await.expect("the page is there");
    assert_eq!(size, page, "the panel is as large as the screen");
    let overflow = panel.view.evaluate("return document.documentElement.scrollWidth > innerWidth").await;
    assert_eq!(overflow.expect("the panel is there"), false, "nothing has to be scrolled sideways");
    panel.view.press("Minimise").await;
    shop.wait_until_closed().await;
    shop.open_chat().await.wait_for_message("Written with two thumbs").await;
}
