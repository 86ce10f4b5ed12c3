//! What the desk knows of mail that waits or was given up, behind signals. It is asked for again each minute while
//! somebody looks, so that the bar tells of what went wrong on every page.

use std::time::Duration;

use causette_client::timer::{self, Timer};
use causette_shared::id::JobId;
use causette_shared::protocol::agent::Role;
use causette_shared::protocol::outbox::Outbox;
use causette_shared::time::Timestamp;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::requests::{self, InboundRow};
use super::words;
use crate::state::contacts::Failure;
use crate::state::desk::{Desk, Phase};

/// How old the answer may become.
const FRESH: Duration = Duration::from_secs(60);

/// Something that is asked for now and then. What came last stays while it is asked for anew, and when that fails.
pub struct Asked<T: Send + Sync + 'static> {
    /// The last answer.
    pub answer: RwSignal<Option<T>>,
    /// Why the last question had none.
    pub failure: RwSignal<Option<String>>,
    turn: StoredValue<u32>,
}

// Not derived: that would ask it of the answer.
impl<T: Send + Sync + 'static> Clone for Asked<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Asked<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Asked<T> {
    fn new() -> Self {
        Self { answer: RwSignal::new(None), failure: RwSignal::new(None), turn: StoredValue::new(0) }
    }

    fn ask(self, desk: Desk, question: impl Future<Output = Result<T, Failure>> + 'static) {
        let turn = self.next_turn();
        spawn_local(async move {
            let answer = question.await;
            // A later question has overtaken this one, or somebody else is signed in.
            if self.turn.try_get_value() != Some(turn) {
                return;
            }
            match answer {
                Ok(answer) => {
                    // An answer like the last one is not drawn again: the focus stays where it is.
                    if self.answer.with_untracked(|held| held.as_ref() != Some(&answer)) {
                        self.answer.set(Some(answer));
                    }
                    self.failure.set(None);
                }
                Err(failure) => self.failure.set(Some(desk.told_of(&failure))),
            }
        });
    }

    fn forget(self) {
        self.next_turn();
        self.answer.set(None);
        self.failure.set(None);
    }

    fn next_turn(self) -> u32 {
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        self.turn.get_value()
    }
}

/// The store. A handle: copies share it.
#[derive(Clone, Copy)]
pub struct MailRoom {
    /// What waits, and what was given up.
    pub outbox: Asked<Outbox>,
    /// What the mailbox held that became no message.
    pub inbound: Asked<Vec<InboundRow>>,
    /// The mails that something is done about just now.
    pub acting: RwSignal<Vec<JobId>>,
    /// Whether all are being tried again just now.
    pub acting_on_all: RwSignal<bool>,
    /// Whether the agent has put away the line that says that there is no mail server.
    pub is_notice_hidden: RwSignal<bool>,
    asked_at: StoredValue<Timestamp>,
    timer: StoredValue<Option<Timer>, LocalStorage>,
}

impl Default for MailRoom {
    fn default() -> Self {
        Self {
            outbox: Asked::new(),
            inbound: Asked::new(),
            acting: RwSignal::new(Vec::new()),
            acting_on_all: RwSignal::new(false),
            is_notice_hidden: RwSignal::new(false),
            asked_at: StoredValue::new(Timestamp::default()),
            timer: StoredValue::new_local(None),
        }
    }
}

/// What an agent does about a mail that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Send it again.
    Retry,
    /// Drop it.
    Discard,
}

impl Desk {
    /// Keeps what is known of mail fresh while somebody is signed in and looks.
    pub fn follow_mail(self) {
        let room = self.mail;
        if self.phase.get_untracked() != Phase::SignedIn {
            room.timer.set_value(None);
            room.outbox.forget();
            room.inbound.forget();
            room.is_notice_hidden.set(false);
            return;
        }
        let age = timer::now().since(room.asked_at.get_value());
        let is_known = room.outbox.answer.with_untracked(Option::is_some);
        let is_due = !is_known || age >= FRESH;
        // A hidden tab asks when it is shown: whoever shows it calls this.
        if is_due && !document().hidden() {
            self.ask_for_outbox();
        }
        let wait = if is_due { FRESH } else { FRESH.saturating_sub(age) };
        room.timer.set_value(Some(Timer::after(wait, move || self.follow_mail())));
    }

    /// Asks what waits and what was given up.
    pub fn ask_for_outbox(self) {
        self.mail.asked_at.set_value(timer::now());
        self.mail.outbox.ask(self, requests::outbox());
    }

    /// Asks what the mailbox held that became no message.
    pub fn ask_for_inbound(self) {
        self.mail.inbound.ask(self, requests::inbound());
    }

    /// Does something about a mail that was given up. `done` is told when it is no longer one of them.
    pub fn act_on_mail(self, id: JobId, verb: Verb, done: impl Fn() + 'static) {
        if self.mail.acting.with_untracked(|acting| acting.contains(&id)) {
            return;
        }
        self.mail.acting.update(|acting| acting.push(id));
        spawn_local(async move {
            let (outcome, said) = match verb {
                Verb::Retry => (requests::retry(id).await, "The mail is tried again now."),
                Verb::Discard => (
                    requests::discard(id).await,
                    "The mail is dropped. What it carried stays in the conversation.",
                ),
            };
            self.mail.acting.update(|acting| acting.retain(|held| *held != id));
            match outcome {
                Ok(()) => {
                    self.mail.outbox.answer.update(|outbox| {
                        if let Some(outbox) = outbox {
                            outbox.dead.retain(|mail| mail.id != id);
                            outbox.dead_count = outbox.dead_count.saturating_sub(1);
                        }
                    });
                    self.tell(said.to_owned());
                    done();
                }
                Err(failure) => self.tell(self.told_of(&failure)),
            }
            self.ask_for_outbox();
        });
    }

    /// Sends all again that surely did not arrive.
    pub fn retry_all_mail(self) {
        if self.mail.acting_on_all.get_untracked() {
            return;
        }
        self.mail.acting_on_all.set(true);
        spawn_local(async move {
            let outcome = requests::retry_all().await;
            self.mail.acting_on_all.set(false);
            self.tell(match outcome {
                Ok(done) => words::retried(done),
                Err(failure) => self.told_of(&failure),
            });
            self.ask_for_outbox();
        });
    }

    /// What to say of a failure; that of a session that is over leads to the sign-in page.
    #[must_use]
    pub fn told_of(self, failure: &Failure) -> String {
        if *failure == Failure::SignedOut && self.phase.get_untracked() == Phase::SignedIn {
            self.sign_out(true);
        }
        failure.message()
    }

    /// Mails that were given up. Tracked.
    #[must_use]
    pub fn count_dead_mail(self) -> u32 {
        self.mail.outbox.answer.with(|outbox| outbox.as_ref().map_or(0, |outbox| outbox.dead_count))
    }

    /// Whether an administrator has to be told that mail can go nowhere. Tracked.
    #[must_use]
    pub fn lacks_mail_server(self) -> bool {
        let is_admin = self.me.with(|me| me.as_ref().is_some_and(|me| me.role == Role::Admin));
        let is_missing = self
            .mail
            .outbox
            .answer
            .with(|outbox| outbox.as_ref().is_some_and(|outbox| !outbox.is_configured));
        is_admin && is_missing && !self.mail.is_notice_hidden.get()
    }
}
