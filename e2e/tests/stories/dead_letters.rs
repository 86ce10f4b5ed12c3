//! A mail that was given up: the desk tells of it on every page, and an agent sends it again.

use causette_e2e::harness::{ALICE, Browser, Server, wait_until};
use causette_e2e::pages::{Desk, Mail, Shop};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

const EMAIL: &str = "ada@mail.example";
const REASON: &str = "554 5.7.1 <b>this message</b> looks like spam";

/// Gives up what waits in the outbox of a server that does not run, as its mail server's refusal would: the demo's own mailbox
/// refuses nothing.
async fn give_up(server: &Server) {
    let options = SqliteConnectOptions::new().filename(server.data().join("causette.db"));
    let mut database = SqliteConnection::connect_with(&options).await.expect("the database opens");
    let given_up = sqlx::query(
        "UPDATE outbox SET state = 'dead', attempts = 1, recipient = $1, error = $2, settled_at = due_at \
         WHERE state = 'pending'",
    )
    .bind(EMAIL)
    .bind(REASON)
    .execute(&mut database)
    .await
    .expect("the table is there");
    assert_eq!(given_up.rows_affected(), 1, "one mail waits");
    database.close().await.expect("it closes");
}

async fn captured(server: &Server) -> String {
    let answer = reqwest::get(server.shop("mailbox.json")).await.expect("the server answers");
    answer.text().await.expect("it is text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_given_up_is_told_of_and_sent_again() {
    let mut server = Server::start().await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    // Somebody is there, so that the form is that of an introduction.
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    panel.introduce("Ada", EMAIL).await;
    let number = panel.number().await;
    desk.open(number).await;
    drop(visitor);
    desk.wait_for_details("reachable by e-mail").await;
    desk.reply("We do: bring it to the workshop.").await;
    desk.wait_for_message("We do: bring it to the workshop.").await;
    // At once: in twenty seconds the mail would go out.
    server.kill().await;
    give_up(&server).await;
    server.restart().await;

    let desk = Desk::visit(&agent, &server).await;
    let mail = Mail::enter(desk, 1).await;
    mail.wait_for_list("why", |text| {
        [EMAIL, REASON, &format!("#{number}"), "1 attempt"].iter().all(|wanted| text.contains(wanted))
    })
    .await;
    assert!(!captured(&server).await.contains(EMAIL), "nothing went out yet");
    mail.view.press("Try again").await;
    mail.view.wait_for_text("No mail was given up.").await;
    wait_until("the mail", async || Ok(captured(&server).await.contains(EMAIL))).await;
    let links =
        mail.view.find_all(causette_e2e::pages::Role::Link, Some("Inbox")).await.expect("it is there");
    links[0].click().await.expect("it leads there");
    desk.open(number).await;
    desk.wait_for_message(&format!("Unseen replies e-mailed to {EMAIL}")).await;
}
