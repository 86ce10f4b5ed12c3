//! What the desk keeps in the browser: drafts, messages that have not reached the log, the colour scheme.
//!
//! Drafts and messages are kept under the agent's id: whoever signs in next in the same browser does not see them, and
//! their author finds them again. Where storage is forbidden they live as long as the page.

use causette_client::storage::{self, Area};
use causette_shared::id::{AgentId, ConversationId, EntryId, Seq};
use causette_shared::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::json;

/// A message that has not reached the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// Where it belongs.
    pub conversation: ConversationId,
    /// The id it keeps.
    pub id: EntryId,
    /// When it was composed.
    pub composed_at: Timestamp,
    /// The last entry that the agent had before them then. 0 where an older desk kept it, which knew of nothing.
    #[serde(default)]
    pub after: Seq,
    /// What it says.
    pub text: String,
}

fn draft_key(agent: AgentId, conversation: ConversationId) -> String {
    format!("causette.desk.draft.{agent}.{conversation}")
}

fn unsent_prefix(agent: AgentId) -> String {
    format!("causette.desk.unsent.{agent}.")
}

/// The draft of a conversation, empty where there is none.
#[must_use]
pub fn draft(agent: AgentId, conversation: ConversationId) -> String {
    storage::get(Area::Local, &draft_key(agent, conversation)).unwrap_or_default()
}

/// Keeps a draft; an empty one is deleted.
pub fn set_draft(agent: AgentId, conversation: ConversationId, text: &str) {
    let key = draft_key(agent, conversation);
    if text.is_empty() {
        storage::remove(Area::Local, &key);
    } else {
        storage::set(Area::Local, &key, text);
    }
}

/// What an agent writes to invite a visitor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The id under which it was sent, of which nobody knows whether it arrived. Sent again it carries the same.
    pub id: Option<EntryId>,
    /// What it says.
    pub text: String,
}

fn invitation_key(agent: AgentId, conversation: ConversationId) -> String {
    format!("causette.desk.invitation.{agent}.{conversation}")
}

/// The invitation that was begun in a conversation, empty where there is none.
#[must_use]
pub fn invitation(agent: AgentId, conversation: ConversationId) -> Invitation {
    let json = storage::get(Area::Local, &invitation_key(agent, conversation));
    json.and_then(|json| json::read(&json).ok()).unwrap_or_default()
}

/// Keeps an invitation; an empty one is deleted.
pub fn set_invitation(agent: AgentId, conversation: ConversationId, invitation: &Invitation) {
    let key = invitation_key(agent, conversation);
    match serde_json::to_string(invitation) {
        Ok(json) if !invitation.text.is_empty() => {
            storage::set(Area::Local, &key, &json);
        }
        _ => storage::remove(Area::Local, &key),
    }
}

/// Keeps a message until its entry has come.
pub fn set_unsent(agent: AgentId, unsent: &Unsent) {
    if let Ok(json) = serde_json::to_string(unsent) {
        storage::set(Area::Local, &format!("{}{}", unsent_prefix(agent), unsent.id), &json);
    }
}

/// Deletes a message that has reached the log or was taken back.
pub fn remove_unsent(agent: AgentId, id: EntryId) {
    storage::remove(Area::Local, &format!("{}{id}", unsent_prefix(agent)));
}

/// The messages that have not reached the log, in the order they were written: ids sort by time.
#[must_use]
pub fn list_unsent(agent: AgentId) -> Vec<Unsent> {
    storage::keys(Area::Local, &unsent_prefix(agent))
        .iter()
        .filter_map(|key| storage::get(Area::Local, key))
        .filter_map(|json| json::read(&json).ok())
        .collect()
}
