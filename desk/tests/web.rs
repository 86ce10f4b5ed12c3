//! The desk's components in a real browser, fed with frames.
#![cfg(target_arch = "wasm32")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use causette_client::timer::Timer;
use causette_desk::pages::{Inbox, SignInPage};
use causette_desk::router::{Route, Router};
use causette_desk::state::desk::{Connection, Desk, Line, Phase};
use causette_desk::state::kept;
use causette_desk::state::session::{SessionError, sign_in_message};
use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Content, Entry, Event};
use causette_shared::form::Introduction;
use causette_shared::id::{AgentId, ConversationId, EntryId, Seq};
use causette_shared::presence::Presence;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::{Agent, ClientFrame, ConversationSummary, Role, ServerFrame};
use causette_shared::time::Timestamp;
use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlElement, HtmlInputElement, HtmlTextAreaElement};

wasm_bindgen_test_configure!(run_in_browser);

/// Markup that would run if anything parsed it.
const MARKUP: &str = "<img src=x onerror=\"window.hit=1\"><b>bold</b>";

/// Records what the desk says.
#[derive(Default)]
struct Recorder {
    sent: RefCell<Vec<ClientFrame>>,
    down: Cell<bool>,
}

impl Line for Recorder {
    fn send(&self, frame: &ClientFrame) -> bool {
        if !self.down.get() {
            self.sent.borrow_mut().push(frame.clone());
        }
        !self.down.get()
    }

    fn postpone(&self, _: Duration) {}

    fn start(&self) {}

    fn stop(&self) {}
}

/// A mounted desk of its own. Dropping it unmounts it.
struct Stage {
    desk: Desk,
    line: Rc<Recorder>,
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
    fn new(view: impl FnOnce(Desk) -> AnyView + 'static) -> Self {
        for key in causette_client::storage::keys(causette_client::storage::Area::Local, "causette.") {
            causette_client::storage::remove(causette_client::storage::Area::Local, &key);
        }
        let root: HtmlElement = document().create_element("div").expect("a div can be made").unchecked_into();
        document().body().expect("the page has a body").append_child(&root).expect("a div can be added");
        let line = Rc::new(Recorder::default());
        let made = Rc::new(Cell::new(None));
        let mounted = mount_to(root.clone(), {
            let (line, made) = (line.clone(), made.clone());
            move || {
                let desk = Desk::new();
                desk.set_line(line);
                made.set(Some(desk));
                view(desk)
            }
        });
        let desk = made.get().expect("mounting made a desk");
        Self { desk, line, root, mounted: Some(Box::new(mounted)) }
    }

    /// The inbox with a list, and a conversation open if its number is given.
    async fn inbox(rows: Vec<ConversationSummary>, open: Option<u32>) -> Self {
        let stage = Self::new(|desk| {
            let router = Router::install();
            view! { <Inbox desk router/> }.into_any()
        });
        stage.desk.sign_in(me());
        stage.desk.handle(ServerFrame::Welcome {
            agent: me(),
            conversations: rows,
            more: false,
            now: causette_client::timer::now(),
        });
        if let Some(number) = open {
            settle().await;
            stage.click(&format!("#conversation-{number}"));
            let id = conversation(number);
            settle().await;
            assert_eq!(stage.desk.open.get_untracked(), Some(id));
        }
        settle().await;
        stage
    }

    fn all(&self, css: &str) -> Vec<HtmlElement> {
        let found = self.root.query_selector_all(css).expect("a good selector");
        (0..found.length()).filter_map(|place| found.item(place)).map(JsCast::unchecked_into).collect()
    }

    fn one(&self, css: &str) -> HtmlElement {
        self.all(css).into_iter().next().unwrap_or_else(|| panic!("nothing matches {css}"))
    }

    fn text(&self, css: &str) -> Vec<String> {
        self.all(css).iter().map(|element| element.text_content().unwrap_or_default()).collect()
    }

