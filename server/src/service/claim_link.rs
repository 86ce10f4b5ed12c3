//! A resume link is opened on a device: the device gets a session of the conversation's visitor, and the address that the
//! link was sent to is shown to be theirs. Whoever had shown so before becomes one contact with them; what either may
//! read stays what their own sessions are for.

use causette_shared::entry::{Author, Body, Event, MailKind};
use causette_shared::id::{ConversationId, JobId, SiteKey};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::Agent;

use crate::clock;
use crate::secret::SecretHash;
use crate::service::contact::adopt_verified;
use crate::service::copy::{NewAddress, count_request};
use crate::service::prepare_mail::Payload;
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::resume_link::{self, Link};
use crate::store::{Tx, contact, conversation, mail_limits, outbox, site, visitor, visitor_session};

/// Between two new links to the same address.
const NEW_LINK_EVERY: std::time::Duration = std::time::Duration::from_secs(600);

/// Claims a link for a device.
pub struct ClaimLink {
    /// The site whose page the link led to.
    pub site: SiteKey,
    /// The link's secret.
    pub token: SecretHash,
    /// The device's new session, minted there.
    pub session: SecretHash,
}

/// What a claim gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The conversation that goes on.
    pub conversation: ConversationId,
}

impl UseCase for ClaimLink {
    type Output = Claimed;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Claimed, UseCaseError> {
        let (link, found) = find(tx, &self.site, &self.token).await?;
        // The same claim again, whose answer was lost.
        if let Some((visitor, through)) = resume_link::find_session(tx, &self.session).await? {
            return match through {
                Some(id) if id == link.id && visitor == found.visitor => {
                    Ok(Claimed { conversation: found.id })
                }
                _ => Err(UseCaseError::refused(ProblemKind::IdReused)),
            };
        }
        let devices =
            site::find_site(tx, &self.site).await?.map_or(0, |site| site.settings.resume_link_devices);
        if link.revoked_at.is_some() || link.expires_at <= cx.now || link.claims >= u32::from(devices) {
            return Err(UseCaseError::refused(ProblemKind::LinkSpent));
        }
        if !resume_link::create_session(tx, &self.session, found.visitor, link.id, cx.now).await? {
            return Err(UseCaseError::refused(ProblemKind::IdReused));
        }
        // Where we have another address of theirs, this one was named for a copy: it is somebody's, perhaps not theirs.
        let held = found.contact.email.as_deref().map(contact::fold);
        if held.is_none_or(|held| held == contact::fold(&link.email)) {
            adopt_verified(tx, cx, found.visitor, &link.email).await?;
        }
        let id = cx.mint_entry_id()?;
        let event = Event::Resumed { devices: link.claims + 1 };
        cx.add_entry(tx, found.id, id, Author::Visitor, Body::Event(event)).await?;
        Ok(Claimed { conversation: found.id })
    }
}

/// Finds a link of a site, spent or not, with its conversation under lock. One of another site is like an unknown one.
async fn find(
    tx: &mut Tx,
    site: &SiteKey,
    token: &SecretHash,
) -> Result<(Link, conversation::Conversation), UseCaseError> {
    let Some(link) = resume_link::find_link(tx, token).await? else {
        return Err(UseCaseError::refused(ProblemKind::NotFound));
    };
    let Some(found) = conversation::find_conversation(tx, link.conversation).await? else {
        return Err(UseCaseError::refused(ProblemKind::NotFound));
    };
    // First the visitor, then their conversation, then what hangs on it.
    visitor::lock_visitor_by_id(tx, found.visitor).await?;
    conversation::lock_conversation(tx, link.conversation).await?;
    let link = resume_link::lock_link(tx, token).await?;
    match link {
        Some(link) => match conversation::find_conversation(tx, link.conversation).await? {
            Some(found) if found.site == *site => Ok((link, found)),
            _ => Err(UseCaseError::refused(ProblemKind::NotFound)),
        },
        None => Err(UseCaseError::refused(ProblemKind::NotFound)),
    }
}

/// Asks for a new link in place of one that is spent or too old: it goes to the same address, and to no other.
pub struct RequestNewLink {
    /// The site whose page the link led to.
    pub site: SiteKey,
    /// The old link's secret.
    pub token: SecretHash,
}

impl UseCase for RequestNewLink {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        let (link, found) = find(tx, &self.site, &self.token).await?;
        if link.revoked_at.is_some() {
            // Taken back by an agent: whoever holds it gets no other.
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        }
        count_request(tx, cx, found.visitor, NewAddress::No, ProblemKind::RateLimited).await?;
        let folded = contact::fold(&link.email);
        contact::lock_address(tx, &folded).await?;
        let recent = cx.now.before(NEW_LINK_EVERY);
        if mail_limits::count_to(tx, MailKind::NewLink, &folded, recent).await? > 0 {
            let detail = "a new link is on its way already";
            return Err(UseCaseError::Refused(Problem::with_detail(ProblemKind::RateLimited, detail)));
        }
        let job = JobId::mint(cx.now, clock::id_entropy()?);
        let payload = Payload { email: Some(link.email), ..Payload::default() };
        let payload =
            serde_json::to_string(&payload).map_err(|_| UseCaseError::refused(ProblemKind::Internal))?;
        outbox::create_job(tx, job, MailKind::NewLink, Some(found.id), payload, cx.now, cx.now).await?;
        outbox::set_recipient(tx, job, &folded).await?;
        cx.has_job = true;
        Ok(())
    }
}

/// An agent takes the links of a conversation back, and the sessions that were got through them.
pub struct RevokeLinks {
    /// Who.
    pub agent: Agent,
    /// Of which conversation.
    pub conversation: ConversationId,
}

impl UseCase for RevokeLinks {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        let found = conversation::find_conversation(tx, self.conversation).await?;
        let found = found.ok_or_else(|| UseCaseError::refused(ProblemKind::NotFound))?;
        visitor::lock_visitor_by_id(tx, found.visitor).await?;
        conversation::lock_conversation(tx, self.conversation).await?;
        if !resume_link::revoke_links(tx, self.conversation, cx.now).await? {
            let detail = "no mail with a link was sent since the links were last taken back";
            return Err(UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, detail)));
        }
        visitor_session::note_end(tx, found.visitor).await?;
        // A mail that waits would carry a new one.
        outbox::cancel_asked(tx, self.conversation, cx.now).await?;
        let id = cx.mint_entry_id()?;
        let author = Author::Agent { id: self.agent.id, name: self.agent.name.clone() };
        cx.add_entry(tx, self.conversation, id, author, Body::Event(Event::LinksRevoked)).await?;
        Ok(())
    }
}
