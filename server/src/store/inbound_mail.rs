//! Table `inbound_mail`: what became of every mail that the mailbox held, each once (G9).
//!
//! A mail is known again by its place in the mailbox, and by its Message-ID where it was delivered or numbered anew.

use causette_shared::id::{ConversationId, EntryId, InboundId};
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, both, parse, parse_count};

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is a message of a conversation.
    Message,
    /// It told what became of a mail of ours.
    Bounce,
    /// It was not for people: automatic, empty, or there before.
    Ignored,
    /// It belongs to no conversation that is known.
    Unmatched,
    /// It could not be used, and somebody should know.
    SetAside,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Message, Self::Bounce, Self::Ignored, Self::Unmatched, Self::SetAside];

    /// The word under which it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Bounce => "bounce",
            Self::Ignored => "ignored",
            Self::Unmatched => "unmatched",
            Self::SetAside => "set_aside",
        }
    }
}

/// Where a mail lies. UIDs are unique for one UIDVALIDITY of one folder (RFC 3501 §2.3.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder, by user, host and name.
    pub mailbox: String,
    /// Changes when the server numbers its mails anew.
    pub uid_validity: u32,
    /// The mail's number.
    pub uid: u32,
}

/// A mail that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMail {
    /// Which one.
    pub id: InboundId,
    /// Where it lies.
    pub place: Place,
    /// Its own identifier, without angle brackets.
    pub message_id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in a few words for agents.
    pub detail: String,
    /// The conversation that it belongs to.
    pub conversation: Option<ConversationId>,
    /// The entry that it became.
    pub entry: Option<EntryId>,
    /// Its text as it came, quotations included; of one that could not be read, its headers.
    pub original: Option<String>,
    /// One line.
    pub subject: Option<String>,
    /// The address in `From`.
    pub from: Option<String>,
    /// When it says it was written.
    pub sent_at: Option<Timestamp>,
    /// What is known of its sender, as JSON.
    pub verdict: Option<String>,
    /// When it was taken from the mailbox.
    pub received_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    id: String,
    mailbox: String,
    uid_validity: i64,
    uid: i64,
    message_id: Option<String>,
    outcome: String,
    detail: String,
    conversation_id: Option<String>,
    entry_id: Option<String>,
    original: Option<String>,
    subject: Option<String>,
    from_address: Option<String>,
    sent_at: Option<i64>,
    verdict: Option<String>,
    received_at: i64,
}

impl TryFrom<Row> for InboundMail {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == row.outcome);
        Ok(Self {
            id: parse(&row.id, "inbound_mail.id")?,
            place: Place {
                mailbox: row.mailbox,
                uid_validity: parse_count(row.uid_validity, "inbound_mail.uid_validity")?,
                uid: parse_count(row.uid, "inbound_mail.uid")?,
            },
            message_id: row.message_id,
            outcome: outcome.ok_or(StoreError::Corrupt { column: "inbound_mail.outcome" })?,
            detail: row.detail,
            conversation: row
                .conversation_id
                .map(|id| parse(&id, "inbound_mail.conversation_id"))
                .transpose()?,
            entry: row.entry_id.map(|id| parse(&id, "inbound_mail.entry_id")).transpose()?,
            original: row.original,
            subject: row.subject,
            from: row.from_address,
            sent_at: row.sent_at.map(Timestamp),
            verdict: row.verdict,
            received_at: Timestamp(row.received_at),
        })
    }
}

/// Every query of a mail selects the same columns.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, mailbox, uid_validity, uid, message_id, outcome, detail, conversation_id, entry_id, original, ",
            "subject, from_address, sent_at, verdict, received_at FROM inbound_mail ",
            $rest
        )
    };
}