    fn click(&self, css: &str) {
        self.one(css).click();
    }

    fn write(&self, text: &str) {
        let field: HtmlTextAreaElement = self.one("textarea[aria-label=Reply]").unchecked_into();
        field.set_value(text);
        let event = web_sys::Event::new("input").expect("an event can be made");
        field.dispatch_event(&event).expect("an event can be dispatched");
    }

    fn sent_messages(&self) -> Vec<(EntryId, String)> {
        let sent = self.line.sent.borrow();
        sent.iter()
            .filter_map(|frame| match frame {
                ClientFrame::Send { id, content: Content::Message { text }, .. } => Some((*id, text.clone())),
                _ => None,
            })
            .collect()
    }
}

/// Lets effects run and the browser draw.
async fn settle() {
    let wait = js_sys::Promise::new(&mut |resolve, _| {
        let done = Closure::once_into_js(move || resolve.call0(&wasm_bindgen::JsValue::NULL));
        let timer = Timer::after(Duration::from_millis(40), move || {
            let _ = done.unchecked_ref::<js_sys::Function>().call0(&wasm_bindgen::JsValue::NULL);
        });
        std::mem::forget(timer);
    });
    JsFuture::from(wait).await.expect("the wait is never refused");
}

fn me() -> Agent {
    Agent {
        id: AgentId(Uuid::from_u128(1)),
        name: "Alice Martin".to_owned(),
        email: "alice@demo.example".to_owned(),
        role: Role::Admin,
    }
}

fn conversation(number: u32) -> ConversationId {
    ConversationId(Uuid::from_u128(number.into()))
}

fn row(number: u32, at: i64) -> ConversationSummary {
    ConversationSummary {
        contact_id: None,
        follow_up_at: None,
        mail_stopped: false,
        id: conversation(number),
        number,
        revision: 1,
        site: "Demo".to_owned(),
        status: Status::Open,
        assignee: None,
        contact: Contact { name: Some(format!("Person {number}")), ..Contact::default() },
        locale: "en".to_owned(),
        presence: Presence::Active,
        last_seq: 1,
        agent_seen: 1,
        visitor_seen: 1,
        unread: 0,
        preview: format!("line {number}"),
        preview_by_visitor: true,
        created_at: Timestamp(at),
        last_message_at: Timestamp(at),
    }
}

fn entry(seq: Seq, author: Author, body: Body) -> Entry {
    Entry {
        seq,
        id: EntryId(Uuid::from_u128(1_000 + u128::from(seq))),
        at: Timestamp(i64::from(seq)),
        author,
        body,
    }
}

fn message(text: &str) -> Body {
    Body::Message { text: text.to_owned() }
}

fn entries(number: u32, entries: Vec<Entry>) -> ServerFrame {
    ServerFrame::Entries { conversation: conversation(number), entries }
}

#[wasm_bindgen_test]
async fn the_list_is_sorted_and_older_news_is_ignored() {
    let stage = Stage::inbox(vec![row(2, 20), row(1, 10)], None).await;
    assert_eq!(stage.text("[aria-label=Conversations] .row__number"), ["#2", "#1"]);
    let newer = ConversationSummary { revision: 3, preview: "newest".to_owned(), ..row(1, 30) };
    stage.desk.handle(ServerFrame::Conversation(newer));
    settle().await;
    assert_eq!(stage.text(".row__number"), ["#1", "#2"]);
    let older = ConversationSummary { revision: 2, preview: "stale".to_owned(), ..row(1, 5) };
    stage.desk.handle(ServerFrame::Conversation(older));
    stage.desk.handle(ServerFrame::Conversation(row(3, 25)));
    settle().await;
    assert_eq!(stage.text(".row__number"), ["#1", "#3", "#2"]);
    assert_eq!(stage.text(".row__line")[0], "newest");
}

