//! A French page speaks French, from the launcher to the automatic answer.

use causette_e2e::harness::{ALICE, AgentSocket, Browser, HostSite, Policy, Server};
use causette_e2e::pages::{Desk, Role, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn a_french_page_speaks_french() {
    let server = Server::start().await;
    let mut socket = AgentSocket::sign_in(&server.origin).await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let shop = Shop::visit(&visitor, &site.page("fr")).await.in_french();
    shop.launcher.wait_for_text("Bonjour ! Une question ?").await;
    let panel = shop.open_chat().await;
    // Without the question mark: the space before it is a no-break one.
    panel.view.wait_for_text("Comment pouvons-nous vous aider").await;
    assert!(panel.view.has(Role::Button, "Envoyer").await && panel.view.has(Role::Button, "Réduire").await);
    panel.say("Livrez-vous en Belgique ?").await;
    panel.wait_for_message("Réponse automatique").await;
    panel.wait_for_message("Merci, votre message nous est bien parvenu.").await;
    panel.view.wait_for_text("Conversation n°").await;
    panel.view.wait_for(Role::Form, "Faisons connaissance").await;
    panel.view.press("Continuer").await;
    panel.view.wait_for_text("Veuillez indiquer votre nom.").await;
    shop.close_chat().await;

    // The agent is told which language the visitor reads.
    let row = socket.follow_conversation_with("Livrez-vous en Belgique ?").await;
    assert_eq!(row.locale, "fr");
    let agent = Browser::open("agent").await;
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    desk.open(row.number).await;
    desk.wait_for_message("Livrez-vous en Belgique ?").await;
    desk.wait_for_details("French").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_itself_has_french_pages() {
    let server = Server::start().await;
    let visitor = Browser::open("visitor").await;
    let panel = Shop::visit(&visitor, &server.shop("fr/")).await.in_french().open_chat().await;
    panel.say("Bonjour").await;
    panel.wait_for_message("Réponse automatique").await;
}
