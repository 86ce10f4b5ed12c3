//! Mail at the desk in a real browser: messages that came by e-mail, the page of mail, what the bar and the inbox tell of it.
//! Requests are answered by a stand-in for `fetch`, which notes what was asked.
#![cfg(target_arch = "wasm32")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use causette_client::timer::Timer;
use causette_desk::pages::{Inbox, MailPage};
use causette_desk::router::{Route, Router};
use causette_desk::state::desk::{Desk, Line, Phase};
use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Entry, File, Mail, MailKind, SenderCheck};
use causette_shared::id::{AgentId, ConversationId, EntryId, FileId, JobId, Seq};
use causette_shared::presence::Presence;
use causette_shared::protocol::agent::{Agent, ClientFrame, ConversationSummary, Role, ServerFrame};
use causette_shared::protocol::outbox::{DeadMail, Outbox};
use causette_shared::time::Timestamp;
use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::HtmlElement;

wasm_bindgen_test_configure!(run_in_browser);

/// Markup that would run if anything parsed it.
const MARKUP: &str = "<img src=x onerror=\"window.hit=1\"><b>bold</b>";

/// Takes what the desk says, and says nothing.
struct Mute;

impl Line for Mute {
    fn send(&self, _: &ClientFrame) -> bool {
        true
    }
    fn postpone(&self, _: Duration) {}
    fn start(&self) {}
    fn stop(&self) {}
}

/// Answers every request whose method and path are given with a status and a body, the others with 404, and notes each.
fn answer(answers: &[(&str, u16, &str)]) {
    let rows: Vec<_> = answers.iter().map(|(of, status, body)| (of, status, body)).collect();
    let table = serde_json::to_string(&rows).expect("it can be written");
    let script = format!(
        "window.asked = []; window.answers = {table}; window.fetch = async (path, init) => {{ \
         const of = `${{init.method}} ${{path}}`; window.asked.push(of); \
         const found = window.answers.find((row) => row[0] === of) ?? [of, 404, '{{\"kind\":\"not_found\",\"detail\":\"-\"}}']; \
         return new Response(found[1] === 204 ? null : found[2], {{ status: found[1] }}); }};"
    );
    js_sys::eval(&script).expect("it is JavaScript");
}

fn asked() -> Vec<String> {
    let asked = js_sys::Reflect::get(&window(), &"asked".into()).expect("it was set");
    js_sys::Array::from(&asked).iter().filter_map(|path| path.as_string()).collect()
}

/// A mounted desk of its own. Dropping it unmounts it.
struct Stage {
    desk: Desk,
    root: HtmlElement,
    mounted: Option<Box<dyn std::any::Any>>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.mounted.take());
        self.root.remove();
    }
}

impl Stage {
    async fn new(view: impl FnOnce(Desk, Router) -> AnyView + 'static) -> Self {
        let root: HtmlElement = document().create_element("div").expect("a div can be made").unchecked_into();
        document().body().expect("the page has a body").append_child(&root).expect("a div can be added");
        let made = Rc::new(Cell::new(None));
        let mounted = mount_to(root.clone(), {
            let made = made.clone();
            move || {
                let desk = Desk::new();
                desk.set_line(Rc::new(Mute));
                desk.me.set(Some(me(Role::Admin)));
                desk.phase.set(Phase::SignedIn);
                made.set(Some(desk));
                view(desk, Router::install())
            }
        });
        let desk = made.get().expect("mounting made a desk");
        settle().await;
        Self { desk, root, mounted: Some(Box::new(mounted)) }
    }

    /// The inbox with Ada's conversation open, whose messages came by these mails.
    async fn reading(mails: Vec<Mail>) -> Self {
        let stage = Self::new(|desk, router| {
            router.go(Route::Conversation(1));
            view! { <Inbox desk router/> }.into_any()
        })
        .await;
        let welcome = ServerFrame::Welcome {
            agent: me(Role::Admin),
            conversations: vec![row()],
            more: false,
            now: Timestamp(0),
        };
        stage.desk.handle(welcome);
        settle().await;
        let entries = (1..).zip(mails).map(|(seq, mail)| entry(seq, Body::Mail(mail))).collect();
        stage.desk.handle(ServerFrame::Entries { conversation: row().id, entries });
        settle().await;
        stage
    }

