//! The requests about contacts, and what a failure means for the agent.

use causette_client::http;
use causette_shared::id::{ContactId, ConversationId, MergeId};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::contacts::{
    AttachContact, ContactDetail, ContactPage, EditContact, MergeContacts, Merged, NewContact,
};
use serde::de::DeserializeOwned;

use crate::state::json;

const CONTACTS: &str = "/api/v1/desk/contacts";

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer came, or none of ours.
    Unreachable,
    /// The session is over.
    SignedOut,
    /// The server refused.
    Refused(Problem),
}

impl Failure {
    /// What to tell the agent.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Unreachable => "The desk cannot be reached. Please try again.".to_owned(),
            Self::SignedOut => "Your session has ended.".to_owned(),
            Self::Refused(problem) => match problem.kind {
                ProblemKind::WrongState | ProblemKind::Invalid => {
                    super::super::words::sentence(&problem.detail)
                }
                kind => kind.title().to_owned(),
            },
        }
    }
}

/// A page of the list.
///
/// # Errors
/// See `Failure`.
pub async fn list(search: &str, after: Option<&str>) -> Result<ContactPage, Failure> {
    let search: String = js_sys::encode_uri_component(search).into();
    let after = after.map_or_else(String::new, |after| ["&after=", after].concat());
    ask("GET", &[CONTACTS, "?search=", &search, &after].concat(), None).await
}

/// One contact.
///
/// # Errors
/// See `Failure`.
pub async fn find(id: ContactId) -> Result<ContactDetail, Failure> {
    ask("GET", &of(id), None).await
}

/// Adds a contact.
///
/// # Errors
/// See `Failure`.
pub async fn create(given: &NewContact) -> Result<ContactDetail, Failure> {
    ask("POST", CONTACTS, serde_json::to_string(given).ok()).await
}

/// Changes one.
///
/// # Errors
/// See `Failure`.
pub async fn change(id: ContactId, edit: &EditContact) -> Result<ContactDetail, Failure> {
    ask("PATCH", &of(id), serde_json::to_string(edit).ok()).await
}

/// Merges one into another.
///
/// # Errors
/// See `Failure`.
pub async fn merge(kept: ContactId, merged: ContactId) -> Result<Merged, Failure> {
    ask("POST", &[&of(kept), "/merge"].concat(), serde_json::to_string(&MergeContacts { merged }).ok()).await
}

/// Takes a merge back.
///
/// # Errors
/// See `Failure`.
pub async fn undo(merge: MergeId) -> Result<ContactDetail, Failure> {
    ask("POST", &["/api/v1/desk/contact-merges/", &merge.to_string(), "/undo"].concat(), None).await
}

/// Attaches a contact to a conversation, or detaches the one that it has.
///
/// # Errors
/// See `Failure`.
pub async fn attach(conversation: ConversationId, contact: Option<ContactId>) -> Result<(), Failure> {
    let path = ["/api/v1/desk/conversations/", &conversation.to_string(), "/contact"].concat();
    match contact {
        Some(contact) => send("PUT", &path, serde_json::to_string(&AttachContact { contact }).ok()).await,
        None => send("DELETE", &path, None).await,
    }
    .map(drop)
}

fn of(id: ContactId) -> String {
    [CONTACTS, "/", &id.to_string()].concat()
}

/// Asks for what is JSON.
///
/// # Errors
/// See `Failure`.
pub async fn ask<T: DeserializeOwned>(method: &str, path: &str, json: Option<String>) -> Result<T, Failure> {
    let body = send(method, path, json).await?;
    json::read(&body).map_err(|_| Failure::Unreachable)
}

/// Asks for what needs no answer but that it was done; returns the body.
///
/// # Errors
/// See `Failure`.
pub async fn send(method: &str, path: &str, json: Option<String>) -> Result<String, Failure> {
    let reply = http::request(method, path, json.as_deref()).await.map_err(|_| Failure::Unreachable)?;
    read(reply.status, reply.body)
}

fn read(status: u16, body: String) -> Result<String, Failure> {
    match status {
        200..=299 => Ok(body),
        401 => Err(Failure::SignedOut),
        _ => Err(json::read(&body).map_or(Failure::Unreachable, Failure::Refused)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn an_answer_is_read_or_told() {
        assert_eq!(read(204, String::new()), Ok(String::new()));
        assert_eq!(read(401, "<html>".to_owned()), Err(Failure::SignedOut));
        assert_eq!(read(502, "<html>".to_owned()), Err(Failure::Unreachable));
        let problem = r#"{"type":"t","title":"t","status":409,"detail":"it changed","kind":"wrong_state"}"#;
        let failure = read(409, problem.to_owned()).expect_err("it was refused");
        assert_eq!(failure.message(), "It changed.");
    }
}
