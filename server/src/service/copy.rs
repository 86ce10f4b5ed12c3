//! A copy of the conversation, asked for by its visitor. To an address that was shown to be theirs it goes at once. To any
//! other goes, at most once a day, a mail without a word of theirs: whoever holds the address confirms and reads (DESIGN 6).

use std::time::Duration;

use causette_shared::entry::MailKind;
use causette_shared::id::{ConversationId, JobId};
use causette_shared::problem::{Problem, ProblemKind};

use crate::clock;
use crate::service::{Context, UseCaseError};
use crate::store::{Tx, contact, conversation, outbox};

/// Between two mails to an address that nobody has verified.
const UNVERIFIED_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Copies that one conversation may ask for in a day.
const COPIES_A_DAY: i64 = 5;

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
    let day = cx.now.before(UNVERIFIED_EVERY);
    let sent = outbox::count_to(tx, kind, &folded, day).await?;
    match kind {
        MailKind::Transcript if sent >= COPIES_A_DAY => {
            let detail = "so many copies were sent today already";
            return Err(UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, detail)));
        }
        // The answer is the same as for an address that gets one: nothing is told of who has asked before.
        MailKind::ConfirmCopy if sent > 0 => return Ok(()),
        _ => {}
    }
    let job = JobId::mint(cx.now, clock::id_entropy()?);
    let payload = serde_json::json!({ "email": email }).to_string();
    outbox::create_job(tx, job, kind, Some(id), payload, cx.now, cx.now).await?;
    outbox::set_recipient(tx, job, &folded).await?;
    cx.has_job = true;
    Ok(())
}