    /// The page of mail.
    async fn mail() -> Self {
        let stage = Self::new(|desk, router| {
            router.go(Route::Mail);
            view! { <MailPage desk router/> }.into_any()
        })
        .await;
        settle().await;
        stage
    }

    fn all(&self, css: &str) -> Vec<HtmlElement> {
        let found = self.root.query_selector_all(css).expect("a good selector");
        (0..found.length()).filter_map(|place| found.item(place)).map(JsCast::unchecked_into).collect()
    }

    fn text(&self, css: &str) -> Vec<String> {
        self.all(css).iter().map(|element| element.text_content().unwrap_or_default()).collect()
    }

    fn says(&self, text: &str) -> bool {
        self.root.text_content().is_some_and(|said| said.contains(text))
    }

    async fn press(&self, label: &str) {
        let buttons = self.all("button, a");
        let named = |button: &&HtmlElement| button.text_content().is_some_and(|text| text == label);
        buttons.iter().find(named).unwrap_or_else(|| panic!("no “{label}”")).click();
        settle().await;
    }
}

/// Lets effects and answers come, and the browser draw.
async fn settle() {
    let wait = js_sys::Promise::new(&mut |resolve, _| {
        let done = Closure::once_into_js(move || resolve.call0(&wasm_bindgen::JsValue::NULL));
        let timer = Timer::after(Duration::from_millis(60), move || {
            let _ = done.unchecked_ref::<js_sys::Function>().call0(&wasm_bindgen::JsValue::NULL);
        });
        std::mem::forget(timer);
    });
    JsFuture::from(wait).await.expect("the wait is never refused");
}

fn me(role: Role) -> Agent {
    let (name, email) = ("Alice Martin".to_owned(), "alice@demo.example".to_owned());
    Agent { id: AgentId(Uuid::from_u128(1)), name, email, role }
}

fn row() -> ConversationSummary {
    let email = Some("ada@x.example".to_owned());
    ConversationSummary {
        contact_id: None,
        follow_up_at: None,
        mail_stopped: false,
        id: ConversationId(Uuid::from_u128(1)),
        number: 1,
        revision: 1,
        site: "Demo".to_owned(),
        status: Status::Open,
        assignee: None,
        contact: Contact { name: Some("Ada".to_owned()), email, email_verified: true, ..Contact::default() },
        locale: "en".to_owned(),
        presence: Presence::Reachable,
        last_seq: 1,
        agent_seen: 1,
        visitor_seen: 1,
        unread: 0,
        preview: String::new(),
        preview_by_visitor: true,
        created_at: Timestamp(1),
        last_message_at: Timestamp(1),
    }
}

fn entry(seq: Seq, body: Body) -> Entry {
    let id = EntryId(Uuid::from_u128(1_000 + u128::from(seq)));
    Entry { seq, id, at: Timestamp(i64::from(seq)), author: Author::Visitor, body }
}

fn mail(text: &str, from: &str, sender: SenderCheck, files: Vec<File>) -> Mail {
    Mail { text: text.to_owned(), from: from.to_owned(), sender, is_cut: true, files }
}

fn file(name: &str, media_type: &str, size: u32) -> File {
    let (name, media_type) = (name.to_owned(), media_type.to_owned());
    File { id: FileId(Uuid::from_u128(7)), name, media_type, size }
}

fn dead(number: u32, may_have_arrived: bool) -> DeadMail {
    DeadMail {
        id: JobId(Uuid::from_u128(number.into())),
        kind: MailKind::FollowUp,
        conversation: Some(row().id),
        number: Some(number),
        recipient: Some("ada@x.example".to_owned()),
        error: Some(MARKUP.to_owned()),
        attempts: 2,
        may_have_arrived,
        created_at: Timestamp(1),
        given_up_at: Some(Timestamp(2)),
    }
}