#[wasm_bindgen_test]
async fn what_is_unread_is_marked_counted_and_told_in_the_title() {
    let unread = ConversationSummary { unread: 2, agent_seen: 0, ..row(2, 20) };
    let stage = Stage::inbox(vec![unread.clone(), row(1, 10)], None).await;
    assert_eq!(stage.text(".row--unread .row__unread"), ["2 unread"]);
    assert!(document().title().starts_with("(1) "), "{}", document().title());
    stage.desk.handle(ServerFrame::Conversation(ConversationSummary { revision: 2, unread: 0, ..unread }));
    settle().await;
    assert!(stage.all(".row--unread").is_empty());
    assert!(!document().title().starts_with('('), "{}", document().title());
}

#[wasm_bindgen_test]
async fn an_open_conversation_is_followed_and_seen() {
    let stage =
        Stage::inbox(vec![ConversationSummary { unread: 1, agent_seen: 0, ..row(1, 10) }], Some(1)).await;
    let id = conversation(1);
    assert!(stage.line.sent.borrow().contains(&ClientFrame::Watch { conversation: id, after: None }));
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    settle().await;
    assert_eq!(stage.text("[role=log] .message__text"), ["hello"]);
    if !document().hidden() {
        assert!(stage.line.sent.borrow().contains(&ClientFrame::Seen { conversation: id, upto: 1 }));
    }
}

#[wasm_bindgen_test]
async fn text_stays_text() {
    let mut told = row(1, 10);
    told.contact = Contact { name: Some(MARKUP.to_owned()), email: None, email_verified: false, phone: None };
    told.preview = MARKUP.to_owned();
    let stage = Stage::inbox(vec![told], Some(1)).await;
    let answers = Introduction { name: Some(MARKUP.to_owned()), ..Introduction::default() };
    stage.desk.handle(entries(
        1,
        vec![
            entry(1, Author::Visitor, message(MARKUP)),
            entry(2, Author::Visitor, Body::Event(Event::FormSubmitted { answers })),
        ],
    ));
    settle().await;
    assert_eq!(stage.text("[role=log] .message__text"), [MARKUP]);
    assert_eq!(stage.text(".form-card dd"), [MARKUP]);
    assert_eq!(stage.text(".row__name"), [MARKUP]);
    assert!(stage.all("img, b").is_empty());
    assert!(js_sys::Reflect::get(&window(), &"hit".into()).is_ok_and(|hit| hit.is_undefined()));
}

#[wasm_bindgen_test]
async fn a_link_in_a_message_leads_out_and_nothing_else_does() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(
        1,
        vec![entry(1, Author::Visitor, message("https://a.example/x javascript:alert(1)"))],
    ));
    settle().await;
    let links = stage.all("[role=log] a");
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].get_attribute("href").as_deref(), Some("https://a.example/x"));
    assert!(links[0].get_attribute("rel").is_some_and(|rel| rel.contains("noopener")));
}

#[wasm_bindgen_test]
async fn a_reply_goes_from_sending_to_sent_to_seen() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    settle().await;
    stage.write("  good morning ");
    settle().await;
    stage.click(".composer__send");
    settle().await;
    let sent = stage.sent_messages();
    assert_eq!(sent.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["good morning"]);
    assert_eq!(stage.text(".message__state"), ["Sending"]);
    assert_eq!(kept::list_unsent(me().id).len(), 1);
    let id = sent[0].0;
    stage.desk.handle(ServerFrame::Acknowledged { id, conversation: conversation(1), seq: 2 });
    settle().await;
    assert_eq!(stage.text(".message__state"), ["Sent"]);
    let author = Author::Agent { id: me().id, name: me().name };
    let committed = Entry { seq: 2, id, at: Timestamp(9), author, body: message("good morning") };
    stage.desk.handle(entries(1, vec![committed]));
    let seen = ConversationSummary { revision: 2, last_seq: 2, visitor_seen: 2, ..row(1, 20) };
    stage.desk.handle(ServerFrame::Conversation(seen));
    settle().await;
    assert_eq!(stage.text(".message__state"), ["Seen"]);
    assert_eq!(stage.text(".message__text"), ["hello", "good morning"]);
    assert!(kept::list_unsent(me().id).is_empty());
}

