//! What an agent does over HTTP about a conversation's mail and its end: the follow-up that waits, the invitation and its
//! preview, the copy, the end of the chat, the links taken back.

use causette_server::mailer::captured::CapturedMail;
use causette_server::service::claim_jobs::ClaimJobs;
use causette_server::service::prepare_mail::{MailLimits, PrepareMail};
use causette_server::store::{contact, conversation};
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Event, MailKind};
use causette_shared::id::{ConversationId, SessionSecret};
use causette_shared::limits::MESSAGE_CHARS;
use causette_shared::presence::{Presence, UnreachableReason};
use causette_shared::protocol::conversation_mail::InvitePreview;
use mail_parser::MessageParser;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::harness::app::NOW;
use crate::harness::builders::entry_id;
use crate::harness::database::{number, on_both_databases};
use crate::harness::{AgentActor, Database, TestServer, VisitorActor, eventually, within};

on_both_databases!(
    a_follow_up_goes_out_now_or_not_at_all,
    a_follow_up_that_is_being_sent_is_not_stopped,
    the_preview_is_the_mail_and_leaves_nothing_behind,
    an_invitation_sent_twice_is_one_mail,
    who_cannot_be_reached_is_not_invited,
    a_chat_ends_in_the_status_that_is_chosen,
    what_is_unseen_goes_out_as_the_chat_ends,
    links_that_are_taken_back_lead_nowhere_and_let_go_of_who_came_through,
    a_copy_goes_to_a_verified_address_and_another_is_asked_first,
    a_copy_is_not_sent_to_who_has_stopped_mail_meanwhile,
    a_stranger_changes_nothing_and_what_is_not_there_is_answered_alike,
);

const EMAIL: &str = "ada@mail.example";
/// Every route, with a body that it takes.
fn acts() -> [(&'static str, Option<Value>); 7] {
    [
        ("follow-up", Some(json!({ "wish": "now" }))),
        ("invite", Some(json!({ "id": entry_id(), "text": "Hello again" }))),
        ("invite/preview", Some(json!({ "text": "Hello again" }))),
        ("invite/preview/page", None),
        ("copy", None),
        ("end", Some(json!({ "status": "closed" }))),
        ("links/revoke", None),
    ]
}

/// A visitor who asked, at a desk where an agent has opened their conversation.
struct Scene {
    server: TestServer,
    visitor: Option<VisitorActor>,
    desk: AgentActor,
    conversation: ConversationId,
}

impl Scene {
    async fn open(server: TestServer, email: Option<&str>) -> Self {
        server.add_shop().await;
        let mut desk = AgentActor::arrive(&server).await;
        let mut visitor = VisitorActor::arrive(&server).await;
        visitor.say("Is the brass lamp in stock?").await;
        visitor.introduce(Some("Ada"), email, None).await;
        visitor.sync().await;
        let conversation = visitor.conversation();
        desk.watch(conversation, None).await;
        Self { server, visitor: Some(visitor), desk, conversation }
    }

    /// The visitor closes the page, and the desk has heard of it.
    async fn leave(&mut self) {
        self.visitor = None;
        let left = |presence| matches!(presence, Presence::Reachable | Presence::Unreachable(_));
        self.desk.await_summary("the departure", |row| left(row.presence)).await;
    }

    async fn act(&self, path: &str, body: Option<Value>) -> Response {
        let path = format!("/api/v1/desk/conversations/{}/{path}", self.conversation);
        call(&self.server, &path, Some(&self.desk.cookie), &self.server.origin(), body).await
    }

    /// Acts and expects a refusal: its status, its kind, its field, what it says.
    async fn refused(&self, path: &str, body: Option<Value>) -> (u16, String, Option<String>, String) {
        problem(self.act(path, body).await).await
    }

    async fn page(&self, text: &str) -> Response {
        let path = format!("/api/v1/desk/conversations/{}/invite/preview/page", self.conversation);
        let request = Client::new().post(self.server.url(&path)).header("cookie", &self.desk.cookie);
        let request = request.header("origin", self.server.origin()).header("content-type", "text/plain");
        within("the page", request.body(text.to_owned()).send()).await.expect("the server answers")
    }

    async fn pending(&self) -> i64 {
        number(&self.server.app.store, "SELECT COUNT(*) FROM outbox WHERE state = 'pending'").await
    }

    async fn events(&self) -> Vec<(Author, Event)> {
        let log = self.server.log(self.conversation).await;
        let event = |entry: causette_shared::entry::Entry| match entry.body {
            Body::Event(event) => Some((entry.author, event)),
            _ => None,
        };
        log.into_iter().filter_map(event).collect()
    }

    fn alice(&self) -> Author {
        Author::Agent { id: self.desk.agent.id, name: "Alice".to_owned() }
    }

    async fn follow_up_at(&self) -> Option<i64> {
        self.server.conversation(self.conversation).await.follow_up_at.map(|at| at.0 - NOW.0)
    }
}

async fn call(
    server: &TestServer,
    path: &str,
    cookie: Option<&str>,
    origin: &str,
    body: Option<Value>,
) -> Response {
    let mut request = Client::new().post(server.url(path)).header("origin", origin);
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    within("the answer", request.send()).await.expect("the server answers")
}

async fn problem(response: Response) -> (u16, String, Option<String>, String) {
    let status = response.status().as_u16();
    let problem: Value = response.json().await.expect("a refusal is a problem");
    let text = |name: &str| problem[name].as_str().map(str::to_owned);
    (status, text("kind").unwrap_or_default(), text("field"), text("detail").unwrap_or_default())
}

/// A mail as its reader sees it, its link without the secret, which differs each time.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    to: String,
    from_name: String,
    subject: String,
    text: String,
    html: String,
}

