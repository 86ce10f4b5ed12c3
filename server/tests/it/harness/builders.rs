//! Sites, agents and conversations, made through the same use cases as everything else.

use causette_server::secret::{self, SecretHash};
use causette_server::service::add_agent::AddAgent;
use causette_server::service::add_site::AddSite;
use causette_server::service::send_message::{SendMessage, Sent};
use causette_server::site::{Site, SiteOrigin, SiteSettings};
use causette_server::store::conversation;
use causette_shared::conversation::Status;
use causette_shared::entry::{Content, Entry};
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::protocol::agent::{Agent, Role};

use super::TestServer;

/// The origin of the site's shop.
pub const SHOP: &str = "https://shop.example";
/// The password of every agent.
pub const PASSWORD: &str = "a long enough password";

/// A site as most tests use it.
pub fn site(key: &str) -> Site {
    Site {
        key: key.parse().expect("the key is valid"),
        name: "The Shop".to_owned(),
        origins: vec![SiteOrigin::Exact(SHOP.to_owned())],
        settings: SiteSettings::default(),
    }
}

/// Mints an id as clients do.
pub fn entry_id() -> EntryId {
    let entropy = causette_server::clock::id_entropy().expect("there is randomness");
    EntryId::mint(super::app::NOW, entropy)
}

/// Mints a session secret as panels do.
pub fn session() -> String {
    secret::mint().expect("there is randomness").expose().to_owned()
}

/// A message.
pub fn text(text: &str) -> Content {
    Content::Message { text: text.to_owned() }
}

impl TestServer {
    /// Adds the site "shop".
    pub async fn add_shop(&self) -> Site {
        self.add_site(site("shop")).await
    }

    /// Adds a site.
    pub async fn add_site(&self, site: Site) -> Site {
        self.app.perform(AddSite(site.clone())).await.expect("the site is new");
        site
    }

    /// Adds an agent with `PASSWORD`.
    pub async fn add_agent(&self, email: &str, name: &str) -> Agent {
        let add = AddAgent::new(email, name, Role::Agent, PASSWORD).expect("it is accepted");
        self.app.perform(add).await.expect("the agent is new")
    }

    /// Sends as a visitor, without a socket.
    pub async fn send_as(&self, site: &Site, session: &str, id: EntryId, content: Content) -> Sent {
        let send = SendMessage {
            site: site.key.clone(),
            session: SecretHash::of(session),
            locale: "en".to_owned(),
            id,
            content,
            available: true,
        };
        self.app.perform(send).await.expect("it is accepted")
    }

    /// Puts a conversation into a status, as later use cases will.
    pub async fn set_status(&self, id: ConversationId, status: Status) {
        let mut tx = self.app.store.begin().await.expect("the store is free");
        conversation::set_status(&mut tx, id, status).await.expect("it is set");
        tx.commit().await.expect("it commits");
    }

    /// A whole log as it is stored.
    pub async fn log(&self, id: ConversationId) -> Vec<Entry> {
        let mut tx = self.app.store.begin_read().await.expect("the store reads");
        let all = causette_server::store::entry::list_entries_after(&mut tx, id, 0, 100_000).await;
        all.expect("the log is read")
    }

    /// A conversation as it is stored.
    pub async fn conversation(&self, id: ConversationId) -> conversation::Conversation {
        let mut tx = self.app.store.begin_read().await.expect("the store reads");
        let found = conversation::find_conversation(&mut tx, id).await.expect("the store reads");
        found.expect("the conversation exists")
    }
}