fn outbox(dead: Vec<DeadMail>) -> Outbox {
    Outbox {
        is_configured: true,
        has_mailbox: true,
        waiting: 0,
        next_due_at: None,
        delayed: 0,
        delay_error: None,
        dead_count: u32::try_from(dead.len()).expect("few"),
        dead,
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("it can be written")
}

const OUTBOX: &str = "GET /api/v1/desk/outbox";
const INBOUND: &str = "GET /api/v1/desk/inbound";

#[wasm_bindgen_test]
async fn a_mail_says_where_it_came_from_and_no_name_stands_over_one_that_may_be_forged() {
    answer(&[]);
    let stage = Stage::reading(vec![
        mail("one", "Ada@X.example", SenderCheck::Passed, vec![]),
        mail("two", "ada@x.example", SenderCheck::Unknown, vec![]),
        mail("three", "ada@x.example", SenderCheck::Failed, vec![]),
        mail("four", "eve@y.example", SenderCheck::Passed, vec![]),
        mail("five", "", SenderCheck::Unknown, vec![]),
    ])
    .await;
    let authors = ["Ada", "Ada", "ada@x.example", "eve@y.example", "Unknown sender"];
    assert_eq!(stage.text(".message__author"), authors);
    let sources = stage.text(".mail-source");
    assert_eq!(sources[0], "by e-mailAda@X.examplesender verified");
    assert_eq!(sources[1], "by e-mailada@x.examplesender not verified");
    assert_eq!(sources[2], "by e-mailsender not genuineonly agents can read it");
    assert_eq!(sources[3], "by e-mailsender verifiednot the visitor’s addressonly agents can read it");
    let warnings = stage.text(".mail-warning");
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("This mail may not be from the address it names."), "{}", warnings[0]);
    let warned = stage.all(".message")[2].query_selector(".mail-warning").expect("a good selector");
    assert!(warned.is_some(), "the warning stands at its mail");
}

#[wasm_bindgen_test]
async fn files_are_named_sized_and_linked_and_nothing_of_a_mail_is_parsed() {
    answer(&[]);
    let files = vec![file("a\u{202e}fdp.exe", "application/pdf", 13_400), file(MARKUP, "image/png", 1)];
    let stage = Stage::reading(vec![mail(MARKUP, MARKUP, SenderCheck::Failed, files)]).await;
    assert_eq!(stage.text(".message__text"), [MARKUP]);
    assert_eq!(stage.text(".mail-file__name"), ["afdp.exe", MARKUP]);
    assert_eq!(stage.text(".mail-file__facts"), ["Document · 14 kB", "Picture · 1 byte"]);
    let link = &stage.all(".mail-file")[0];
    let href = link.get_attribute("href").expect("it leads to the file");
    assert_eq!(href, format!("/api/v1/desk/files/{}", Uuid::from_u128(7)));
    assert_eq!(link.get_attribute("download").as_deref(), Some("afdp.exe"));
    assert!(stage.all("img, b").is_empty());
    assert!(js_sys::Reflect::get(&window(), &"hit".into()).is_ok_and(|hit| hit.is_undefined()));
}

#[wasm_bindgen_test]
async fn a_mail_without_text_says_so_and_forty_files_do_not_fill_the_screen() {
    answer(&[]);
    let files: Vec<_> = (0..40).map(|n| file(&format!("{n}.png"), "image/png", 2_000)).collect();
    let stage = Stage::reading(vec![
        mail("", "ada@x.example", SenderCheck::Passed, files),
        mail(" ", "ada@x.example", SenderCheck::Passed, vec![]),
    ])
    .await;
    assert!(stage.all(".message__text").is_empty(), "no empty bubble");
    assert_eq!(stage.text(".mail-empty"), ["No text, only files.", "No text but what it quotes."]);
    assert_eq!(stage.text(".row__line"), ["E-mail without text"]);
    assert_eq!(stage.all(".mail-file").len(), 8);
    stage.press("Show 32 more files").await;
    assert_eq!(stage.all(".mail-file").len(), 40);
    assert!(stage.all(".mail-files__more").is_empty());
}

