//! Conformance of the store: lists of contacts, search, what a change of one keeps.

use causette_server::store::contact::{self, StoredContact, StoredEmail};
use causette_server::store::contact_list::{self, ContactCursor};
use causette_server::store::{Tx, visitor};
use causette_shared::id::ContactId;
use causette_shared::presence::UnreachableReason;
use causette_shared::time::Timestamp;

use crate::harness::Database;
use crate::harness::app::NOW;
use crate::harness::database::on_both_databases;
use crate::harness::store::{FreshStore, add_conversation, add_visitor, entropy};

on_both_databases!(
    a_contact_is_found_as_it_was_written,
    pages_follow_one_another_without_a_gap,
    words_are_found_in_any_field_whatever_their_capitals,
    what_means_something_to_the_database_is_only_text,
    only_what_is_proven_and_not_merged_is_found_by_its_address,
    every_change_is_later_than_the_one_before,
);

async fn add(tx: &mut Tx, name: &str, email: Option<&str>, at: Timestamp) -> StoredContact {
    let mut added = StoredContact::new(ContactId::mint(at, entropy()), at);
    added.name = Some(name.to_owned());
    added.email = email.map(|email| StoredEmail::typed(email.to_owned()));
    contact::insert_contact(tx, &added).await.expect("it is added");
    added
}

async fn names(tx: &mut Tx, search: &str) -> Vec<String> {
    let found = contact_list::list_contacts(tx, search, None, 100).await.expect("it reads");
    found.into_iter().filter_map(|row| row.contact.name).collect()
}

async fn a_contact_is_found_as_it_was_written(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    let mut written = add(&mut tx, "Ada", Some("Ada@X.example"), NOW).await;
    assert_eq!(contact::find_contact(&mut tx, written.id).await.expect("it reads"), Some(written.clone()));
    written.email = Some(StoredEmail {
        verified_at: Some(Timestamp(7)),
        unreachable: Some(UnreachableReason::Bounced),
        detail: Some("550 no such user".to_owned()),
        unreachable_at: Some(Timestamp(8)),
        ..StoredEmail::typed("ADA@x.example".to_owned())
    });
    written.phone = Some("+33123456789".to_owned());
    written.company = Some("Engines".to_owned());
    contact::write_contact(&mut tx, &written).await.expect("it is written");
    assert_eq!(contact::find_contact(&mut tx, written.id).await.expect("it reads"), Some(written.clone()));
    let visitor = add_visitor(&mut tx, "secret").await;
    visitor::set_contact(&mut tx, visitor, Some(written.id)).await.expect("it is set");
    let older = add_conversation(&mut tx, visitor, NOW).await;
    let of = contact_list::list_conversations_of(&mut tx, written.id, 10).await.expect("it reads");
    assert_eq!(of.iter().map(|row| row.id).collect::<Vec<_>>(), [older]);
    let listed = contact_list::list_contacts(&mut tx, "", None, 10).await.expect("it reads");
    assert_eq!((listed[0].contact.clone(), listed[0].conversations), (written.clone(), 1));
    assert_eq!(contact::find_locale(&mut tx, written.id).await.expect("it reads").as_deref(), Some("en"));
    let nobody = ContactId::mint(NOW, entropy());
    assert_eq!(contact::find_contact(&mut tx, nobody).await.expect("it reads"), None);
}

async fn pages_follow_one_another_without_a_gap(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.begin().await;
    // Several of one time, so that the id decides.
    for number in 0..25 {
        add(&mut tx, &format!("Person {number}"), None, Timestamp(NOW.0 + number / 4)).await;
    }
    let mut seen: Vec<StoredContact> = Vec::new();
    let mut after = None;
    loop {
        let page = contact_list::list_contacts(&mut tx, "person", after, 7).await.expect("it reads");
        let Some(last) = page.last() else { break };
        after = Some(ContactCursor { updated_at: last.contact.updated_at, id: last.contact.id });
        seen.extend(page.into_iter().map(|row| row.contact));
    }
    assert_eq!(seen.len(), 25);
    let order: Vec<_> = seen.iter().map(|row| (row.updated_at, row.id)).collect();
    assert!(order.windows(2).all(|pair| pair[0] > pair[1]), "newest first, each once");
    let mut all = contact_list::list_contacts_by_id(&mut tx, None, 20).await.expect("it reads");
    let rest = contact_list::list_contacts_by_id(&mut tx, all.last().map(|last| last.id), 20).await;
    all.extend(rest.expect("it reads"));
    assert_eq!(all.len(), 25);
    assert!(all.windows(2).all(|pair| pair[0].id < pair[1].id));
}

