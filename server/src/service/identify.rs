//! A page proves who its visitor is, with a token that the site's own server has signed.
//!
//! Whom a session was once proven to be it stays: another person has to sign out first, so that nobody is shown what somebody
//! else wrote in the same browser. The same person on another device gets a session of their open conversation, and only
//! of one that was proven to be theirs: a contact that an agent has attached opens nothing. Such sessions are bounded, and end
//! where the site's secret is replaced (`identity_secret`).

use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Event};
use causette_shared::id::{SiteKey, VisitorId};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::visitor::Standing;
use causette_shared::time::Timestamp;

use crate::identity;
use crate::secret::SecretHash;
use crate::service::contact::become_person;
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, conversation, site, visitor, visitor_session};

/// Sessions of one visitor that their identity may have opened. A person has a handful of browsers and devices; each that
/// forgets what it keeps (a private window, Safari after seven days) takes another. Twenty last them for months, and bound
/// what a token that is used again and again can make.
pub const SESSIONS_BY_IDENTITY: u32 = 20;

/// A page proves who its visitor is.
pub struct Identify {
    /// The site.
    pub site: SiteKey,
    /// The visitor's session, where the panel has one.
    pub session: Option<SecretHash>,
    /// The token.
    pub token: String,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identified {
    /// Where the person stands.
    pub standing: Standing,
    /// Who they are here.
    pub visitor: Option<VisitorId>,
}

impl UseCase for Identify {
    type Output = Identified;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Identified, UseCaseError> {
        // Whoever replaces the secret waits for what the old one opens here, and ends it.
        site::hold_site(tx, &self.site).await?;
        let secret = site::find_identity_secret(tx, &self.site).await?;
        let person =
            identity::verify(&self.token, secret.as_deref(), &self.site, cx.now).map_err(|error| {
                let problem = Problem::with_detail(ProblemKind::InvalidIdentity, &error.to_string());
                UseCaseError::Refused(problem)
            })?;
        let nowhere = Identified { standing: Standing::Nowhere, visitor: None };
        let Some(session) = &self.session else {
            let elsewhere = visitor::find_open_of_person(tx, &self.site, &person.subject).await?.is_some();
            return Ok(if elsewhere {
                Identified { standing: Standing::Elsewhere, ..nowhere }
            } else {
                nowhere
            });
        };
        visitor::lock_visitor(tx, session).await?;
        let found = visitor::find_visitor(tx, &self.site, session).await?;
        let (visitor, is_new_here) = match found {
            Some(found) => (found.id, false),
            None => match visitor::find_open_of_person(tx, &self.site, &person.subject).await? {
                Some(theirs) if open_session(tx, theirs, session, cx.now).await? => (theirs, true),
                // Another tab's first message came between, or the secret is in use on another site.
                Some(_) => return Err(UseCaseError::refused(ProblemKind::NotFound)),
                None => return Ok(nowhere),
            },
        };
        visitor::lock_visitor_by_id(tx, visitor).await?;
        let newest = conversation::find_newest_of(tx, visitor).await?;
        if let Some(newest) = &newest {
            conversation::lock_conversation(tx, newest.id).await?;
        }
        let proven = visitor::find_identity(tx, visitor).await?;
        if proven.as_ref().is_some_and(|proven| *proven != person.subject) {
            return Err(UseCaseError::refused(ProblemKind::AnotherPerson));
        }
        become_person(tx, cx, &self.site, visitor, &person).await?;
        visitor::set_identity(tx, visitor, &person.subject, cx.now).await?;
        if let Some(newest) = newest.filter(|newest| newest.status != Status::Closed)
            && (proven.is_none() || is_new_here)
        {
            let id = cx.mint_entry_id()?;
            cx.add_entry(tx, newest.id, id, Author::Visitor, Body::Event(Event::Identified)).await?;
        }
        Ok(Identified { standing: Standing::Here, visitor: Some(visitor) })
    }
}

/// Opens the person's conversation on another device: the oldest that it was opened on gives way. False when the session is in
/// use already.
async fn open_session(
    tx: &mut Tx,
    visitor: VisitorId,
    session: &SecretHash,
    now: Timestamp,
) -> Result<bool, UseCaseError> {
    visitor::lock_visitor_by_id(tx, visitor).await?;
    visitor_session::end_oldest(tx, visitor, SESSIONS_BY_IDENTITY - 1).await?;
    Ok(visitor_session::create_by_identity(tx, visitor, session, now).await?)
}
