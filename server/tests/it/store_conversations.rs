//! Conformance of the store: conversations, their numbers, marks and lists.

use causette_server::secret::SecretHash;
use causette_server::store::conversation::{self, Writer};
use causette_server::store::{Tx, entry};
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Entry};
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::protocol::agent::ListCursor;
use causette_shared::time::Timestamp;

use crate::harness::Database;
use crate::harness::app::NOW;
use crate::harness::database::on_both_databases;
use crate::harness::store::{
    FreshStore, add_agent, add_conversation, add_message, add_visitor, entropy, shop,
};

on_both_databases!(
    numbers_count_up_from_1001_and_are_given_back_with_the_transaction,
    a_visitor_has_one_conversation_that_is_not_closed,
    places_are_given_one_by_one_for_each_conversation,
    seen_never_goes_back_and_never_past_the_end,
    the_last_message_is_noted_with_who_wrote_it,
    where_to_write_is_found_with_one_look,
    a_list_read_page_by_page_has_each_conversation_once_also_at_equal_times,
);

async fn numbers_count_up_from_1001_and_are_given_back_with_the_transaction(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    for wanted in [1001, 1002] {
        let mut tx = fresh.begin().await;
        let visitor = add_visitor(&mut tx, &wanted.to_string()).await;
        let id = add_conversation(&mut tx, visitor, NOW).await;
        let found =
            conversation::find_conversation(&mut tx, id).await.expect("it reads").expect("it is there");
        assert_eq!(found.number, wanted);
        assert_eq!((found.status, found.last_seq, found.revision), (Status::New, 0, 0));
        tx.commit().await.expect("it commits");
        let mut dropped = fresh.begin().await;
        let visitor = add_visitor(&mut dropped, "dropped").await;
        add_conversation(&mut dropped, visitor, NOW).await;
    }
}

async fn a_visitor_has_one_conversation_that_is_not_closed(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let visitor = add_visitor(&mut tx, "mine").await;
    let first = add_conversation(&mut tx, visitor, NOW).await;
    tx.commit().await.expect("it commits");
    for status in Status::ALL {
        // Each in a transaction of its own: on PostgreSQL one ends with its first error.
        let mut tx = fresh.begin().await;
        conversation::set_status(&mut tx, first, status).await.expect("it is set");
        let id = ConversationId::mint(NOW, entropy());
        let second = conversation::create_conversation(&mut tx, id, &shop(), visitor, "en", NOW).await;
        assert_eq!(second.is_ok(), status == Status::Closed, "beside one that is {status}");
        if second.is_ok() {
            let newest = conversation::find_newest_of(&mut tx, visitor).await.expect("it reads");
            assert_eq!(newest.map(|found| found.id), Some(id));
        }
    }
}

async fn places_are_given_one_by_one_for_each_conversation(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let one = add_visitor(&mut tx, "one").await;
    let two = add_visitor(&mut tx, "two").await;
    let (one, two) = (add_conversation(&mut tx, one, NOW).await, add_conversation(&mut tx, two, NOW).await);
    for wanted in 1..=3 {
        assert_eq!(conversation::next_seq(&mut tx, one).await.expect("it is given"), wanted);
    }
    assert_eq!(conversation::next_seq(&mut tx, two).await.expect("it is given"), 1);
    let found = conversation::find_conversation(&mut tx, one).await.expect("it reads").expect("it is there");
    assert_eq!((found.last_seq, found.revision), (3, 3));
}

async fn seen_never_goes_back_and_never_past_the_end(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let visitor = add_visitor(&mut tx, "mine").await;
    let id = add_conversation(&mut tx, visitor, NOW).await;
    for number in 1..=3 {
        let became = note(&mut tx, id, Author::Visitor, "x", NOW).await;
        assert_eq!((became.last_seq, became.unread), (number, number));
    }
    for by in [Writer::Visitor, Writer::Agent] {
        for (upto, moves) in [(2, true), (2, false), (1, false), (4, false), (u32::MAX, false), (3, true)] {
            let moved = conversation::mark_seen(&mut tx, id, by, upto).await.expect("it works");
            assert_eq!(moved, moves, "{by:?} up to {upto}");
            let found = conversation::find_conversation(&mut tx, id).await.expect("it reads");
            let found = found.expect("it is there");
            if by == Writer::Agent {
                assert_eq!(found.unread, 3 - found.agent_seen);
            }
        }
    }
    let found = conversation::find_conversation(&mut tx, id).await.expect("it reads").expect("it is there");
    assert_eq!((found.visitor_seen, found.agent_seen, found.unread), (3, 3, 0));
}

