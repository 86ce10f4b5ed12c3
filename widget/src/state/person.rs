//! What the page says of its person: who they are, proven by a token of the site's own server; what it merely says of them; and
//! the pages they were on.
//!
//! All of it is held here and told the server after each greeting, for the server keeps nothing before the first message.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use causette_client::host::Config;
use causette_client::timer::{self, Timer};
use causette_shared::limits::PAGES;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::host::{CONSENT_ANALYTICS, to_loader};
use causette_shared::protocol::visitor::{ClientFrame, ConversationState, Description, Standing};
use causette_shared::time::Timestamp;
use wasm_bindgen::JsValue;

use super::Widget;
use super::connection::Link;

/// How long a page may take to say that its visitor agrees to having their pages told: consent managers speak later than the
/// page loads. What an earlier page was allowed is deleted then.
const CONSENT_PATIENCE: Duration = Duration::from_secs(10);

/// What is known of the person.
pub struct Person {
    /// The token that is to be told, until the server has taken it for this session or has refused it.
    token: RefCell<Option<String>>,
    ask: Cell<Ask>,
    /// Whether a token was refused since the last good one: the page is asked for another one once.
    was_refused: Cell<bool>,
    /// Whether the page was told that the person is known.
    is_known: Cell<bool>,
    /// Whether a conversation that was begun elsewhere is brought here: by the link of a mail, or because the person is known.
    resumes: Cell<bool>,
    said: RefCell<Description>,
    /// Pages that were not told yet, and when they were opened.
    pages: RefCell<Vec<(String, String, Timestamp)>>,
    may_tell_pages: Cell<bool>,
    /// Whether the server is to delete the pages that it has.
    forgets_pages: Cell<bool>,
    patience: RefCell<Option<Timer>>,
}

/// Whether the page was asked for a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    No,
    Asked,
    /// Asked, and what it answers is out of date by now.
    Again,
}

impl Person {
    /// What the page said at the start.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            token: RefCell::new(None),
            ask: Cell::new(Ask::No),
            was_refused: Cell::new(false),
            is_known: Cell::new(false),
            resumes: Cell::new(config.resumed),
            said: RefCell::new(Description::default()),
            pages: RefCell::new(Vec::new()),
            may_tell_pages: Cell::new(config.consent.is_some_and(|bits| bits & CONSENT_ANALYTICS != 0)),
            forgets_pages: Cell::new(false),
            patience: RefCell::new(None),
        }
    }
}

impl Widget {
    /// Asks the page to prove who the person is, where it can, and waits for their consent.
    pub fn begin_person(self) {
        if self.setup.config.identity {
            self.ask_identity();
        }
        // A page of our own, or an app, says nothing of it, nor of what other pages were allowed.
        if self.setup.config.consent.is_none() {
            return;
        }
        let wait = Timer::after(CONSENT_PATIENCE, move || {
            if !self.person.may_tell_pages.get() {
                self.set_analytics(false);
            }
        });
        self.person.patience.replace(Some(wait));
    }

    /// The page has another identity: what it answers to an earlier question is out of date.
    pub fn renew_identity(self) {
        self.person.was_refused.set(false);
        match self.person.ask.get() {
            Ask::No => self.ask_identity(),
            Ask::Asked | Ask::Again => self.person.ask.set(Ask::Again),
        }
    }

    fn ask_identity(self) {
        self.person.ask.set(Ask::Asked);
        self.with_host(|host| host.post(to_loader::NEED_IDENTITY));
    }

    /// The page gives a token; `None` where nobody is signed in.
    pub fn take_identity(self, token: Option<String>) {
        if self.person.ask.replace(Ask::No) == Ask::Again {
            return self.ask_identity();
        }
        self.person.token.replace(token);
        self.tell_identity();
    }

    /// The server has taken a token.
    pub(super) fn identified(self, standing: Standing) {
        let person = &self.person;
        person.was_refused.set(false);
        self.tell_known(true);
        match standing {
            Standing::Here => {
                person.token.replace(None);
                // The session has just become theirs: its conversation comes with the greeting.
                if !self.has_conversation() {
                    self.hello();
                }
            }
            Standing::Elsewhere => {
                if self.begin_session() {
                    person.resumes.set(true);
                    self.engine.replica.borrow_mut().offline();
                    self.hello();
                }
            }
            Standing::Nowhere => {}
        }
    }

