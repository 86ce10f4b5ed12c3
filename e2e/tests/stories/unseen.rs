//! The panel opens at the first message that the visitor has not seen: after a while elsewhere, and from a link in a mail.

use std::time::Duration;

use causette_e2e::harness::{AgentSocket, Browser, Server, wait_for_at_most, wait_until};
use causette_e2e::pages::{Panel, Role, Shop};

const EMAIL: &str = "ada@mail.example";
/// How long a follow-up may take.
const MAIL: Duration = Duration::from_secs(90);
const ANSWERS: u32 = 24;

fn answer(kind: &str, number: u32) -> String {
    format!("{kind} answer {number} of many, which is long enough to take more than one line of the panel.")
}

/// Waits until the log stands where what is new begins: at the first answer of this kind.
async fn wait_until_at_new(panel: Panel<'_>, kind: &str) {
    let script = "const line = document.getElementById('thread-new'); if (!line) return [-1, ''];
        const top = line.getBoundingClientRect().top - line.closest('.thread__scroller').getBoundingClientRect().top;
        return [top, line.parentElement.innerText]";
    wait_until("the log to stand where what is new begins", async || {
        let found = panel.view.evaluate(script).await?;
        let (top, text) = (found[0].as_f64().unwrap_or(-1.0), found[1].as_str().unwrap_or_default());
        Ok((0.0..60.0).contains(&top) && text.contains(&format!("{kind} answer 1 of")))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_opens_at_what_is_new_also_through_a_link() {
    let server = Server::start().await;
    let visitor = Browser::open("visitor").await;
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    let row = agent.follow_conversation_with("old lamps").await;
    panel.wait_for_form().await;
    panel.view.type_into("Name", "Ada").await;
    panel.view.press("Continue").await;
    panel.view.wait_for_text("Nice to meet you, Ada!").await;
    panel.view.type_into("Email", EMAIL).await;
    panel.send_form().await;
    panel.view.wait_for_text("Thank you!").await;

    // Hidden while it is answered, then shown again.
    shop.close_chat().await;
    for number in 1..=ANSWERS {
        agent.reply(row.id, &answer("Early", number)).await;
    }
    shop.launcher.wait_for_text(&answer("Early", ANSWERS)).await;
    let panel = shop.open_chat().await;
    wait_until_at_new(panel, "Early").await;
    panel.view.press("New messages").await;
    panel.view.wait_until_gone(Role::Button, "New messages").await;
    shop.close_chat().await;
    let panel = shop.open_chat().await;
    wait_until("everything is seen, and nothing is called new", async || {
        let line = panel.view.evaluate("return document.getElementById('thread-new')").await?;
        Ok(line.is_null())
    })
    .await;

    // Gone, and back on another device through the link of the mail. Closed, not only left: a page that a browser keeps
    // for going back stays connected for a while, as one does that is just being closed; a hidden panel sees nothing.
    shop.close_chat().await;
    drop(visitor);
    for number in 1..=ANSWERS {
        agent.reply(row.id, &answer("Late", number)).await;
    }
    // Twenty seconds after the last answer.
    let mails = wait_for_at_most(MAIL, "the mail", async || {
        let mails = server.mails().await;
        Ok((!mails.is_empty()).then_some(mails))
    })
    .await;
    let text = mails[0].raw.replace("=\r\n", "").replace("=3D", "=");
    let link = text.split_whitespace().find(|word| word.starts_with("http") && word.contains("#causette="));
    let reader = Browser::open("reader").await;
    let elsewhere = Shop::visit(&reader, link.expect("the mail has a link")).await;
    elsewhere.wait_until_open().await;
    wait_until_at_new(elsewhere.panel(), "Late").await;
}
