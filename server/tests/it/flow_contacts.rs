//! Contacts: what a proven address joins and a typed one does not, merging and undoing, and what desks are told.

use causette_server::service::contact::attach::AttachContact;
use causette_server::service::contact::edit::{ChangeContact, CreateContact};
use causette_server::service::contact::merge::{MergeContacts, UndoMerge};
use causette_server::service::contact::{adopt_verified, read};
use causette_server::service::{Context, UseCase, UseCaseError};
use causette_server::store::Tx;
use causette_shared::id::{AgentId, ContactId, VisitorId};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::contacts::{ContactDetail, EditContact, NewContact};
use causette_shared::time::Timestamp;

use crate::harness::database::{execute, number, on_both_databases};
use crate::harness::{AgentActor, Database, TestServer, VisitorActor};

on_both_databases!(
    a_proven_address_joins_the_contact_that_had_proven_it_before,
    a_typed_address_is_joined_by_no_proof_of_another,
    a_visitor_of_whom_nothing_was_known_becomes_the_contact,
    two_who_prove_one_address_at_once_are_one_contact,
    a_merge_moves_what_hangs_on_a_contact_and_is_undone,
    an_undo_that_comes_too_late_is_refused,
    merges_that_race_leave_one_contact,
    an_edit_of_what_has_changed_is_refused,
    an_edit_reaches_the_desk_and_unverifies_another_address,
    attaching_holds_for_all_conversations_of_the_visitor,
);

/// A resume link was claimed.
struct Prove {
    visitor: VisitorId,
    email: &'static str,
}

impl UseCase for Prove {
    type Output = ContactId;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<ContactId, UseCaseError> {
        adopt_verified(tx, cx, self.visitor, self.email).await
    }
}

async fn prove(server: &TestServer, visitor: &VisitorActor, email: &'static str) -> ContactId {
    let visitor = server.conversation(visitor.conversation()).await.visitor;
    server.app.perform(Prove { visitor, email }).await.expect("it is done")
}

/// A visitor who has written and said who they are.
async fn introduced(server: &TestServer, name: Option<&str>, email: Option<&str>) -> VisitorActor {
    let mut visitor = VisitorActor::arrive(server).await;
    visitor.say("Hello").await;
    if name.is_some() || email.is_some() {
        visitor.introduce(name, email, None).await;
    }
    visitor.sync().await;
    visitor
}

async fn contact_of(server: &TestServer, visitor: &VisitorActor) -> Option<ContactId> {
    server.conversation(visitor.conversation()).await.contact_id
}

async fn detail(server: &TestServer, id: ContactId) -> ContactDetail {
    let mut tx = server.app.store.begin_read().await.expect("the store reads");
    read::find_detail(&mut tx, id).await.expect("the store reads").expect("the contact is there")
}

async fn create(server: &TestServer, name: &str, phone: Option<&str>) -> ContactDetail {
    let given = NewContact {
        name: Some(name.to_owned()),
        phone: phone.map(ToOwned::to_owned),
        ..NewContact::default()
    };
    server.app.perform(CreateContact(given)).await.expect("it is added")
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, UseCaseError>) -> ProblemKind {
    match outcome {
        Err(UseCaseError::Refused(problem)) => problem.kind,
        other => panic!("it was not refused: {other:?}"),
    }
}

async fn agent(server: &TestServer) -> AgentId {
    server.add_agent("merger@desk.example", "Merger").await.id
}

