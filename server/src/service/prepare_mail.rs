//! The moment before a mail goes out: is there still a reason, may it go, and what does it carry? What it needs is
//! committed first, the hash of its link and that it may be under way; then it is rendered and sent outside of any
//! transaction.

use std::time::Duration;

use causette_shared::entry::{Author, Body, Entry, Event, MailKind};
use causette_shared::follow_up::{Decision, decide};
use causette_shared::id::{ConversationId, JobId, LinkId, Seq, SessionSecret};
use causette_shared::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::secret::{self, SecretHash};
use crate::service::copy::UNVERIFIED_EVERY;
use crate::service::{Context, UseCase, UseCaseError, follow_up, visitor_view};
use crate::site::Site;
use crate::store::conversation::{self, Conversation};
use crate::store::mail_limits::{self, Kinds, Scope};
use crate::store::outbox::{self, Job, Settled};
use crate::store::resume_link::{self, Link};
use crate::store::{Tx, contact, entry, site};

/// Entries that a mail looks at: the newest.
const LOG_ENTRIES: usize = 1_000;
const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
/// The part of the limits of domain and site that mails may take which somebody asks for: a fourth.
const ASKED_SHARE: u32 = 4;

/// What a job of the outbox knows beside its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Payload {
    /// Where to, if not to the contact.
    pub email: Option<String>,
    /// An agent has asked for it: it does not wait for its time.
    pub asked: bool,
    /// The agent who invites, or sends a copy.
    pub agent: Option<String>,
}

/// How many mails may go where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailLimits {
    /// To one address in a day.
    pub address_a_day: u32,
    /// To one domain in an hour.
    pub domain_an_hour: u32,
    /// For one site in an hour.
    pub site_an_hour: u32,
    /// A mail that would wait longer than this for its turn is given up.
    pub patience: Duration,
}

/// Prepares the mail of a claimed job.
pub struct PrepareMail {
    /// The job.
    pub job: Job,
    /// Until when it is this worker's, sending included.
    pub lease_until: Timestamp,
    /// How many mails may go where.
    pub limits: MailLimits,
}

/// What a mail is made from.
#[derive(Debug)]
pub struct Material {
    /// What it is for.
    pub kind: MailKind,
    /// Where to.
    pub to: String,
    /// The site.
    pub site: Site,
    /// The conversation.
    pub conversation: Conversation,
    /// What the visitor last wrote before the replies.
    pub question: Option<Entry>,
    /// What it carries: unseen replies, or the whole conversation; ascending.
    pub messages: Vec<Entry>,
    /// The last entry that it carries.
    pub upto: Seq,
    /// The secret of its link.
    pub token: SessionSecret,
    /// The jobs of earlier mails of this conversation, oldest first.
    pub earlier: Vec<JobId>,
    /// The agent who invites.
    pub agent: Option<String>,
    /// When it was prepared.
    pub at: Timestamp,
}

impl UseCase for PrepareMail {
    /// `None` where there is nothing to send now; the job is settled then.
    type Output = Option<Box<Material>>;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Self::Output, UseCaseError> {
        let Some(id) = self.job.conversation else {
            return self.end(tx, cx, None, Settled::Cancelled).await;
        };
        conversation::lock_conversation(tx, id).await?;
        let Some(found) = conversation::find_conversation(tx, id).await? else {
            return self.end(tx, cx, None, Settled::Cancelled).await;
        };
        let Some(site) = site::find_site(tx, &found.site).await? else {
            return self.end(tx, cx, Some(&found), Settled::Cancelled).await;
        };
        if self.job.uncertain > 1 {
            let why = "twice nobody knew whether the mail was taken: it is not sent a third time";
            return self.end(tx, cx, Some(&found), Settled::Dead(why.to_owned())).await;
        }
        let payload: Payload = serde_json::from_str(&self.job.payload).unwrap_or_default();
        if let Some(settled) = self.reconsider(tx, cx, &found, &site, &payload).await? {
            return self.end(tx, cx, Some(&found), settled).await;
        }
        let address = payload.email.clone().or_else(|| found.contact.email.clone());
        let Some(to) = address else {
            return self.end(tx, cx, Some(&found), Settled::Cancelled).await;
        };
        if let Some(settled) = self.limit(tx, cx, &found, &to).await? {
            // Those who wait are counted by where they go, and lists show it.
            outbox::set_recipient(tx, self.job.id, &contact::fold(&to)).await?;
            return self.end(tx, cx, Some(&found), settled).await;
        }
        let (folded, upto) = (contact::fold(&to), found.last_seq);
        if !outbox::begin_attempt(tx, &self.job, &folded, upto, self.lease_until).await? {
            return Ok(None);
        }
        let token = secret::mint()?;
        let link = Link {
            id: LinkId::mint(cx.now, clock::id_entropy()?),
            conversation: id,
            email: to.clone(),
            expires_at: cx.now.after(DAY * u32::from(site.settings.resume_link_days)),
            revoked_at: None,
            claims: 0,
        };
        resume_link::create_link(tx, &link, &SecretHash::of(token.expose()), Some(self.job.id), cx.now)
            .await?;
        self.gather(tx, cx, found, site, payload, to, token).await.map(|material| Some(Box::new(material)))
    }
}

