//! Pages that make it hard for a guest: policies, old libraries, style sheets. Each is to work, and to notice nothing.

use causette_e2e::harness::{AgentSocket, Browser, HostSite, Looks, Media, Policy, Server};
use causette_e2e::pages::HostPage;
use serde_json::json;

/// Has a conversation, so that everything that comes before, with and after the panel has run; then the page must not
/// have noticed anything, nor the console.
async fn converse(page: HostPage<'_>, server: &Server, text: &str) {
    let shop = page.shop();
    let panel = shop.open_chat().await;
    panel.say(text).await;
    panel.wait_until_sent().await;
    shop.close_chat().await;
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let row = agent.follow_conversation_with(text).await;
    agent.reply(row.id, "It does.").await;
    page.browser.wait_for_title("that one is unread", |title| title.starts_with("(1) ")).await;
    shop.open_chat().await;
    panel.wait_for_message("It does.").await;
    shop.close_chat().await;
    page.act("causette('update', { theme: 'dark', locale: 'fr' }); causette('shutdown'); causette('boot')")
        .await;
    shop.in_french().wait_until_closed().await;
    page.assert_unharmed().await;
    assert_eq!(page.browser.console().await, Vec::<String>::new(), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_types_and_isolation_are_kept() {
    let server = Server::start().await;
    let visitor = Browser::open_with("visitor", Looks { is_observed: true, ..Looks::default() }).await;
    let site = HostSite::open(&server, Policy::TrustedTypes).await;
    let page = HostPage::visit(&visitor, &site, "strict-csp").await;
    converse(page, &server, "Does this work with trusted types?").await;
    // The policy is in force, or silence would mean nothing.
    page.act("try { document.createElement('div').innerHTML = 'x' } catch (error) { window.refused = true }")
        .await;
    assert_eq!(page.ask("window.refused").await, true);

    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Isolated).await;
    let page = HostPage::visit(&visitor, &site, "strict-csp").await;
    visitor.console().await;
    converse(page, &server, "Does this work in isolation?").await;
    assert_eq!(page.ask("crossOriginIsolated").await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_libraries_do_not_come_between() {
    if crate::engines::is_left_out("hostile_hosts::old_libraries_do_not_come_between") {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "old-libraries").await;
    page.act("causette('setAttributes', { list: ['one', 'two'] }); causette('prefill', { name: 'Ada \"the\" Lovelace' })")
        .await;
    // With somebody there the panel asks for an introduction, and not for contacts.
    let _agent = AgentSocket::sign_in(&server.origin).await;
    let panel = page.shop().open_chat().await;
    panel.say("Hello").await;
    panel.wait_for_form().await;
    assert_eq!(panel.view.value_of("Name").await, "Ada \"the\" Lovelace");
    page.shop().close_chat().await;
    converse(page, &server, "Does this work beside old libraries?").await;
    assert_eq!(
        page.ask("JSON.stringify(new window.Array('x'))").await,
        json!("[\"x\"]").to_string(),
        "they are in force"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_style_sheet_of_the_page_reaches_the_chat() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Strict).await;
    let visitor = Browser::open("visitor").await;
    // What is drawn on a page without style sheets is what is to be drawn on this one.
    const DRAWN: &str = "['[aria-expanded]', '.note', '.panel', 'iframe'].map(inside).filter(Boolean).map((node) => {
        const { display, visibility, position, color, backgroundColor, fontSize, transform, opacity } = looks(node);
        const { left, top, width, height } = box(node);
        return [display, visibility, position, color, backgroundColor, fontSize, transform, opacity,
          left, top, width, height].join();
      }).join('; ')";
    let mut wanted = String::new();
    for name in ["strict-csp", "hostile-styles"] {
        let page = HostPage::visit(&visitor, &site, name).await;
        page.shop().launcher.wait_for_text("Hello! Any questions?").await;
        let closed = page.ask(DRAWN).await;
        let panel = page.shop().open_chat().await;
        panel.view.wait_for_text("How can we help?").await;
        page.wait_for("looks(inside('.panel')).opacity + looks(frame).opacity", "11").await;
        let drawn = format!("{closed}\n{}", page.ask(DRAWN).await);
        if wanted.is_empty() {
            wanted = drawn;
            continue;
        }
        assert_eq!(drawn, wanted);
        // They are in force, or this would show nothing.
        assert_eq!(page.ask("looks(document.querySelector('main')).zIndex").await, "999999999");
        // What covers the whole page, almost as high as can be, does not cover the chat; what is higher does.
        let hit = "document.elementFromPoint(box(launcher).left + 20, box(launcher).top + 20)";
        for (height, covers) in [(2_147_482_999_u32, false), (2_147_483_646, true)] {
            page.act(&format!(
                "const war = document.querySelector('.war').style;
                 const set = (name, value) => war.setProperty(name, value, 'important');
                 set('position', 'fixed'); set('inset', '0'); set('z-index', '{height}')"
            ))
            .await;
            assert_eq!(page.ask(&format!("{hit}.className == 'war'")).await, covers);
            assert_eq!(page.ask(&format!("{hit} == chat")).await, !covers);
        }
        page.act("causette('update', { zIndex: 2147483647 })").await;
        assert_eq!(page.ask(&format!("{hit} == chat")).await, true);
        panel.say("Seen").await;
        panel.wait_until_sent().await;
        page.assert_unharmed().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_chat_is_printed() {
    if crate::engines::is_left_out("hostile_hosts::nothing_of_the_chat_is_printed") {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "plain").await;
    page.shop().launcher.wait_for_text("Hello! Any questions?").await;
    visitor.set_media(Media::Print).await;
    assert_eq!(
        page.ask("[shown(launcher), shown(bubble), box(chat).height]").await,
        json!([false, false, 0])
    );
    visitor.set_media(Media::Screen).await;
    page.shop().open_chat().await.view.wait_for_text("How can we help?").await;
    visitor.set_media(Media::Print).await;
    assert_eq!(page.ask("[shown(launcher), shown(frame)]").await, json!([false, false]));
}