async fn a_proven_address_joins_the_contact_that_had_proven_it_before(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    let first = introduced(&server, Some("Ada"), Some("ada@mail.example")).await;
    let known = prove(&server, &first, "Ada@mail.example").await;
    assert_eq!(contact_of(&server, &first).await, Some(known));
    assert!(server.conversation(first.conversation()).await.contact.email_verified);

    let mut second = introduced(&server, Some("Countess"), Some("ada@MAIL.example")).await;
    second.introduce(None, None, Some("+33 1 23 45 67 89")).await;
    assert_ne!(contact_of(&server, &second).await, Some(known), "typing joins nothing");
    assert_eq!(prove(&server, &second, "ada@mail.example").await, known);
    let joined = detail(&server, known).await;
    assert_eq!(joined.contact.name.as_deref(), Some("Ada"), "what was known stays");
    assert_eq!(joined.contact.phone.as_deref(), Some("+33123456789"), "what was empty is filled");
    let conversations: Vec<_> = joined.conversations.iter().map(|row| row.id).collect();
    assert_eq!(conversations, [second.conversation(), first.conversation()], "newest first");
    assert_eq!((joined.merges.len(), &joined.merges[0].by), (1, &None));
    let wanted = second.conversation();
    desk.await_summary("the joined contact", |row| row.id == wanted && row.contact_id == Some(known)).await;
    let row = desk.await_summary("the phone", |row| row.id != wanted && row.contact.phone.is_some()).await;
    assert_eq!(row.contact.name.as_deref(), Some("Ada"));
    assert_eq!(prove(&server, &second, "ada@mail.example").await, known, "twice changes nothing");
    assert_eq!(server.count("contact_merge").await, 1);
}

async fn a_typed_address_is_joined_by_no_proof_of_another(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let owner = introduced(&server, Some("Owner"), Some("owner@mail.example")).await;
    let typist = introduced(&server, Some("Typist"), Some("owner@mail.example")).await;
    let typed = contact_of(&server, &typist).await.expect("they are a contact");
    let known = prove(&server, &owner, "owner@mail.example").await;
    assert_eq!(contact_of(&server, &typist).await, Some(typed), "the other proof is not theirs");
    assert!(!detail(&server, typed).await.contact.email_verified);

    // A proven address takes the place of a typed one, and another proven one stays.
    assert_eq!(prove(&server, &typist, "typist@mail.example").await, typed);
    let now = detail(&server, typed).await.contact;
    assert_eq!((now.email.as_deref(), now.email_verified), (Some("typist@mail.example"), true));
    assert_eq!(prove(&server, &typist, "owner@mail.example").await, typed);
    assert_eq!(detail(&server, typed).await.contact, now);
    assert_ne!(typed, known);
    assert_eq!(server.count("contact_merge").await, 0);
}

async fn a_visitor_of_whom_nothing_was_known_becomes_the_contact(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let first = introduced(&server, None, None).await;
    let known = prove(&server, &first, "ada@mail.example").await;
    let mut contact = detail(&server, known).await.contact;
    assert_eq!((contact.email.take().as_deref(), contact.email_verified), (Some("ada@mail.example"), true));
    let second = introduced(&server, None, None).await;
    assert_eq!(prove(&server, &second, "ADA@mail.example").await, known);
    assert_eq!(detail(&server, known).await.conversations_total, 2);
    assert_eq!(server.count("contact").await, 1);
}

async fn two_who_prove_one_address_at_once_are_one_contact(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitors = Vec::new();
    for _ in 0..4 {
        visitors.push(introduced(&server, Some("Ada"), Some("ada@mail.example")).await);
    }
    let [a, b, c, d] = &visitors[..] else { panic!("there are four") };
    let prove = |visitor| prove(&server, visitor, "ada@mail.example");
    tokio::join!(prove(a), prove(b), prove(c), prove(d));
    let left = "SELECT COUNT(*) FROM contact WHERE merged_into IS NULL";
    assert_eq!(number(&server.app.store, left).await, 1);
    let of = "SELECT COUNT(DISTINCT contact_id) FROM visitor";
    assert_eq!(number(&server.app.store, of).await, 1);
}