#[wasm_bindgen_test]
async fn a_refused_reply_says_why_and_is_retried_under_its_id_or_edited() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    stage.write("too late");
    settle().await;
    stage.click(".composer__send");
    settle().await;
    let id = stage.sent_messages()[0].0;
    let refuse = || {
        let problem = Problem::new(ProblemKind::WrongState);
        stage.desk.handle(ServerFrame::Refused { id, conversation: conversation(1), problem });
    };
    refuse();
    settle().await;
    assert_eq!(stage.text(".message__state--failed"), ["Not sent"]);
    assert!(stage.text(".message__refusal")[0].contains("closed"));
    assert_eq!(stage.text(".row__failed"), ["Not sent"]);
    stage.click(".message__refusal button");
    settle().await;
    assert_eq!(stage.sent_messages(), [(id, "too late".to_owned()), (id, "too late".to_owned())]);
    refuse();
    settle().await;
    assert_eq!(stage.text(".message__refusal button"), ["Retry", "Edit", "Discard"]);
    stage.all(".message__refusal button")[1].click();
    settle().await;
    let field: HtmlTextAreaElement = stage.one("textarea").unchecked_into();
    assert_eq!(field.value(), "too late");
    assert!(kept::list_unsent(me().id).is_empty());
    assert!(stage.all(".row__failed").is_empty());
}

fn bob() -> Author {
    Author::Agent { id: AgentId(Uuid::from_u128(2)), name: "Bob".to_owned() }
}

fn answered_meanwhile() -> Problem {
    Problem::with_detail(ProblemKind::AnsweredMeanwhile, "Bob has answered meanwhile")
}

/// A desk on which a reply was written while the line was cut, and Bob's stands in the log when it is back. Returns the
/// reply's id.
async fn forestalled(stage: &Stage) -> EntryId {
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    stage.line.down.set(true);
    stage.desk.lost(3);
    assert!(stage.desk.send("I have it"));
    stage.line.down.set(false);
    let answered = ConversationSummary { revision: 2, last_seq: 2, ..row(1, 20) };
    stage.desk.handle(ServerFrame::Welcome {
        agent: me(),
        conversations: vec![answered],
        more: false,
        now: causette_client::timer::now(),
    });
    stage.desk.handle(entries(1, vec![entry(2, bob(), message("Mine"))]));
    let id = stage.sent_messages()[0].0;
    stage.desk.handle(ServerFrame::Refused {
        id,
        conversation: conversation(1),
        problem: answered_meanwhile(),
    });
    settle().await;
    id
}

/// What each attempt said to have been read.
fn read_by_attempt(stage: &Stage) -> Vec<Option<Seq>> {
    let sent = stage.line.sent.borrow();
    let after = |frame: &ClientFrame| match frame {
        ClientFrame::Send { after, .. } => Some(*after),
        _ => None,
    };
    sent.iter().filter_map(after).collect()
}

#[wasm_bindgen_test]
async fn a_reply_that_a_colleague_forestalled_stays_under_theirs_and_is_sent_only_when_told_to() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    let id = forestalled(&stage).await;
    assert_eq!(stage.text("[role=log] .message__text"), ["hello", "Mine", "I have it"]);
    assert_eq!(stage.text(".message__why"), ["Bob has answered meanwhile."]);
    assert_eq!(stage.text(".message__refusal button"), ["Send anyway", "Edit", "Discard"]);
    let label = stage.one(".message__refusal").get_attribute("aria-label");
    assert_eq!(label.as_deref(), Some("Not sent. Bob has answered meanwhile."));
    assert_eq!(stage.desk.announcement.get_untracked(), "Not sent. Bob has answered meanwhile.");
    assert_eq!(read_by_attempt(&stage), [Some(1)], "and is not sent again by itself");
    assert_eq!(kept::list_unsent(me().id)[0].after, 1, "nor after the page is loaded again");
    stage.click(".message__choices button");
    settle().await;
    assert_eq!(stage.text(".message__state"), ["Sent", "Sending"]);
    assert_eq!(stage.sent_messages(), [(id, "I have it".to_owned()), (id, "I have it".to_owned())]);
    assert_eq!(read_by_attempt(&stage), [Some(1), Some(2)]);
    assert_eq!(kept::list_unsent(me().id)[0].after, 2);
    let log = stage.one("[role=log]");
    assert_eq!(document().active_element().as_ref(), Some(log.as_ref()), "focus stays near");
}

