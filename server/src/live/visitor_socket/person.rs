//! What a page says of its person, on a visitor's connection: refused it changes nothing, and the connection goes on.

use causette_shared::id::SiteKey;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::visitor::{Description, ServerFrame};

use super::{Client, Identity};
use crate::live::hub::Notice;
use crate::secret::SecretHash;
use crate::service::UseCaseError;
use crate::service::identify::Identify;
use crate::service::page_says::{PageSays, Saying, parse_page_url};

impl Client {
    pub(super) async fn identify(&mut self, token: String) -> Result<(), UseCaseError> {
        let Some(Identity { site, session, .. }) = &self.identity else {
            return Ok(());
        };
        let (site, session) = (site.clone(), *session);
        if let Err(problem) = self.app.limiters.count_identity(self.peer) {
            self.out.push(ServerFrame::Declined(problem));
            return Ok(());
        }
        match self.app.perform(Identify { site, session, token }).await {
            Ok(identified) => {
                self.out.push(ServerFrame::Identified(identified.standing));
                if let Some(visitor) = identified.visitor {
                    self.app.hub.publish_to_desk(Notice::Said(visitor));
                }
                Ok(())
            }
            Err(UseCaseError::Refused(problem)) => {
                self.out.push(ServerFrame::Declined(problem));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn describe(&mut self, description: Description) -> Result<(), UseCaseError> {
        let Some((site, session)) = self.counted() else {
            return Ok(());
        };
        match session {
            Ok(session) => self.say(site, session, Saying::Description(description)).await,
            Err(problem) => {
                self.out.push(ServerFrame::Declined(problem));
                Ok(())
            }
        }
    }

    /// A page that is not worth telling is not told: nobody did anything wrong.
    pub(super) async fn visited(&mut self, url: &str, title: String, ago_s: u32) -> Result<(), UseCaseError> {
        match (self.counted(), parse_page_url(url)) {
            (Some((site, Ok(session))), Some(url)) => {
                self.say(site, session, Saying::Visited { url, title, ago_s }).await
            }
            _ => Ok(()),
        }
    }

    /// Taking a consent back is never too much.
    pub(super) async fn forget_pages(&mut self) -> Result<(), UseCaseError> {
        match &self.identity {
            Some(Identity { site, session: Some(session), .. }) => {
                let (site, session) = (site.clone(), *session);
                self.say(site, session, Saying::ForgetPages).await
            }
            _ => Ok(()),
        }
    }

    /// Site and session, or why the session has said too much; `None` where there is no session, of which nothing is kept.
    fn counted(&self) -> Option<(SiteKey, Result<SecretHash, Problem>)> {
        match &self.identity {
            Some(Identity { site, session: Some(session), .. }) => {
                let counted = self.app.limiters.count_saying(*session);
                Some((site.clone(), counted.map(|()| *session)))
            }
            _ => None,
        }
    }

    async fn say(&mut self, site: SiteKey, session: SecretHash, what: Saying) -> Result<(), UseCaseError> {
        match self.app.perform(PageSays { site, session, what }).await {
            Ok(Some(visitor)) => self.app.hub.publish_to_desk(Notice::Said(visitor)),
            Ok(None) => {}
            Err(UseCaseError::Refused(problem)) if problem.kind == ProblemKind::Invalid => {
                self.out.push(ServerFrame::Declined(problem));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