async fn a_merge_moves_what_hangs_on_a_contact_and_is_undone(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let by = agent(&server).await;
    let visitor = introduced(&server, Some("A. L."), Some("ada@mail.example")).await;
    let merged = contact_of(&server, &visitor).await.expect("they are a contact");
    let kept = create(&server, "Ada Lovelace", Some("+33 1 23 45 67 89")).await.contact;
    assert_eq!(kept.phone.as_deref(), Some("+33123456789"));
    let before = detail(&server, merged).await.contact;

    let done = server.app.perform(MergeContacts { kept: kept.id, merged, by }).await.expect("it is done");
    assert_eq!(done.contact.contact.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(done.contact.contact.email.as_deref(), Some("ada@mail.example"));
    assert_eq!(done.contact.conversations_total, 1);
    assert_eq!(done.contact.merges[0].by.as_deref(), Some("Merger"));
    let shown = server.conversation(visitor.conversation()).await;
    assert_eq!((shown.contact_id, shown.contact.name.as_deref()), (Some(kept.id), Some("Ada Lovelace")));
    assert_eq!(detail(&server, merged).await.contact.id, kept.id, "its address leads on");

    // The company is filled in by hand, and another visitor comes: both stay with the kept one.
    let edit = EditContact {
        updated_at: done.contact.contact.updated_at,
        name: None,
        email: None,
        phone: None,
        company: Some("Engines".to_owned()),
    };
    server.app.perform(ChangeContact { id: kept.id, edit }).await.expect("it is changed");
    let other = introduced(&server, None, None).await;
    let attach = AttachContact { conversation: other.conversation(), contact: Some(kept.id) };
    server.app.perform(attach).await.expect("it is attached");

    let undone = server.app.perform(UndoMerge(done.merge)).await.expect("it is undone");
    assert_eq!((undone.contact.email, undone.contact.company.as_deref()), (None, Some("Engines")));
    assert_eq!((undone.conversations_total, undone.merges.len()), (1, 0));
    assert_eq!(undone.conversations[0].id, other.conversation());
    let back = detail(&server, merged).await;
    assert_eq!(back.conversations[0].id, visitor.conversation());
    assert_eq!(back.contact.name, before.name);
    assert_eq!(back.contact.email, before.email);
    let shown = server.conversation(visitor.conversation()).await;
    assert_eq!((shown.contact_id, shown.contact.name.as_deref()), (Some(merged), Some("A. L.")));
}

async fn an_undo_that_comes_too_late_is_refused(database: Database) {
    let server = TestServer::on(database).await;
    let by = agent(&server).await;
    let [a, b, c] = [
        create(&server, "A", None).await,
        create(&server, "B", None).await,
        create(&server, "C", None).await,
    ]
    .map(|detail| detail.contact.id);
    let first = server.app.perform(MergeContacts { kept: b, merged: a, by }).await.expect("it is done").merge;
    let second =
        server.app.perform(MergeContacts { kept: c, merged: b, by }).await.expect("it is done").merge;
    assert_eq!(refusal(server.app.perform(UndoMerge(first)).await), ProblemKind::WrongState);
    for gone in [a, b] {
        let again = server.app.perform(MergeContacts { kept: c, merged: gone, by }).await;
        assert_eq!(refusal(again), ProblemKind::NotFound);
    }
    server.app.perform(UndoMerge(second)).await.expect("it is undone");
    assert_eq!(refusal(server.app.perform(UndoMerge(second)).await), ProblemKind::WrongState);
    server.app.perform(UndoMerge(first)).await.expect("now it can be");
    let into_itself = server.app.perform(MergeContacts { kept: a, merged: a, by }).await;
    assert_eq!(refusal(into_itself), ProblemKind::Invalid);
    let left = "SELECT COUNT(*) FROM contact WHERE merged_into IS NULL";
    assert_eq!(number(&server.app.store, left).await, 3);
}

async fn merges_that_race_leave_one_contact(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let by = agent(&server).await;
    let visitors = [introduced(&server, Some("A"), None).await, introduced(&server, Some("B"), None).await];
    let a = contact_of(&server, &visitors[0]).await.expect("they are a contact");
    let b = contact_of(&server, &visitors[1]).await.expect("they are a contact");
    for _ in 0..5 {
        let (one, other) = tokio::join!(
            server.app.perform(MergeContacts { kept: a, merged: b, by }),
            server.app.perform(MergeContacts { kept: b, merged: a, by }),
        );
        let (done, refused) = if one.is_ok() { (one, other) } else { (other, one) };
        let done = done.expect("one of them is done");
        assert_eq!(refusal(refused), ProblemKind::NotFound);
        assert_eq!(done.contact.conversations_total, 2, "both conversations hang on the one that stayed");
        let (one, other) = tokio::join!(
            server.app.perform(UndoMerge(done.merge)),
            server.app.perform(UndoMerge(done.merge))
        );
        assert_ne!(one.is_ok(), other.is_ok(), "it is undone once");
        for (visitor, own) in visitors.iter().zip([a, b]) {
            assert_eq!(contact_of(&server, visitor).await, Some(own));
        }
    }
}

async fn an_edit_of_what_has_changed_is_refused(database: Database) {
    let server = TestServer::on(database).await;
    let held = create(&server, "Ada", None).await.contact;
    let edit = |name: &str, updated_at: Timestamp| {
        let edit =
            EditContact { updated_at, name: Some(name.to_owned()), email: None, phone: None, company: None };
        server.app.perform(ChangeContact { id: held.id, edit })
    };
    let first = edit("Ada L.", held.updated_at).await.expect("it is changed");
    assert!(first.contact.updated_at > held.updated_at, "though no time has passed");
    assert_eq!(refusal(edit("Ada B.", held.updated_at).await), ProblemKind::WrongState);
    let same = edit("Ada L.", first.contact.updated_at).await.expect("nothing changes");
    assert_eq!(same, first);
    let (one, other) =
        tokio::join!(edit("One", first.contact.updated_at), edit("Other", first.contact.updated_at));
    assert_ne!(one.is_ok(), other.is_ok(), "one of two edits of the same wins");
}

async fn an_edit_reaches_the_desk_and_unverifies_another_address(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    let mut visitor = VisitorActor::connect(&server).await;
    visitor.locale = "fr".to_owned();
    visitor.hello().await;
    visitor.say("Bonjour").await;
    visitor.introduce(Some("Ada"), Some("ada@mail.example"), None).await;
    visitor.sync().await;
    let id = contact_of(&server, &visitor).await.expect("they are a contact");
    execute(&server.app.store, "UPDATE contact SET email_verified_at = 1, unreachable = 'bounced'").await;
    let edit = async |email: &str, phone: &str| {
        let held = detail(&server, id).await.contact;
        let edit = EditContact {
            updated_at: held.updated_at,
            name: None,
            email: Some(email.to_owned()),
            phone: Some(phone.to_owned()),
            company: Some(" Analytical   Engines ".to_owned()),
        };
        server.app.perform(ChangeContact { id, edit }).await.expect("it is changed").contact
    };
    let same = edit("Ada <ADA@mail.example>", "01 23 45 67 89").await;
    assert_eq!(same.email.as_deref(), Some("ADA@mail.example"));
    assert!(same.email_verified && same.unreachable.is_some(), "the same address keeps what is known of it");
    assert_eq!(same.phone.as_deref(), Some("+33123456789"), "the conversation is in French");
    assert_eq!(same.company.as_deref(), Some("Analytical Engines"));
    let other = edit("lovelace@mail.example", "").await;
    assert!(!other.email_verified && other.unreachable.is_none());
    assert_eq!(other.phone, None);
    let told = |row: &causette_shared::protocol::agent::ConversationSummary| {
        row.contact.email.as_deref() == Some("lovelace@mail.example")
    };
    let row = desk.await_summary("the new address", told).await;
    assert!(!row.contact.email_verified && row.contact.phone.is_none());
}

async fn attaching_holds_for_all_conversations_of_the_visitor(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    let visitor = introduced(&server, None, None).await;
    let conversation = visitor.conversation();
    let ada = create(&server, "Ada", None).await.contact.id;
    let attach = |contact| server.app.perform(AttachContact { conversation, contact });
    attach(Some(ada)).await.expect("it is attached");
    let row = desk.await_summary("the name", |row| row.contact.name.is_some()).await;
    assert_eq!((row.contact_id, row.contact.name.as_deref()), (Some(ada), Some("Ada")));
    attach(None).await.expect("it is detached");
    desk.await_summary("nobody", |row| row.contact_id.is_none()).await;
    assert_eq!(detail(&server, ada).await.conversations_total, 0);
    let nobody = ContactId(uuid::Uuid::nil());
    assert_eq!(refusal(attach(Some(nobody)).await), ProblemKind::NotFound);
    assert_eq!(contact_of(&server, &visitor).await, None);
    let nowhere = AttachContact {
        conversation: causette_shared::id::ConversationId(uuid::Uuid::nil()),
        contact: Some(ada),
    };
    assert_eq!(refusal(server.app.perform(nowhere).await), ProblemKind::NotFound);
}