#[wasm_bindgen_test]
async fn a_reply_that_a_colleague_forestalled_is_dropped_when_told_to() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    forestalled(&stage).await;
    stage.all(".message__choices button")[2].click();
    settle().await;
    assert_eq!(stage.text("[role=log] .message__text"), ["hello", "Mine"]);
    assert!(kept::list_unsent(me().id).is_empty());
    let field: HtmlTextAreaElement = stage.one("textarea").unchecked_into();
    assert_eq!(field.value(), "");
    assert_eq!(read_by_attempt(&stage), [Some(1)]);
}

#[wasm_bindgen_test]
async fn a_reply_that_is_refused_elsewhere_is_told_of_with_its_number() {
    let stage = Stage::inbox(vec![row(2, 20), row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    assert!(stage.desk.send("I have it"));
    stage.click("#conversation-2");
    settle().await;
    let id = stage.sent_messages()[0].0;
    let problem = answered_meanwhile();
    stage.desk.handle(ServerFrame::Refused { id, conversation: conversation(1), problem });
    settle().await;
    assert_eq!(stage.text(".notice"), ["Your reply to #1 was not sent. Bob has answered meanwhile."]);
    assert_eq!(stage.text(".row__failed"), ["Not sent"]);
}

#[wasm_bindgen_test]
async fn a_reply_kept_from_before_the_page_was_loaded_says_what_had_been_read_then() {
    let stage = Stage::new(|desk| {
        let router = Router::install();
        view! { <Inbox desk router/> }.into_any()
    });
    let (id, text) = (EntryId(Uuid::from_u128(77)), "from yesterday".to_owned());
    let unsent =
        kept::Unsent { conversation: conversation(1), id, composed_at: Timestamp(5), after: 3, text };
    kept::set_unsent(me().id, &unsent);
    stage.desk.sign_in(me());
    stage.desk.handle(ServerFrame::Welcome {
        agent: me(),
        conversations: vec![row(1, 10)],
        more: false,
        now: causette_client::timer::now(),
    });
    assert_eq!(stage.sent_messages(), [(id, "from yesterday".to_owned())]);
    assert_eq!(read_by_attempt(&stage), [Some(3)]);
}

#[wasm_bindgen_test]
async fn what_is_written_while_offline_is_sent_after_the_reconnect_under_the_same_id() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    stage.line.down.set(true);
    stage.desk.lost(3);
    settle().await;
    assert!(stage.text(".banner")[0].contains("kept"));
    assert!(stage.desk.send("later"));
    settle().await;
    assert_eq!(stage.text(".message__state"), ["Sending"]);
    let kept_id = kept::list_unsent(me().id)[0].id;
    stage.line.down.set(false);
    stage.desk.handle(ServerFrame::Welcome {
        agent: me(),
        conversations: vec![row(1, 10)],
        more: false,
        now: causette_client::timer::now(),
    });
    settle().await;
    assert_eq!(stage.desk.connection.get_untracked(), Connection::Open);
    assert!(stage.all(".banner").is_empty());
    assert_eq!(stage.sent_messages(), [(kept_id, "later".to_owned())]);
    // The engine asks from the last entry but one, to find out a store that was put back.
    let after = ClientFrame::Watch { conversation: conversation(1), after: Some(0) };
    assert!(stage.line.sent.borrow().contains(&after));
}

#[wasm_bindgen_test]
async fn a_closed_conversation_takes_no_answer_and_says_so() {
    let stage =
        Stage::inbox(vec![ConversationSummary { status: Status::Closed, ..row(1, 10) }], Some(1)).await;
    let field: HtmlTextAreaElement = stage.one("textarea").unchecked_into();
    assert!(field.disabled());
    assert!(stage.text(".composer__note")[0].contains("closed"));
}

#[wasm_bindgen_test]
async fn a_draft_is_kept_per_conversation() {
    let stage = Stage::inbox(vec![row(2, 20), row(1, 10)], Some(1)).await;
    stage.write("half a thought");
    settle().await;
    stage.click("#conversation-2");
    settle().await;
    let value = || stage.one("textarea").unchecked_into::<HtmlTextAreaElement>().value();
    assert_eq!(value(), "");
    stage.click("#conversation-1");
    settle().await;
    assert_eq!(value(), "half a thought");
}

#[wasm_bindgen_test]
async fn an_answer_of_a_colleague_makes_a_draft_stale() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    settle().await;
    stage.write("I will");
    settle().await;
    stage.desk.handle(entries(1, vec![entry(2, bob(), message("done"))]));
    settle().await;
    assert_eq!(stage.text(".composer__hint--warning"), ["Bob answered while you were writing."]);
}

