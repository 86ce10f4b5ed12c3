//! A mounted panel whose server is the test.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use causette_client::host::Config;
use causette_client::live::LiveEvent;
use causette_client::timer;
use causette_shared::contact::Contact;
use causette_shared::entry::{Content, Entry};
use causette_shared::form::Introduction;
use causette_shared::id::{EntryId, Seq};
use causette_shared::protocol::visitor::{ClientFrame, ConversationState, ServerFrame, Welcome};
use causette_shared::texts;
use causette_widget::components::app::app;
use causette_widget::leptos;
use causette_widget::setup::Setup;
use causette_widget::state::Widget;
use causette_widget::words::Words;
use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{
    Element, Event as DomEvent, EventInit, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent,
    KeyboardEventInit,
};

mod frames;

pub use frames::*;

const ENGLISH: &str = include_str!("../../texts/en.toml");
const FRENCH: &str = include_str!("../../texts/fr.toml");

const THREAD_STYLE: &str = include_str!("../../src/components/thread/thread.css");

thread_local! {
    static STAGES: Cell<u8> = const { Cell::new(0) };
}

/// A panel in an element of its own, on a site of its own.
pub struct Stage {
    root: HtmlElement,
    widget: Widget,
    sent: Rc<RefCell<Vec<ClientFrame>>>,
    setup: Setup,
    language: &'static str,
}

impl Stage {
    /// A panel that nobody has opened before.
    pub async fn new(language: &'static str) -> Self {
        let number = STAGES.get();
        STAGES.set(number + 1);
        let now = timer::now().0.to_string();
        let site = ["test", &now, "-", &number.to_string()].concat();
        let config = Config {
            open: true,
            minimizable: true,
            consent: Some(1),
            greeting: Some("Welcome to the shop".to_owned()),
            ..Config::default()
        };
        let setup = Setup {
            site,
            name: "Shop".to_owned(),
            locale: language.to_owned(),
            color: None,
            available: true,
            introduction_delay: Duration::ZERO,
            copy_delay: Duration::ZERO,
            origin: "https://shop.example".to_owned(),
            full_page: false,
            config,
        };
        Self::mount(setup, language).await
    }

    /// A panel with a conversation that has these entries.
    pub async fn with_conversation(language: &'static str, contact: Contact, log: Vec<Entry>) -> Self {
        let mut stage = Self::new(language).await;
        stage.setup.config.session = Some("A".repeat(43));
        let stage = Self::mount(stage.setup, language).await;
        stage.receive(welcome(contact, log.len() as Seq)).await;
        stage.receive(entries(log)).await;
        stage.sent.borrow_mut().clear();
        stage
    }

    /// A panel of somebody who has written while nobody is at the desk.
    pub async fn with_nobody_there(log: Vec<Entry>) -> Self {
        let mut stage = Self::new("en").await;
        stage.setup.config.session = Some("A".repeat(43));
        let stage = Self::mount(stage.setup, "en").await;
        let conversation = Some(about(Contact::default(), log.len() as Seq));
        stage.receive(ServerFrame::Welcome(Welcome { conversation, available: false })).await;
        stage.receive(entries(log)).await;
        stage.sent.borrow_mut().clear();
        stage
    }

    /// A panel of some height that is opened on a conversation which was seen up to `seen`.
    pub async fn opened_at(contact: Contact, log: Vec<Entry>, seen: Seq) -> (Self, HtmlElement) {
        let mut stage = Self::new("en").await;
        stage.setup.config.session = Some("A".repeat(43));
        let stage = Self::mount(stage.setup, "en").await;
        let scroller = stage.with_height().await;
        let conversation = Some(ConversationState { visitor_seen: seen, ..about(contact, log.len() as Seq) });
        stage.receive(ServerFrame::Welcome(Welcome { conversation, available: true })).await;
        // A window takes several frames.
        for part in log.chunks(log.len().div_ceil(2)) {
            stage.receive(entries(part.to_vec())).await;
        }
        (stage, scroller)
    }

