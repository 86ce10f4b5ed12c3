//! A store alone, on a fresh database, with the rows that others hang on.

use causette_server::secret::SecretHash;
use causette_server::store::{Store, Tx, agent, conversation, entry, site, visitor};
use causette_shared::entry::{Author, Body, Entry};
use causette_shared::id::{AgentId, ConversationId, EntryId, Seq, SiteKey, VisitorId};
use causette_shared::protocol::agent::{Agent, Role};
use causette_shared::time::Timestamp;

use super::app::NOW;
use super::{Database, builders};

/// A store on a fresh database, which goes with it.
pub struct FreshStore {
    pub store: Store,
    _directory: tempfile::TempDir,
}

/// Fresh random bytes for an id.
pub fn entropy() -> [u8; 10] {
    causette_server::clock::id_entropy().expect("there is randomness")
}

impl FreshStore {
    /// Opens it.
    pub async fn open(database: Database) -> Self {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let address = database.create(directory.path()).await;
        let store = Store::open(&address).await.expect("it opens");
        Self { store, _directory: directory }
    }

    /// Opens it with the site "shop" in it.
    pub async fn with_shop(database: Database) -> Self {
        let fresh = Self::open(database).await;
        let mut tx = fresh.begin().await;
        site::create_site(&mut tx, &builders::site("shop"), NOW).await.expect("it is added");
        tx.commit().await.expect("it commits");
        fresh
    }

    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Tx {
        self.store.begin().await.expect("it begins")
    }
}

/// The key of the site that `with_shop` adds.
pub fn shop() -> SiteKey {
    "shop".parse().expect("the key is valid")
}

/// Adds an agent.
pub async fn add_agent(tx: &mut Tx, email: &str) -> Agent {
    let id = AgentId::mint(NOW, entropy());
    let added = Agent { id, name: "Alice".to_owned(), email: email.to_owned(), role: Role::Admin };
    agent::create_agent(tx, &added, "$argon2id$…", NOW).await.expect("it is added");
    added
}

/// Adds a visitor whose secret is `secret`.
pub async fn add_visitor(tx: &mut Tx, secret: &str) -> VisitorId {
    let id = VisitorId::mint(NOW, entropy());
    let added = visitor::create_visitor(tx, id, &shop(), &SecretHash::of(secret), NOW).await;
    assert!(added.expect("the store works"));
    id
}

/// Adds a conversation that begins at `at`.
pub async fn add_conversation(tx: &mut Tx, visitor: VisitorId, at: Timestamp) -> ConversationId {
    let id = ConversationId::mint(at, entropy());
    conversation::create_conversation(tx, id, &shop(), visitor, "en", at).await.expect("it is added");
    id
}

/// Adds a visitor's message at its next place.
pub async fn add_message(tx: &mut Tx, conversation: ConversationId, text: &str) -> Entry {
    let seq: Seq = conversation::next_seq(tx, conversation).await.expect("it is given");
    let entry = Entry {
        seq,
        id: EntryId::mint(NOW, entropy()),
        at: NOW,
        author: Author::Visitor,
        body: Body::Message { text: text.to_owned() },
    };
    entry::create_entry(tx, conversation, &entry).await.expect("it is added");
    entry
}