#[wasm_bindgen_test]
async fn an_ended_session_leads_back_to_the_sign_in() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(ServerFrame::Problem(Problem::new(ProblemKind::NotSignedIn)));
    assert_eq!(stage.desk.phase.get_untracked(), Phase::SignedOut { expired: true });
}

#[wasm_bindgen_test]
async fn an_unknown_number_is_said_to_be_missing() {
    let stage = Stage::new(|desk| {
        let router = Router::install();
        router.go(Route::Conversation(4_242));
        view! { <Inbox desk router/> }.into_any()
    });
    stage.desk.handle(ServerFrame::Welcome {
        agent: me(),
        conversations: vec![row(1, 10)],
        more: false,
        now: causette_client::timer::now(),
    });
    settle().await;
    assert!(stage.text(".nothing__title").contains(&"Conversation #4242 was not found".to_owned()));
}

#[wasm_bindgen_test]
async fn signing_in_asks_for_what_is_missing_and_keeps_the_address() {
    let stage = Stage::new(|desk| view! { <SignInPage desk expired=false/> }.into_any());
    settle().await;
    let form = stage.one("form[aria-label='Sign in']");
    let email: HtmlInputElement = stage.one("input[name=email]").unchecked_into();
    let submit = || {
        form.clone().unchecked_into::<web_sys::HtmlFormElement>().request_submit().expect("a form submits")
    };
    submit();
    settle().await;
    assert_eq!(stage.text("[role=alert]"), ["Please enter your e-mail address."]);
    email.set_value("alice@demo.example");
    submit();
    settle().await;
    assert_eq!(stage.text("[role=alert]"), ["Please enter your password."]);
    assert_eq!(email.value(), "alice@demo.example");
    assert_eq!(stage.text("button[type=submit]"), ["Sign in"]);
}

#[wasm_bindgen_test]
fn every_refusal_of_a_sign_in_is_told_apart() {
    let limited = Problem::new(ProblemKind::RateLimited).retry_after_ms(42_000);
    assert!(sign_in_message(&SessionError::Refused(limited)).contains("42 seconds"));
    let wrong = SessionError::Refused(Problem::new(ProblemKind::WrongCredentials));
    assert_ne!(sign_in_message(&wrong), sign_in_message(&SessionError::Unreachable));
}

