//! A report of what became of a mail of ours. Anyone can write one: it counts only if it names a mail that we sent, by the
//! Message-ID that only its recipient and the hosts on the way have seen, and the address that this mail went to.

use std::time::Duration;

use causette_shared::id::JobId;

use super::{Fate, Noted, Report};
use crate::service::mail_failed::{Blame, note_failure};
use crate::service::{Context, UseCaseError, follow_up};
use crate::store::contact::fold;
use crate::store::inbound_mail::Outcome;
use crate::store::{Tx, conversation, inbound_mail, outbox};

/// Reports that one conversation takes in a day: who got one of our mails knows what a report of it has to name.
const REPORTS_A_DAY: i64 = 20;
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn take(
    tx: &mut Tx,
    cx: &mut Context,
    job: Option<JobId>,
    reports: &[Report],
) -> Result<Noted, UseCaseError> {
    let unmatched = |why: &str| Ok(Noted::new(Outcome::Unmatched, why));
    let found = match job {
        Some(job) => outbox::find_job(tx, job).await?,
        None => None,
    };
    let Some(found) = found else {
        return unmatched("a report about a mail that is none of ours");
    };
    let (Some(recipient), Some(id)) = (&found.recipient, found.job.conversation) else {
        return unmatched("a report about a mail that was never sent");
    };
    // A report names an address once; where it does not, the worst counts.
    let of_ours = reports.iter().filter(|report| fold(&report.address) == *recipient);
    let Some(report) = of_ours.max_by_key(|report| report.fate as u8) else {
        return Ok(Noted::new(Outcome::Unmatched, "a report about another address than we wrote to").of(id));
    };
    let blame = match report.fate {
        Fate::OnItsWay => {
            return Ok(Noted::new(Outcome::Bounce, "the mail is on its way, or was delivered").of(id));
        }
        Fate::GivenUp => Blame::Mail,
        Fate::Refused => Blame::Address,
    };
    conversation::lock_conversation(tx, id).await?;
    if inbound_mail::count_reports_since(tx, id, cx.now.before(DAY)).await? >= REPORTS_A_DAY {
        return Ok(Noted::new(
            Outcome::Ignored,
            "more reports about one conversation than it can have mails",
        )
        .of(id));
    }
    note_failure(tx, cx, id, &report.address, &report.reason, blame).await?;
    // Nothing more goes to an address that takes no mail.
    follow_up::reconsider_waiting(tx, cx, id).await?;
    let detail = match blame {
        Blame::Address => "the address takes no mail",
        Blame::Mail => "the mail was given up",
    };
    Ok(Noted::new(Outcome::Bounce, detail).of(id))
}
