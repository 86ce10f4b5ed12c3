//! The follow-up: unseen replies that go out by e-mail when their time comes. Here it is scheduled, moved and cancelled, in
//! the transaction of what causes that; the outbox sends it, and asks again before.

use causette_shared::follow_up::{Facts, Rules, due_at};
use causette_shared::id::{ConversationId, JobId, VisitorId};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::conversation_mail::Wish;
use causette_shared::time::Timestamp;

use crate::clock;
use crate::service::{Context, UseCase, UseCaseError};
use crate::site::SiteSettings;
use crate::store::conversation::{self, Conversation};
use crate::store::{Tx, entry, outbox, site};

/// The delays of a site.
#[must_use]
pub fn rules(settings: &SiteSettings) -> Rules {
    use std::time::Duration;
    Rules {
        unseen: Duration::from_secs(settings.follow_up_unseen_s.into()),
        left: Duration::from_secs(settings.follow_up_left_s.into()),
        between: Duration::from_secs(settings.follow_up_between_s.into()),
    }
}

/// Reads what the rule asks for. `left_at` is `None` while the visitor is on the page.
///
/// # Errors
/// The store fails.
pub async fn read_facts(
    tx: &mut Tx,
    conversation: &Conversation,
    left_at: Option<Timestamp>,
) -> Result<Facts, UseCaseError> {
    let mailed = outbox::find_mailed(tx, conversation.id).await?;
    // What a mail has carried already, or an agent did not want to be mailed, goes along with the next one, but is no reason
    // for it.
    let settled = mailed.upto.max(conversation.visitor_seen);
    let unseen = entry::find_unseen_replies(tx, conversation.id, settled).await?;
    Ok(Facts {
        unseen_since: unseen.map(|unseen| unseen.first_at),
        last_reply_at: unseen.map(|unseen| unseen.last_at),
        left_at,
        mailed_at: mailed.at,
        is_reachable: conversation.unreachable().is_none(),
    })
}

/// Schedules, moves or cancels the follow-up of a conversation as it is now. The conversation is locked before.
///
/// # Errors
/// The store fails.
pub async fn reconsider(tx: &mut Tx, cx: &mut Context, id: ConversationId) -> Result<(), UseCaseError> {
    match conversation::find_conversation(tx, id).await? {
        Some(found) => reconsider_found(tx, cx, &found).await,
        None => Ok(()),
    }
}

/// The same for a conversation that was read in this transaction, after whatever changed its contact or what was seen.
///
/// # Errors
/// The store fails.
pub async fn reconsider_found(
    tx: &mut Tx,
    cx: &mut Context,
    found: &Conversation,
) -> Result<(), UseCaseError> {
    // When they left is not known here, only that they did: who hears of it as it happens says so (`VisitorLeft`).
    let left_at = (!cx.whereabouts.is_here(found.visitor)).then_some(Timestamp(0));
    plan(tx, cx, found, left_at).await
}

/// The same where one waits: nothing that was said goes out again only because something else has happened.
///
/// # Errors
/// The store fails.
pub async fn reconsider_waiting(
    tx: &mut Tx,
    cx: &mut Context,
    id: ConversationId,
) -> Result<(), UseCaseError> {
    match conversation::find_conversation(tx, id).await? {
        Some(found) if found.follow_up_at.is_some() => reconsider(tx, cx, id).await,
        _ => Ok(()),
    }
}

async fn plan(
    tx: &mut Tx,
    cx: &mut Context,
    found: &Conversation,
    left_at: Option<Timestamp>,
) -> Result<(), UseCaseError> {
    let Some(site) = site::find_site(tx, &found.site).await? else {
        return Ok(());
    };
    let facts = read_facts(tx, found, left_at).await?;
    let wanted = due_at(&facts, &rules(&site.settings)).filter(|_| site.settings.follow_up);
    let due = match wanted {
        Some(due) => {
            let id = JobId::mint(cx.now, clock::id_entropy()?);
            cx.has_job = true;
            Some(outbox::schedule_follow_up(tx, id, found.id, due, cx.now).await?)
        }
        None if found.follow_up_at.is_some() => {
            outbox::cancel_follow_up(tx, found.id, cx.now).await?;
            None
        }
        None => return Ok(()),
    };
    if due != found.follow_up_at {
        conversation::set_follow_up(tx, found.id, due).await?;
        cx.touch(found.id);
    }
    Ok(())
}

/// A visitor has left every page of the site: what they have not seen goes out sooner.
pub struct VisitorLeft {
    /// Who.
    pub visitor: VisitorId,
    /// When their last connection ended.
    pub at: Timestamp,
}

impl UseCase for VisitorLeft {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        let Some(newest) = conversation::find_newest_of(tx, self.visitor).await? else {
            return Ok(());
        };
        conversation::lock_conversation(tx, newest.id).await?;
        match conversation::find_conversation(tx, newest.id).await? {
            Some(found) if found.follow_up_at.is_some() => plan(tx, cx, &found, Some(self.at)).await,
            _ => Ok(()),
        }
    }
}

/// An agent decides about the follow-up that waits.
pub struct DecideFollowUp {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// What they want.
    pub wish: Wish,
}

impl UseCase for DecideFollowUp {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        conversation::lock_conversation(tx, self.conversation).await?;
        let Some(found) = conversation::find_conversation(tx, self.conversation).await? else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        if found.follow_up_at.is_none() {
            return Err(UseCaseError::refused(ProblemKind::WrongState));
        }
        let next = match self.wish {
            Wish::Now => {
                outbox::hasten_follow_up(tx, found.id, cx.now).await?;
                cx.has_job = true;
                Some(cx.now)
            }
            Wish::Not => {
                if !outbox::decline_follow_up(tx, found.id, found.last_seq, cx.now).await? {
                    // It is being sent just now.
                    return Err(UseCaseError::refused(ProblemKind::WrongState));
                }
                None
            }
        };
        conversation::set_follow_up(tx, found.id, next).await?;
        cx.touch(found.id);
        Ok(())
    }
}
