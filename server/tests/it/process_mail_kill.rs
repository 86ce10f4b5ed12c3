//! A server that is killed in the middle of a mail: it arrives, once where it surely had not been taken, and at most twice
//! under one name where nobody knows (G8).
//!
//! The lease of a mail under way is ten minutes of real time; the tests end it in the database, while no server runs.

use std::sync::Arc;
use std::time::Duration;

use causette_server::store::{Store, Tx};
use causette_shared::entry::{Body, Content, Event};
use causette_shared::id::ConversationId;
use tokio::sync::Semaphore;

use crate::harness::builders::entry_id;
use crate::harness::burst::Shop;
use crate::harness::database::{Database, execute, number, on_both_databases};
use crate::harness::process::Running;
use crate::harness::smtp::{How, Phase, SmtpServer};
use crate::harness::{VisitorActor, within};

on_both_databases!(
    killed_before_the_final_dot_it_arrives_once,
    killed_after_the_final_dot_it_arrives_at_most_twice_under_one_name,
    killed_after_the_answer_it_arrives_at_most_twice_under_one_name,
    killed_twice_in_doubt_it_is_given_up_and_told,
);

/// A server process that sends through a mail server of the test's.
struct Place {
    shop: Shop,
    smtp: SmtpServer,
}

impl Place {
    async fn new(database: Database) -> Self {
        Self { shop: Shop::on(database).await, smtp: SmtpServer::start().await }
    }

    fn serve(&self) -> Running {
        let smtp = self.smtp.url();
        let mail = [("CAUSETTE_SMTP_URL", smtp.as_str()), ("CAUSETTE_MAIL_FROM", "shop@mail.example")];
        Running::serve(self.shop.path(), &[&self.shop.environment()[..], &mail].concat())
    }

    async fn store(&self) -> Store {
        Store::open(&self.shop.address).await.expect("it opens")
    }

    /// Ends the lease that a killed server has left.
    async fn let_the_lease_pass(&self) {
        let store = self.store().await;
        let leased = "SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND lease_until IS NOT NULL";
        assert_eq!(number(&store, leased).await, 1, "it was under way");
        execute(&store, "UPDATE outbox SET lease_until = 0 WHERE lease_until IS NOT NULL").await;
        store.close().await;
    }

    /// The names of the mails that were taken.
    fn names(&self) -> Vec<String> {
        let name = |raw: &[u8]| {
            let text = String::from_utf8_lossy(raw);
            text.lines().find(|line| line.starts_with("Message-ID:")).expect("it has one").to_owned()
        };
        self.smtp.mails().iter().map(|mail| name(&mail.raw)).collect()
    }

    /// What the log of the conversation says of mails: sent, failed.
    async fn told(&self, conversation: ConversationId) -> (usize, usize) {
        let store = self.store().await;
        let mut tx = store.begin_read().await.expect("the store reads");
        let log = causette_server::store::entry::list_entries_after(&mut tx, conversation, 0, 1_000).await;
        drop(tx);
        store.close().await;
        let log = log.expect("the log is read");
        let count = |wanted: fn(&Event) -> bool| {
            log.iter().filter(|entry| matches!(&entry.body, Body::Event(event) if wanted(event))).count()
        };
        (
            count(|event| matches!(event, Event::Mailed { .. })),
            count(|event| matches!(event, Event::MailFailed { .. })),
        )
    }
}

/// A visitor asks for a copy, which makes one mail that is due at once.
async fn ask(server: &Running) -> ConversationId {
    let mut visitor = VisitorActor::connect_to(&server.authority).await;
    visitor.hello().await;
    visitor.say("Is the brass lamp in stock?").await;
    visitor.sync().await;
    visitor.send(entry_id(), Content::Copy { email: "ada@mail.example".to_owned() }).await;
    visitor.conversation()
}

/// Starts a server on what a killed one has left, waits for a mail, and lets it stop in good order.
async fn send_the_rest(place: &Place, mails: usize) {
    let mut server = place.serve();
    place.smtp.wait_for(mails).await;
    // Stopping settles what is under way.
    server.terminate();
    server.expect_clean_end(Duration::from_secs(10)).await;
}

async fn killed_before_the_final_dot_it_arrives_once(database: Database) {
    for phase in
        [Phase::Connect, Phase::Ehlo, Phase::Auth, Phase::Mail, Phase::Rcpt, Phase::Data, Phase::Body]
    {
        let place = Place::new(database).await;
        place.smtp.fail_at(phase, How::Stall);
        let mut server = place.serve();
        let conversation = ask(&server).await;
        place.smtp.until_wrong(phase, 1).await;
        server.kill();
        place.smtp.heal();
        // Whoever starts before the lease has passed leaves it alone: the first might live.
        let mut early = place.serve();
        let mut visitor = VisitorActor::connect_to(&early.authority).await;
        visitor.hello().await;
        early.terminate();
        early.expect_clean_end(Duration::from_secs(10)).await;
        assert_eq!(place.names().len(), 0, "{phase:?}");
        place.let_the_lease_pass().await;
        send_the_rest(&place, 1).await;
        assert_eq!(place.names().len(), 1, "{phase:?}");
        assert_eq!(place.told(conversation).await, (1, 0), "{phase:?}");
        assert_settled(&place, "sent").await;
    }
}