impl PrepareMail {
    /// Ends the job without a mail.
    async fn end(
        &self,
        tx: &mut Tx,
        cx: &mut Context,
        found: Option<&Conversation>,
        settled: Settled,
    ) -> Result<Option<Box<Material>>, UseCaseError> {
        let next = match &settled {
            Settled::Postponed(due) | Settled::Limited(due, _) => Some(*due),
            _ => None,
        };
        let is_ours = outbox::settle(tx, &self.job, &settled, cx.now).await?;
        let Some(found) = found.filter(|_| is_ours) else {
            return Ok(None);
        };
        if self.job.kind == MailKind::FollowUp && found.follow_up_at != next {
            conversation::set_follow_up(tx, found.id, next).await?;
            cx.touch(found.id);
        }
        if let Settled::Dead(reason) = settled {
            // Whoever answered has to know that it did not arrive.
            let payload: Payload = serde_json::from_str(&self.job.payload).unwrap_or_default();
            let to = payload.email.or_else(|| found.contact.email.clone()).unwrap_or_default();
            let id = cx.mint_entry_id()?;
            let body = Body::Event(Event::MailFailed { to, reason });
            cx.add_entry(tx, found.id, id, Author::Automatic, body).await?;
        }
        Ok(None)
    }

    /// Asks again whether there is a reason; returns what to do where there is none, or not yet.
    async fn reconsider(
        &self,
        tx: &mut Tx,
        cx: &Context,
        found: &Conversation,
        site: &Site,
        payload: &Payload,
    ) -> Result<Option<Settled>, UseCaseError> {
        match self.job.kind {
            MailKind::FollowUp | MailKind::Tell | MailKind::Invite => {
                let left_at = (!cx.whereabouts.is_here(found.visitor)).then_some(Timestamp(0));
                let facts = follow_up::read_facts(tx, found, left_at).await?;
                let is_asked_for = payload.asked || self.job.kind == MailKind::Invite;
                Ok(match decide(&facts, &follow_up::rules(&site.settings), cx.now) {
                    Decision::Cancel => Some(Settled::Cancelled),
                    Decision::Wait(due) if !is_asked_for => Some(Settled::Postponed(due)),
                    Decision::Wait(_) | Decision::Send => None,
                })
            }
            // What an agent asked for does not go to who wants no mail by now.
            MailKind::Transcript | MailKind::ConfirmCopy
                if payload.agent.is_some() && found.unreachable().is_some() =>
            {
                Ok(Some(Settled::Cancelled))
            }
            // One that was given up and is tried again: whoever asked since may have been mailed in its place.
            MailKind::ConfirmCopy => {
                let to = contact::fold(payload.email.as_deref().unwrap_or_default());
                contact::lock_address(tx, &to).await?;
                let recent = cx.now.before(UNVERIFIED_EVERY);
                let others = mail_limits::count_beside(tx, &self.job, &to, recent).await?;
                Ok((others > 0).then_some(Settled::Cancelled))
            }
            // Whoever asked for it has asked for it.
            MailKind::Transcript | MailKind::NewLink => Ok(None),
        }
    }

