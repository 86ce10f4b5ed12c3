//! What is being written.

use super::Widget;
use super::slot::Slot;
use causette_shared::entry::Content;
use causette_shared::limits;
use causette_shared::message::{self, InvalidText};

/// The composer.
#[derive(Debug)]
pub struct Composer {
    /// The text as it was typed.
    pub text: Slot<String>,
    /// Grows by one whenever the composer should take the focus.
    pub focus: Slot<u32>,
}

impl Composer {
    /// Starts with what was left unfinished.
    #[must_use]
    pub fn new(draft: String) -> Self {
        Self { text: Slot::new(draft), focus: Slot::new(0) }
    }

    /// Characters over the limit, where the text is too long.
    #[must_use]
    pub fn excess(&self) -> Option<usize> {
        self.text.with(|text| excess(text))
    }

    /// Whether there is something to send.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.with(|text| text.trim().is_empty())
    }

    /// Puts the focus into the composer.
    pub fn take_focus(&self) {
        self.focus.bump();
    }
}

fn excess(text: &str) -> Option<usize> {
    // A character takes at least one byte: most texts are short enough without being counted.
    if text.len() <= limits::MESSAGE_CHARS {
        return None;
    }
    text.trim().chars().count().checked_sub(limits::MESSAGE_CHARS).filter(|excess| *excess > 0)
}

impl Widget {
    /// The visitor has typed.
    pub fn typed(self, text: String) {
        self.keep.borrow().set_draft(&text);
        self.say_typing(!text.trim().is_empty());
        self.form.entered.set(false);
        self.composer.text.set(text);
    }

    /// Sends what is written. An empty or over-long text stays where it is.
    pub fn submit(self) {
        let parsed = self.composer.text.peek(|text| message::parse_text(text));
        match parsed {
            Ok(text) => {
                self.typed(String::new());
                // Whoever answers has read what was new.
                self.panel.new_after.set(None);
                self.compose(Content::Message { text });
                self.panel.follow_end();
            }
            Err(InvalidText::Empty | InvalidText::TooLong) => {}
        }
        self.composer.take_focus();
    }

    /// Puts a message that failed back into the composer, before what is being written there.
    pub fn edit(self, id: causette_shared::id::EntryId) {
        if let Some(Content::Message { text }) = self.take_failed(id) {
            let draft = self.composer.text.now();
            self.typed(if draft.trim().is_empty() { text } else { [&text, "\n", &draft].concat() });
            self.composer.take_focus();
        }
    }
}
