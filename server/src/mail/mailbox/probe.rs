//! One mail in the mailbox that we have sent ourselves: found by its name, whoever has seen it before, and taken out again.

use crate::mail::mailbox::session::{Found, Session};
use crate::mail::mailbox::{Content, Mailbox, MailboxError};
use crate::mail::message::MessageId;

/// The mailbox, open for a look.
pub struct Probe {
    session: Session,
    size_limit: u32,
}

impl Mailbox {
    /// Opens the mailbox for a look. It is not read as `run` does, and may be read so meanwhile.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn probe(&self) -> Result<Probe, MailboxError> {
        Ok(Probe { session: self.open().await?, size_limit: self.options.size_limit })
    }
}

impl Probe {
    /// Finds the UID of the mail with this name; `None` while it is not there.
    ///
    /// # Errors
    /// The connection is lost, or the server refuses.
    pub async fn find(&mut self, id: &MessageId) -> Result<Option<u32>, MailboxError> {
        // The server tells of new mails here (RFC 3501 §6.1.2).
        self.session.noop().await?;
        self.session.find_by_id(id).await
    }

    /// Reads a mail without marking it; `None` where it has gone, or is larger than any of ours.
    ///
    /// # Errors
    /// The connection is lost, or the server refuses.
    pub async fn fetch(&mut self, uid: u32) -> Result<Option<Vec<u8>>, MailboxError> {
        Ok(match self.session.fetch(uid, self.size_limit).await? {
            Found::Mail(Content::Whole(raw)) => Some(raw),
            Found::Mail(Content::TooLarge { .. } | Content::Unreadable) | Found::Nothing => None,
        })
    }

    /// Takes a mail out; where the server cannot do that for one alone, it stays, marked as seen and deleted.
    ///
    /// # Errors
    /// The connection is lost, or the server refuses.
    pub async fn remove(&mut self, uid: u32) -> Result<(), MailboxError> {
        self.session.remove(uid).await
    }

    /// Takes leave.
    pub async fn close(mut self) {
        self.session.leave().await;
    }
}