    /// What to do where too many mails went there already: it waits for its turn, or is given up where that would come too
    /// late.
    async fn limit(
        &self,
        tx: &mut Tx,
        cx: &Context,
        found: &Conversation,
        to: &str,
    ) -> Result<Option<Settled>, UseCaseError> {
        let to = contact::fold(to);
        let domain = to.rsplit_once('@').map_or("", |(_, domain)| domain);
        let MailLimits { address_a_day, domain_an_hour, site_an_hour, patience } = self.limits;
        let (address, domain, site) = (Scope::Address(&to), Scope::Domain(domain), Scope::Site(&found.site));
        let own = Kinds::like(self.job.kind);
        let mut limits = vec![
            (
                address,
                DAY,
                address_a_day,
                Kinds::All,
                "the limit of mails to one address in a day is reached",
            ),
            (
                domain,
                HOUR,
                domain_an_hour,
                Kinds::All,
                "the limit of mails to one domain in an hour is reached",
            ),
            (site, HOUR, site_an_hour, Kinds::All, "the limit of mails of one site in an hour is reached"),
        ];
        if own == Kinds::Asked {
            // Anybody can ask for many of them: they have a share, so that what agents write is not held up by them.
            let why = "the limit of mails that are asked for in an hour is reached";
            limits.push((domain, HOUR, domain_an_hour / ASKED_SHARE, Kinds::Asked, why));
            limits.push((site, HOUR, site_an_hour / ASKED_SHARE, Kinds::Asked, why));
        }
        let mut held: Option<(Timestamp, &str)> = None;
        for (scope, window, limit, sent, why) in limits {
            // Nor does what agents write wait behind what was asked for.
            let waiting = if own == Kinds::Written { own } else { sent };
            let turn = self.turn(tx, cx.now, (scope, window, limit), [sent, waiting]).await?;
            // Of several the one that holds longest.
            held = held.max(turn.map(|at| (at, why)));
        }
        Ok(held.map(|(at, why)| {
            let since = self.job.limited_at.unwrap_or(cx.now);
            if at.since(since) > patience {
                Settled::Dead(why.to_owned())
            } else {
                Settled::Limited(at, why.to_owned())
            }
        }))
    }

    /// When a limit of the mails `sent` lets this one go, behind those `waiting`; `None` where it does now. The window has room as soon as the oldest of the last
    /// `limit` mails leaves it; whoever was held back before takes the first room, so that each wakes about once.
    async fn turn(
        &self,
        tx: &mut Tx,
        now: Timestamp,
        (scope, window, limit): (Scope<'_>, Duration, u32),
        [sent, waiting]: [Kinds; 2],
    ) -> Result<Option<Timestamp>, UseCaseError> {
        let since = now.before(window);
        let limit = limit.max(1);
        if mail_limits::find_sent_at(tx, scope, sent, since, limit - 1).await?.is_none() {
            return Ok(None);
        }
        let before = mail_limits::count_limited_before(tx, scope, waiting, &self.job, now).await?;
        let place = limit - 1 - before % limit;
        let leaves = mail_limits::find_sent_at(tx, scope, sent, since, place).await?.unwrap_or(now);
        Ok(Some(leaves.after(window).after(window.saturating_mul(before / limit))))
    }

    #[expect(clippy::too_many_arguments, reason = "what was found on the way goes into the mail")]
    async fn gather(
        &self,
        tx: &mut Tx,
        cx: &Context,
        found: Conversation,
        site: Site,
        payload: Payload,
        to: String,
        token: SessionSecret,
    ) -> Result<Material, UseCaseError> {
        let log = read_log(tx, found.id).await?;
        let kind = match self.job.kind {
            MailKind::FollowUp if found.tell_at.is_some() => MailKind::Tell,
            kind => kind,
        };
        let (question, messages) = sort_out(log, kind, &found);
        let upto = messages.last().map_or(0, |entry| entry.seq);
        let earlier = outbox::list_sent(tx, found.id, &contact::fold(&to)).await?;
        let agent = payload.agent;
        Ok(Material {
            kind,
            to,
            site,
            conversation: found,
            question,
            messages,
            upto,
            token,
            earlier,
            agent,
            at: cx.now,
        })
    }
}

/// Sorts out what a mail carries: the visitor's last words before the replies, and the replies; or the whole.
pub(crate) fn sort_out(log: Vec<Entry>, kind: MailKind, found: &Conversation) -> (Option<Entry>, Vec<Entry>) {
    let mut question = None;
    let mut messages = Vec::new();
    for entry in log.into_iter().filter(|entry| entry.body.text().is_some()) {
        let is_reply = matches!(entry.author, Author::Agent { .. }) && entry.seq > found.visitor_seen;
        let is_own = entry.author == Author::Visitor && visitor_view::is_for_them(&entry, &found.contact);
        match kind {
            MailKind::FollowUp | MailKind::Tell | MailKind::Invite => {
                if is_reply {
                    messages.push(entry);
                } else if is_own && messages.is_empty() {
                    question = Some(entry);
                }
            }
            MailKind::Transcript => messages.push(visitor_view::told(entry, found)),
            // Nothing that anybody wrote.
            MailKind::ConfirmCopy | MailKind::NewLink => {}
        }
    }
    (question, messages)
}

/// Reads the newest part of a log, ascending.
pub(crate) async fn read_log(tx: &mut Tx, id: ConversationId) -> Result<Vec<Entry>, UseCaseError> {
    let entries = entry::list_entries_before(tx, id, Seq::MAX, LOG_ENTRIES).await?;
    Ok(entries.into_iter().filter(|entry| !matches!(entry.body, Body::Event(_))).collect())
}
