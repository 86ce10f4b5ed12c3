//! A mail that a person wrote becomes a message of the visitor's conversation.

use std::time::Duration;

use causette_shared::entry::{Body, File, Mail, SenderCheck};
use causette_shared::id::{ConversationId, FileId};
use causette_shared::limits;

use super::matching::{self, Matched};
use super::{Arrived, NewFile, Noted, Notice, Written, words};
use crate::clock;
use crate::service::contact::adopt_verified;
use crate::service::visitor_message::{AutomaticAnswer, VisitorMessage};
use crate::service::{Context, UseCaseError, follow_up};
use crate::store::conversation::{self, Conversation, Writer};
use crate::store::inbound_mail::{self, Outcome};
use crate::store::{Tx, attachment, contact, visitor};

/// Mails that one conversation takes in an hour. More is no person: a program that hides that it is one, and answers us.
const MAILS_AN_HOUR: i64 = 30;
const HOUR: Duration = Duration::from_secs(3600);
/// Bytes of files that one conversation takes in a day: four mails full of them.
const FILES_BYTES_A_DAY: i64 = 100 * 1024 * 1024;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a mail says.
#[derive(Clone, Copy)]
pub(super) enum Said<'a> {
    /// What its writer wrote.
    Text(&'a Written),
    /// Nothing that can be shown, but perhaps files.
    Nothing(Notice, &'a [NewFile]),
}

impl Said<'_> {
    const fn sender(&self) -> SenderCheck {
        match self {
            Self::Text(written) => written.sender,
            Self::Nothing(..) => SenderCheck::Unknown,
        }
    }
}

pub(super) async fn take(
    tx: &mut Tx,
    cx: &mut Context,
    mail: &Arrived,
    said: Said<'_>,
) -> Result<Noted, UseCaseError> {
    let unmatched = match said {
        Said::Text(_) => Noted::new(Outcome::Unmatched, "it answers none of our mails"),
        Said::Nothing(notice, _) => Noted::new(Outcome::SetAside, notice.detail()),
    };
    let Some(matched) = matching::find(tx, mail.addressed, &mail.answers).await? else {
        return Ok(unmatched);
    };
    let Some((found, newest)) = lock(tx, matched.conversation).await? else {
        return Ok(unmatched);
    };
    if inbound_mail::count_since(tx, newest.id, cx.now.before(HOUR)).await? >= MAILS_AN_HOUR {
        let detail = format!("more than {MAILS_AN_HOUR} mails for one conversation within an hour");
        return Ok(Noted::new(Outcome::SetAside, detail).of(newest.id));
    }
    // Of a mail that could not be read its sender was not checked either: it shows nothing.
    if let Said::Text(written) = said {
        note_sender(tx, cx, mail, written.sender, &matched, &found).await?;
    }
    // What was noted shows in it.
    let Some(newest) = conversation::find_conversation(tx, newest.id).await? else {
        return Ok(unmatched);
    };
    let taken = Files::choose(tx, cx, &newest, said).await?;
    let (text, is_cut) = match said {
        Said::Text(written) => (with_left_out(written, taken.left_out, &newest.locale), written.is_cut),
        Said::Nothing(notice, _) => (words::notice(notice, &newest.locale), true),
    };
    let files: Vec<File> = taken.files.iter().map(|(file, _)| file.clone()).collect();
    let (from, sender) = (mail.from.clone(), said.sender());
    let id = cx.mint_entry_id()?;
    let (site, locale) = (newest.site.clone(), newest.locale.clone());
    let message = VisitorMessage {
        site: &site,
        visitor: newest.visitor,
        locale: &locale,
        id,
        body: Body::Mail(Mail { text, from, sender, is_cut, files }),
        answer: AutomaticAnswer::None,
    };
    let (conversation, entry) = message.add(tx, cx, Some(newest)).await?;
    for (file, content) in &taken.files {
        attachment::create_attachment(tx, conversation, entry.id, file, content, cx.now).await?;
    }
    let (outcome, detail) = match said {
        Said::Text(_) => (Outcome::Message, ""),
        Said::Nothing(notice, _) => (Outcome::SetAside, notice.detail()),
    };
    Ok(Noted { entry: Some(entry.id), ..Noted::new(outcome, detail).of(conversation) })
}

