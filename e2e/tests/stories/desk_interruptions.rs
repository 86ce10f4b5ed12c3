//! After any interruption the desk shows what the store holds, without a reload. What it should show is what another
//! browser shows that opens the desk only then.

use std::time::Duration;

use causette_e2e::harness::{
    ALICE, AgentSocket, BOB, Browser, Problem, Proxy, Server, VisitorSocket, Wire, environment, wait_until,
    wait_until_at_most,
};
use causette_e2e::pages::{Desk, Role};
use causette_shared::entry::Content;
use causette_shared::form::Introduction;
use causette_shared::id::{ConversationId, Seq, SessionSecret};
use causette_shared::protocol::agent;
use causette_shared::protocol::visitor::{ClientFrame, ServerFrame};

/// A desk notices silence after 20 s and 15 s more (docs/protocol.md, "Ping"), and tells of it from its second attempt.
const UNTIL_SILENCE_IS_NOTICED: Duration = Duration::from_secs(90);
/// What the desk says while it is cut off.
const CUT_OFF: &str = "What you write is kept";
/// More visitors than one part of the list holds.
const MANY: usize = 56;
const FEW: usize = 5;

/// A visitor without a browser, past the wire.
struct Visitor {
    secret: SessionSecret,
    /// `None` while they are away.
    socket: Option<VisitorSocket>,
    id: ConversationId,
    number: u32,
}

impl Visitor {
    async fn begin(server: &Server, text: &str) -> Self {
        let secret = environment::session_secret();
        let mut socket =
            VisitorSocket::connect_at(&server.direct(), &server.origin, Some(&secret), None).await;
        socket.say(text).await.expect("the line is good");
        loop {
            match socket.receive().await.expect("the line is good") {
                ServerFrame::Conversation(state) => {
                    return Self { secret, socket: Some(socket), id: state.id, number: state.number };
                }
                ServerFrame::Refused { problem, .. } => panic!("{problem:?}"),
                _ => {}
            }
        }
    }

    fn leave(&mut self) {
        self.socket = None;
    }

    async fn come_back(&mut self, server: &Server) {
        let (direct, origin) = (server.direct(), &server.origin);
        self.socket = Some(VisitorSocket::connect_at(&direct, origin, Some(&self.secret), None).await);
    }

    /// Sends a frame and, where it is answered, waits for that.
    async fn send(&mut self, content: Content) {
        let id = environment::entry_id();
        let socket = self.socket.as_mut().expect("they are there");
        assert!(socket.send(&ClientFrame::Send { id, content }).await, "the line is good");
        loop {
            match socket.receive().await.expect("the line is good") {
                ServerFrame::Acknowledged { id: acknowledged, .. } if acknowledged == id => return,
                ServerFrame::Refused { problem, .. } => panic!("{problem:?}"),
                _ => {}
            }
        }
    }

    async fn say(&mut self, text: &str) {
        self.send(Content::Message { text: text.to_owned() }).await;
    }

    async fn see(&mut self, upto: Seq) {
        let conversation = self.id;
        let socket = self.socket.as_mut().expect("they are there");
        assert!(socket.send(&ClientFrame::Seen { conversation, upto }).await, "the line is good");
    }
}

/// A server behind a wire, Alice's desk at its other end with a conversation open and the whole list loaded, and
/// visitors, oldest conversation first.
struct Scene {
    server: Server,
    wire: Proxy,
    alice: Browser,
    visitors: Vec<Visitor>,
}

impl Scene {
    async fn set(count: usize) -> Self {
        let address = Server::free_address();
        let wire = Proxy::start(address).await;
        let settings = [("CONVERSATIONS_PER_MINUTE", "1000"), ("PRESENCE_GRACE_S", "0")];
        let server = Server::start_behind_with(address, &format!("http://{}", wire.address), &settings).await;
        let alice = Browser::open("alice").await;
        let mut visitors = Vec::new();
        for number in 0..count {
            let mut visitor = Visitor::begin(&server, &format!("Question {number}?")).await;
            // Every second one stays on the page.
            if number % 2 == 0 {
                visitor.leave();
            }
            visitors.push(visitor);
        }
        let scene = Self { server, wire, alice, visitors };
        let desk = Desk::sign_in(&scene.alice, &scene.server, ALICE).await;
        load_whole_list(desk).await;
        desk.open(scene.followed().number).await;
        desk.reply("Good morning").await;
        desk.view.wait_for_log("that it is sent", |log| log.contains("Sent")).await;
        desk.view.evaluate("window.stayed = true").await.expect("the page is there");
        scene
    }

