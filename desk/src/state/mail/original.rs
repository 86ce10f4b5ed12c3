//! One mail as it came, asked for when an agent wants to see it.

use causette_shared::id::{ConversationId, EntryId};
use causette_shared::problem::ProblemKind;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::requests::{self, OriginalMail};
use crate::state::contacts::{Failure, Load};
use crate::state::desk::Desk;

/// The store of one view on a mail. A handle: copies share it.
#[derive(Clone, Copy)]
pub struct Original {
    desk: Desk,
    conversation: ConversationId,
    entry: EntryId,
    /// What came of asking.
    pub mail: RwSignal<Load<OriginalMail>>,
}

impl Original {
    /// Asks for the mail of a message.
    #[must_use]
    pub fn open(desk: Desk, conversation: ConversationId, entry: EntryId) -> Self {
        let original = Self { desk, conversation, entry, mail: RwSignal::new(Load::Nothing) };
        original.ask();
        original
    }

    /// Asks again.
    pub fn ask(self) {
        self.mail.set(Load::Loading);
        spawn_local(async move {
            let load = match requests::original(self.conversation, self.entry).await {
                Ok(mail) => Load::Ready(mail),
                Err(Failure::Refused(problem)) if problem.kind == ProblemKind::NotFound => Load::Missing,
                Err(failure) => Load::Failed(self.desk.told_of(&failure)),
            };
            // Nobody looks any more.
            drop(self.mail.try_set(load));
        });
    }
}