async fn killed_after_the_final_dot_it_arrives_at_most_twice_under_one_name(database: Database) {
    // Whether the mail server has kept it or not, the sender has not heard.
    for (phase, arrived) in [(Phase::Answer, 1), (Phase::Accepted, 2)] {
        let place = Place::new(database).await;
        place.smtp.fail_at(phase, How::Stall);
        let mut server = place.serve();
        let conversation = ask(&server).await;
        place.smtp.until_wrong(phase, 1).await;
        server.kill();
        place.smtp.heal();
        place.let_the_lease_pass().await;
        send_the_rest(&place, arrived).await;
        let names = place.names();
        assert_eq!(names.len(), arrived, "{phase:?}");
        assert!(names.iter().all(|name| *name == names[0]), "whoever has both sees one: {names:?}");
        assert_eq!(place.told(conversation).await, (1, 0), "{phase:?}");
        assert_settled(&place, "sent").await;
    }
}

async fn killed_after_the_answer_it_arrives_at_most_twice_under_one_name(database: Database) {
    let place = Place::new(database).await;
    let permits = Arc::new(Semaphore::new(0));
    place.smtp.fail_at(Phase::Accepted, How::Hold(Arc::clone(&permits)));
    let mut server = place.serve();
    let conversation = ask(&server).await;
    place.smtp.until_wrong(Phase::Accepted, 1).await;
    // Nobody can note that it was taken.
    let store = place.store().await;
    let mut tx = within("the lock", store.begin()).await.expect("the store is free");
    lock(&mut tx).await;
    permits.add_permits(1);
    place.smtp.until_answered("250 2.0.0 ok: queued").await;
    server.kill();
    tx.roll_back().await.expect("it changed nothing");
    store.close().await;
    assert_eq!(place.told(conversation).await, (0, 0), "it was not settled");
    place.smtp.heal();
    place.let_the_lease_pass().await;
    send_the_rest(&place, 2).await;
    let names = place.names();
    assert_eq!((names.len(), &names[0]), (2, &names[1]));
    assert_eq!(place.told(conversation).await, (1, 0));
    assert_settled(&place, "sent").await;
}

async fn lock(tx: &mut Tx) {
    let locked = match tx {
        // The whole database is locked by whoever writes.
        Tx::Sqlite(tx) => sqlx::query("UPDATE outbox SET error = error").execute(&mut *tx).await.map(drop),
        Tx::Postgres(tx) => {
            sqlx::query("LOCK TABLE outbox IN EXCLUSIVE MODE").execute(&mut **tx).await.map(drop)
        }
    };
    locked.expect("nobody else holds it");
}

/// Twice nobody knew: a third time would be one too many, and the agents are told instead.
async fn killed_twice_in_doubt_it_is_given_up_and_told(database: Database) {
    let place = Place::new(database).await;
    place.smtp.fail_at(Phase::Accepted, How::Stall);
    let mut server = place.serve();
    let conversation = ask(&server).await;
    place.smtp.until_wrong(Phase::Accepted, 1).await;
    server.kill();
    place.let_the_lease_pass().await;
    let mut server = place.serve();
    place.smtp.until_wrong(Phase::Accepted, 2).await;
    server.kill();
    place.smtp.heal();
    place.let_the_lease_pass().await;
    let mut server = place.serve();
    let store = place.store().await;
    crate::harness::eventually("the end", async || {
        number(&store, "SELECT COUNT(*) FROM outbox WHERE state = 'dead'").await == 1
    })
    .await;
    store.close().await;
    server.terminate();
    server.expect_clean_end(Duration::from_secs(10)).await;
    let names = place.names();
    assert_eq!((names.len(), &names[0]), (2, &names[1]), "at most one more");
    assert_eq!(place.told(conversation).await, (0, 1));
}

async fn assert_settled(place: &Place, state: &str) {
    let store = place.store().await;
    let sql = format!("SELECT COUNT(*) FROM outbox WHERE state = '{state}' AND lease_until IS NULL");
    assert_eq!(number(&store, &sql).await, 1);
    assert_eq!(number(&store, "SELECT COUNT(*) FROM outbox").await, 1);
    store.close().await;
}
