//! No reply is made on stale state: an agent who was cut off while a colleague answered is asked before theirs goes out.

use causette_e2e::harness::{
    ALICE, AgentSocket, BOB, Browser, Looks, Proxy, Server, VisitorSocket, Wire, environment, wait_until,
};
use causette_e2e::pages::{Desk, Role};
use causette_shared::limits::MESSAGE_CHARS;
use causette_shared::protocol::agent::ConversationSummary;

const WHY: &str = "Not sent. Bob Keller has answered meanwhile.";

/// A server that Alice reaches through a wire, Bob past it, and a conversation that both have open.
struct Stage {
    server: Server,
    wire: Proxy,
    alice: Browser,
    bob: Browser,
    row: ConversationSummary,
    _visitor: VisitorSocket,
}

impl Stage {
    async fn set(question: &str, looks: Looks<'_>) -> Self {
        let address = Server::free_address();
        let wire = Proxy::start(address).await;
        let server = Server::start_behind(address, &format!("http://{}", wire.address)).await;
        let past = Looks { detour: Some((wire.address, address)), ..Looks::default() };
        let (alice, bob) = tokio::join!(Browser::open_with("alice", looks), Browser::open_with("bob", past));
        let secret = environment::session_secret();
        let mut visitor =
            VisitorSocket::connect_at(&server.direct(), &server.origin, Some(&secret), None).await;
        visitor.say(question).await.expect("the line is good");
        let mut agent = AgentSocket::sign_in_at(&server.direct(), &server.origin).await;
        let row = agent.follow_conversation_with(question).await;
        Self { server, wire, alice, bob, row, _visitor: visitor }
    }

    /// Both agents sign in and open the conversation.
    async fn open(&self) -> (Desk<'_>, Desk<'_>) {
        let open = async |browser, email| {
            let desk = Desk::sign_in(browser, &self.server, email).await;
            desk.open(self.row.number).await;
            desk
        };
        tokio::join!(open(&self.alice, ALICE), open(&self.bob, BOB))
    }

    /// Alice answers while her wire is cut, and Bob meanwhile; then the wire is back, and she is asked.
    async fn cross(&self, alice: Desk<'_>, bob: Desk<'_>, texts: (&str, &str)) {
        alice.wait_for_message("?").await;
        self.wire.set(Wire::Cut);
        alice.view.wait_for_text("What you write is kept").await;
        alice.view.paste_into("Reply", texts.0).await;
        alice.view.press("Send").await;
        alice.view.wait_for_log("that it waits", |log| log.contains("Sending")).await;
        bob.view.paste_into("Reply", texts.1).await;
        bob.view.press("Send").await;
        bob.view.wait_for_log("that it is sent", |log| log.contains("Sent")).await;
        self.wire.set(Wire::Passes);
        alice.view.wait_for_text("Bob Keller has answered meanwhile.").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_written_while_cut_off_waits_for_a_word_when_a_colleague_has_answered() {
    let stage = Stage::set("Is the Galet in stock?", Looks::default()).await;
    let (alice, bob) = stage.open().await;
    stage.cross(alice, bob, ("Yes, five of them.", "Yes, I put one aside.")).await;
    let log = alice.view.log().await.expect("the log is there");
    let places = (log.find("I put one aside"), log.find("five of them"));
    assert!(places.0.is_some() && places.0 < places.1, "theirs stands above: {log}");
    assert!(log.contains("Not sent"), "{log}");
    assert!(
        !bob.view.log().await.expect("the log is there").contains("five of them"),
        "it went out by itself"
    );

    // Nor by itself after the page is loaded again; the text is still there.
    stage.alice.reload().await;
    alice.view.wait_for_text("Bob Keller has answered meanwhile.").await;
    alice.wait_for_message("Yes, five of them.").await;
    assert!(
        !bob.view.log().await.expect("the log is there").contains("five of them"),
        "it went out by itself"
    );

    alice.view.press("Send anyway").await;
    bob.wait_for_message("Yes, five of them.").await;
    alice.view.wait_until_text_gone("Bob Keller has answered meanwhile.").await;
    alice.view.wait_for_log("that it is sent", |log| !log.contains("Sending")).await;
    let log = alice.view.log().await.expect("the log is there");
    assert_eq!(log.matches("five of them").count(), 1, "{log}");
    assert_eq!(alice.view.log().await.ok().map(authorless), bob.view.log().await.ok().map(authorless));
}

/// A log without the words that depend on who looks.
fn authorless(log: String) -> Vec<String> {
    let said = |line: &&str| ["Yes", "Is the", "Thank"].iter().any(|start| line.starts_with(start));
    log.lines().filter(said).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forestalled_reply_is_edited_or_discarded_by_keyboard_on_a_phone_too() {
    let stage = Stage::set("Is the Galet in stock?", Looks { is_phone: true, ..Looks::default() }).await;
    let (alice, bob) = stage.open().await;
    stage.cross(alice, bob, ("Yes, five of them.", "Yes, I put one aside.")).await;
    let group = alice.view.find_all(Role::Group, Some(WHY)).await.expect("the page is there");
    assert_eq!(group.len(), 1, "the choices have a name");
    alice.view.press("Edit").await;
    assert_eq!(alice.view.value_of("Reply").await, "Yes, five of them.");
    alice.view.wait_until_gone(Role::Group, WHY).await;
    alice.view.type_into("Reply", " As Bob says").await;
    alice.view.press("Send").await;
    bob.wait_for_message("Yes, five of them. As Bob says").await;

    stage.cross(alice, bob, ("Never mind", "Anything else?")).await;
    let discard = alice.view.wait_for(Role::Button, "Discard").await;
    discard.send_keys("\u{e007}").await.expect("it takes keys");
    alice.view.wait_until_text_gone("Never mind").await;
    assert_eq!(alice.view.value_of("Reply").await, "");
    alice.view.wait_until_text_gone("Not sent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_forestalled_reply_fits_and_is_whole() {
    let stage = Stage::set("Is the Galet in stock?", Looks { is_phone: true, ..Looks::default() }).await;
    let (alice, bob) = stage.open().await;
    let long = "Unbreakablewordsrunon".repeat(MESSAGE_CHARS / 21);
    stage.cross(alice, bob, (&long, "Yes, I put one aside.")).await;
    let script = "return document.scrollingElement.scrollWidth <= innerWidth
        && Array.from(document.querySelectorAll('[role=log] *')).every((one) => one.getBoundingClientRect().right <= innerWidth + 1)";
    wait_until("nothing to stick out of the page", async || {
        Ok(alice.view.evaluate(script).await?.as_bool() == Some(true))
    })
    .await;
    alice.view.press("Edit").await;
    assert_eq!(alice.view.value_of("Reply").await, long, "not a character is lost");
}