/// Locks the visitor and the conversations that a mail may go into; returns the one that it answers, and the visitor's newest.
/// That is the one it goes into: only the newest can be anything but closed.
async fn lock(tx: &mut Tx, id: ConversationId) -> Result<Option<(Conversation, Conversation)>, UseCaseError> {
    let Some(found) = conversation::find_conversation(tx, id).await? else {
        return Ok(None);
    };
    visitor::lock_visitor_by_id(tx, found.visitor).await?;
    let Some(newest) = conversation::find_newest_of(tx, found.visitor).await? else {
        return Ok(None);
    };
    // In the order of their ids, as others who lock several do. Ids sort by time.
    for id in [id, newest.id] {
        conversation::lock_conversation(tx, id).await?;
    }
    let found = conversation::find_conversation(tx, id).await?;
    let newest = conversation::find_conversation(tx, newest.id).await?;
    Ok(found.zip(newest))
}

/// Notes what the mail shows of its sender, in the conversation that it answers: that the address is theirs and takes mail,
/// and how far they have read.
async fn note_sender(
    tx: &mut Tx,
    cx: &mut Context,
    mail: &Arrived,
    sender: SenderCheck,
    matched: &Matched,
    found: &Conversation,
) -> Result<(), UseCaseError> {
    if matching::proves(found, matched.answered.as_ref(), &mail.from, sender) {
        let id = adopt_verified(tx, cx, found.visitor, &mail.from).await?;
        contact::clear_bounced(tx, id, &mail.from, cx.now).await?;
        cx.touch(found.id);
        // What was written while the address counted as dead goes out now.
        follow_up::reconsider(tx, cx, found.id).await?;
    }
    if let Some(upto) = matching::read_upto(tx, matched, &mail.from, sender).await?
        && conversation::mark_seen(tx, found.id, Writer::Visitor, upto).await?
    {
        cx.touch(found.id);
        follow_up::reconsider_waiting(tx, cx, found.id).await?;
    }
    Ok(())
}

/// The text, and below it how many files are missing.
fn with_left_out(written: &Written, left_out: usize, locale: &str) -> String {
    if left_out == 0 {
        return written.text.clone();
    }
    let told = words::left_out(left_out, locale);
    let room = limits::MESSAGE_CHARS.saturating_sub(told.chars().count() + 2);
    let text: String = written.text.chars().take(room).collect();
    if text.is_empty() { told } else { format!("{text}\n\n{told}") }
}

/// The files that are taken.
struct Files<'a> {
    files: Vec<(File, &'a [u8])>,
    left_out: usize,
}

impl<'a> Files<'a> {
    /// Takes files until the conversation has as many bytes of them as it may get in a day.
    async fn choose(
        tx: &mut Tx,
        cx: &Context,
        into: &Conversation,
        said: Said<'a>,
    ) -> Result<Self, UseCaseError> {
        let (offered, left_out) = match said {
            Said::Text(written) => (written.files.as_slice(), written.left_out),
            Said::Nothing(_, files) => (files, 0),
        };
        let mut chosen = Self { files: Vec::with_capacity(offered.len()), left_out };
        if offered.is_empty() {
            return Ok(chosen);
        }
        let mut held = attachment::sum_since(tx, into.id, cx.now.before(DAY)).await?;
        for file in offered {
            let size = u32::try_from(file.content.len()).unwrap_or(u32::MAX);
            if held + i64::from(size) > FILES_BYTES_A_DAY {
                chosen.left_out += 1;
                continue;
            }
            held += i64::from(size);
            let id = FileId::mint(cx.now, clock::id_entropy()?);
            let (name, media_type) = (file.name.clone(), file.media_type.clone());
            chosen.files.push((File { id, name, media_type, size }, file.content.as_slice()));
        }
        Ok(chosen)
    }
}
