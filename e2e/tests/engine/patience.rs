//! Waiting for what a client holds.

use causette_e2e::engine::{Held, Identity, Place, VisitorClient};
use causette_e2e::harness::{Server, wait_for};
use causette_shared::id::{EntryId, SessionSecret};

/// Where a server is, reached directly.
pub fn place(server: &Server) -> Place {
    Place::direct(&server.origin).expect("it listens on an address")
}

/// A visitor of the demo's shop.
pub fn visitor_of(place: &Place, session: Option<&SessionSecret>) -> Identity {
    Identity { site: "demo".to_owned(), session: session.cloned(), host: place.origin.clone() }
}

/// Waits until nothing is on its way and the log holds all of `ids`.
pub async fn hold(what: &str, client: &VisitorClient, ids: &[EntryId]) -> Held {
    wait_for(what, async || {
        let held = client.held().await;
        Ok((held.is_settled() && has_all(&held, ids)).then_some(held))
    })
    .await
}

/// Whether the log holds all of `ids`.
pub fn has_all(held: &Held, ids: &[EntryId]) -> bool {
    ids.iter().all(|id| held.entries.iter().any(|entry| entry.id == *id))
}