fn read(mail: &CapturedMail) -> Read {
    let parsed = MessageParser::default().parse(&mail.raw).expect("it is a mail");
    let to = parsed.to().and_then(|to| to.first()).and_then(|to| to.address()).expect("it goes somewhere");
    let from = parsed.from().and_then(|from| from.first()).and_then(|from| from.name());
    Read {
        to: to.to_owned(),
        from_name: from.unwrap_or_default().to_owned(),
        subject: parsed.subject().unwrap_or_default().to_owned(),
        text: without_secret(&parsed.body_text(0).unwrap_or_default()),
        html: without_secret(&parsed.body_html(0).unwrap_or_default()),
    }
}

fn without_secret(text: &str) -> String {
    let mut parts = text.split("#causette=");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        assert!(part.len() > 43, "a link without a secret");
        kept.push_str("#causette=…");
        kept.push_str(&part[43..]);
    }
    kept.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn token(mail: &CapturedMail) -> String {
    let parsed = MessageParser::default().parse(&mail.raw).expect("it is a mail");
    let text = parsed.body_text(0).unwrap_or_default().into_owned();
    let (_, rest) = text.split_once("#causette=").expect("it has a link");
    rest[..43].to_owned()
}

async fn claim(server: &TestServer, token: &str, session: &SessionSecret) -> u16 {
    let body = json!({ "site": "shop", "token": token, "session": session.expose() });
    call(server, "/api/v1/visitor/resume", None, &server.origin(), Some(body)).await.status().as_u16()
}

