//! Which conversation a mail belongs to, and what it shows of its sender.
//!
//! The signed address stands in every mail of a conversation, whoever gets it, so it tells the conversation and no person.
//! The Message-ID of a mail is told only to the one address that this mail went to (`outbox::list_sent`). Whoever names it
//! has got that mail, or was given it by who did: so an answer that names it, and comes from the very address that it went
//! to, shows that the address is theirs, as opening the link in it would. A mail that was forwarded is answered from
//! elsewhere and shows nothing. Nor does a mail whose domain disowns it; and of one whose domain says nothing, the
//! Message-ID is the proof, which nobody can guess: it holds 74 random bits.

use causette_shared::entry::{Event, MailKind, SenderCheck};
use causette_shared::id::{ConversationId, JobId, Seq};
use causette_shared::time::Timestamp;

use crate::service::UseCaseError;
use crate::store::contact::fold;
use crate::store::conversation::Conversation;
use crate::store::outbox::{self, Listed};
use crate::store::{Tx, entry};

/// What a mail answers.
pub(super) struct Matched {
    /// The conversation.
    pub conversation: ConversationId,
    /// The mail of that conversation that it names.
    pub answered: Option<Listed>,
}

/// Finds the conversation that a mail came to.
pub(super) async fn find(
    tx: &mut Tx,
    addressed: Option<ConversationId>,
    answers: &[JobId],
) -> Result<Option<Matched>, UseCaseError> {
    for job in answers {
        if let Some(found) = outbox::find_job(tx, *job).await?
            && let Some(conversation) = found.job.conversation
            && addressed.is_none_or(|addressed| addressed == conversation)
        {
            return Ok(Some(Matched { conversation, answered: Some(found) }));
        }
    }
    Ok(addressed.map(|conversation| Matched { conversation, answered: None }))
}

/// Whether the mail shows that the contact's address is theirs.
pub(super) fn proves(
    found: &Conversation,
    answered: Option<&Listed>,
    from: &str,
    sender: SenderCheck,
) -> bool {
    // A question to confirm, or for a new link, is settled by its link: an answer to it may be a complaint.
    let carries = |kind: MailKind| !matches!(kind, MailKind::ConfirmCopy | MailKind::NewLink);
    let from = fold(from);
    sender != SenderCheck::Failed
        && !from.is_empty()
        && found.contact.email.as_deref().map(fold) == Some(from.clone())
        && answered.is_some_and(|job| carries(job.job.kind) && job.recipient.as_ref() == Some(&from))
}

/// How far the sender has read, if they are whom we wrote to: up to the end of the mail that they answer. Where a program on
/// the way has given our mail another Message-ID, it is the last one that went to them.
pub(super) async fn read_upto(
    tx: &mut Tx,
    matched: &Matched,
    from: &str,
    sender: SenderCheck,
) -> Result<Option<Seq>, UseCaseError> {
    let from = fold(from);
    if sender == SenderCheck::Failed || from.is_empty() {
        return Ok(None);
    }
    let id = matched.conversation;
    let settled_at: Option<Timestamp> = match &matched.answered {
        Some(job) if job.recipient.as_ref() == Some(&from) => job.settled_at,
        Some(_) => None,
        // The signed address is not theirs alone: then the domain has to vouch for them.
        None if sender == SenderCheck::Passed => outbox::last_sent_to(tx, id, &from).await?,
        None => None,
    };
    let Some(at) = settled_at else { return Ok(None) };
    // A mail is settled, and its entry written, at one instant (`settle_mail`).
    let upto = entry::list_events_at(tx, id, at).await?.into_iter().filter_map(|event| match event {
        Event::Mailed { to, upto, .. } if fold(&to) == from => Some(upto),
        _ => None,
    });
    Ok(upto.max())
}