#[wasm_bindgen_test]
async fn the_original_is_asked_for_shown_as_text_and_asked_for_again_after_a_failure() {
    let path = format!("GET /api/v1/desk/conversations/{}/mails/{}", row().id, Uuid::from_u128(1_001));
    answer(&[(&path, 502, "<html>")]);
    let stage = Stage::reading(vec![mail("hi", "ada@x.example", SenderCheck::Passed, vec![])]).await;
    assert!(asked().iter().all(|asked| *asked != path), "not before somebody wants it");
    stage.press("Show original").await;
    assert!(stage.says("The desk cannot be reached."));
    let said = format!(
        r#"{{"subject":{subject},"from":"ada@x.example","date":5,"message_id":"m@x","text":{text},"spf":"pass","dkim":"fail","dmarc":"none"}}"#,
        subject = json(&"Re: lamp"),
        text = json(&format!("hi\n> {MARKUP}")),
    );
    answer(&[(&path, 200, &said)]);
    stage.press("Try again").await;
    assert_eq!(asked(), std::slice::from_ref(&path));
    assert_eq!(stage.text(".original__text"), [format!("hi\n> {MARKUP}")]);
    assert_eq!(stage.text(".original__check"), ["SPF pass", "DKIM fail", "DMARC none"]);
    assert!(stage.says("Re: lamp") && stage.all("img").is_empty());
    stage.all(".dialog [aria-label=Close]")[0].click();
    settle().await;
    assert!(stage.all(".dialog").is_empty());
    answer(&[]);
    stage.press("Show original").await;
    assert!(stage.says("The original is not kept any more."));
}