async fn a_follow_up_goes_out_now_or_not_at_all(database: Database) {
    let mut scene = Scene::open(TestServer::with_mail(database).await, Some(EMAIL)).await;
    let wish = |wish: &str| Some(json!({ "wish": wish }));
    // Nothing waits yet.
    assert_eq!(scene.refused("follow-up", wish("now")).await.0, 409);

    scene.desk.reply(scene.conversation, "Yes, three are left.").await;
    assert_eq!(scene.follow_up_at().await, Some(60_000));
    let row = scene.desk.await_summary("the countdown", |row| row.follow_up_at.is_some()).await;
    assert_eq!(row.follow_up_at, Some(NOW.after(std::time::Duration::from_secs(60))));
    assert_eq!(scene.act("follow-up", wish("now")).await.status(), 204);
    let mail = read(&scene.server.await_mails(1).await[0]);
    assert!(mail.text.contains("Yes, three are left."), "{}", mail.text);
    scene.desk.await_summary("the end of the countdown", |row| row.follow_up_at.is_none()).await;
    for gone in ["now", "not"] {
        let told = scene.refused("follow-up", wish(gone)).await;
        assert_eq!((told.0, told.1.as_str()), (409, "wrong_state"), "{gone}");
    }

    // The next one waits its ten minutes, unless an agent does not.
    scene.desk.reply(scene.conversation, "Shall I keep one?").await;
    assert_eq!(scene.follow_up_at().await, Some(600_000));
    assert_eq!(scene.act("follow-up", wish("not")).await.status(), 204);
    assert_eq!((scene.follow_up_at().await, scene.pending().await), (None, 0));
    assert_eq!(scene.refused("follow-up", wish("not")).await.0, 409);
    scene.desk.reply(scene.conversation, "Or two?").await;
    assert_eq!(scene.follow_up_at().await, Some(600_000), "the next reply schedules another");
    assert_eq!(scene.act("follow-up", wish("now")).await.status(), 204);
    let mails = scene.server.await_mails(2).await;
    let whole = |mail: &CapturedMail| {
        ["Shall I keep one?", "Or two?"].iter().all(|part| read(mail).text.contains(part))
    };
    assert_eq!(mails.iter().filter(|mail| whole(mail)).count(), 1);

    // What an agent did not want to be mailed is no reason for a mail later either.
    scene.desk.reply(scene.conversation, "Three?").await;
    assert_eq!(scene.act("follow-up", wish("not")).await.status(), 204);
    scene.server.advance(3_600);
    scene.desk.reply(scene.conversation, "Or four?").await;
    assert_eq!(scene.follow_up_at().await, Some(3_660_000), "the new reply has a countdown of its own");

    for nonsense in [json!({ "wish": "later" }), json!({}), json!({ "wish": "now", "at": 1 }), json!("now")] {
        assert_eq!(scene.refused("follow-up", Some(nonsense.clone())).await.0, 400, "{nonsense}");
    }
}

async fn a_follow_up_that_is_being_sent_is_not_stopped(database: Database) {
    // Without a mail server nobody claims it but this test.
    let mut scene = Scene::open(TestServer::on(database).await, Some(EMAIL)).await;
    scene.desk.reply(scene.conversation, "Yes, three are left.").await;
    scene.server.advance(60);
    let lease_until = NOW.after(std::time::Duration::from_secs(600));
    let claimed = scene.server.app.perform(ClaimJobs { lease_until, limit: 4 }).await.expect("it works");
    assert_eq!(claimed.len(), 1);
    let told = scene.refused("follow-up", Some(json!({ "wish": "not" }))).await;
    assert_eq!((told.0, told.1.as_str()), (409, "wrong_state"));
    assert_eq!(scene.pending().await, 1);
    assert!(scene.follow_up_at().await.is_some());
}

