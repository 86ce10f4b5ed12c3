//! Conformance of the store: the logs.

use causette_server::store::{conversation, entry};
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Entry, Event};
use causette_shared::form::Introduction;
use causette_shared::id::{EntryId, Seq};
use causette_shared::protocol::agent::Agent;

use crate::harness::Database;
use crate::harness::app::NOW;
use crate::harness::database::on_both_databases;
use crate::harness::store::{FreshStore, add_agent, add_conversation, add_message, add_visitor, entropy};

on_both_databases!(
    every_kind_of_entry_is_read_as_it_was_written,
    an_id_and_a_place_are_taken_once_in_a_conversation,
    an_entry_is_found_in_any_conversation_of_its_visitor_and_of_no_other,
    windows_are_ascending_and_end_where_they_should,
    the_last_other_agent_with_a_message_after_a_place_is_found_by_name,
);

async fn every_kind_of_entry_is_read_as_it_was_written(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let alice = add_agent(&mut tx, "alice@desk.example").await;
    let visitor = add_visitor(&mut tx, "mine").await;
    let id = add_conversation(&mut tx, visitor, NOW).await;
    let answers = Introduction { name: Some("Ana \"<b>\"".to_owned()), ..Introduction::default() };
    let agent = Author::Agent { id: alice.id, name: "Alice".to_owned() };
    let kinds = [
        (Author::Visitor, Body::Message { text: "Zoë's 🙂 'quotes'\n; DROP TABLE entry".to_owned() }),
        (Author::Automatic, Body::Message { text: "Thank you".to_owned() }),
        (agent, Body::Message { text: "Hello".to_owned() }),
        (Author::Visitor, Body::Event(Event::FormSubmitted { answers })),
        (Author::Automatic, Body::Event(Event::Assigned { agent: alice.id, name: "Alice".to_owned() })),
        (Author::Automatic, Body::Event(Event::StatusChanged { status: Status::OnHold })),
    ];
    let mut written = Vec::new();
    for (author, body) in kinds {
        let seq = conversation::next_seq(&mut tx, id).await.expect("it is given");
        let entry = Entry { seq, id: EntryId::mint(NOW, entropy()), at: NOW, author, body };
        entry::create_entry(&mut tx, id, &entry).await.expect("it is added");
        assert_eq!(entry::find_entry(&mut tx, id, entry.id).await.expect("it reads"), Some(entry.clone()));
        written.push(entry);
    }
    assert_eq!(entry::list_entries_after(&mut tx, id, 0, 100).await.expect("it reads"), written);
}

async fn an_id_and_a_place_are_taken_once_in_a_conversation(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let mine = add_visitor(&mut tx, "mine").await;
    let yours = add_visitor(&mut tx, "yours").await;
    let (mine, yours) =
        (add_conversation(&mut tx, mine, NOW).await, add_conversation(&mut tx, yours, NOW).await);
    let first = add_message(&mut tx, mine, "one").await;
    tx.commit().await.expect("it commits");
    let same_id = Entry { seq: 2, ..first.clone() };
    let same_place = Entry { id: EntryId::mint(NOW, entropy()), ..first.clone() };
    for taken in [same_id, same_place] {
        // Each in a transaction of its own: on PostgreSQL one ends with its first error.
        let mut tx = fresh.begin().await;
        assert!(entry::create_entry(&mut tx, mine, &taken).await.is_err());
    }
    let mut tx = fresh.begin().await;
    entry::create_entry(&mut tx, yours, &first).await.expect("another conversation is another log");
}

async fn an_entry_is_found_in_any_conversation_of_its_visitor_and_of_no_other(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let mine = add_visitor(&mut tx, "mine").await;
    let yours = add_visitor(&mut tx, "yours").await;
    let closed = add_conversation(&mut tx, mine, NOW).await;
    let old = add_message(&mut tx, closed, "old").await;
    conversation::set_status(&mut tx, closed, Status::Closed).await.expect("it is set");
    let open = add_conversation(&mut tx, mine, NOW).await;
    let new = add_message(&mut tx, open, "new").await;
    for (conversation, entry) in [(closed, &old), (open, &new)] {
        let found = entry::find_entry_of(&mut tx, mine, entry.id).await.expect("it reads");
        assert_eq!(found, Some((conversation, entry.clone())));
        assert_eq!(entry::find_entry_of(&mut tx, yours, entry.id).await.expect("it reads"), None);
    }
    assert_eq!(entry::find_entry(&mut tx, open, old.id).await.expect("it reads"), None);
}

async fn windows_are_ascending_and_end_where_they_should(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let visitor = add_visitor(&mut tx, "mine").await;
    let id = add_conversation(&mut tx, visitor, NOW).await;
    for number in 1..=10 {
        add_message(&mut tx, id, &number.to_string()).await;
    }
    let seqs = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.seq).collect::<Vec<_>>();
    let mut after =
        async |seq, limit| seqs(entry::list_entries_after(&mut tx, id, seq, limit).await.expect("it reads"));
    assert_eq!(after(0, 3).await, [1, 2, 3]);
    assert_eq!(after(8, 3).await, [9, 10]);
    assert!(after(10, 3).await.is_empty());
    assert!(after(u32::MAX, 3).await.is_empty());
    let mut before =
        async |seq, limit| seqs(entry::list_entries_before(&mut tx, id, seq, limit).await.expect("it reads"));
    assert_eq!(before(u32::MAX, 3).await, [8, 9, 10]);
    assert_eq!(before(3, 5).await, [1, 2]);
    assert!(before(1, 3).await.is_empty());
    assert!(before(0, 3).await.is_empty());
}

async fn the_last_other_agent_with_a_message_after_a_place_is_found_by_name(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let (alice, bob) =
        (add_agent(&mut tx, "alice@desk.example").await, add_agent(&mut tx, "bob@desk.example").await);
    let visitor = add_visitor(&mut tx, "mine").await;
    let id = add_conversation(&mut tx, visitor, NOW).await;
    let stranger = add_visitor(&mut tx, "yours").await;
    let other = add_conversation(&mut tx, stranger, NOW).await;
    let by = |agent: &Agent, name: &str| Author::Agent { id: agent.id, name: name.to_owned() };
    let message = || Body::Message { text: "Hello".to_owned() };
    let status = Body::Event(Event::StatusChanged { status: Status::OnHold });
    for (conversation, author, body) in [
        (id, Author::Visitor, message()),
        (id, by(&bob, "Bob"), message()),
        (id, by(&bob, "Bob, renamed"), message()),
        (id, by(&alice, "Alice"), message()),
        (id, by(&bob, "Bob"), status),
        (id, Author::Automatic, message()),
        (other, by(&bob, "Bob elsewhere"), message()),
    ] {
        let seq = conversation::next_seq(&mut tx, conversation).await.expect("it is given");
        let entry = Entry { seq, id: EntryId::mint(NOW, entropy()), at: NOW, author, body };
        entry::create_entry(&mut tx, conversation, &entry).await.expect("it is added");
    }
    let cases = [(1, &alice, Some("Bob, renamed")), (2, &alice, Some("Bob, renamed")), (3, &alice, None)];
    let cases = cases.into_iter().chain([(3, &bob, Some("Alice")), (4, &bob, None), (Seq::MAX, &bob, None)]);
    for (after, asks, name) in cases {
        let found = entry::find_colleague_after(&mut tx, id, after, asks.id).await.expect("it reads");
        assert_eq!(found.as_deref(), name, "after {after}");
    }
}
