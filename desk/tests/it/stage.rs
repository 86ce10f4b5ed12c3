//! A mounted desk of its own, and what is seen and done there.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use causette_client::storage::{self, Area};
use causette_client::timer::Timer;
use causette_desk::pages::Inbox;
use causette_desk::router::{Route, Router};
use causette_desk::state::desk::{Desk, Line, Phase};
use causette_shared::entry::Content;
use causette_shared::id::{EntryId, Seq};
use causette_shared::protocol::agent::{Agent, ClientFrame, ConversationSummary};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, HtmlElement};

use crate::answers::answer;
use crate::told::{conversation, me, welcome};

/// The field of the reply.
pub const REPLY: &str = "textarea[aria-label=Reply]";

/// Records what the desk says.
#[derive(Default)]
pub struct Recorder {
    /// Every frame that went out.
    pub sent: RefCell<Vec<ClientFrame>>,
    /// Whether the line is cut, so that none does.
    pub down: Cell<bool>,
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

/// A mounted desk. Dropping it unmounts it.
pub struct Stage {
    /// Its store.
    pub desk: Desk,
    /// What it says to the server.
    pub line: Rc<Recorder>,
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
    /// A desk that remembers nothing, at an address. Whoever it is, is already signed in.
    pub fn new(
        who: Option<Agent>,
        route: Route,
        view: impl FnOnce(Desk, Router) -> AnyView + 'static,
    ) -> Self {
        for key in storage::keys(Area::Local, "causette.") {
            storage::remove(Area::Local, &key);
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
                if who.is_some() {
                    desk.me.set(who);
                    desk.phase.set(Phase::SignedIn);
                }
                made.set(Some(desk));
                let router = Router::install();
                router.go(route);
                view(desk, router)
            }
        });
        let desk = made.get().expect("mounting made a desk");
        Self { desk, line, root, mounted: Some(Box::new(mounted)) }
    }

    /// The inbox with a list, and a conversation open if its number is given. No request is answered.
    pub async fn inbox(rows: Vec<ConversationSummary>, open: Option<u32>) -> Self {
        answer(&[]);
        let stage = Self::new(None, Route::Inbox, |desk, router| view! { <Inbox desk router/> }.into_any());
        stage.desk.sign_in(me());
        stage.desk.handle(welcome(rows));
        settle().await;
        if let Some(number) = open {
            stage.click(&format!("#conversation-{number}")).await;
            assert_eq!(stage.desk.open.get_untracked(), Some(conversation(number)));
        }
        stage
    }

    /// Everything that matches, in its order.
    pub fn all(&self, css: &str) -> Vec<HtmlElement> {
        let found = self.root.query_selector_all(css).expect("a good selector");
        (0..found.length()).filter_map(|place| found.item(place)).map(JsCast::unchecked_into).collect()
    }

    /// The first that matches.
    pub fn one(&self, css: &str) -> HtmlElement {
        self.all(css).into_iter().next().unwrap_or_else(|| panic!("nothing matches {css}"))
    }

    /// What those that match say.
    pub fn text(&self, css: &str) -> Vec<String> {
        self.all(css).iter().map(|element| element.text_content().unwrap_or_default()).collect()
    }

    /// Whether this is said anywhere.
    pub fn says(&self, text: &str) -> bool {
        self.root.text_content().is_some_and(|said| said.contains(text))
    }

    /// The value of a field, whatever kind it is of.
    pub fn value(&self, css: &str) -> String {
        let value = js_sys::Reflect::get(&self.one(css), &"value".into()).expect("it reads");
        value.as_string().expect("it is a text")
    }

    /// Presses the first that matches.
    pub async fn click(&self, css: &str) {
        self.one(css).click();
        settle().await;
    }

    /// Presses what is labelled so.
    pub async fn press(&self, label: &str) {
        let buttons = self.all("button, a");
        let named = |button: &&HtmlElement| button.text_content().is_some_and(|text| text == label);
        buttons.iter().find(named).unwrap_or_else(|| panic!("no “{label}”")).click();
        settle().await;
    }

    /// Writes into a field, in place of what is there.
    pub async fn write(&self, css: &str, text: &str) {
        self.fill(css, text, "input").await;
    }

    /// Chooses one of a list.
    pub async fn choose(&self, css: &str, value: &str) {
        self.fill(css, value, "change").await;
    }

    async fn fill(&self, css: &str, value: &str, event: &str) {
        let field = self.one(css);
        js_sys::Reflect::set(&field, &"value".into(), &value.into()).expect("it is a field");
        let event = Event::new(event).expect("an event can be made");
        field.dispatch_event(&event).expect("an event can be dispatched");
        settle().await;
    }

    /// The messages that went out.
    pub fn sent_messages(&self) -> Vec<(EntryId, String)> {
        let sent = self.line.sent.borrow();
        sent.iter()
            .filter_map(|frame| match frame {
                ClientFrame::Send { id, content: Content::Message { text }, .. } => Some((*id, text.clone())),
                _ => None,
            })
            .collect()
    }

    /// What each attempt to send a message said to have been read.
    pub fn read_by_attempt(&self) -> Vec<Option<Seq>> {
        let sent = self.line.sent.borrow();
        let after = |frame: &ClientFrame| match frame {
            ClientFrame::Send { after, .. } => Some(*after),
            _ => None,
        };
        sent.iter().filter_map(after).collect()
    }

    /// Nothing that others wrote was taken for markup.
    pub fn assert_plain(&self) {
        assert!(self.all("img, b").is_empty());
        assert!(js_sys::Reflect::get(&window(), &"hit".into()).is_ok_and(|hit| hit.is_undefined()));
    }
}

/// What the element says that has the focus.
pub fn focused() -> Option<String> {
    document().active_element().and_then(|element| element.text_content())
}

/// Lets effects and answers come, and the browser draw.
pub async fn settle() {
    let wait = js_sys::Promise::new(&mut |resolve, _| {
        let done = Closure::once_into_js(move || resolve.call0(&JsValue::NULL));
        let timer = Timer::after(Duration::from_millis(60), move || {
            let _ = done.unchecked_ref::<js_sys::Function>().call0(&JsValue::NULL);
        });
        std::mem::forget(timer);
    });
    JsFuture::from(wait).await.expect("the wait is never refused");
}
