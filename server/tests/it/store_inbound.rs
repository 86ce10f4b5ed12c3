//! Conformance of the store: mails that came in, and their files.

use causette_server::store::inbound_mail::{self, InboundMail, Outcome, Place};
use causette_server::store::{StoreError, Tx, attachment};
use causette_shared::entry::File;
use causette_shared::id::{ConversationId, EntryId, FileId, InboundId};
use causette_shared::time::Timestamp;

use crate::harness::Database;
use crate::harness::app::NOW;
use crate::harness::database::on_both_databases;
use crate::harness::store::{FreshStore, add_conversation, add_visitor, entropy};

on_both_databases!(
    a_mail_is_found_as_it_was_noted,
    a_place_is_taken_once_and_so_is_the_name_of_a_message,
    what_was_left_is_listed_newest_first,
    a_file_comes_back_byte_by_byte,
);

fn place(uid: u32) -> Place {
    Place { mailbox: "shop@mail.example/INBOX".to_owned(), uid_validity: u32::MAX, uid }
}

fn mail(uid: u32, outcome: Outcome) -> InboundMail {
    InboundMail {
        id: InboundId::mint(NOW, entropy()),
        place: place(uid),
        message_id: None,
        outcome,
        detail: String::new(),
        conversation: None,
        entry: None,
        original: None,
        subject: None,
        from: None,
        sent_at: None,
        verdict: None,
        received_at: Timestamp(NOW.0 + i64::from(uid)),
    }
}

async fn conversation(tx: &mut Tx) -> ConversationId {
    let visitor = add_visitor(tx, "secret").await;
    add_conversation(tx, visitor, NOW).await
}

async fn a_mail_is_found_as_it_was_noted(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let (conversation, entry) = (conversation(&mut tx).await, EntryId::mint(NOW, entropy()));
    let written = InboundMail {
        message_id: Some("1@mail.example".to_owned()),
        detail: "a \u{e9} '".to_owned(),
        conversation: Some(conversation),
        entry: Some(entry),
        original: Some("> all\nof it".to_owned()),
        subject: Some("Re: \u{1f4a1}".to_owned()),
        from: Some("ada@mail.example".to_owned()),
        sent_at: Some(Timestamp(-1)),
        verdict: Some("{}".to_owned()),
        ..mail(u32::MAX, Outcome::Message)
    };
    inbound_mail::create_mail(&mut tx, &written).await.expect("it is noted");
    let at = inbound_mail::find_at(&mut tx, &written.place).await.expect("it reads");
    assert_eq!(at.as_ref(), Some(&written));
    let by_entry = inbound_mail::find_of_entry(&mut tx, conversation, entry).await.expect("it reads");
    assert_eq!(by_entry.as_ref(), Some(&written));
    let by_name = inbound_mail::find_effective(&mut tx, "1@mail.example").await.expect("it reads");
    assert_eq!(by_name.as_ref(), Some(&written));
    assert_eq!(inbound_mail::find_at(&mut tx, &place(1)).await.expect("it reads"), None);
    let elsewhere = Place { mailbox: "other".to_owned(), ..written.place.clone() };
    assert_eq!(inbound_mail::find_at(&mut tx, &elsewhere).await.expect("it reads"), None);
    let since =
        async |tx: &mut Tx, at| inbound_mail::count_since(tx, conversation, at).await.expect("it reads");
    assert_eq!(since(&mut tx, NOW).await, 1);
    assert_eq!(since(&mut tx, written.received_at).await, 0);
}

async fn a_place_is_taken_once_and_so_is_the_name_of_a_message(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let named = |uid, outcome| InboundMail { message_id: Some("1@x".to_owned()), ..mail(uid, outcome) };
    for (second, is_free) in [
        (mail(1, Outcome::Ignored), false),
        (named(2, Outcome::Message), false),
        (named(2, Outcome::Ignored), true),
        (mail(2, Outcome::Message), true),
        (InboundMail { place: Place { uid_validity: 1, ..place(1) }, ..mail(1, Outcome::Message) }, true),
    ] {
        let mut tx = fresh.begin().await;
        inbound_mail::create_mail(&mut tx, &named(1, Outcome::Message)).await.expect("it is noted");
        let added = inbound_mail::create_mail(&mut tx, &second).await;
        assert_eq!(added.is_ok(), is_free, "{second:?}: {added:?}");
        if database == Database::Postgres && !is_free {
            assert!(matches!(added, Err(StoreError::Conflict(_))), "done again, it finds the first");
        }
        let _ = tx.roll_back().await;
    }
}

async fn what_was_left_is_listed_newest_first(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let all = [Outcome::Message, Outcome::Bounce, Outcome::Ignored, Outcome::Unmatched, Outcome::SetAside];
    for (uid, outcome) in all.into_iter().cycle().take(15).enumerate() {
        let uid = u32::try_from(uid).expect("it is small");
        inbound_mail::create_mail(&mut tx, &mail(uid, outcome)).await.expect("it is noted");
    }
    let listed = inbound_mail::list_left(&mut tx, 5).await.expect("it reads");
    assert_eq!(listed.iter().map(|mail| mail.place.uid).collect::<Vec<_>>(), [14, 13, 9, 8, 4]);
    let nameless = inbound_mail::find_effective(&mut tx, "").await.expect("it reads");
    assert_eq!(nameless, None);
}

async fn a_file_comes_back_byte_by_byte(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let (conversation, entry) = (conversation(&mut tx).await, EntryId::mint(NOW, entropy()));
    for content in [Vec::new(), (0..=255).collect::<Vec<u8>>(), vec![0; 100_000]] {
        let size = u32::try_from(content.len()).expect("it is small");
        let (name, media_type) = ("\u{e9}.bin".to_owned(), "application/octet-stream".to_owned());
        let file = File { id: FileId::mint(NOW, entropy()), name, media_type, size };
        attachment::create_attachment(&mut tx, conversation, entry, &file, &content, NOW)
            .await
            .expect("it is stored");
        let found =
            attachment::find_attachment(&mut tx, file.id).await.expect("it reads").expect("it is there");
        assert_eq!((&found.file, found.conversation, found.entry), (&file, conversation, entry));
        assert_eq!(found.content, content);
    }
    let before = Timestamp(NOW.0 - 1);
    assert_eq!(attachment::sum_since(&mut tx, conversation, before).await.expect("it reads"), 100_256);
    assert_eq!(attachment::sum_since(&mut tx, conversation, NOW).await.expect("it reads"), 0);
    let unknown = FileId::mint(NOW, entropy());
    assert_eq!(attachment::find_attachment(&mut tx, unknown).await.expect("it reads"), None);
}