async fn the_last_message_is_noted_with_who_wrote_it(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let alice = add_agent(&mut tx, "alice@desk.example").await;
    let visitor = add_visitor(&mut tx, "mine").await;
    let id = add_conversation(&mut tx, visitor, NOW).await;
    let later = Timestamp(NOW.0 + 5);
    let found = note(&mut tx, id, Author::Visitor, "one", later).await;
    assert_eq!((found.preview.as_str(), found.preview_by, found.unread), ("one", Writer::Visitor, 1));
    assert_eq!((found.created_at, found.last_message_at), (NOW, later));
    assert_eq!((found.last_seq, found.revision, found.agent_seen), (1, 1, 0));
    conversation::set_assignee(&mut tx, id, alice.id).await.expect("it is set");
    let by_alice = Author::Agent { id: alice.id, name: alice.name.clone() };
    let found = note(&mut tx, id, by_alice, "two", later).await;
    assert_eq!((found.preview.as_str(), found.preview_by, found.unread), ("two", Writer::Agent, 0));
    assert_eq!((found.last_seq, found.revision, found.agent_seen), (2, 3, 2), "who writes has seen it too");
    assert_eq!(found.assignee, Some(alice));
}

/// Adds a message, and finds what is returned to be what is stored.
async fn note(
    tx: &mut Tx,
    id: ConversationId,
    author: Author,
    preview: &str,
    at: Timestamp,
) -> conversation::Conversation {
    let before = conversation::find_conversation(tx, id).await.expect("it reads").expect("it is there");
    let body = Body::Message { text: format!("The whole of {preview}") };
    let message = Entry { seq: before.last_seq + 1, id: EntryId::mint(at, entropy()), at, author, body };
    let became = entry::create_message(tx, &before, &message, preview).await.expect("it is noted");
    let stored = entry::find_entry(tx, id, message.id).await.expect("it reads");
    assert_eq!(stored, Some(message));
    assert_eq!(conversation::find_conversation(tx, id).await.expect("it reads"), Some(became.clone()));
    became
}

async fn where_to_write_is_found_with_one_look(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let site = shop();
    let (mine, yours) = (SecretHash::of("mine"), SecretHash::of("yours"));
    let fresh_id = EntryId::mint(NOW, entropy());
    let visitor = add_visitor(&mut tx, "mine").await;
    let other = add_visitor(&mut tx, "yours").await;
    let look = conversation::find_newest_of_session(&mut tx, &site, &mine, fresh_id).await;
    assert_eq!(look.expect("it reads"), None, "there is none yet");
    let closed = add_conversation(&mut tx, visitor, NOW).await;
    let old = add_message(&mut tx, closed, "old").await.id;
    conversation::set_status(&mut tx, closed, Status::Closed).await.expect("it is set");
    let open = add_conversation(&mut tx, visitor, NOW).await;
    let new = add_message(&mut tx, open, "new").await.id;
    let theirs = add_conversation(&mut tx, other, NOW).await;
    for (session, entry, conversation, is_repeat) in [
        (&mine, fresh_id, open, false),
        (&mine, new, open, true),
        (&mine, old, open, true),
        (&yours, new, theirs, false),
    ] {
        let look = conversation::find_newest_of_session(&mut tx, &site, session, entry).await;
        let target = look.expect("it reads").expect("it is there");
        assert_eq!((target.conversation.id, target.is_repeat), (conversation, is_repeat));
        let found = conversation::find_conversation(&mut tx, conversation).await.expect("it reads");
        assert_eq!(Some(target.conversation), found);
    }
    let elsewhere = "elsewhere".parse().expect("the key is valid");
    let look = conversation::find_newest_of_session(&mut tx, &elsewhere, &mine, new).await;
    assert_eq!(look.expect("it reads"), None, "it is no session there");
    for (id, entry, is_repeat) in [(open, new, true), (open, old, false), (closed, old, true)] {
        let target = conversation::find_target(&mut tx, id, entry).await.expect("it reads");
        assert_eq!(target.map(|target| (target.conversation.id, target.is_repeat)), Some((id, is_repeat)));
    }
    let nowhere = ConversationId::mint(NOW, entropy());
    assert_eq!(conversation::find_target(&mut tx, nowhere, new).await.expect("it reads"), None);
}

async fn a_list_read_page_by_page_has_each_conversation_once_also_at_equal_times(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let mut added = Vec::new();
    for number in 0..11_i64 {
        let visitor = add_visitor(&mut tx, &number.to_string()).await;
        // Three times only, so that most rows share theirs with others.
        added.push(add_conversation(&mut tx, visitor, Timestamp(NOW.0 + number % 3)).await);
    }
    for limit in [1, 2, 3, 4, 11, 50] {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = conversation::list_conversations(&mut tx, after, limit).await.expect("it reads");
            let Some(last) = page.last() else {
                break;
            };
            assert!(page.len() <= limit);
            after = Some(ListCursor { last_message_at: last.last_message_at, number: last.number });
            read.extend(page);
        }
        let order = |row: &conversation::Conversation| std::cmp::Reverse((row.last_message_at, row.number));
        assert!(read.is_sorted_by_key(order), "pages of {limit}");
        let mut ids: Vec<_> = read.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        let mut wanted = added.clone();
        wanted.sort_unstable();
        assert_eq!(ids, wanted, "pages of {limit}");
    }
}
