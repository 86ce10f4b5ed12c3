//! What the panel keeps in the browser: messages on their way, the draft, and which forms were put off.
//!
//! Before the visitor has a session or has agreed to personalisation it lasts as long as the tab, afterwards until it is
//! done with. From the session on it stands under a mark of it: whoever comes next on a shared computer, with another
//! session or none, does not find it. What is stored outlives the protocol number, so it has a form of its own instead of a frame's: a panel
//! that reloads into a newer version finds what the older one left.

use causette_client::storage::{self, Area};
use causette_shared::entry::Content;
use causette_shared::form::Introduction;
use causette_shared::id::{EntryId, SessionSecret};

const DRAFT: &str = "draft";
const LATER: &str = "later";
const COPY_LATER: &str = "copy";
const UNSENT: &str = "unsent.";
const ALL: [&str; 4] = [UNSENT, DRAFT, LATER, COPY_LATER];
/// How much of the secret marks what belongs to it: enough to tell sessions apart, and no use to anybody.
const MARK_CHARS: usize = 8;
const MESSAGE: char = 'm';
const INTRODUCTION: char = 'i';
const CONTACTS: char = 'c';
const COPY: char = 'k';
/// Stands between the answers of an introduction: the control character made for it, which no field may hold.
const SEPARATOR: char = '\u{1f}';

/// The part of the browser's storage that belongs to one site.
#[derive(Clone, Debug)]
pub struct Keep {
    /// Of everything of the site.
    site: String,
    /// Of what belongs to the session, or to none.
    prefix: String,
    area: Area,
    is_closed: bool,
}

impl Keep {
    /// Opens the storage of a site; `lasting` is whether what is kept may outlive the tab.
    #[must_use]
    pub fn new(site: &str, lasting: bool, session: Option<&SessionSecret>) -> Self {
        let site = ["causette.", site, "."].concat();
        let mut keep = Self { prefix: site.clone(), site, area: area(lasting), is_closed: false };
        keep.move_area();
        if let Some(session) = session {
            keep.set_owner(session);
        }
        keep
    }

    /// The session that what is kept belongs to from now on, with what was written before it began.
    pub fn set_owner(&mut self, session: &SessionSecret) {
        let mark = session.expose().get(..MARK_CHARS).unwrap_or_default();
        let prefix = [&self.site, "~", mark, "."].concat();
        if prefix == self.prefix {
            return;
        }
        for key in self.kept(self.area) {
            if let (Some(value), Some(name)) = (storage::get(self.area, &key), key.strip_prefix(&self.prefix))
            {
                storage::set(self.area, &[&prefix, name].concat(), &value);
            }
            storage::remove(self.area, &key);
        }
        self.prefix = prefix;
        self.move_area();
    }

    /// Allows or forbids outliving the tab; what is kept moves.
    pub fn set_lasting(&mut self, lasting: bool) {
        if self.area != area(lasting) {
            self.area = area(lasting);
            self.move_area();
        }
    }

    /// The text that was being written.
    #[must_use]
    pub fn draft(&self) -> String {
        self.get(DRAFT).unwrap_or_default()
    }

    /// Keeps the text that is being written; an empty one is nothing to keep.
    pub fn set_draft(&self, text: &str) {
        if text.is_empty() { self.remove(DRAFT) } else { self.set(DRAFT, text) }
    }

    /// Whether the form was put off.
    #[must_use]
    pub fn is_put_off(&self) -> bool {
        self.get(LATER).is_some()
    }

    /// Keeps whether the form was put off.
    pub fn set_put_off(&self, put_off: bool) {
        if put_off { self.set(LATER, "1") } else { self.remove(LATER) }
    }

    /// Whether a copy was put off after this end of the chat.
    #[must_use]
    pub fn is_copy_put_off(&self, end: EntryId) -> bool {
        self.get(COPY_LATER).is_some_and(|kept| kept == written("", end))
    }

    /// Keeps that a copy was put off after this end of the chat.
    pub fn set_copy_put_off(&self, end: EntryId) {
        self.set(COPY_LATER, &written("", end));
    }