async fn words_are_found_in_any_field_whatever_their_capitals(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.begin().await;
    let mut ada = add(&mut tx, "Ada Lovelace", Some("ada@Engines.example"), NOW).await;
    ada.phone = Some("+33612345678".to_owned());
    ada.company = Some("Analytical Engines".to_owned());
    contact::write_contact(&mut tx, &ada).await.expect("it is written");
    let mut elise = add(&mut tx, "Élise Œuvrard", None, NOW).await;
    elise.phone = Some("01 23 45 67 89".to_owned());
    contact::write_contact(&mut tx, &elise).await.expect("it is written");
    add(&mut tx, "Иван Петров", Some("иван@почта.рф"), NOW).await;
    for (search, found) in [
        ("ADA", "Ada Lovelace"),
        ("lovel", "Ada Lovelace"),
        ("engines.EXAMPLE", "Ada Lovelace"),
        ("lovelace analytical", "Ada Lovelace"),
        ("06 12 34 56", "Ada Lovelace"),
        ("+33 6 12", "Ada Lovelace"),
        ("élise", "Élise Œuvrard"),
        ("ÉLISE œuv", "Élise Œuvrard"),
        ("01.23.45.67.89", "Élise Œuvrard"),
        ("иван", "Иван Петров"),
        ("ПОЧТА", "Иван Петров"),
    ] {
        assert_eq!(names(&mut tx, search).await, [found], "{search}");
    }
    assert_eq!(names(&mut tx, "  ").await.len(), 3);
    for search in ["ada ivan", "lovelacex", "99 99 99"] {
        assert!(names(&mut tx, search).await.is_empty(), "{search}");
    }
}

async fn what_means_something_to_the_database_is_only_text(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.begin().await;
    for name in ["100% cotton", "snake_case", r"back\slash", "O'Hara; DROP TABLE contact; --"] {
        add(&mut tx, name, None, NOW).await;
    }
    for (search, found) in [
        ("%", "100% cotton"),
        ("_", "snake_case"),
        (r"\", r"back\slash"),
        ("'", "O'Hara; DROP TABLE contact; --"),
        ("o'hara; drop", "O'Hara; DROP TABLE contact; --"),
    ] {
        assert_eq!(names(&mut tx, search).await, [found], "{search}");
    }
    assert!(names(&mut tx, &"x".repeat(10_000)).await.is_empty());
}

async fn only_what_is_proven_and_not_merged_is_found_by_its_address(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.begin().await;
    let mut ada = add(&mut tx, "Ada", Some("Ada@x.example"), NOW).await;
    let other = add(&mut tx, "Other", None, NOW).await;
    let find =
        async |tx: &mut Tx, but| contact::find_verified(tx, "aDA@x.example", but).await.expect("it reads");
    assert_eq!(find(&mut tx, other.id).await, None, "it is only typed");
    ada.email = ada.email.map(|email| StoredEmail { verified_at: Some(NOW), ..email });
    contact::write_contact(&mut tx, &ada).await.expect("it is written");
    assert_eq!(find(&mut tx, other.id).await.map(|found| found.id), Some(ada.id));
    assert_eq!(find(&mut tx, ada.id).await, None, "they are not another one");
    ada.merged_into = Some(other.id);
    contact::write_contact(&mut tx, &ada).await.expect("it is written");
    assert_eq!(find(&mut tx, other.id).await, None, "they are merged");
    assert_eq!(names(&mut tx, "").await, ["Other"]);
}

async fn every_change_is_later_than_the_one_before(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.begin().await;
    let added = add(&mut tx, "Ada", Some("ada@x.example"), NOW).await;
    let mut at = added.updated_at;
    for step in 0..3 {
        match step {
            0 => {
                let reason = UnreachableReason::Bounced;
                contact::set_unreachable(&mut tx, added.id, reason, "", NOW).await
            }
            1 => contact::clear_bounced(&mut tx, added.id, "ADA@x.example", NOW).await,
            _ => contact::update_contact(&mut tx, added.id, &Default::default(), NOW).await,
        }
        .expect("it is changed");
        let found = contact::find_contact(&mut tx, added.id).await.expect("it reads").expect("it is there");
        assert!(found.updated_at > at, "step {step}");
        at = found.updated_at;
    }
}
