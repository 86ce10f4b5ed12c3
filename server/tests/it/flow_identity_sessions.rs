//! The sessions that an identity has opened on other devices are bounded, and end where the site's secret is replaced; so do
//! the connections that stood on them, whichever process ended them. All other sessions stay.

use std::sync::Arc;

use causette_server::secret::SecretHash;
use causette_server::service::identify::{Identify, SESSIONS_BY_IDENTITY};
use causette_server::service::identity_secret::{HeldSecret, SetIdentitySecret};
use causette_server::service::{Context, RequestLimits, UseCase as _};
use causette_server::store::{Store, resume_link};
use causette_shared::id::{LinkId, SiteKey};
use causette_shared::protocol::visitor::Standing;
use serde_json::json;

use crate::harness::app::{NOW, config};
use crate::harness::builders::{session, site};
use crate::harness::database::{number, on_both_databases};
use crate::harness::identity::{token, token_signed_with};
use crate::harness::store::entropy;
use crate::harness::{Database, TestServer, VisitorActor, eventually};

on_both_databases!(
    the_oldest_device_gives_way_to_one_too_many,
    many_devices_at_once_stay_within_the_bound,
    a_new_secret_ends_what_tokens_have_opened,
    a_session_that_has_ended_opens_nothing_and_can_begin_anew,
    a_conversation_begun_in_somebodys_name_leads_nobody_there_after_a_new_secret,
);

const BY_IDENTITY: &str = "SELECT COUNT(*) FROM visitor_session WHERE opened_by = 'identity'";
const BOUND: i64 = SESSIONS_BY_IDENTITY as i64;

/// A visitor who has written, whose page has proven who they are, and who holds a session of a resume link too.
async fn known(server: &TestServer) -> VisitorActor {
    server.add_shop().await;
    server.sign_identities().await;
    let mut visitor = VisitorActor::arrive(server).await;
    visitor.say("Is it blue?").await;
    assert_eq!(visitor.identify(&token("42", json!({}))).await, Ok(Standing::Here));
    visitor.sync().await;
    let id = server.conversation(visitor.conversation()).await.visitor;
    let mut tx = server.app.store.begin().await.expect("the store is free");
    let link = LinkId::mint(NOW, entropy());
    let added = resume_link::create_session(&mut tx, &SecretHash::of(&session()), id, link, NOW).await;
    assert!(added.expect("it is added"));
    tx.commit().await.expect("it commits");
    visitor
}

/// Another device of the same person, on which their conversation is.
async fn device(server: &TestServer) -> VisitorActor {
    let mut device = VisitorActor::arrive(server).await;
    assert_eq!(device.identify(&token("42", json!({}))).await, Ok(Standing::Here));
    assert!(device.hello().await.conversation.is_some());
    device
}

/// Another process on the same database replaces a site's secret.
async fn replace_secret(server: &TestServer, key: &str) -> u64 {
    let store = Store::open(server.database_address()).await.expect("the database opens");
    let other = causette_server::wire(config(), store, Arc::clone(&server.clock) as _, server.address);
    let site: SiteKey = key.parse().expect("the key is valid");
    let replace = SetIdentitySecret { site, secret: "a new secret".to_owned(), held: HeldSecret::Replace };
    let ended = other.perform(replace).await.expect("it is replaced");
    other.store.close().await;
    ended
}

async fn the_oldest_device_gives_way_to_one_too_many(database: Database) {
    let server = TestServer::on(database).await;
    let mut first = known(&server).await;
    let mut oldest = device(&server).await;
    let mut next = None;
    for _ in 1..SESSIONS_BY_IDENTITY {
        server.advance(1);
        let device = device(&server).await;
        next.get_or_insert(device);
    }
    let mut next = next.expect("there are several");
    assert_eq!(number(&server.app.store, BY_IDENTITY).await, BOUND);
    oldest.say("All of them are there").await;

    server.advance(1);
    let mut newest = device(&server).await;
    assert_eq!(number(&server.app.store, BY_IDENTITY).await, BOUND);
    oldest.expect_end().await;
    assert_eq!(oldest.again(&server).await.state, None, "it is nobody's now");
    // Nobody else has noticed: the next oldest, the newest, the browser where it began, the session of the link.
    for other in [&mut next, &mut newest, &mut first] {
        other.say("I am still here").await;
    }
    assert_eq!(server.count("visitor_session").await, BOUND + 2);
    assert_eq!(server.count("visitor").await, 1);
}