    async fn mount(setup: Setup, language: &'static str) -> Self {
        let root: HtmlElement = document().create_element("div").expect("a div can be made").unchecked_into();
        let body = document().body().expect("the page has a body");
        // One panel at a time: ids of fields are unique in a document.
        root.set_class_name("stage");
        elements(&body, ".stage").iter().for_each(Element::remove);
        body.append_child(&root).expect("the body takes children");
        let sent: Rc<RefCell<Vec<ClientFrame>>> = Rc::default();
        let outlet = Rc::clone(&sent);
        let widget = Widget::new(
            setup.clone(),
            words(language),
            None,
            Rc::new(move |frame| {
                outlet.borrow_mut().push(frame.clone());
                true
            }),
        );
        leptos::mount(&root, move || {
            widget.watch_seen();
            app(widget)
        });
        let stage = Self { root, widget, sent, setup, language };
        stage.settle().await;
        stage
    }

    /// The same panel in a document that was loaded again.
    pub async fn reload(&self) -> Self {
        Self::mount(self.setup.clone(), self.language).await
    }

    pub fn widget(&self) -> Widget {
        self.widget
    }

    pub async fn receive(&self, frame: ServerFrame) {
        self.widget.receive(frame);
        self.settle().await;
    }

    pub async fn lose(&self, attempts: u32) {
        self.widget.live_event(LiveEvent::Lost { attempts });
        self.settle().await;
    }

    pub async fn acknowledge(&self, id: EntryId, seq: Seq) {
        self.receive(ServerFrame::Acknowledged { id, conversation: conversation(), seq }).await;
    }

    pub async fn seen_by_agent(&self, upto: Seq) {
        let state = ConversationState { agent_seen: upto, ..about(Contact::default(), upto) };
        self.receive(ServerFrame::Conversation(state)).await;
    }

    /// Gives the log its style and a height, so that there is something to scroll, and goes to its end.
    async fn with_height(&self) -> HtmlElement {
        let style = document().create_element("style").expect("a style can be made");
        style.set_text_content(Some(THREAD_STYLE));
        self.root.append_child(&style).expect("the root takes children");
        let scroller: HtmlElement = self.one(".thread__scroller").unchecked_into();
        let _ = scroller.style().set_property("height", "300px");
        self.settle().await;
        scroller
    }

    /// Lets effects run and the browser draw.
    pub async fn settle(&self) {
        self.wait(30).await;
    }

