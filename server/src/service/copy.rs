//! A copy of the conversation, asked for by its visitor or by an agent. To an address that was shown to be theirs it goes at
//! once. To any other goes, at most once a day, a mail without a word of theirs: whoever holds the address confirms and
//! reads (DESIGN 6).

use std::time::Duration;

use causette_shared::entry::{Author, Body, Event, MailKind};
use causette_shared::id::{ConversationId, JobId, VisitorId};
use causette_shared::presence::UnreachableReason;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::Agent;

use crate::clock;
use crate::service::prepare_mail::Payload;
use crate::service::{Context, UseCase, UseCaseError, refuse_unreachable};
use crate::store::conversation::{self, Conversation};
use crate::store::{Tx, contact, mail_limits, outbox};

/// Between two mails to an address that nobody has verified.
pub(crate) const UNVERIFIED_EVERY: Duration = Duration::from_secs(24 * 3600);
/// The span of the limits of what a visitor asks for.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Refuses a mail that a visitor asks for where they have asked for too many today. `kind` names the refusal: a panel
/// tries what is `RateLimited` again by itself, and holds everything else back meanwhile.
///
/// # Errors
/// They have, or the store fails.
pub(crate) async fn count_request(
    tx: &mut Tx,
    cx: &Context,
    visitor: VisitorId,
    new_address: NewAddress,
    kind: ProblemKind,
) -> Result<(), UseCaseError> {
    let asked = mail_limits::count_requested(tx, visitor, cx.now.before(DAY)).await?;
    let detail = if asked.mails >= cx.limits.mails_a_day {
        "too many mails were asked for today: please ask again tomorrow"
    } else if new_address == NewAddress::Yes
        && asked.unverified_addresses >= cx.limits.unverified_addresses_a_day
    {
        "too many addresses were named today: please ask again tomorrow"
    } else {
        return Ok(());
    };
    Err(UseCaseError::Refused(Problem::with_detail(kind, detail)))
}

/// Whether a request names an address that is nobody's yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewAddress {
    Yes,
    No,
}

/// Schedules the mail that a visitor's request for a copy causes.
///
/// # Errors
/// Too many were asked for, or the store fails.
pub async fn request(
    tx: &mut Tx,
    cx: &mut Context,
    id: ConversationId,
    email: &str,
) -> Result<(), UseCaseError> {
    let Some(found) = conversation::find_conversation(tx, id).await? else {
        return Err(UseCaseError::refused(ProblemKind::NotFound));
    };
    let is_new = if is_theirs(&found, &contact::fold(email)) { NewAddress::No } else { NewAddress::Yes };
    count_request(tx, cx, found.visitor, is_new, ProblemKind::WrongState).await?;
    // The answer is the same as for an address that gets one: nothing is told of who has asked before.
    schedule(tx, cx, &found, Payload { email: Some(email.to_owned()), ..Payload::default() }).await.map(drop)
}

/// An agent sends a copy to the contact's address.
pub struct SendCopy {
    /// Who.
    pub agent: Agent,
    /// Of which conversation.
    pub conversation: ConversationId,
}

impl UseCase for SendCopy {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        conversation::lock_conversation(tx, self.conversation).await?;
        let Some(found) = conversation::find_conversation(tx, self.conversation).await? else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        let email = match (found.unreachable(), &found.contact.email) {
            (None, Some(email)) => email.clone(),
            (reason, _) => return Err(refuse_unreachable(reason.unwrap_or(UnreachableReason::NoAddress))),
        };
        count_request(tx, cx, found.visitor, NewAddress::No, ProblemKind::WrongState).await?;
        let payload = Payload {
            email: Some(email.clone()),
            agent: Some(self.agent.name.clone()),
            ..Payload::default()
        };
        if schedule(tx, cx, &found, payload).await? == Scheduled::AskedToday {
            let detail = "the visitor was asked today already whether to send a copy to this address";
            return Err(UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, detail)));
        }
        let id = cx.mint_entry_id()?;
        let author = Author::Agent { id: self.agent.id, name: self.agent.name.clone() };
        cx.add_entry(tx, found.id, id, author, Body::Event(Event::CopyRequested { email })).await?;
        Ok(())
    }
}

/// Whether a mail was scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheduled {
    /// It was.
    Yes,
    /// None was: whoever holds the address was asked in the last 24 hours.
    AskedToday,
}

async fn schedule(
    tx: &mut Tx,
    cx: &mut Context,
    found: &Conversation,
    payload: Payload,
) -> Result<Scheduled, UseCaseError> {
    let folded = contact::fold(payload.email.as_deref().unwrap_or_default());
    let is_theirs = is_theirs(found, &folded);
    let kind = if is_theirs { MailKind::Transcript } else { MailKind::ConfirmCopy };
    // Of several who ask for one address at once, one is the first.
    contact::lock_address(tx, &folded).await?;
    let recent = cx.now.before(UNVERIFIED_EVERY);
    let has_one = !is_theirs && mail_limits::count_to(tx, kind, &folded, recent).await? > 0;
    let job = JobId::mint(cx.now, clock::id_entropy()?);
    let payload =
        serde_json::to_string(&payload).map_err(|_| UseCaseError::refused(ProblemKind::Internal))?;
    outbox::create_job(tx, job, kind, Some(found.id), payload, cx.now, cx.now).await?;
    outbox::set_recipient(tx, job, &folded).await?;
    if has_one {
        // Counted like one that is sent.
        outbox::cancel_job(tx, job, cx.now).await?;
        return Ok(Scheduled::AskedToday);
    }
    cx.has_job = true;
    Ok(Scheduled::Yes)
}

/// Whether an address was shown to be the contact's.
fn is_theirs(found: &Conversation, folded: &str) -> bool {
    found.contact.email_verified
        && found.contact.email.as_deref().map(contact::fold).as_deref() == Some(folded)
}