    /// The server has not taken something that the page has said.
    pub(super) fn declined(self, problem: &Problem) {
        let person = &self.person;
        match problem.kind {
            ProblemKind::InvalidIdentity | ProblemKind::AnotherPerson => {
                person.token.replace(None);
                let is_first = !person.was_refused.replace(true);
                if is_first && problem.kind == ProblemKind::InvalidIdentity {
                    // It may only have expired.
                    return self.ask_identity();
                }
                self.tell_known(false);
                let is_anothers = problem.kind == ProblemKind::AnotherPerson;
                self.tell_error(if is_anothers { "another_person" } else { "identity" });
            }
            // Said again after the next greeting.
            ProblemKind::RateLimited => self.tell_error("rate_limited"),
            ProblemKind::Invalid => {
                // It would be refused again.
                person.said.replace(Description::default());
                self.tell_error("attributes");
            }
            _ => {
                person.token.replace(None);
                self.tell_error("identity");
            }
        }
    }

    /// The person signs out.
    pub(super) fn forget_person(self) {
        self.person.token.replace(None);
        self.tell_known(false);
    }

    fn tell_known(self, known: bool) {
        if self.person.is_known.replace(known) != known {
            self.with_host(|host| host.event("identity:changed", &[("verified", known.into())]));
        }
    }

    /// The page says what it knows of the person: all of it.
    pub fn take_description(self, said: Description) {
        self.person.said.replace(said);
        self.describe();
    }

    /// The visitor is on a page.
    pub fn visit(self, url: String, title: String) {
        if self.person.may_tell_pages.get() {
            let mut pages = self.person.pages.borrow_mut();
            if pages.len() == PAGES {
                pages.remove(0);
            }
            pages.push((url, title, timer::now()));
            drop(pages);
            self.tell_pages();
        }
    }

    /// The visitor agreed to having their pages told, or no longer does: then those that were told are deleted.
    pub fn set_analytics(self, agreed: bool) {
        self.person.may_tell_pages.set(agreed);
        self.person.forgets_pages.set(!agreed);
        if !agreed {
            self.person.pages.borrow_mut().clear();
        }
        self.tell_pages();
    }

    /// Tells the server all that is held: it has greeted, or a conversation has begun.
    pub(super) fn tell_person(self) {
        if self.has_conversation() {
            if self.person.resumes.replace(false) {
                self.tell_numbered("conversation:resumed");
            }
            self.describe();
            self.tell_pages();
        }
        self.tell_identity();
    }

    /// Once for each greeting: an answer to a token that was told twice would count twice.
    fn tell_identity(self) {
        let token = self.person.token.borrow().clone();
        if let (Some(token), Link::Up) = (token, self.connection.link.now()) {
            self.send(&ClientFrame::Identify { token });
        }
    }

    fn describe(self) {
        let said = self.person.said.borrow().clone();
        if said != Description::default() && self.has_conversation() {
            self.send(&ClientFrame::Describe(said));
        }
    }

    fn tell_pages(self) {
        if !self.has_conversation() {
            return;
        }
        let person = &self.person;
        if person.forgets_pages.get() && self.send(&ClientFrame::ForgetPages) {
            person.forgets_pages.set(false);
        }
        let pages = person.pages.take();
        let now = timer::now();
        let told = |(url, title, at): &(String, String, Timestamp)| {
            let ago_s = u32::try_from(now.since(*at).as_secs()).unwrap_or(u32::MAX);
            self.send(&ClientFrame::Visited { url: url.clone(), title: title.clone(), ago_s })
        };
        let rest = pages.into_iter().filter(|page| !told(page)).collect();
        person.pages.replace(rest);
    }

    fn has_conversation(self) -> bool {
        self.thread.about.peek(Option::is_some)
    }

    /// Tells the page of something that has happened to the conversation.
    pub(super) fn tell_numbered(self, name: &str) {
        let number =
            self.thread.about.peek(|about: &Option<ConversationState>| about.as_ref().map(|one| one.number));
        let number = number.map_or(JsValue::NULL, |number| JsValue::from_f64(number.into()));
        self.with_host(|host| host.event(name, &[("number", number)]));
    }
}
