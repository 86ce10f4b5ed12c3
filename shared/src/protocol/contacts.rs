//! Contacts at the desk: what its HTTP requests carry and are answered with, as JSON.

use serde::{Deserialize, Serialize};

use crate::conversation::Status;
use crate::id::{ContactId, ConversationId, MergeId};
use crate::presence::UnreachableReason;
use crate::time::Timestamp;

/// Contacts that one answer to a list carries at most.
pub const CONTACTS_PER_PAGE: usize = 50;
/// Conversations that stand beside a contact at most: the newest.
pub const CONVERSATIONS_PER_CONTACT: usize = 50;

/// A contact as agents see it. Unknown is `None`, never an empty text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactCard {
    /// Which contact.
    pub id: ContactId,
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// Whether the person has shown that the address is theirs.
    pub email_verified: bool,
    /// The number: E.164 where it could be read, else as it was typed.
    pub phone: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// Why mail does not reach them, where it has come back or is not wanted.
    pub unreachable: Option<UnreachableReason>,
    /// What the server that refused the mail said.
    pub unreachable_detail: Option<String>,
    /// When we first knew of them.
    pub created_at: Timestamp,
    /// When this was last changed. An edit carries it back.
    pub updated_at: Timestamp,
}

/// Answer to a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPage {
    /// Contacts, the last changed first.
    pub contacts: Vec<ContactRow>,
    /// What to ask for as `after` to go on; `None` at the end.
    pub next: Option<String>,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRow {
    /// The contact.
    pub contact: ContactCard,
    /// How many conversations they have.
    pub conversations: u32,
}

/// One contact with what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactDetail {
    /// The contact.
    pub contact: ContactCard,
    /// Their newest conversations, newest first.
    pub conversations: Vec<ContactConversation>,
    /// How many they have in all.
    pub conversations_total: u32,
    /// The contacts that were merged into this one and can be taken out again, newest first.
    pub merges: Vec<ContactMerge>,
}

/// A conversation of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactConversation {
    /// Which conversation.
    pub id: ConversationId,
    /// The number shown to both sides.
    pub number: u32,
    /// The site's name.
    pub site: String,
    /// Where it stands.
    pub status: Status,
    /// The last message, on one short line.
    pub preview: String,
    /// When its last message was written.
    pub last_message_at: Timestamp,
}

/// A merge that was not undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactMerge {
    /// Which merge.
    pub id: MergeId,
    /// What the merged contact was called: name, else address, else nothing.
    pub merged: Option<String>,
    /// The agent who did it; `None` where a proven address did.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A new contact. Empty texts are the same as none; one field at least is given.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewContact {
    /// The name.
    pub name: Option<String>,
    /// The address, also as `Name <address>`.
    pub email: Option<String>,
    /// The number.
    pub phone: Option<String>,
    /// The company.
    pub company: Option<String>,
}

/// A change of a contact. A field that is not given stays; an empty text empties it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditContact {
    /// The `updated_at` of the contact that was edited: where it has changed since, nothing is.
    pub updated_at: Timestamp,
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// The address. Another one than before is unverified.
    #[serde(default)]
    pub email: Option<String>,
    /// The number.
    #[serde(default)]
    pub phone: Option<String>,
    /// The company.
    #[serde(default)]
    pub company: Option<String>,
}

/// Merges another contact into the one that the address names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeContacts {
    /// The one that goes.
    pub merged: ContactId,
}

/// What a merge answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// What undoes it.
    pub merge: MergeId,
    /// The contact that was kept.
    pub contact: ContactDetail,
}

/// Attaches a contact to a conversation, which is to its visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachContact {
    /// Which contact.
    pub contact: ContactId,
}

impl std::fmt::Debug for NewContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewContact(redacted)")
    }
}

impl std::fmt::Debug for EditContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EditContact(redacted)")
    }
}