    pub async fn wait(&self, millis: i32) {
        let promise = js_sys::Promise::new(&mut |done, _| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, millis);
        });
        let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
    }

    /// Waits until something holds, or fails the test that it does not.
    pub async fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        for _ in 0..2_000 {
            if holds() {
                return;
            }
            self.wait(10).await;
        }
        panic!("{what}: it never came to that");
    }

    /// Waits until frames have been sent since this was asked last, and takes them.
    pub async fn wait_for_sent(&self, what: &str) -> Vec<ClientFrame> {
        self.wait_until(what, || !self.sent.borrow().is_empty()).await;
        self.sent()
    }

    /// What was sent since this was asked last.
    pub fn sent(&self) -> Vec<ClientFrame> {
        self.sent.take()
    }

    pub fn sent_messages(&self) -> usize {
        let is_message =
            |frame: &ClientFrame| matches!(frame, ClientFrame::Send { content: Content::Message { .. }, .. });
        self.sent().iter().filter(|frame| is_message(frame)).count()
    }

    pub fn sent_message(&self) -> EntryId {
        let id = |frame: &ClientFrame| match frame {
            ClientFrame::Send { id, content: Content::Message { .. } } => Some(*id),
            _ => None,
        };
        self.sent().iter().find_map(id).expect("a message was sent")
    }

    pub fn sent_introduction(&self, expected: &Introduction) -> EntryId {
        let id = |frame: &ClientFrame| match frame {
            ClientFrame::Send { id, content: Content::Introduction(answers) } => {
                assert_eq!(answers, expected);
                Some(*id)
            }
            _ => None,
        };
        self.sent().iter().find_map(id).expect("an introduction was sent")
    }

    /// What was sent other than messages, with its id.
    pub fn sent_form(&self) -> (EntryId, Content) {
        let form = |frame: ClientFrame| match frame {
            ClientFrame::Send { content: Content::Message { .. }, .. } => None,
            ClientFrame::Send { id, content } => Some((id, content)),
            _ => None,
        };
        self.sent().into_iter().find_map(form).expect("a form was sent")
    }

    /// Whether an element has the focus.
    pub fn has_focus(&self, element: &Element) -> bool {
        document().active_element().is_some_and(|active| active.is_same_node(Some(element)))
    }

    /// The button of this name.
    pub fn button(&self, name: &str) -> Option<HtmlElement> {
        find_button(&self.root, name)
    }

    pub fn text(&self) -> String {
        self.root.text_content().unwrap_or_default()
    }

    pub fn all(&self, selector: &str) -> Vec<Element> {
        elements(&self.root, selector)
    }

    pub fn one(&self, selector: &str) -> Element {
        self.all(selector).pop().unwrap_or_else(|| panic!("nothing matches {selector}"))
    }

    pub fn composer(&self) -> HtmlTextAreaElement {
        self.one("textarea").unchecked_into()
    }

    pub async fn type_message(&self, text: &str) {
        self.composer().set_value(text);
        fire(&self.composer(), "input");
        self.settle().await;
    }

    pub async fn press(&self, key: &str, shift: bool) {
        let init = KeyboardEventInit::new();
        init.set_key(key);
        init.set_shift_key(shift);
        self.press_with(&init).await;
    }

    pub async fn press_composing(&self, key: &str) {
        let init = KeyboardEventInit::new();
        init.set_key(key);
        init.set_is_composing(true);
        self.press_with(&init).await;
    }

    async fn press_with(&self, init: &KeyboardEventInit) {
        init.set_bubbles(true);
        let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", init).expect("a key event");
        let _ = self.composer().dispatch_event(&event);
        self.settle().await;
    }

    pub async fn click(&self, name: &str) {
        self.click_in(&self.root, name).await;
    }

    pub async fn click_in(&self, root: &Element, name: &str) {
        find_button(root, name).unwrap_or_else(|| panic!("no button {name}")).click();
        self.settle().await;
    }

    pub fn form(&self) -> Element {
        self.one("form")
    }

    pub fn labels(&self) -> Vec<String> {
        self.all("label")
            .iter()
            .map(|label| label.text_content().unwrap_or_default().trim().to_owned())
            .collect()
    }

    pub fn field(&self, label: &str) -> HtmlInputElement {
        let is_labelled = |element: &Element| element.text_content().unwrap_or_default().trim() == label;
        let found = self.all("label").into_iter().find(is_labelled).expect("the field is there");
        let id = found.get_attribute("for").expect("the label names its field");
        document().get_element_by_id(&id).expect("the label's field exists").unchecked_into()
    }

    /// The visitor leaves a field.
    pub async fn leave(&self, label: &str) {
        fire(&self.field(label), "blur");
        self.settle().await;
    }

    pub async fn fill(&self, label: &str, value: &str) {
        self.field(label).set_value(value);
        fire(&self.field(label), "input");
        self.settle().await;
    }
}

fn find_button(root: &Element, name: &str) -> Option<HtmlElement> {
    let named = |button: &Element| {
        let text = button.text_content().unwrap_or_default();
        button.get_attribute("aria-label").unwrap_or(text).trim() == name
    };
    elements(root, "button").into_iter().find(named).map(JsCast::unchecked_into)
}

fn elements(root: &Element, selector: &str) -> Vec<Element> {
    let list = root.query_selector_all(selector).expect("the selector is valid");
    (0..list.length()).filter_map(|index| list.item(index)).map(JsCast::unchecked_into).collect()
}

fn fire(target: &Element, name: &str) {
    let init = EventInit::new();
    init.set_bubbles(true);
    let event = DomEvent::new_with_event_init_dict(name, &init).expect("an event can be made");
    let _ = target.dispatch_event(&event);
}

/// The texts as the server puts them into the document.
fn words(language: &str) -> Words {
    let file = if language == "fr" { FRENCH } else { ENGLISH };
    let text = |name: &&str| {
        let line = file.lines().find_map(|line| line.strip_prefix(*name)?.strip_prefix(" = \""));
        line.and_then(|line| line.strip_suffix('"')).unwrap_or_else(|| panic!("no text {name}")).to_owned()
    };
    Words::new(&texts::NAMES.iter().map(text).collect::<Vec<_>>().join("\n"), language)
}