#[wasm_bindgen_test]
async fn a_mail_that_waits_is_counted_down_by_the_servers_clock() {
    const AHEAD: i64 = 3_600_000;
    let theirs = Timestamp(causette_client::timer::now().0 + AHEAD);
    let due = Timestamp(theirs.0 + 42_000);
    let waits = ConversationSummary {
        follow_up_at: Some(due),
        contact: Contact { email: Some("ada@x.example".to_owned()), ..Contact::default() },
        ..row(1, 10)
    };
    let stage = Stage::inbox(vec![waits.clone()], Some(1)).await;
    // This clock is an hour behind the server's, as the greeting tells.
    let greeting =
        ServerFrame::Welcome { agent: me(), conversations: vec![waits.clone()], more: false, now: theirs };
    stage.desk.handle(greeting);
    let later =
        ConversationSummary { revision: 2, follow_up_at: Some(Timestamp(due.0 + 1)), ..waits.clone() };
    stage.desk.handle(ServerFrame::Conversation(later));
    settle().await;
    let rest = stage.text(".mail-line [role=timer]").pop().expect("it is counted down");
    assert!(["0:41", "0:42", "0:43"].contains(&rest.as_str()), "{rest}");
    assert_eq!(stage.text(".mail-line button"), ["Send now", "Do not send"]);
    assert_eq!(stage.all(".row__mail").len(), 1);
    assert!(stage.all(".mail-line [aria-live], .mail-line[role=status]").is_empty(), "no second is read out");
    stage.desk.lost(3);
    settle().await;
    assert_eq!(stage.all(".mail-line button:disabled").len(), 2, "cut off, nothing can be decided");
    let due_now = ConversationSummary { revision: 3, follow_up_at: Some(theirs), ..waits.clone() };
    let greeting =
        ServerFrame::Welcome { agent: me(), conversations: vec![due_now], more: false, now: theirs };
    stage.desk.handle(greeting);
    settle().await;
    assert!(stage.text(".mail-line")[0].contains("Being e-mailed…"));
    assert!(stage.all(".mail-line button").is_empty());
    let sent = ConversationSummary { revision: 4, follow_up_at: None, ..waits };
    stage.desk.handle(ServerFrame::Conversation(sent));
    settle().await;
    assert!(stage.all(".mail-line, .row__mail").is_empty());
}

#[wasm_bindgen_test]
async fn whoever_left_and_can_be_reached_is_invited_from_the_line_and_the_text_is_kept() {
    let left = ConversationSummary {
        presence: Presence::Reachable,
        contact: Contact { email: Some("ada@x.example".to_owned()), ..row(1, 10).contact },
        ..row(1, 10)
    };
    let stage = Stage::inbox(vec![left.clone()], Some(1)).await;
    // A press by a person focuses the button; one by a script does not.
    stage.one(".mail-line button").focus().expect("it takes the focus");
    stage.click(".mail-line button");
    settle().await;
    let field: HtmlTextAreaElement = stage.one("#invite-text").unchecked_into();
    field.set_value("Come back");
    field
        .dispatch_event(&web_sys::Event::new("input").expect("an event can be made"))
        .expect("it is dispatched");
    settle().await;
    stage.click("dialog [aria-label=Close]");
    settle().await;
    assert!(stage.all("dialog").is_empty());
    let kept = kept::invitation(me().id, conversation(1));
    assert_eq!((kept.text.as_str(), kept.id), ("Come back", None));
    let focused = document().active_element().and_then(|element| element.text_content());
    assert_eq!(focused.as_deref(), Some("Invite by e-mail…"), "the focus is given back");
    // On the page again, or closed, nobody is invited.
    for (revision, row) in [
        (2, ConversationSummary { presence: Presence::Active, ..left.clone() }),
        (3, ConversationSummary { status: Status::Closed, ..left }),
    ] {
        stage.desk.handle(ServerFrame::Conversation(ConversationSummary { revision, ..row }));
        settle().await;
        assert!(stage.all(".mail-line").is_empty());
    }
}
