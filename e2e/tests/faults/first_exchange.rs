//! The wire ends after every byte of the first exchange once, in either direction: the visitor who opens the panel and
//! writes has their message stored once, whichever byte was the last.

use causette_e2e::engine::{Event, Identity, Place, Reading, VisitorClient};
use causette_e2e::harness::{Proxy, Server, Way, Wire, environment, wait_for_at_most};
use causette_e2e::history::{Moment, Side, read_sqlite_of};
use futures_util::future::join_all;

use crate::seed::Seed;
use crate::wire::PATIENCE;

/// How many visitors try at a time.
const AT_A_TIME: u64 = 24;
/// No first exchange is longer.
const AT_MOST: u64 = 4000;

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_to_the_server_was_once_the_last() {
    ends_after_every_byte("last-byte-to-server", Way::ToServer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_to_the_client_was_once_the_last() {
    ends_after_every_byte("last-byte-to-client", Way::ToClient).await;
}

async fn ends_after_every_byte(name: &'static str, way: Way) {
    let mut server = Server::start_with(&[("CONVERSATIONS_PER_MINUTE", "100000")]).await;
    let place = Place::direct(&server.origin).expect("it listens on an address");
    let book = Seed::of(name, 1).book(read_sqlite_of(server.data()).await);
    let mut tried = 0;
    loop {
        let visitors = (tried..tried + AT_A_TIME).map(|last| {
            let side = Side::Visitor(usize::try_from(last).expect("it is small"));
            let recorder = book.client(&format!("visitor whose byte {last} is the last"), side);
            let place = &place;
            async move {
                let proxy = Proxy::start(place.via).await;
                proxy.set(Wire::ClosesAfter { way, bytes: last });
                let session = Some(environment::session_secret());
                let who = Identity { site: "demo".to_owned(), session, host: place.origin.clone() };
                let writes = recorder.clone();
                let tell = move |event: Event<'_>| match event {
                    Event::Acknowledged { id, conversation, seq } => {
                        writes.acknowledged(id, conversation, seq)
                    }
                    Event::Received { conversation, entries } => writes.told(conversation, entries),
                    _ => {}
                };
                let visitor = VisitorClient::start(&place.past(proxy.address), who, Reading::Away, tell);
                let (id, text) = (environment::entry_id(), format!("byte {last}"));
                recorder.composed(id, None, &text);
                visitor.compose(id, causette_shared::entry::Content::Message { text });
                let held = wait_for_at_most(PATIENCE, "the message in the log", async || {
                    let held = visitor.held().await;
                    if proxy.damage().closed > 0 {
                        proxy.set(Wire::Passes);
                        visitor.wake();
                    }
                    Ok((held.is_settled() && held.entries.len() == 2).then_some(held))
                })
                .await;
                let conversation = held.conversation.expect("it has begun");
                recorder.looks(conversation, &held.entries);
                proxy.damage().closed
            }
        });
        let closed: Vec<usize> = join_all(visitors).await;
        tried += AT_A_TIME;
        if closed.iter().sum::<usize>() == 0 {
            break;
        }
        assert!(tried < AT_MOST, "an exchange that does not end");
    }
    assert!(tried > 2 * AT_A_TIME, "the exchange is longer than {tried} bytes");
    server.kill().await;
    let summary = book.verify(&read_sqlite_of(server.data()).await, Moment::Settled);
    println!("{name}: {tried} bytes, {summary:?}");
    assert_eq!(summary.composed as u64, tried);
}