    fn desk(&self) -> Desk<'_> {
        Desk::shown(&self.alice)
    }

    /// The visitor whose conversation is open at the desk: one who is on the page.
    fn followed(&self) -> &Visitor {
        &self.visitors[1]
    }

    /// Bob's connection, past the wire.
    async fn bob(&self) -> AgentSocket {
        AgentSocket::sign_in_as(BOB, &self.server.direct(), &self.server.origin).await
    }

    /// Everyone who was on the page comes back to it, after the server was away.
    async fn gather(&mut self) {
        for visitor in self.visitors.iter_mut().filter(|visitor| visitor.socket.is_some()) {
            visitor.come_back(&self.server).await;
        }
    }

    /// What goes on while Alice sees nothing of it: all that the desk shows changes somewhere.
    async fn go_on(&mut self) {
        let mut bob = self.bob().await;
        let newest = self.visitors.len() - 1;
        let who = |name: &str| {
            let (name, email) = (Some(name.to_owned()), Some("someone@mail.example".to_owned()));
            Content::Introduction(Introduction { name, email, phone: None })
        };
        // In the open conversation: messages, a name, a colleague's answer, and Alice's was seen.
        let followed = &mut self.visitors[1];
        followed.say("Are you still there?").await;
        followed.send(who("Ada Palmer")).await;
        followed.see(5).await;
        bob.reply(followed.id, "Alice will be right back").await;
        followed.say("No hurry").await;
        // In the list: one begins, two of the oldest come up, one is read and one gets a name where they stand, one is
        // taken up, and visitors come and go.
        let begun = Visitor::begin(&self.server, "Do you wrap gifts?").await;
        bob.send(&agent::ClientFrame::Seen { conversation: self.visitors[3].id, upto: 1 }).await;
        self.visitors[0].come_back(&self.server).await;
        self.visitors[0].say("It is me again").await;
        bob.reply(self.visitors[2].id, "Sorry for the wait").await;
        bob.reply(self.visitors[newest].id, "On its way").await;
        self.visitors[4].come_back(&self.server).await;
        self.visitors[4].send(who("Tom Okafor")).await;
        self.visitors[3].leave();
        self.visitors.push(begun);
    }

    /// The desk shows what a fresh one shows, without having been loaded again.
    async fn assert_right(&self) {
        let desk = self.desk();
        desk.wait_for_message("No hurry").await;
        desk.view.wait_until_text_gone(CUT_OFF).await;
        let browser = Browser::open("fresh").await;
        let fresh = Desk::sign_in(&browser, &self.server, ALICE).await;
        fresh.open(self.followed().number).await;
        fresh.wait_for_message("No hurry").await;
        load_whole_list(fresh).await;
        wait_until("both desks to show the same", async || {
            let (shown, right) = (look(desk).await?, look(fresh).await?);
            match shown.iter().zip(&right).position(|(shown, right)| shown != right) {
                _ if shown == right => Ok(true),
                Some(place) => {
                    let around = place.saturating_sub(6)..;
                    let (shown, right) = (&shown[around.clone()], &right[around]);
                    Err(format!(
                        "{:#?} and not {:#?}",
                        &shown[..8.min(shown.len())],
                        &right[..8.min(right.len())]
                    )
                    .into())
                }
                None => Err(format!("{} things and not {}", shown.len(), right.len()).into()),
            }
        })
        .await;
        let stayed = desk.view.evaluate("return window.stayed").await.expect("the page is there");
        assert_eq!(stayed, true, "the desk was loaded again");
        let text = look(desk).await.expect("the page is there").join("\n");
        for said in
            ["Ada Palmer", "Alice will be right back", "Do you wrap gifts?", "It is me again", "Tom Okafor"]
        {
            assert!(text.contains(said), "{said} is not shown:\n{text}");
        }
    }
}

/// Presses "Show older conversations" until there are none.
async fn load_whole_list(desk: Desk<'_>) {
    wait_until("the whole list", async || {
        // In this order, each says something of the state that the one before has left.
        let rows = desk.view.find_all(Role::ListItem, None).await?;
        let loading = desk.view.find_all(Role::Button, Some("Loading…")).await?;
        let more = desk.view.find_all(Role::Button, Some("Show older conversations")).await?;
        if let Some(more) = more.first() {
            more.click().await?;
        }
        Ok(!rows.is_empty() && more.is_empty() && loading.is_empty())
    })
    .await;
}

/// All that list, log and side panel say and how it is marked. Ages become instants: two pages count minutes from when
/// they were loaded.
async fn look(desk: Desk<'_>) -> Result<Vec<String>, Problem> {
    const SCRIPT: &str = "
        const said = [document.title];
        const say = (node) => {
            if (node.nodeType === Node.TEXT_NODE && node.data.trim()) said.push(node.data.trim());
            if (node.nodeType !== Node.ELEMENT_NODE) return;
            for (const name of ['class', 'aria-label', 'title']) {
                if (node.hasAttribute(name) && !node.matches('time')) said.push(`${name}: ${node.getAttribute(name)}`);
            }
            if (node.matches('time[datetime]')) said.push(node.dateTime);
            else node.childNodes.forEach(say);
        };
        for (const part of ['[aria-label=Conversations]', '[role=log]', '[aria-label=Details]']) {
            said.push(part);
            say(document.querySelector(part));
        }
        return said;";
    let said = desk.view.evaluate(SCRIPT).await?;
    let said = said.as_array().ok_or("nothing is said")?;
    Ok(said.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_was_cut_off_shows_the_whole_list_right_and_the_conversation() {
    let mut scene = Scene::set(MANY).await;
    scene.wire.set(Wire::Cut);
    scene.desk().view.wait_for_text(CUT_OFF).await;
    scene.go_on().await;
    scene.wire.set(Wire::Passes);
    scene.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_whose_server_was_killed_is_right_again_while_others_go_on() {
    let mut scene = Scene::set(FEW).await;
    scene.server.kill().await;
    scene.server.restart().await;
    scene.gather().await;
    scene.go_on().await;
    scene.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_whose_server_was_away_for_a_while_is_right_again() {
    let mut scene = Scene::set(FEW).await;
    scene.server.stop().await;
    scene.desk().view.wait_for_text(CUT_OFF).await;
    scene.server.restart().await;
    scene.gather().await;
    scene.go_on().await;
    scene.assert_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_only_hears_nothing_any_more_notices_and_is_right_again() {
    let mut scene = Scene::set(FEW).await;
    scene.wire.set(Wire::SwallowsAnswers);
    scene.go_on().await;
    wait_until_at_most(UNTIL_SILENCE_IS_NOTICED, "the desk to notice the silence", async || {
        Ok(scene.desk().view.text().await?.contains(CUT_OFF))
    })
    .await;
    scene.wire.set(Wire::Passes);
    scene.assert_right().await;
}
