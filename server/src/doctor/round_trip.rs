//! One mail to ourselves: out through the mail server, in through the mailbox, to an address with a tag as the answers to our
//! mails carry it. It shows that the host keeps the tag, by which answers find their conversation.
//!
//! A server that reads the mailbox meanwhile makes nothing of it: it is automatic, it is marked as ours, and its tag was
//! made with a key that nobody holds. It may mark the mail as seen first; so it is looked for by its Message-ID.

use std::time::Duration;

use causette_shared::id::ConversationId;
use causette_shared::time::Timestamp;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::clock::{NoEntropy, random_bytes};
use crate::doctor::RoundTrip;
use crate::doctor::mail::{Inward, MailSetup, Outward, advice, told};
use crate::doctor::report::Finding;
use crate::mail::inbound;
use crate::mail::inbound::sender::{Check, stated};
use crate::mail::mailbox::{MailboxError, Probe};
use crate::mail::message::{Headers, MailAddress, MessageId, build};
use crate::mail::reply_address::{self, ReplyKey};
use crate::mail::smtp;
use crate::mail::{Cause, Rendered};

const CHECK: &str = "round trip";
/// Hosts search slowly, and greylisting takes minutes: it is not looked for more often than this.
const LOOKS_EVERY: Duration = Duration::from_millis(500);
const TEXT: &str = "causette doctor has sent this mail to see whether answers would arrive. It takes it out of the mailbox \
                    again; if it is still here, it can be deleted.";

pub(super) async fn examine(setup: &MailSetup, now: Timestamp, wanted: RoundTrip) -> Finding {
    match (setup.outward.ready(), setup.inward.ready(), wanted) {
        (Some(outward), Some(inward), RoundTrip::Wanted { wait }) => {
            travel(outward, inward, now, wait).await.unwrap_or_else(|finding| finding)
        }
        (Some(_), Some(_), RoundTrip::NotWanted) => Finding::skipped(
            CHECK,
            "not tried: causette doctor --mail sends one mail to the mailbox and waits for it",
        ),
        (.., RoundTrip::Wanted { .. }) => Finding::failed(
            CHECK,
            "there is nothing to send by, or nothing to receive in",
            "set smtp_url, mail_from and imap_url",
        ),
        (.., RoundTrip::NotWanted) => Finding::skipped(CHECK, "needs a mail server and a mailbox"),
    }
}

/// A mail to ourselves.
struct Letter {
    key: ReplyKey,
    conversation: ConversationId,
    to: MailAddress,
    id: MessageId,
    raw: Vec<u8>,
}

async fn travel(
    outward: &Outward,
    inward: &Inward,
    now: Timestamp,
    wait: Duration,
) -> Result<Finding, Finding> {
    let letter = write(outward, inward, now)?;
    let setup = |error: String| Finding::failed(CHECK, error, "look at the option ca");
    let sender = outward.sender().map_err(setup)?;
    let mailbox = inward.mailbox().map_err(setup)?;
    // First the mailbox: what cannot be found is not sent.
    let mut probe = mailbox.probe().await.map_err(lost)?;
    let begun = Instant::now();
    let outgoing = smtp::Outgoing { from: outward.from.as_str(), to: letter.to.as_str(), raw: &letter.raw };
    let sent = sender.send(outgoing).await;
    sender.close().await;
    if let Err(error) = sent {
        probe.close().await;
        return Err(Finding::failed(
            CHECK,
            format!("the mail was not sent: {}", told(&error)),
            advice(&error),
        ));
    }
    let taken = begun.elapsed();
    let uid = await_arrival(&mut probe, &letter.id, wait).await.map_err(lost)?;
    let Some(uid) = uid else {
        probe.close().await;
        return Err(Finding::failed(
            CHECK,
            format!(
                "the mail server took the mail, but it was not in the mailbox {} s later",
                wait.as_secs()
            ),
            format!(
                "look whether {} is that mailbox, whether its host delivers name+anything@ there and not to a folder \
                 or to the spam, and try --wait-s with more",
                inward.address.as_str()
            ),
        ));
    };
    let arrived = begun.elapsed();
    let raw = probe.fetch(uid).await.map_err(lost)?.unwrap_or_default();
    let removed = probe.remove(uid).await;
    probe.close().await;
    Ok(judge(&letter, &raw, taken, arrived, removed))
}