async fn the_preview_is_the_mail_and_leaves_nothing_behind(database: Database) {
    const TEXT: &str =
        "Hello Ada,\n\n<b>the lamp</b> is back & waits for you: https://shop.example/lamp?a=1&b=2\n\nAlice";
    let mut scene = Scene::open(TestServer::with_mail(database).await, Some(EMAIL)).await;
    scene.leave().await;
    // Unseen already: it goes along.
    scene.desk.reply(scene.conversation, "We look after it.").await;
    let tables = ["outbox", "resume_link", "entry"];
    let count = async || {
        let mut counts = Vec::new();
        for table in tables {
            counts.push(scene.server.count(table).await);
        }
        counts
    };
    let before = (count().await, scene.server.conversation(scene.conversation).await);
    let response = scene.act("invite/preview", Some(json!({ "text": TEXT }))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let told: InvitePreview = response.json().await.expect("it is a preview");
    // As a browser sends a form's text.
    let page = scene.page(&format!("text={}\r\n", TEXT.replace('\n', "\r\n"))).await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let policy = page.headers()["content-security-policy"].to_str().expect("it is text").to_owned();
    for part in ["default-src 'none'", "form-action 'none'", "frame-ancestors 'self'", "sandbox"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("allow-") && !policy.contains("script-src"), "{policy}");
    let html = page.text().await.expect("it is text");
    let after = (count().await, scene.server.conversation(scene.conversation).await);
    assert_eq!(before, after, "a look changes nothing");

    let sent = scene.act("invite", Some(json!({ "id": entry_id(), "text": TEXT }))).await;
    assert_eq!(sent.status(), 202);
    let mail = read(&scene.server.await_mails(1).await[0]);
    let previewed = Read {
        to: told.to,
        from_name: told.from_name,
        subject: told.subject,
        text: without_secret(&told.text),
        html: without_secret(&html),
    };
    assert_eq!(previewed, mail);
    assert_eq!(mail.to, EMAIL);
    assert!(mail.from_name.contains("Alice"), "{}", mail.from_name);
    for part in ["Is the brass lamp in stock?", "We look after it.", "<b>the lamp</b> is back & waits"] {
        assert!(mail.text.contains(part), "{part} is not in {}", mail.text);
    }
    assert!(mail.html.contains("&lt;b&gt;the lamp&lt;/b&gt;"), "text stays text");
    // What only a look made leads nowhere.
    let (_, secret) = told.text.split_once("#causette=").expect("it has a link");
    assert_eq!(claim(&scene.server, &secret[..43], &SessionSecret::from_bytes([7; 32])).await, 404);
}

async fn an_invitation_sent_twice_is_one_mail(database: Database) {
    let mut scene = Scene::open(TestServer::with_mail(database).await, Some(EMAIL)).await;
    scene.leave().await;
    let id = entry_id();
    let invite = |text: &str| Some(json!({ "id": id, "text": text }));
    for _ in 0..2 {
        assert_eq!(scene.act("invite", invite("The lamp is back.")).await.status(), 202);
    }
    scene.server.await_mails(1).await;
    // A repeat after the visitor has become unreachable is still a repeat.
    set_unreachable(&scene, UnreachableReason::Bounced).await;
    assert_eq!(scene.act("invite", invite("The lamp is back.")).await.status(), 202);
    let told = scene.refused("invite", invite("Another text.")).await;
    assert_eq!((told.0, told.1.as_str()), (409, "id_reused"));
    let messages = scene.server.log(scene.conversation).await;
    let said = messages.iter().filter(|entry| entry.body.text() == Some("The lamp is back.")).count();
    assert_eq!(said, 1);
    eventually("the entry", async || {
        let mailed = |(_, event): &(Author, Event)| {
            matches!(event, Event::Mailed { kind: MailKind::Invite, to, .. } if to == EMAIL)
        };
        scene.events().await.iter().any(mailed)
    })
    .await;
    // No follow-up comes after it either.
    scene.server.advance(3_600);
    assert_eq!(scene.pending().await, 0);
    assert_eq!(scene.server.await_mails(1).await.len(), 1);
}

async fn set_unreachable(scene: &Scene, reason: UnreachableReason) {
    let found = scene.server.conversation(scene.conversation).await;
    let mut tx = scene.server.app.store.begin().await.expect("the store is free");
    match reason {
        UnreachableReason::OptedOut => {
            conversation::stop_mail(&mut tx, found.id, NOW).await.map(drop).expect("it is stopped");
        }
        reason => {
            let contact = found.contact_id.expect("there is a contact");
            contact::set_unreachable(&mut tx, contact, reason, "550 nobody", NOW).await.expect("it is set");
        }
    }
    tx.commit().await.expect("it commits");
}

async fn who_cannot_be_reached_is_not_invited(database: Database) {
    let mut scene = Scene::open(TestServer::with_mail(database).await, Some(EMAIL)).await;
    scene.leave().await;
    let entries = scene.server.count("entry").await;
    let ways = |text: &str| {
        let invite = json!({ "id": entry_id(), "text": text });
        [("invite", invite), ("invite/preview", json!({ "text": text }))]
    };
    for (text, says) in [("", "empty"), (" \n\t ", "empty"), (&*"x".repeat(MESSAGE_CHARS + 1), "long")] {
        for (path, body) in ways(text) {
            let told = scene.refused(path, Some(body)).await;
            assert_eq!((told.0, told.2.as_deref()), (422, Some("text")), "{path}: {says}");
        }
        assert_eq!(scene.page(&["text=", text].concat()).await.status(), 422);
    }
    assert_eq!(scene.page("Hello").await.status(), 400, "it is no form of ours");
    assert_eq!(scene.page(&"x".repeat(70_000)).await.status(), 413);

    scene.server.set_status(scene.conversation, Status::Closed).await;
    for (path, body) in ways("Hello again") {
        let told = scene.refused(path, Some(body)).await;
        assert_eq!((told.0, told.1.as_str()), (409, "wrong_state"), "{path}: {}", told.3);
        assert!(told.3.contains("closed"), "{}", told.3);
    }
    scene.server.set_status(scene.conversation, Status::Open).await;
    // The first reason is that mail came back, whatever comes after it.
    for (reason, why) in
        [(UnreachableReason::OptedOut, "no more mail"), (UnreachableReason::Bounced, "came back")]
    {
        set_unreachable(&scene, reason).await;
        for (path, body) in ways("Hello again") {
            let told = scene.refused(path, Some(body)).await;
            assert_eq!((told.0, told.1.as_str()), (409, "wrong_state"), "{path}");
            assert!(told.3.contains(why), "{path}: {}", told.3);
        }
        assert_eq!(scene.page("text=Hello again").await.status(), 409);
        assert!(scene.refused("copy", None).await.3.contains(why));
    }
    assert_eq!((scene.server.count("entry").await, scene.pending().await), (entries, 0));

    let nobody = Scene::open(TestServer::on(database).await, None).await;
    for (path, body) in
        ways("Hello again").into_iter().map(|(path, body)| (path, Some(body))).chain([("copy", None)])
    {
        let told = nobody.refused(path, body).await;
        assert_eq!((told.0, told.3.as_str()), (409, "the visitor gave no address"), "{path}");
    }
    assert_eq!(nobody.pending().await, 0);
}

async fn a_chat_ends_in_the_status_that_is_chosen(database: Database) {
    let mut scene = Scene::open(TestServer::on(database).await, Some(EMAIL)).await;
    let end = |status: &str| Some(json!({ "status": status }));
    scene.desk.reply(scene.conversation, "Yes, three are left.").await;
    for status in ["new", "on_hold", "solved"] {
        let told = scene.refused("end", end(status)).await;
        assert_eq!((told.0, told.2.as_deref()), (422, Some("status")), "{status}");
    }
    for body in [json!({ "status": "over" }), json!({}), json!({ "status": "closed", "why": "" })] {
        assert_eq!(scene.refused("end", Some(body.clone())).await.0, 400, "{body}");
    }
    let ended =
        |events: &[(Author, Event)]| events.iter().filter(|(_, event)| *event == Event::ChatEnded).count();
    assert_eq!(ended(&scene.events().await), 0);

    // In progress: the request is open as it was, and the entry alone says what happened.
    assert_eq!(scene.act("end", end("open")).await.status(), 204);
    assert_eq!(scene.events().await.last(), Some(&(scene.alice(), Event::ChatEnded)));
    assert_eq!(scene.server.conversation(scene.conversation).await.status, Status::Open);
    let again = scene.refused("end", end("open")).await;
    assert_eq!((again.0, again.1.as_str()), (409, "wrong_state"));
    // Another status can be left behind, and the chat has ended once.
    assert_eq!(scene.act("end", end("pending")).await.status(), 204);
    assert_eq!(scene.server.conversation(scene.conversation).await.status, Status::Pending);
    assert_eq!(ended(&scene.events().await), 1);

    // Whoever writes begins to talk again, and that can end too.
    let visitor = scene.visitor.as_mut().expect("she is there");
    visitor.say("One more thing").await;
    assert_eq!(scene.server.conversation(scene.conversation).await.status, Status::Open);
    assert_eq!(scene.act("end", end("pending")).await.status(), 204);
    assert_eq!(ended(&scene.events().await), 2);
    assert_eq!(scene.act("end", end("closed")).await.status(), 204);
    let closed = Event::StatusChanged { status: Status::Closed };
    assert_eq!(scene.events().await.last(), Some(&(Author::Automatic, closed)));
    for status in ["closed", "open"] {
        assert_eq!(scene.refused("end", end(status)).await.0, 409, "{status}");
    }
    assert_eq!(ended(&scene.events().await), 2);
    let visitor = scene.visitor.as_mut().expect("she is there");
    visitor.sync().await;
    let told = visitor.entries.iter().filter(|entry| entry.body == Body::Event(Event::ChatEnded)).count();
    assert_eq!(told, 2, "the visitor reads it too");
}

async fn what_is_unseen_goes_out_as_the_chat_ends(database: Database) {
    let mut scene = Scene::open(TestServer::with_mail(database).await, Some(EMAIL)).await;
    scene.desk.reply(scene.conversation, "Yes, three are left.").await;
    assert_eq!(scene.follow_up_at().await, Some(60_000));
    assert_eq!(scene.act("end", Some(json!({ "status": "closed" }))).await.status(), 204);
    // The clock stands still: it does not wait for its time.
    let mail = read(&scene.server.await_mails(1).await[0]);
    assert!(mail.text.contains("Yes, three are left."), "{}", mail.text);
    eventually("the end of the countdown", async || scene.follow_up_at().await.is_none()).await;
}

async fn links_that_are_taken_back_lead_nowhere_and_let_go_of_who_came_through(database: Database) {
    let mut scene = Scene::open(TestServer::with_mail(database).await, Some(EMAIL)).await;
    let told = scene.refused("links/revoke", None).await;
    assert_eq!((told.0, told.1.as_str()), (409, "wrong_state"), "there is none yet");
    scene.desk.reply(scene.conversation, "Yes, three are left.").await;
    scene.act("follow-up", Some(json!({ "wish": "now" }))).await;
    let mails = scene.server.await_mails(1).await;
    let (token, session) = (token(&mails[0]), SessionSecret::from_bytes([5; 32]));
    assert_eq!(claim(&scene.server, &token, &session).await, 204);
    let mut elsewhere = VisitorActor::connect(&scene.server).await;
    elsewhere.secret = session.expose().to_owned();
    assert_eq!(elsewhere.hello().await.conversation.map(|state| state.id), Some(scene.conversation));

    assert_eq!(scene.act("links/revoke", None).await.status(), 204);
    assert_eq!(scene.events().await.last(), Some(&(scene.alice(), Event::LinksRevoked)));
    elsewhere.expect_end().await;
    assert_eq!(claim(&scene.server, &token, &SessionSecret::from_bytes([6; 32])).await, 410);
    assert_eq!(claim(&scene.server, &token, &session).await, 410, "the device is none of theirs any more");
    let renew = json!({ "site": "shop", "token": token });
    let path = "/api/v1/visitor/resume/renew";
    let renewed = call(&scene.server, path, None, &scene.server.origin(), Some(renew)).await;
    assert_eq!(renewed.status(), 404, "whoever holds it gets no other");
    let mut back = VisitorActor::connect(&scene.server).await;
    back.secret = session.expose().to_owned();
    assert_eq!(back.hello().await.conversation, None);
    // The browser where it began is concerned by nothing.
    let owner = scene.visitor.take().expect("she is there");
    let mut owner = owner.again(&scene.server).await;
    assert_eq!(owner.hello().await.conversation.map(|state| state.id), Some(scene.conversation));
    assert_eq!(scene.refused("links/revoke", None).await.0, 409);
}

async fn a_copy_goes_to_a_verified_address_and_another_is_asked_first(database: Database) {
    let mut scene = Scene::open(TestServer::with_mail(database).await, Some(EMAIL)).await;
    scene.desk.reply(scene.conversation, "Yes, three are left.").await;
    scene.act("follow-up", Some(json!({ "wish": "not" }))).await;
    assert_eq!(scene.act("copy", None).await.status(), 202);
    let asked = scene.server.await_mails(1).await;
    let mail = read(&asked[0]);
    assert_eq!(mail.to, EMAIL);
    assert!(!mail.text.contains("lamp") && !mail.text.contains("three are left"), "{}", mail.text);
    let by_alice = (scene.alice(), Event::CopyRequested { email: EMAIL.to_owned() });
    let requests = async || scene.events().await.into_iter().filter(|event| *event == by_alice).count();
    assert_eq!(requests().await, 1);
    // Whose address an agent has found for them is none of the visitor's business.
    let mut visitor = scene.visitor.as_ref().expect("she is there").again(&scene.server).await;
    visitor.hello().await;
    visitor.sync().await;
    let shown = visitor.entries.iter().find_map(|entry| match &entry.body {
        Body::Event(Event::CopyRequested { email }) => Some(email.as_str()),
        _ => None,
    });
    assert_eq!(shown, Some("…"));
    drop(visitor);
    // Once a day: that nothing more goes out is said, and nothing is noted.
    let told = scene.refused("copy", None).await;
    assert_eq!((told.0, told.1.as_str()), (409, "wrong_state"));
    assert!(told.3.contains("today"), "{}", told.3);
    assert_eq!((requests().await, scene.pending().await), (1, 0));

    // Who opens the link has shown that the address is theirs. Later, so that the mails have an order.
    scene.server.advance(1);
    assert_eq!(claim(&scene.server, &token(&asked[0]), &SessionSecret::from_bytes([5; 32])).await, 204);
    assert_eq!(scene.act("copy", None).await.status(), 202);
    let mail = read(&scene.server.await_mails(2).await[0]);
    assert!(mail.text.contains("Is the brass lamp in stock?"), "{}", mail.text);
    assert!(mail.text.contains("Yes, three are left."), "{}", mail.text);
    // The question counts among them.
    let a_day =
        usize::try_from(scene.server.app.config.requested_mails_per_visitor_per_day).expect("it is small");
    for _ in 2..a_day {
        assert_eq!(scene.act("copy", None).await.status(), 202);
    }
    assert_eq!(scene.refused("copy", None).await.0, 409, "so many in a day are enough");
    assert_eq!(scene.server.await_mails(a_day).await.len(), a_day);
}

async fn a_copy_is_not_sent_to_who_has_stopped_mail_meanwhile(database: Database) {
    let scene = Scene::open(TestServer::on(database).await, Some(EMAIL)).await;
    assert_eq!(scene.act("copy", None).await.status(), 202);
    set_unreachable(&scene, UnreachableReason::OptedOut).await;
    let lease_until = NOW.after(std::time::Duration::from_secs(600));
    let app = &scene.server.app;
    let claimed = app.perform(ClaimJobs { lease_until, limit: 4 }).await.expect("it works");
    let job = claimed.into_iter().next().expect("it waits");
    let limits = MailLimits {
        address_a_day: 9,
        domain_an_hour: 9,
        site_an_hour: 9,
        patience: std::time::Duration::MAX,
    };
    let material = app.perform(PrepareMail { job, lease_until, limits }).await.expect("it works");
    assert!(material.is_none());
    assert_eq!(number(&app.store, "SELECT COUNT(*) FROM outbox WHERE state = 'cancelled'").await, 1);
}

async fn a_stranger_changes_nothing_and_what_is_not_there_is_answered_alike(database: Database) {
    let scene = Scene::open(TestServer::on(database).await, Some(EMAIL)).await;
    let server = &scene.server;
    let before = server.conversation(scene.conversation).await;
    for (path, body) in acts() {
        let of = |id: &str| format!("/api/v1/desk/conversations/{id}/{path}");
        let here = of(&scene.conversation.to_string());
        let cookie = Some(scene.desk.cookie.as_str());
        for (cookie, origin, wanted) in [
            (None, server.origin(), (401, "not_signed_in")),
            (Some("causette_desk=none"), server.origin(), (401, "not_signed_in")),
            (cookie, "https://evil.example".to_owned(), (403, "wrong_origin")),
            (cookie, "null".to_owned(), (403, "wrong_origin")),
        ] {
            let told = problem(call(server, &here, cookie, &origin, body.clone()).await).await;
            assert_eq!((told.0, told.1.as_str()), wanted, "{path}");
        }
        let mut answers = std::collections::BTreeSet::new();
        for id in [uuid::Uuid::nil().to_string(), "x".to_owned(), "%00".to_owned()] {
            let response = if path == "invite/preview/page" {
                let request = Client::new().post(server.url(&of(&id))).header("cookie", &scene.desk.cookie);
                request.header("origin", server.origin()).body("text=Hello").send().await.expect("it answers")
            } else {
                call(server, &of(&id), cookie, &server.origin(), body.clone()).await
            };
            assert_eq!(response.status(), 404, "{path} of {id}");
            answers.insert(response.text().await.expect("it is text"));
        }
        assert_eq!(answers.len(), 1, "{path}: {answers:?}");
    }
    assert_eq!(server.conversation(scene.conversation).await, before);
    assert_eq!(scene.pending().await, 0);
}
