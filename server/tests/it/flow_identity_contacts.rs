//! What agents know of a person whose site has proven who they are: one contact, filled where it was empty, and joined with
//! another only by an address that was proven.

use causette_server::service::contact::{merge, read};
use causette_shared::id::ContactId;
use causette_shared::protocol::contacts::ContactDetail;
use causette_shared::protocol::visitor::Standing;
use serde_json::{Value, json};

use crate::harness::database::on_both_databases;
use crate::harness::identity::token;
use crate::harness::{Database, TestServer, VisitorActor};

on_both_databases!(
    what_the_visitor_has_typed_is_kept_and_the_rest_is_filled,
    an_address_joins_only_where_the_site_has_verified_it,
    the_same_person_later_brings_along_what_they_have_typed,
    a_contact_that_is_somebody_else_is_left_alone,
    a_merge_by_hand_is_followed_and_can_be_undone,
    what_breaks_the_rules_of_contacts_is_left_out,
);

async fn shop(database: Database) -> TestServer {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    server.sign_identities().await;
    server
}

async fn writes(server: &TestServer) -> VisitorActor {
    let mut visitor = VisitorActor::arrive(server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    visitor
}

async fn identify(visitor: &mut VisitorActor, subject: &str, more: Value) {
    assert_eq!(visitor.identify(&token(subject, more)).await, Ok(Standing::Here));
}

async fn contact_of(server: &TestServer, visitor: &VisitorActor) -> ContactId {
    server.conversation(visitor.conversation()).await.contact_id.expect("they are a contact")
}

async fn detail(server: &TestServer, visitor: &VisitorActor) -> ContactDetail {
    let id = contact_of(server, visitor).await;
    let mut tx = server.app.store.begin_read().await.expect("the store reads");
    read::find_detail(&mut tx, id).await.expect("the store reads").expect("the contact is there")
}

async fn what_the_visitor_has_typed_is_kept_and_the_rest_is_filled(database: Database) {
    let server = shop(database).await;
    let mut visitor = writes(&server).await;
    visitor.introduce(Some("Countess"), Some("typed@mail.example"), None).await;
    let typed = contact_of(&server, &visitor).await;
    let all = json!({ "name": "Ada", "email": "ada@mail.example", "phone": "+33 1 23 45 67 89" });
    identify(&mut visitor, "42", all.clone()).await;
    let known = detail(&server, &visitor).await.contact;
    assert_eq!(known.id, typed, "nobody else was meant");
    assert_eq!(
        (known.name.as_deref(), known.email.as_deref()),
        (Some("Countess"), Some("typed@mail.example"))
    );
    assert_eq!((known.phone.as_deref(), known.email_verified), (Some("+33123456789"), false));
    // What the site has verified goes before what was typed.
    let mut verified = all;
    verified["email_verified"] = json!(true);
    identify(&mut visitor, "42", verified).await;
    let known = detail(&server, &visitor).await.contact;
    assert_eq!((known.email.as_deref(), known.email_verified), (Some("ada@mail.example"), true));
}

async fn an_address_joins_only_where_the_site_has_verified_it(database: Database) {
    let server = shop(database).await;
    let mut first = writes(&server).await;
    identify(&mut first, "1", json!({ "email": "ada@mail.example", "email_verified": true })).await;
    let mut second = writes(&server).await;
    identify(&mut second, "2", json!({ "email": "Ada@mail.example", "email_verified": false })).await;
    let known = detail(&server, &second).await.contact;
    assert_ne!(known.id, contact_of(&server, &first).await, "said is not shown");
    assert!(!known.email_verified);
    assert_eq!(server.count("contact_merge").await, 0);
    let mut third = writes(&server).await;
    identify(&mut third, "3", json!({ "email": "Ada@mail.example", "email_verified": true })).await;
    assert_eq!(contact_of(&server, &third).await, contact_of(&server, &first).await);
    // To the person nothing opens by it: each id has the conversations that it was proven for.
    let mut device = VisitorActor::arrive(&server).await;
    identify(&mut device, "3", json!({})).await;
    assert_eq!(device.hello().await.conversation.map(|state| state.id), Some(third.conversation()));
}

async fn the_same_person_later_brings_along_what_they_have_typed(database: Database) {
    let server = shop(database).await;
    let mut first = writes(&server).await;
    identify(&mut first, "42", json!({ "name": "Ada" })).await;
    let mut second = writes(&server).await;
    second.introduce(Some("A. L."), Some("ada@mail.example"), None).await;
    identify(&mut second, "42", json!({})).await;
    let known = detail(&server, &second).await;
    assert_eq!(known.contact.id, contact_of(&server, &first).await);
    assert_eq!(known.contact.name.as_deref(), Some("Ada"));
    assert_eq!(known.contact.email.as_deref(), Some("ada@mail.example"), "what was empty is filled");
    assert_eq!((known.conversations_total, known.merges.len()), (2, 1), "an agent can take it back");
}

async fn a_contact_that_is_somebody_else_is_left_alone(database: Database) {
    use causette_server::service::contact::attach::AttachContact;

    let server = shop(database).await;
    let mut ada = writes(&server).await;
    identify(&mut ada, "1", json!({ "name": "Ada" })).await;
    let adas = contact_of(&server, &ada).await;
    let mut eve = writes(&server).await;
    let attach = AttachContact { conversation: eve.conversation(), contact: Some(adas) };
    server.app.perform(attach).await.expect("an agent has mistaken them");
    identify(&mut eve, "2", json!({ "name": "Eve" })).await;
    let eves = detail(&server, &eve).await.contact;
    assert_ne!(eves.id, adas);
    assert_eq!(eves.name.as_deref(), Some("Eve"));
    // The person herself is found again, and nothing of the other's hangs on her.
    let known = detail(&server, &ada).await;
    assert_eq!((known.contact.name.as_deref(), known.conversations_total), (Some("Ada"), 1));
    assert_eq!(server.count("contact_merge").await, 0);
}

async fn a_merge_by_hand_is_followed_and_can_be_undone(database: Database) {
    let server = shop(database).await;
    let agent = server.add_agent("alice@desk.example", "Alice").await;
    let mut ada = writes(&server).await;
    identify(&mut ada, "1", json!({ "name": "Ada" })).await;
    let mut other = writes(&server).await;
    other.introduce(Some("Countess"), None, None).await;
    let (merged, kept) = (contact_of(&server, &ada).await, contact_of(&server, &other).await);
    let done = server.app.perform(merge::MergeContacts { kept, merged, by: agent.id }).await;
    let mut device = writes(&server).await;
    identify(&mut device, "1", json!({})).await;
    assert_eq!(contact_of(&server, &device).await, kept, "the person is the contact that was kept");
    // Whoever is named as another person does not become the one that a merge has brought here.
    let mut third = writes(&server).await;
    identify(&mut third, "3", json!({})).await;
    assert_ne!(contact_of(&server, &third).await, kept);
    server.app.perform(merge::UndoMerge(done.expect("it is merged").merge)).await.expect("it is undone");
    let mut later = writes(&server).await;
    identify(&mut later, "1", json!({})).await;
    assert_eq!(contact_of(&server, &later).await, merged, "and is herself again");
}

async fn what_breaks_the_rules_of_contacts_is_left_out(database: Database) {
    let server = shop(database).await;
    let mut visitor = writes(&server).await;
    let wrong = json!({ "name": "n".repeat(101), "email": "a@b.co\r\nBcc: c@d.co", "email_verified": true, "phone": "call me" });
    identify(&mut visitor, "42", wrong).await;
    let known = detail(&server, &visitor).await.contact;
    assert_eq!((known.name, known.email, known.phone), (None, None, None));
}
