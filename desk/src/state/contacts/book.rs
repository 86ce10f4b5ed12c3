//! The list of contacts and the open one, behind signals.

use std::time::Duration;

use causette_client::timer::Timer;
use causette_shared::id::{ContactId, MergeId};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::contacts::{ContactDetail, ContactPage, ContactRow};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::requests::{self, Failure};
use crate::state::desk::Desk;

/// How long the agent has stopped typing before a search goes out.
const TYPED: Duration = Duration::from_millis(200);

/// What became of something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Load<T> {
    /// Nothing was.
    Nothing,
    /// It is on its way.
    Loading,
    /// It came.
    Ready(T),
    /// It is not there.
    Missing,
    /// It did not come.
    Failed(String),
}

/// The store of one view on contacts: the page, or a picker. A handle: copies share it.
#[derive(Clone, Copy)]
pub struct Book {
    desk: Desk,
    /// What is looked for.
    pub search: RwSignal<String>,
    /// The rows; `Ready` once the first page has come, and stays so while another search is under way.
    pub rows: RwSignal<Load<Vec<ContactRow>>>,
    /// Whether a search or a further page is under way.
    pub busy: RwSignal<bool>,
    /// Where the list goes on.
    pub next: RwSignal<Option<String>>,
    /// The open contact.
    pub open: RwSignal<Load<ContactDetail>>,
    /// A merge that was just done and can be undone, and what to say of it.
    pub merged: RwSignal<Option<(MergeId, String)>>,
    asked: StoredValue<u32>,
    opened: StoredValue<u32>,
    timer: StoredValue<Option<Timer>, LocalStorage>,
}

impl Book {
    /// Makes one that knows nothing yet.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self {
            desk,
            search: RwSignal::new(String::new()),
            rows: RwSignal::new(Load::Loading),
            busy: RwSignal::new(false),
            next: RwSignal::new(None),
            open: RwSignal::new(Load::Nothing),
            merged: RwSignal::new(None),
            asked: StoredValue::new(0),
            opened: StoredValue::new(0),
            timer: StoredValue::new_local(None),
        }
    }

    /// Looks for something, once the agent has stopped typing.
    pub fn look_for(self, search: String) {
        self.search.set(search);
        let timer = Timer::after(TYPED, move || self.reload());
        self.timer.set_value(Some(timer));
    }

    /// Asks for the first page again.
    pub fn reload(self) {
        self.fetch(None);
    }

    /// Asks for the next page.
    pub fn more(self) {
        if let (Some(next), false) = (self.next.get_untracked(), self.busy.get_untracked()) {
            self.fetch(Some(next));
        }
    }

    fn fetch(self, after: Option<String>) {
        let Some(turn) = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        }) else {
            return;
        };
        self.busy.set(true);
        if matches!(self.rows.get_untracked(), Load::Failed(_)) {
            self.rows.set(Load::Loading);
        }
        let search = self.search.get_untracked();
        spawn_local(async move {
            let answer = requests::list(search.trim(), after.as_deref()).await;
            // A later search has overtaken this one, or nobody looks any more.
            if self.asked.try_get_value() != Some(turn) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(ContactPage { contacts, next }) => {
                    self.next.set(next);
                    self.rows.update(|rows| match rows {
                        Load::Ready(rows) if after.is_some() => rows.extend(contacts),
                        rows => *rows = Load::Ready(contacts),
                    });
                }
                Err(failure) => {
                    let text = self.told(&failure);
                    if after.is_some() { self.desk.tell(text) } else { self.rows.set(Load::Failed(text)) }
                }
            }
        });
    }

    /// Opens a contact, or none. `moved` is told where the contact was merged into another.
    pub fn open(self, id: Option<ContactId>, moved: impl Fn(ContactId) + 'static) {
        let Some(turn) = self.opened.try_update_value(|opened| {
            *opened += 1;
            *opened
        }) else {
            return;
        };
        let Some(id) = id else {
            self.open.set(Load::Nothing);
            return;
        };
        let is_open =
            self.open.with_untracked(|open| matches!(open, Load::Ready(detail) if detail.contact.id == id));
        if !is_open {
            self.open.set(Load::Loading);
        }
        spawn_local(async move {
            let answer = requests::find(id).await;
            if self.opened.try_get_value() != Some(turn) {
                return;
            }
            match answer {
                Ok(detail) => {
                    let now = detail.contact.id;
                    self.open.set(Load::Ready(detail));
                    if now != id {
                        moved(now);
                    }
                }
                Err(Failure::Refused(problem)) if problem.kind == ProblemKind::NotFound => {
                    self.open.set(Load::Missing);
                }
                Err(failure) => {
                    let text = self.told(&failure);
                    self.open.set(Load::Failed(text));
                }
            }
        });
    }

    /// Shows what a change has made of the open contact, here and in the list.
    pub fn changed(self, detail: ContactDetail) {
        self.open.set(Load::Ready(detail));
        self.reload();
    }

    /// Merges the contact `merged` into the open one.
    pub fn merge(self, kept: ContactId, merged: ContactId, done: impl Fn(Result<(), String>) + 'static) {
        spawn_local(async move {
            match requests::merge(kept, merged).await {
                Ok(answer) => {
                    self.merged.set(Some((answer.merge, "The contacts are merged.".to_owned())));
                    self.changed(answer.contact);
                    done(Ok(()));
                }
                Err(failure) => done(Err(self.told(&failure))),
            }
        });
    }

    /// Takes a merge back.
    pub fn undo(self, merge: MergeId) {
        self.merged.set(None);
        spawn_local(async move {
            match requests::undo(merge).await {
                Ok(detail) => {
                    self.changed(detail);
                    self.desk.tell("The merge is undone.".to_owned());
                }
                Err(failure) => {
                    let text = self.told(&failure);
                    self.desk.tell(text);
                }
            }
        });
    }

    /// What to say of a failure; that of a session that is over leads to the sign-in page.
    #[must_use]
    pub fn told(self, failure: &Failure) -> String {
        if *failure == Failure::SignedOut {
            self.desk.sign_out(true);
        }
        failure.message()
    }
}
