//! The seeds of `causette demo`: a site, two agents, and conversations as a shop would have them. Written once, through
//! the same use cases as everything else, under a clock that runs from yesterday.

use std::sync::Arc;
use std::time::Duration;

use causette_shared::entry::Content;
use causette_shared::form::Introduction;
use causette_shared::id::{ConversationId, EntryId, Seq, SiteKey, VisitorId};
use causette_shared::protocol::agent::{Agent, Role};

use crate::app::App;
use crate::clock::{Clock as _, ManualClock, id_entropy};
use crate::secret::{self, SecretHash};
use crate::service::UseCaseError;
use crate::service::add_agent::AddAgent;
use crate::service::add_site::AddSite;
use crate::service::mark_seen::{MarkSeen, Seer};
use crate::service::reply::Reply;
use crate::service::send_message::{SendMessage, Sent};
use crate::site::{Site, SiteOrigin, SiteSettings};
use crate::store::site;

/// The demo's administrator.
pub const ALICE: &str = "alice@demo.example";
/// The demo's other agent.
pub const BOB: &str = "bob@demo.example";
/// The password of both.
pub const PASSWORD: &str = "causette-demo";

/// Fills an empty database; one that has the demo's site already is left alone.
///
/// # Errors
/// The store fails.
pub async fn seed(app: &App) -> Result<(), UseCaseError> {
    let key: SiteKey =
        "demo".parse().map_err(|_| UseCaseError::refused(causette_shared::problem::ProblemKind::Internal))?;
    let mut tx = app.store.begin_read().await?;
    if site::find_site(&mut tx, &key).await?.is_some() {
        return Ok(());
    }
    drop(tx);
    let clock = Arc::new(ManualClock::new(app.clock.now().before(Duration::from_secs(26 * 3600))));
    // Its own hub: nobody is connected to the past.
    let past = crate::wire(app.config.clone(), app.store.clone(), clock.clone(), app.config.listen);
    let hours = [("en", "Monday to Saturday, 10 to 18"), ("fr", "Du lundi au samedi, de 10 h à 18 h")];
    let settings = SiteSettings {
        color: "#1f5f4a".to_owned(),
        home_url: "/demo/".to_owned(),
        opening_hours: hours.map(|(tag, text)| (tag.to_owned(), text.to_owned())).into(),
        ..SiteSettings::default()
    };
    let site =
        Site { key: key.clone(), name: "Maison Lumen".to_owned(), origins: vec![SiteOrigin::Own], settings };
    past.perform(AddSite(site)).await?;
    let alice = past.perform(AddAgent::new(ALICE, "Alice Martin", Role::Admin, PASSWORD)?).await?;
    let bob = past.perform(AddAgent::new(BOB, "Bob Keller", Role::Agent, PASSWORD)?).await?;
    let seeds = Seeds { app: &past, clock: &clock, site: key };

    let claire = seeds
        .begin("fr", "Bonjour, la lampe Nacelle existe-t-elle avec un câble textile plus long ?")
        .await?;
    seeds.introduce(&claire, Some("Claire Fontaine"), Some("claire.fontaine@courrier.example"), None).await?;
    let upto = seeds
        .answer(&bob, &claire, "Bonjour Claire ! Oui, en 3 et en 5 mètres. Je vous la prépare en 5 mètres ?")
        .await?;
    // She was there and read it: nothing of the past is e-mailed.
    let (conversation, by) = (claire.conversation, Seer::Visitor(claire.id));
    past.perform(MarkSeen { conversation, by, upto }).await?;
    seeds.write(&claire, "Avec plaisir, merci beaucoup.").await?;
    seeds.pause(9 * 3600);

    let tom = seeds.begin("en", "Hi, is the Papier pendant dimmable with a trailing-edge dimmer?").await?;
    seeds.introduce(&tom, Some("Tom Okafor"), None, None).await?;
    let answer = "Hello Tom, it is: any trailing-edge dimmer from 3 W up works. The data sheet is on the product page.";
    seeds.answer(&alice, &tom, answer).await?;
    seeds.pause(14 * 3600);

    let ines = seeds
        .begin("en", "My order arrived today and one of the two shades has a dent. What should I do?")
        .await?;
    let (phone, email) = (Some("+34 91 123 45 67"), Some("ines.m@mail.example"));
    seeds.introduce(&ines, Some("Inés Moreno"), email, phone).await?;
    seeds.write(&ines, "It is order 20931, the brass one. I can send a photo.").await?;
    seeds.pause(1800);

    seeds.begin("en", "Do you deliver to Belgium?").await?;
    Ok(())
}

struct Seeds<'a> {
    app: &'a App,
    clock: &'a ManualClock,
    site: SiteKey,
}

/// A visitor of the past and their conversation.
struct Visitor {
    id: VisitorId,
    session: SecretHash,
    locale: &'static str,
    conversation: ConversationId,
}

impl Seeds<'_> {
    fn pause(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn send(&self, session: SecretHash, locale: &str, content: Content) -> Result<Sent, UseCaseError> {
        self.pause(45);
        let id = EntryId::mint(self.clock.now(), id_entropy()?);
        let (site, locale) = (self.site.clone(), locale.to_owned());
        self.app.perform(SendMessage { site, session, locale, id, content, available: true }).await
    }

    async fn begin(&self, locale: &'static str, text: &str) -> Result<Visitor, UseCaseError> {
        let session = SecretHash::of(secret::mint()?.expose());
        let sent = self.send(session, locale, Content::Message { text: text.to_owned() }).await?;
        Ok(Visitor { id: sent.visitor, session, locale, conversation: sent.conversation })
    }

    async fn write(&self, visitor: &Visitor, text: &str) -> Result<(), UseCaseError> {
        self.send(visitor.session, visitor.locale, Content::Message { text: text.to_owned() }).await.map(drop)
    }

    async fn introduce(
        &self,
        visitor: &Visitor,
        name: Option<&str>,
        email: Option<&str>,
        phone: Option<&str>,
    ) -> Result<(), UseCaseError> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let given = Introduction { name: owned(name), email: owned(email), phone: owned(phone) };
        self.send(visitor.session, visitor.locale, Content::Introduction(given)).await.map(drop)
    }

    async fn answer(&self, agent: &Agent, visitor: &Visitor, text: &str) -> Result<Seq, UseCaseError> {
        self.pause(150);
        let id = EntryId::mint(self.clock.now(), id_entropy()?);
        let content = Content::Message { text: text.to_owned() };
        let conversation = visitor.conversation;
        let upto =
            self.app.perform(Reply { agent: agent.clone(), conversation, id, content, after: None }).await?;
        self.app.perform(MarkSeen { conversation, by: Seer::Agent, upto }).await?;
        Ok(upto)
    }
}
