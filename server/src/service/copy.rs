//! A copy of the conversation, asked for by its visitor. To an address that was shown to be theirs it goes at once. To any
//! other goes, at most once a day, a mail without a word of theirs: whoever holds the address confirms and reads (DESIGN 6).

use std::time::Duration;

use causette_shared::entry::MailKind;
use causette_shared::id::{ConversationId, JobId, VisitorId};
use causette_shared::problem::{Problem, ProblemKind};

use crate::clock;
use crate::service::{Context, UseCaseError};
use crate::store::{Tx, contact, conversation, outbox};

/// Between two mails to an address that nobody has verified.
const UNVERIFIED_EVERY: Duration = Duration::from_secs(24 * 3600);
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
    let asked = outbox::count_requested(tx, visitor, cx.now.before(DAY)).await?;
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

/// Schedules the mail that a request for a copy causes.
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
    let folded = contact::fold(email);
    let is_theirs = found.contact.email_verified
        && found.contact.email.as_deref().map(contact::fold).as_deref() == Some(&folded);
    let kind = if is_theirs { MailKind::Transcript } else { MailKind::ConfirmCopy };
    let is_new = if is_theirs { NewAddress::No } else { NewAddress::Yes };
    count_request(tx, cx, found.visitor, is_new, ProblemKind::WrongState).await?;
    let recent = cx.now.before(UNVERIFIED_EVERY);
    let has_one = !is_theirs && outbox::count_to(tx, kind, &folded, recent).await? > 0;
    let job = JobId::mint(cx.now, clock::id_entropy()?);
    let payload = serde_json::json!({ "email": email }).to_string();
    outbox::create_job(tx, job, kind, Some(id), payload, cx.now, cx.now).await?;
    outbox::set_recipient(tx, job, &folded).await?;
    if has_one {
        // Answered and counted like one that is sent: nothing is told of who has asked for this address before.
        outbox::cancel_job(tx, job, cx.now).await?;
    } else {
        cx.has_job = true;
    }
    Ok(())
}