#[wasm_bindgen_test]
async fn what_was_given_up_is_sent_again_or_dropped_and_the_bar_counts_it() {
    let told = outbox(vec![dead(3, true), dead(2, false), dead(1, false)]);
    answer(&[(OUTBOX, 200, &json(&told)), (INBOUND, 200, "[]")]);
    let stage = Stage::mail().await;
    assert_eq!(stage.text(".top-bar__count"), ["3 not delivered"]);
    assert_eq!(document().title(), "(3) Mail · Causette");
    assert_eq!(stage.all("li.dead-mail").len(), 3);
    assert_eq!(stage.text(".dead-mail__error"), [MARKUP; 3]);
    assert_eq!(stage.text(".dead-mail__buttons .button"), ["Send once more", "Try again", "Try again"]);
    assert_eq!(stage.text(".dead-mail__warning").len(), 1);
    let links: Vec<_> = stage.all(".dead-mail .link").iter().map(|link| link.get_attribute("href")).collect();
    assert_eq!(links[0].as_deref(), Some("/desk/conversations/3"));

    let retry = format!("POST /api/v1/desk/outbox/{}/retry", dead(2, false).id);
    let discard = format!("POST /api/v1/desk/outbox/{}/discard", dead(3, true).id);
    let left = json(&outbox(vec![dead(3, true), dead(1, false)]));
    answer(&[
        (OUTBOX, 200, &left),
        (&retry, 204, ""),
        (&discard, 409, r#"{"kind":"wrong_state","detail":"it is gone"}"#),
    ]);
    stage.press("Try again").await;
    assert_eq!(asked(), [retry, OUTBOX.to_owned()]);
    assert_eq!(stage.text(".notice"), ["The mail is tried again now."]);
    assert_eq!(stage.text(".top-bar__count"), ["2 not delivered"]);
    let focused = document().active_element().and_then(|element| element.text_content());
    assert_eq!(focused.as_deref(), Some("Not delivered2"), "the focus stays near");
    stage.press("Discard").await;
    assert_eq!(asked().last(), Some(&OUTBOX.to_owned()));
    assert_eq!(stage.text(".notice"), ["It is gone."]);
    assert_eq!(stage.all("li.dead-mail").len(), 2, "a refusal changes nothing");
}

#[wasm_bindgen_test]
async fn all_are_tried_again_together_and_what_is_left_is_said() {
    let told = outbox(vec![dead(3, true), dead(2, false), dead(1, false)]);
    let all = "POST /api/v1/desk/outbox/retry-all";
    answer(&[(OUTBOX, 200, &json(&told)), (all, 200, r#"{"retried":2,"left":1}"#)]);
    let stage = Stage::mail().await;
    let left = json(&outbox(vec![dead(3, true)]));
    answer(&[(OUTBOX, 200, &left), (all, 200, r#"{"retried":2,"left":1}"#)]);
    stage.press("Try all again").await;
    assert_eq!(asked(), [all, OUTBOX]);
    assert_eq!(stage.text(".notice"), ["2 mails are tried again now. 1 is left."]);
    assert!(!stage.says("Try all again"), "one is not all");
}

#[wasm_bindgen_test]
async fn without_a_mail_server_the_page_says_what_to_set_and_what_waits() {
    let told = Outbox { is_configured: false, has_mailbox: false, waiting: 3, ..outbox(vec![]) };
    answer(&[(OUTBOX, 200, &json(&told)), (INBOUND, 200, "[]")]);
    let stage = Stage::mail().await;
    assert!(stage.says("No mail server is set") && stage.says("CAUSETTE_SMTP_URL"));
    assert!(stage.says("3 mails wait for a mail server.") && stage.says("CAUSETTE_IMAP_URL"));
    assert!(stage.all(".top-bar__count").is_empty());
    let row = r#"[{"id":"9","outcome":"set_aside","detail":"it cannot be read","subject":"<b>x</b>","from":null,"received_at":5}]"#;
    answer(&[(OUTBOX, 502, "<html>"), (INBOUND, 200, row)]);
    stage.desk.ask_for_outbox();
    stage.desk.ask_for_inbound();
    settle().await;
    assert!(stage.says("This may be out of date.") && stage.says("3 mails wait"), "what is known stays");
    assert_eq!(stage.text("[aria-label='Not taken in'] strong"), ["<b>x</b>"]);
    assert!(stage.says("it cannot be read") && stage.says("Put aside"));
}

#[wasm_bindgen_test]
async fn an_outbox_that_does_not_come_can_be_asked_for_again() {
    answer(&[(OUTBOX, 502, "<html>"), (INBOUND, 502, "")]);
    let stage = Stage::mail().await;
    assert!(stage.says("The outbox did not come"));
    answer(&[(OUTBOX, 200, &json(&outbox(vec![])))]);
    stage.press("Try again").await;
    assert!(stage.says("No mail was given up."));
    answer(&[(OUTBOX, 401, "")]);
    stage.desk.ask_for_outbox();
    settle().await;
    assert_eq!(stage.desk.phase.get_untracked(), Phase::SignedOut { expired: true });
}

#[wasm_bindgen_test]
async fn the_inbox_tells_administrators_that_there_is_no_mail_server_until_they_hide_it() {
    answer(&[]);
    let stage = Stage::reading(vec![]).await;
    let told = Outbox { is_configured: false, ..outbox(vec![dead(1, false)]) };
    stage.desk.mail.outbox.answer.set(Some(told));
    settle().await;
    assert_eq!(stage.text(".top-bar__count"), ["1 not delivered"]);
    assert_eq!(stage.all(".mail-notice").len(), 1);
    stage.desk.me.set(Some(me(Role::Agent)));
    settle().await;
    assert!(stage.all(".mail-notice").is_empty(), "an agent can do nothing about it");
    stage.desk.me.set(Some(me(Role::Admin)));
    settle().await;
    stage.all(".mail-notice .icon-button")[0].click();
    settle().await;
    assert!(stage.all(".mail-notice").is_empty());
}