    /// Keeps something until it has arrived.
    pub fn add_unsent(&self, id: EntryId, content: &Content) {
        self.set(&unsent_name(id), &encode(content));
    }

    /// Forgets something that has arrived or was taken back.
    pub fn remove_unsent(&self, id: EntryId) {
        self.remove(&unsent_name(id));
    }

    /// Everything that has not arrived, in the order it was written: the ids sort by time.
    #[must_use]
    pub fn unsent(&self) -> Vec<(EntryId, Content)> {
        let prefix = [&self.prefix, UNSENT].concat();
        let read = |key: String| {
            let id = key.strip_prefix(&prefix)?.parse().ok()?;
            Some((id, decode(&storage::get(self.area, &key)?)?))
        };
        storage::keys(self.area, &prefix).into_iter().filter_map(read).collect()
    }

    /// Forgets everything of this site, wherever it is kept, and keeps nothing more: a panel that goes away writes down
    /// what it holds.
    pub fn forget_all(&mut self) {
        self.is_closed = true;
        for area in [Area::Local, Area::Session] {
            for key in storage::keys(area, &self.site) {
                storage::remove(area, &key);
            }
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        storage::get(self.area, &self.key(name))
    }

    fn set(&self, name: &str, value: &str) {
        // Storage that is full or forbidden costs the copy, not the message: it is still in memory.
        if !self.is_closed {
            storage::set(self.area, &self.key(name), value);
        }
    }

    fn remove(&self, name: &str) {
        storage::remove(self.area, &self.key(name));
    }

    fn key(&self, name: &str) -> String {
        [&self.prefix, name].concat()
    }

    /// What is kept in an area, by its keys.
    fn kept(&self, area: Area) -> Vec<String> {
        ALL.iter().flat_map(|name| storage::keys(area, &self.key(name))).collect()
    }

    fn move_area(&self) {
        let from = if self.area == Area::Local { Area::Session } else { Area::Local };
        for key in self.kept(from) {
            if let Some(value) = storage::get(from, &key) {
                storage::set(self.area, &key, &value);
            }
            storage::remove(from, &key);
        }
    }
}

fn area(lasting: bool) -> Area {
    if lasting { Area::Local } else { Area::Session }
}

fn unsent_name(id: EntryId) -> String {
    written(UNSENT, id)
}

fn written(prefix: &str, id: EntryId) -> String {
    let mut buffer = [0; 36];
    [prefix, id.0.as_hyphenated().encode_lower(&mut buffer)].concat()
}

fn encode(content: &Content) -> String {
    let mut text = String::new();
    match content {
        Content::Message { text: message } => {
            text.push(MESSAGE);
            text.push_str(message);
        }
        Content::Copy { email } => {
            text.push(COPY);
            text.push_str(email);
        }
        Content::Introduction(answers) | Content::Contacts(answers) => {
            let Introduction { name, email, phone } = answers;
            text.push(if matches!(content, Content::Contacts(_)) { CONTACTS } else { INTRODUCTION });
            for answer in [name, email, phone] {
                text.push_str(answer.as_deref().unwrap_or_default());
                text.push(SEPARATOR);
            }
        }
    }
    text
}

fn decode(kept: &str) -> Option<Content> {
    if let Some(text) = kept.strip_prefix(MESSAGE) {
        return Some(Content::Message { text: text.to_owned() });
    }
    if let Some(email) = kept.strip_prefix(COPY) {
        return Some(Content::Copy { email: email.to_owned() });
    }
    let rest = kept.strip_prefix([INTRODUCTION, CONTACTS])?;
    let mut answers = rest.split(SEPARATOR);
    let mut next = || answers.next().filter(|answer| !answer.is_empty()).map(str::to_owned);
    let answers = Introduction { name: next(), email: next(), phone: next() };
    Some(if kept.starts_with(CONTACTS) { Content::Contacts(answers) } else { Content::Introduction(answers) })
}
