//! Conformance of the store: sites, agents, sessions, visitors and contacts.

use std::time::Duration;

use causette_server::secret::SecretHash;
use causette_server::store::{StoreError, Unique, agent, contact, conversation, site, visitor};
use causette_shared::form::Introduction;
use causette_shared::id::{AgentId, ContactId, VisitorId};

use crate::harness::Database;
use crate::harness::app::NOW;
use crate::harness::builders;
use crate::harness::database::on_both_databases;
use crate::harness::store::{FreshStore, add_agent, add_conversation, add_visitor, entropy, shop};

on_both_databases!(
    a_site_is_found_as_it_was_added_and_its_key_is_taken,
    an_agent_is_found_by_address_and_the_address_is_taken,
    a_session_ends_at_its_time_or_when_it_is_closed,
    a_session_belongs_to_one_visitor_and_to_one_site,
    a_contact_is_completed_field_by_field,
    a_transaction_that_is_dropped_changes_nothing,
);

async fn a_site_is_found_as_it_was_added_and_its_key_is_taken(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.begin().await;
    let mut added = builders::site("zebra");
    added.settings.color = "#123456".to_owned();
    site::create_site(&mut tx, &added, NOW).await.expect("it is added");
    site::create_site(&mut tx, &builders::site("apple"), NOW).await.expect("it is added");
    assert_eq!(site::find_site(&mut tx, &added.key).await.expect("it reads"), Some(added.clone()));
    let keys =
        site::list_sites(&mut tx).await.expect("it reads").into_iter().map(|site| site.key.to_string());
    assert_eq!(keys.collect::<Vec<_>>(), ["apple", "zebra"]);
    assert_eq!(site::find_site(&mut tx, &shop()).await.expect("it reads"), None);
    let again = site::create_site(&mut tx, &added, NOW).await;
    assert!(matches!(again, Err(StoreError::Taken(Unique::SiteKey))), "{again:?}");
}

async fn an_agent_is_found_by_address_and_the_address_is_taken(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.begin().await;
    let alice = add_agent(&mut tx, "alice@desk.example").await;
    let found = agent::find_agent_by_email(&mut tx, "alice@desk.example").await.expect("it reads");
    let found = found.expect("it is there");
    assert_eq!((found.agent, found.password_hash.as_str()), (alice.clone(), "$argon2id$…"));
    assert!(agent::find_agent_by_email(&mut tx, "bob@desk.example").await.expect("it reads").is_none());
    let twin = causette_shared::protocol::agent::Agent { id: AgentId::mint(NOW, entropy()), ..alice };
    let again = agent::create_agent(&mut tx, &twin, "x", NOW).await;
    assert!(matches!(again, Err(StoreError::Taken(Unique::AgentEmail))), "{again:?}");
}

async fn a_session_ends_at_its_time_or_when_it_is_closed(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.begin().await;
    let alice = add_agent(&mut tx, "alice@desk.example").await;
    let (first, second) = (SecretHash::of("first"), SecretHash::of("second"));
    let end = NOW.after(Duration::from_secs(60));
    agent::create_session(&mut tx, &first, alice.id, NOW, end).await.expect("it is added");
    let just_before = end.before(Duration::from_millis(1));
    let found = agent::find_agent_by_session(&mut tx, &first, just_before).await.expect("it reads");
    assert_eq!(found, Some(alice.clone()));
    assert_eq!(agent::find_agent_by_session(&mut tx, &first, end).await.expect("it reads"), None);
    assert_eq!(agent::find_agent_by_session(&mut tx, &second, NOW).await.expect("it reads"), None);

    let later = end.after(Duration::from_secs(60));
    agent::create_session(&mut tx, &second, alice.id, end, later).await.expect("it is added");
    assert!(!agent::delete_session(&mut tx, &first).await.expect("it works"), "it expired and was dropped");
    assert!(agent::delete_session(&mut tx, &second).await.expect("it works"));
    assert_eq!(agent::find_agent_by_session(&mut tx, &second, end).await.expect("it reads"), None);
    assert!(!agent::delete_session(&mut tx, &second).await.expect("it works"));
}

async fn a_session_belongs_to_one_visitor_and_to_one_site(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    site::create_site(&mut tx, &builders::site("other"), NOW).await.expect("it is added");
    let other = "other".parse().expect("the key is valid");
    let mine = add_visitor(&mut tx, "mine").await;
    let hash = SecretHash::of("mine");
    let found = visitor::find_visitor(&mut tx, &shop(), &hash).await.expect("it reads").expect("it is there");
    assert_eq!((found.id, found.contact), (mine, None));
    assert_eq!(visitor::find_visitor(&mut tx, &other, &hash).await.expect("it reads"), None);
    for key in [&shop(), &other] {
        let id = VisitorId::mint(NOW, entropy());
        let added = visitor::create_visitor(&mut tx, id, key, &hash, NOW).await;
        assert!(!added.expect("it works"), "the session is taken, also on {key}");
    }
}

async fn a_contact_is_completed_field_by_field(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let owner = add_visitor(&mut tx, "mine").await;
    let conversation = add_conversation(&mut tx, owner, NOW).await;
    let given = |name: Option<&str>, email: Option<&str>, phone: Option<&str>| {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Introduction { name: owned(name), email: owned(email), phone: owned(phone) }
    };
    let id = ContactId::mint(NOW, entropy());
    contact::create_contact(&mut tx, id, owner, &given(Some("Ana"), None, None), NOW)
        .await
        .expect("it is added");
    let more = given(None, Some("ana@mail.example"), Some("01 23 45 67 89"));
    contact::update_contact(&mut tx, id, &more, NOW).await.expect("it is changed");
    let found = conversation::find_conversation(&mut tx, conversation).await.expect("it reads");
    let found = found.expect("it is there").contact;
    assert_eq!(found.name.as_deref(), Some("Ana"));
    assert_eq!(found.email.as_deref(), Some("ana@mail.example"));
    assert_eq!(found.phone.as_deref(), Some("01 23 45 67 89"));
    assert!(!found.email_verified);
    let hash = SecretHash::of("mine");
    let holder =
        visitor::find_visitor(&mut tx, &shop(), &hash).await.expect("it reads").expect("it is there");
    assert_eq!(holder.contact, Some(id));
}

async fn a_transaction_that_is_dropped_changes_nothing(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.begin().await;
    add_agent(&mut tx, "alice@desk.example").await;
    drop(tx);
    let mut tx = fresh.store.begin_read().await.expect("it begins");
    assert!(agent::find_agent_by_email(&mut tx, "alice@desk.example").await.expect("it reads").is_none());
}