async fn many_devices_at_once_stay_within_the_bound(database: Database) {
    let server = TestServer::on(database).await;
    let mut first = known(&server).await;
    let mut devices = Vec::new();
    for _ in 0..SESSIONS_BY_IDENTITY + 6 {
        devices.push(VisitorActor::arrive(&server).await);
    }
    let opened = devices.iter_mut().map(|device| async { device.identify(&token("42", json!({}))).await });
    for standing in futures_util::future::join_all(opened).await {
        assert_eq!(standing, Ok(Standing::Here));
    }
    assert_eq!(number(&server.app.store, BY_IDENTITY).await, BOUND);
    first.say("It began here").await;
}

async fn a_new_secret_ends_what_tokens_have_opened(database: Database) {
    let server = TestServer::on(database).await;
    let mut first = known(&server).await;
    let mut phone = device(&server).await;
    let mut tablet = device(&server).await;
    server.add_site(site("blog")).await;
    assert_eq!(replace_secret(&server, "blog").await, 0, "another site's are none of its");
    phone.say("From my phone").await;

    assert_eq!(replace_secret(&server, "shop").await, 2);
    phone.expect_end().await;
    tablet.expect_end().await;
    assert_eq!(phone.again(&server).await.state, None);
    first.say("It began here").await;
    assert_eq!(server.count("visitor_session").await, 2, "where it began, and where a link led");
    assert_eq!(replace_secret(&server, "shop").await, 0);

    // The old token opens nothing any more, one of the new secret does.
    let mut other = VisitorActor::arrive(&server).await;
    assert!(other.identify(&token("42", json!({}))).await.is_err());
    let new = token_signed_with("a new secret", "42", json!({}));
    assert_eq!(first.identify(&new).await, Ok(Standing::Here), "it is proven anew where it began");
    assert_eq!(other.identify(&new).await, Ok(Standing::Here));
    assert_eq!(
        other.hello().await.conversation.map(|state| state.id),
        Some(first.conversation()),
        "on one more device"
    );
}

async fn a_session_that_has_ended_opens_nothing_and_can_begin_anew(database: Database) {
    let server = TestServer::on(database).await;
    let first = known(&server).await;
    let mut phone = device(&server).await;
    assert_eq!(replace_secret(&server, "shop").await, 1);
    phone.expect_end().await;
    let mut back = phone.again(&server).await;
    assert_eq!(back.state, None);
    back.say("Is somebody there?").await;
    back.sync().await;
    assert_ne!(back.conversation(), first.conversation(), "it is a conversation of its own");
    assert_eq!(server.count("visitor").await, 2);
    // Where somebody has begun, it is theirs, and ends no more.
    assert_eq!(replace_secret(&server, "shop").await, 0);
    back.say("I am still here").await;
}

async fn a_conversation_begun_in_somebodys_name_leads_nobody_there_after_a_new_secret(database: Database) {
    let server = TestServer::on(database).await;
    // Whoever has the secret begins a conversation as somebody else, in a browser of their own.
    let mut first = known(&server).await;
    assert_eq!(replace_secret(&server, "shop").await, 0);
    let new = || token_signed_with("a new secret", "42", json!({}));
    let mut phone = VisitorActor::arrive(&server).await;
    assert_eq!(phone.identify(&new()).await, Ok(Standing::Nowhere), "nothing is known to be theirs");
    phone.say("Is it blue?").await;
    phone.sync().await;
    assert_eq!(phone.identify(&new()).await, Ok(Standing::Here));
    let mut tablet = VisitorActor::arrive(&server).await;
    assert_eq!(tablet.identify(&new()).await, Ok(Standing::Here));
    let theirs = tablet.hello().await.conversation.map(|state| state.id);
    assert_eq!(theirs, Some(phone.conversation()));
    // Where it is proven anew it is believed again.
    assert_eq!(first.identify(&new()).await, Ok(Standing::Here));
}

/// What the old secret opens at the same time ends too. On SQLite one comes after the other anyway.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_is_being_opened_ends_with_its_secret() {
    const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'SELECT key FROM site %'";
    let server = TestServer::on(Database::Postgres).await;
    let _first = known(&server).await;
    let limits = RequestLimits { mails_a_day: 9, unverified_addresses_a_day: 9 };
    let mut cx = Context::new(NOW, Arc::clone(&server.app.hub) as _, limits);
    let phone = Some(SecretHash::of(&session()));
    let identify = Identify { site: site("shop").key, session: phone, token: token("42", json!({})) };
    let mut tx = server.app.store.begin().await.expect("the store is free");
    let identified = identify.run(&mut tx, &mut cx).await.expect("it is believed");
    assert_eq!(identified.standing, Standing::Here);
    let ended = async {
        let ended = replace_secret(&server, "shop").await;
        assert_eq!(number(&server.app.store, BY_IDENTITY).await, 0);
        ended
    };
    let commit = async {
        eventually("the other one to wait", async || number(&server.app.store, WAITING).await > 0).await;
        tx.commit().await.expect("it commits");
    };
    assert_eq!(tokio::join!(ended, commit).0, 1);
}
