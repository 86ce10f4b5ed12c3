//! What a page says of its visitor without proving it, and the pages they were on. Agents see it, and nothing else comes of
//! it. Nothing of a visitor who does not exist yet is kept.

use causette_shared::id::{SiteKey, VisitorId};
use causette_shared::limits;
use causette_shared::problem::Problem;
use causette_shared::protocol::visitor::Description;
use causette_shared::said::{Page, Said};
use url::Url;

use crate::secret::SecretHash;
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, visitor, visitor_said};

/// The longest time that a page may have been opened before it is told: what is told later than that is no visit of today.
const AGO_MAX_S: u32 = 24 * 3_600;

/// What a page says.
pub struct PageSays {
    /// The site.
    pub site: SiteKey,
    /// The visitor's session.
    pub session: SecretHash,
    /// What.
    pub what: Saying,
}

/// What a page can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// What it knows of the person.
    Description(Description),
    /// That they are on a page.
    Visited {
        /// Its address as `parse_page_url` returns it.
        url: String,
        /// Its title.
        title: String,
        /// How long ago, in seconds.
        ago_s: u32,
    },
    /// That they no longer agree to having their pages told.
    ForgetPages,
}

impl UseCase for PageSays {
    /// The visitor of whom something is known that was not before.
    type Output = Option<VisitorId>;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Option<VisitorId>, UseCaseError> {
        visitor::lock_visitor(tx, &self.session).await?;
        let Some(found) = visitor::find_visitor(tx, &self.site, &self.session).await? else {
            return Ok(None);
        };
        let held = visitor_said::find_said(tx, found.id).await?;
        let said = self.take(held.clone(), cx).map_err(UseCaseError::Refused)?;
        if said == held {
            return Ok(None);
        }
        visitor_said::write_said(tx, found.id, &said, cx.now).await?;
        Ok(Some(found.id))
    }
}

impl PageSays {
    fn take(&self, mut said: Said, cx: &Context) -> Result<Said, Problem> {
        match &self.what {
            Saying::Description(description) => said.take(description)?,
            Saying::Visited { url, title, ago_s } => {
                let ago = std::time::Duration::from_secs((*ago_s).min(AGO_MAX_S).into());
                said.visit(Page { url: url.clone(), title: title.clone(), at: cx.now.before(ago) });
            }
            Saying::ForgetPages => said.pages.clear(),
        }
        Ok(said)
    }
}

/// Returns the address of a page as it is kept: without credentials, and without what stands behind `?` and `#`, where secrets
/// of the page may stand. `None` where it is none of the web, or longer than is kept.
#[must_use]
pub fn parse_page_url(raw: &str) -> Option<String> {
    if raw.len() > 8 * limits::PAGE_URL_CHARS {
        return None;
    }
    let mut url = Url::parse(raw).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_query(None);
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    // All of it is ASCII: what is not is percent-encoded.
    Some(String::from(url)).filter(|url| url.len() <= limits::PAGE_URL_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_pages_address_its_place_is_kept_and_nothing_that_could_be_a_secret() {
        for (raw, kept) in [
            ("https://shop.example/lamps?token=1#x", "https://shop.example/lamps"),
            ("http://ada:secret@127.0.0.1:8000/a b", "http://127.0.0.1:8000/a%20b"),
            ("https://köln.example/ü", "https://xn--kln-sna.example/%C3%BC"),
        ] {
            assert_eq!(parse_page_url(raw).as_deref(), Some(kept));
        }
        let long = format!("https://shop.example/{}", "x".repeat(1_000));
        for raw in
            ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "/lamps", "", "https://", &long]
        {
            assert_eq!(parse_page_url(raw), None, "{raw}");
        }
    }
}
