//! What of the table `outbox` counts against limits: who has got how many mails, and who has asked for them.

use causette_shared::entry::MailKind;
use causette_shared::id::{SiteKey, VisitorId};
use causette_shared::time::Timestamp;

use super::outbox::Job;
use super::{StoreError, Tx, both, parse_count};

/// How many mails of a kind went to an address since a time, or wait to.
///
/// # Errors
/// The database fails.
pub async fn count_to(
    tx: &mut Tx,
    kind: MailKind,
    recipient: &str,
    since: Timestamp,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM outbox WHERE kind = $1 AND recipient = $2 \
         AND (state = 'pending' OR (state = 'sent' AND settled_at > $3))";
    let (count,): (i64,) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(kind.as_str())
        .bind(recipient.to_owned())
        .bind(since.0)
        .fetch_one(conn)
        .await)?;
    Ok(count)
}

/// The same beside one job: those that were sent, and those that wait and were there before it. Of several that wait, so
/// the first counts for the others.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.mail_limits.count_beside", level = "debug", skip_all, fields(job = %job.id), err(level = "debug"))]
pub async fn count_beside(
    tx: &mut Tx,
    job: &Job,
    recipient: &str,
    since: Timestamp,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM outbox WHERE kind = $1 AND recipient = $2 AND id <> $4 \
         AND ((state = 'pending' AND id < $4) OR (state = 'sent' AND settled_at > $3))";
    let (count,): (i64,) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(job.kind.as_str())
        .bind(recipient.to_owned())
        .bind(since.0)
        .bind(job.id.to_string())
        .fetch_one(conn)
        .await)?;
    Ok(count)
}

/// What a limit of mails counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Mails to one address, folded.
    Address(&'a str),
    /// Mails to the addresses of one domain.
    Domain(&'a str),
    /// Mails for one site.
    Site(&'a SiteKey),
}

/// Which mails of a scope count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// All.
    All,
    /// Those that somebody asked for: copies, questions, new links.
    Asked,
    /// Those that an agent's words cause.
    Written,
}

impl Kinds {
    /// The kinds of a job's own sort.
    #[must_use]
    pub const fn like(kind: MailKind) -> Self {
        match kind {
            MailKind::Transcript | MailKind::ConfirmCopy | MailKind::NewLink => Self::Asked,
            MailKind::FollowUp | MailKind::Invite | MailKind::Tell => Self::Written,
        }
    }

    /// As the statements below compare it.
    const fn code(self) -> i64 {
        match self {
            Self::All => 0,
            Self::Asked => 1,
            Self::Written => 2,
        }
    }
}

impl<'a> Scope<'a> {
    fn value(self) -> &'a str {
        match self {
            Self::Address(value) | Self::Domain(value) => value,
            Self::Site(key) => key.as_str(),
        }
    }
}

/// The mails of the kinds that `Kinds::code` has bound as the fourth value.
macro_rules! of_kinds {
    () => {
        "(CAST($4 AS BIGINT) = 0 OR CAST($4 AS BIGINT) = \
         CASE WHEN kind IN ('transcript', 'confirm_copy', 'new_link') THEN 1 ELSE 2 END)"
    };
}

/// When the mail was sent that stands at `place` among those since a time, the newest at 0. `None` where there are not so
/// many.
///
/// # Errors
/// The database fails.
#[tracing::instrument(
    name = "store.mail_limits.find_sent_at",
    level = "debug",
    skip_all,
    err(level = "debug")
)]
pub async fn find_sent_at(
    tx: &mut Tx,
    scope: Scope<'_>,
    kinds: Kinds,
    since: Timestamp,
    place: u32,
) -> Result<Option<Timestamp>, StoreError> {
    macro_rules! sent_at {
        ($column:literal) => {
            concat!(
                "SELECT settled_at FROM outbox WHERE ",
                $column,
                " = $1 AND settled_at > $2 AND state = 'sent' AND ",
                of_kinds!(),
                " ORDER BY settled_at DESC LIMIT 1 OFFSET $3"
            )
        };
    }
    let sql = match scope {
        Scope::Address(_) => sent_at!("recipient"),
        Scope::Domain(_) => sent_at!("recipient_domain"),
        Scope::Site(_) => sent_at!("site_key"),
    };
    let found: Option<(i64,)> = both!(tx, conn => sqlx::query_as(sql)
        .bind(scope.value().to_owned())
        .bind(since.0)
        .bind(i64::from(place))
        .bind(kinds.code())
        .fetch_optional(conn)
        .await)?;
    Ok(found.map(|(at,)| Timestamp(at)))
}

/// How many mails a limit holds back that were held back before this one; all of them where it is new.
///
/// # Errors
/// The database fails.
#[tracing::instrument(
    name = "store.mail_limits.count_limited",
    level = "debug",
    skip_all,
    err(level = "debug")
)]
pub async fn count_limited_before(
    tx: &mut Tx,
    scope: Scope<'_>,
    kinds: Kinds,
    job: &Job,
    now: Timestamp,
) -> Result<u32, StoreError> {
    macro_rules! limited {
        ($column:literal) => {
            concat!(
                "SELECT COUNT(*) FROM outbox WHERE ",
                $column,
                " = $1 AND settled_at IS NULL AND state = 'pending' AND id <> $3 \
                 AND (limited_at < $2 OR (limited_at = $2 AND id < $3)) AND ",
                of_kinds!()
            )
        };
    }
    let sql = match scope {
        Scope::Address(_) => limited!("recipient"),
        Scope::Domain(_) => limited!("recipient_domain"),
        Scope::Site(_) => limited!("site_key"),
    };
    let (count,): (i64,) = both!(tx, conn => sqlx::query_as(sql)
        .bind(scope.value().to_owned())
        .bind(job.limited_at.map_or(now.0.saturating_add(1), |at| at.0))
        .bind(job.id.to_string())
        .bind(kinds.code())
        .fetch_one(conn)
        .await)?;
    parse_count(count, "outbox.limited_at")
}

/// What a visitor has asked for by themselves since a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requested {
    /// Copies, questions whether to send one, and new links.
    pub mails: u32,
    /// Different addresses that nobody had verified among them.
    pub unverified_addresses: u32,
}

/// Counts what a visitor has asked for since a time, in all their conversations.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.mail_limits.count_requested", level = "debug", skip_all, fields(visitor = %visitor), err(level = "debug"))]
pub async fn count_requested(
    tx: &mut Tx,
    visitor: VisitorId,
    since: Timestamp,
) -> Result<Requested, StoreError> {
    const SQL: &str = "SELECT COUNT(*), \
         COUNT(DISTINCT CASE WHEN outbox.kind = 'confirm_copy' THEN outbox.recipient END) \
         FROM conversation JOIN outbox ON outbox.conversation_id = conversation.id \
         WHERE conversation.visitor_id = $1 AND outbox.created_at > $2 \
         AND outbox.kind IN ('transcript', 'confirm_copy', 'new_link')";
    let (mails, addresses): (i64, i64) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(visitor.to_string())
        .bind(since.0)
        .fetch_one(conn)
        .await)?;
    Ok(Requested {
        mails: parse_count(mails, "outbox.kind")?,
        unverified_addresses: parse_count(addresses, "outbox.recipient")?,
    })
}