fn lost(error: MailboxError) -> Finding {
    Finding::failed(CHECK, format!("the mailbox: {error}"), "see what is said of the mailbox above")
}

fn write(outward: &Outward, inward: &Inward, now: Timestamp) -> Result<Letter, Finding> {
    let ours = |what: &str| {
        Finding::failed(CHECK, what.to_owned(), "this is a defect of Causette: please report it")
    };
    let random =
        || -> Result<_, NoEntropy> { Ok((random_bytes::<32>()?, random_bytes::<16>()?, random_bytes()?)) };
    let (key, conversation, name) =
        random().map_err(|error| Finding::failed(CHECK, error.to_string(), "look at this machine"))?;
    let key = ReplyKey::from_bytes(key);
    let conversation = ConversationId(Uuid::from_bytes(conversation));
    let to = reply_address::make(&key, conversation, inward.address.as_str())
        .map_err(|error| Finding::failed(CHECK, error.to_string(), "use an address with a shorter name"))?;
    let to = MailAddress::parse(&to).map_err(|_| ours("the address with its tag is none"))?;
    let name = format!("<doctor.{:032x}@{}>", u128::from_be_bytes(name), outward.from.domain());
    let id = MessageId::parse(&name).ok_or_else(|| ours("the mail has no name"))?;
    let mail = Rendered {
        from_name: "Causette".to_owned(),
        subject: "A mail from causette doctor to itself".to_owned(),
        text: format!("{TEXT}\n"),
        html: format!("<p>{TEXT}</p>\n"),
        cause: Cause::Rule,
    };
    let headers = Headers {
        from: &outward.from,
        to: &to,
        reply_to: None,
        at: now,
        message_id: &id,
        in_reply_to: None,
        references: &[],
        unsubscribe: None,
        kind: "doctor",
    };
    let raw = build(&mail, &headers).map_err(|error| ours(&error.to_string()))?.raw;
    Ok(Letter { key, conversation, to, id, raw })
}

async fn await_arrival(
    probe: &mut Probe,
    id: &MessageId,
    wait: Duration,
) -> Result<Option<u32>, MailboxError> {
    let until = Instant::now() + wait;
    loop {
        let found = probe.find(id).await?;
        if found.is_some() || Instant::now() >= until {
            return Ok(found);
        }
        sleep(LOOKS_EVERY).await;
    }
}

fn judge(
    letter: &Letter,
    raw: &[u8],
    taken: Duration,
    arrived: Duration,
    removed: Result<(), MailboxError>,
) -> Finding {
    let mail = inbound::parse(raw);
    let recipients = mail.as_ref().map(|mail| mail.recipients.as_slice()).unwrap_or_default();
    let times =
        format!("taken in {:.1} s, arrived after {:.1} s", taken.as_secs_f32(), arrived.as_secs_f32());
    if reply_address::find(&letter.key, recipients) != Some(letter.conversation) {
        return Finding::failed(
            CHECK,
            format!("{times}, but the part of the address behind the + was lost on the way"),
            "answers would not find their conversation: let the host keep the address as it was (Delivered-To, To)",
        );
    }
    let (results, speaks_against) = results(raw);
    let found = format!("{times}, the address was kept; {results}");
    if let Err(error) = removed {
        let advice = "mails would be read again and again: the user must be allowed to mark them";
        return Finding::warning(CHECK, format!("{found}; it could not be taken out again: {error}"), advice);
    }
    if speaks_against {
        return Finding::warning(
            CHECK,
            found,
            "other hosts may refuse such mails: let SPF and DKIM of the sender's domain cover the mail server",
        );
    }
    Finding::ok(CHECK, found)
}

/// What the host that received the mail says of its sender. We know that the mail brought no such line along.
fn results(raw: &[u8]) -> (String, bool) {
    let Some((host, verdict)) = stated(raw) else {
        return ("its host says nothing of SPF, DKIM and DMARC".to_owned(), false);
    };
    let word = |check| match check {
        Check::Pass => "pass",
        Check::Fail => "fail",
        Check::None => "none",
        Check::Unknown => "unknown",
    };
    let told = format!(
        "{host} says SPF {}, DKIM {}, DMARC {}",
        word(verdict.spf),
        word(verdict.dkim),
        word(verdict.dmarc)
    );
    let against = [verdict.spf, verdict.dkim, verdict.dmarc].contains(&Check::Fail);
    (told, against)
}
