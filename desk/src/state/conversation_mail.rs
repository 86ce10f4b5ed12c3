//! The requests about a conversation's mail and its end.

use causette_shared::conversation::Status;
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::presence::{Presence, UnreachableReason};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::ConversationSummary;
use causette_shared::protocol::conversation_mail::{
    DecideFollowUp, EndChat, InvitePreview, PreviewInvite, SendInvite, Wish,
};
use serde::Serialize;

use super::contacts::Failure;
use super::contacts::requests::{ask, send};
use super::desk::Desk;
use super::words;

/// Sends the follow-up that waits at once, or not at all.
///
/// # Errors
/// See `Failure`.
pub async fn decide_follow_up(id: ConversationId, wish: Wish) -> Result<(), Failure> {
    post(id, "follow-up", &DecideFollowUp { wish }).await
}

/// Tells what mail an invitation would be.
///
/// # Errors
/// See `Failure`.
pub async fn preview_invite(id: ConversationId, text: String) -> Result<InvitePreview, Failure> {
    ask("POST", &path(id, "invite/preview"), json(&PreviewInvite { text })).await
}

/// Where the page of that mail is asked for with a form.
#[must_use]
pub fn preview_page(id: ConversationId) -> String {
    path(id, "invite/preview/page")
}

/// Invites the visitor.
///
/// # Errors
/// See `Failure`.
pub async fn invite(id: ConversationId, entry: EntryId, text: String) -> Result<(), Failure> {
    post(id, "invite", &SendInvite { id: entry, text }).await
}

/// Ends the chat.
///
/// # Errors
/// See `Failure`.
pub async fn end_chat(id: ConversationId, status: Status) -> Result<(), Failure> {
    post(id, "end", &EndChat { status }).await
}

/// Sends a copy to the contact's address.
///
/// # Errors
/// See `Failure`.
pub async fn send_copy(id: ConversationId) -> Result<(), Failure> {
    send("POST", &path(id, "copy"), None).await.map(drop)
}

/// Takes the links of earlier mails back.
///
/// # Errors
/// See `Failure`.
pub async fn revoke_links(id: ConversationId) -> Result<(), Failure> {
    send("POST", &path(id, "links/revoke"), None).await.map(drop)
}

/// Why no mail can go to the visitor of a conversation, as far as the row tells.
#[must_use]
pub fn no_mail(row: &ConversationSummary) -> Option<&'static str> {
    let reason = match row.presence {
        Presence::Unreachable(reason) => Some(reason),
        _ if row.contact.email.is_none() => Some(UnreachableReason::NoAddress),
        _ => row.mail_stopped.then_some(UnreachableReason::OptedOut),
    };
    reason.map(words::unreachable)
}

/// Why the visitor of a conversation cannot be invited, as far as the row tells.
#[must_use]
pub fn no_invite(row: &ConversationSummary) -> Option<&'static str> {
    match row.presence {
        _ if row.status == Status::Closed => Some("The conversation is closed."),
        Presence::Active | Presence::Idle => Some("They are on the page: just write."),
        _ => no_mail(row),
    }
}

impl Desk {
    /// What to say of a failure; that of a session that is over leads to the sign-in page.
    #[must_use]
    pub fn failure_told(self, failure: &Failure) -> String {
        if *failure == Failure::SignedOut {
            self.sign_out(true);
        }
        match failure {
            Failure::Refused(problem) if problem.kind == ProblemKind::Unavailable => {
                "The desk does not answer right now. Please try again in a moment.".to_owned()
            }
            failure => failure.message(),
        }
    }
}

fn path(id: ConversationId, act: &str) -> String {
    ["/api/v1/desk/conversations/", &id.to_string(), "/", act].concat()
}

fn json(body: &impl Serialize) -> Option<String> {
    serde_json::to_string(body).ok()
}

async fn post(id: ConversationId, act: &str, body: &impl Serialize) -> Result<(), Failure> {
    send("POST", &path(id, act), json(body)).await.map(drop)
}