/// Notes a mail. Another one at the same place, or another message of the same Message-ID, is a conflict.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.inbound_mail.create", level = "debug", skip_all, fields(mail = %mail.id, outcome = mail.outcome.as_str()), err(level = "debug"))]
pub async fn create_mail(tx: &mut Tx, mail: &InboundMail) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO inbound_mail (id, mailbox, uid_validity, uid, message_id, outcome, detail, \
         conversation_id, entry_id, original, subject, from_address, sent_at, verdict, received_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    both!(tx, conn => sqlx::query(SQL)
        .bind(mail.id.to_string())
        .bind(mail.place.mailbox.clone())
        .bind(i64::from(mail.place.uid_validity))
        .bind(i64::from(mail.place.uid))
        .bind(mail.message_id.clone())
        .bind(mail.outcome.as_str())
        .bind(mail.detail.clone())
        .bind(mail.conversation.map(|id| id.to_string()))
        .bind(mail.entry.map(|id| id.to_string()))
        .bind(mail.original.clone())
        .bind(mail.subject.clone())
        .bind(mail.from.clone())
        .bind(mail.sent_at.map(|at| at.0))
        .bind(mail.verdict.clone())
        .bind(mail.received_at.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Returns the mail at a place, if it was taken.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.inbound_mail.find_at", level = "debug", skip_all, err(level = "debug"))]
pub async fn find_at(tx: &mut Tx, place: &Place) -> Result<Option<InboundMail>, StoreError> {
    const SQL: &str = select!("WHERE mailbox = $1 AND uid_validity = $2 AND uid = $3");
    let row: Option<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(place.mailbox.clone())
        .bind(i64::from(place.uid_validity))
        .bind(i64::from(place.uid))
        .fetch_optional(conn)
        .await)?;
    row.map(InboundMail::try_from).transpose()
}

/// Returns the mail of this Message-ID that had an effect, wherever it lay: it became an entry, or told of a mail of ours.
///
/// # Errors
/// The database fails.
#[tracing::instrument(
    name = "store.inbound_mail.find_effective",
    level = "debug",
    skip_all,
    err(level = "debug")
)]
pub async fn find_effective(tx: &mut Tx, message_id: &str) -> Result<Option<InboundMail>, StoreError> {
    const SQL: &str = select!(
        "WHERE message_id = $1 AND (outcome IN ('message', 'bounce') OR entry_id IS NOT NULL) \
         ORDER BY received_at, id LIMIT 1"
    );
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(message_id.to_owned()).fetch_optional(conn).await)?;
    row.map(InboundMail::try_from).transpose()
}

/// Returns the mail that became an entry of a conversation.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.inbound_mail.find_of_entry", level = "debug", skip_all, fields(conversation = %conversation, entry = %entry), err(level = "debug"))]
pub async fn find_of_entry(
    tx: &mut Tx,
    conversation: ConversationId,
    entry: EntryId,
) -> Result<Option<InboundMail>, StoreError> {
    const SQL: &str = select!("WHERE conversation_id = $1 AND entry_id = $2");
    let row: Option<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(entry.to_string())
        .fetch_optional(conn)
        .await)?;
    row.map(InboundMail::try_from).transpose()
}

/// How many mails became entries of a conversation since a time.
///
/// # Errors
/// The database fails.
pub async fn count_since(
    tx: &mut Tx,
    conversation: ConversationId,
    since: Timestamp,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM inbound_mail \
         WHERE conversation_id = $1 AND received_at > $2 AND entry_id IS NOT NULL";
    let (count,): (i64,) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(since.0)
        .fetch_one(conn)
        .await)?;
    Ok(count)
}

/// How many reports of what became of our mails a conversation took since a time.
///
/// # Errors
/// The database fails.
pub async fn count_reports_since(
    tx: &mut Tx,
    conversation: ConversationId,
    since: Timestamp,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM inbound_mail \
         WHERE conversation_id = $1 AND received_at > $2 AND outcome = 'bounce'";
    let (count,): (i64,) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(since.0)
        .fetch_one(conn)
        .await)?;
    Ok(count)
}

/// Lists the mails that were set aside or belong nowhere, newest first.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.inbound_mail.list_left", level = "debug", skip_all, err(level = "debug"))]
pub async fn list_left(tx: &mut Tx, limit: u32) -> Result<Vec<InboundMail>, StoreError> {
    const SQL: &str =
        select!("WHERE outcome IN ('unmatched', 'set_aside') ORDER BY received_at DESC, id DESC LIMIT $1");
    let rows: Vec<Row> = both!(tx, conn => sqlx::query_as(SQL).bind(i64::from(limit)).fetch_all(conn).await)?;
    rows.into_iter().map(InboundMail::try_from).collect()
}
