//! Hundreds of clients lose the server at once, write meanwhile, and come back together.

use causette_e2e::engine::{AgentClient, Held, Reading, VisitorClient, sign_in};
use causette_e2e::harness::{ALICE, PASSWORD, Server, environment, wait_for};
use causette_shared::entry::{Body, Entry};
use causette_shared::id::{EntryId, SessionSecret};
use futures_util::future::join_all;

use crate::patience::{hold, place, visitor_of};

const VISITORS: usize = 100;
const TABS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_herd_comes_back_after_a_crash_and_all_hold_the_same_log() {
    let mut server = Server::start_with(&[("CONVERSATIONS_PER_MINUTE", "100000")]).await;
    let place = place(&server);
    let tab = |secret: &SessionSecret| {
        VisitorClient::start(&place, visitor_of(&place, Some(secret)), Reading::Attentive, |_| {})
    };
    let visitors = join_all((0..VISITORS).map(async |number| {
        let secret = environment::session_secret();
        let first = tab(&secret);
        let hello = first.say(&format!("I am visitor {number}"));
        hold("the conversation", &first, &[hello]).await;
        let mut tabs = vec![first];
        tabs.resize_with(TABS, || tab(&secret));
        for tab in &tabs {
            hold("the conversation in another tab", tab, &[hello]).await;
        }
        (tabs, hello)
    }))
    .await;

    server.kill().await;
    let written: Vec<Vec<EntryId>> = visitors
        .iter()
        .map(|(tabs, hello)| {
            let write = |tab: &VisitorClient| [tab.say("Are you there?"), tab.say("Hello?")];
            std::iter::once(*hello).chain(tabs.iter().flat_map(write)).collect()
        })
        .collect();
    server.restart().await;

    let held = join_all(visitors.iter().zip(&written).map(async |((tabs, _), ids)| {
        join_all(tabs.iter().map(|tab| hold("what was written without a server", tab, ids))).await
    }))
    .await;
    let cookie = sign_in(&place, ALICE, PASSWORD).await.expect("she may come in");
    let desk = AgentClient::start(&place, &cookie, Reading::Away, |_| {});
    for (tabs, ids) in held.iter().zip(&written) {
        assert_all_hold_the_same(tabs, ids, &desk).await;
    }
}

/// The desk never saw the crash: what it holds is what the store has.
async fn assert_all_hold_the_same(tabs: &[Held], ids: &[EntryId], desk: &AgentClient) {
    let conversation = tabs[0].conversation.expect("it has begun");
    desk.open(conversation);
    let stored = wait_for("the log at the desk", async || {
        let held = desk.held(conversation).await;
        Ok((held.is_settled() && !held.entries.is_empty()).then_some(held))
    })
    .await;
    for tab in tabs {
        assert_eq!(tab.entries, stored.entries);
    }
    let seqs: Vec<_> = stored.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=stored.entries.len() as u32).collect::<Vec<_>>(), "a hole in the log");
    let by_visitor = |entry: &&Entry| entry.author == causette_shared::entry::Author::Visitor;
    let messages =
        stored.entries.iter().filter(by_visitor).filter(|entry| matches!(entry.body, Body::Message { .. }));
    let mut stored_ids: Vec<_> = messages.map(|entry| entry.id).collect();
    // Each tab's own order holds; the tabs among each other have none.
    for own in ids[1..].chunks(2) {
        let place_of = |id| stored_ids.iter().position(|stored| *stored == id);
        assert!(place_of(own[0]) < place_of(own[1]), "a tab's messages changed places");
    }
    stored_ids.sort_unstable();
    let mut expected = ids.to_vec();
    expected.sort_unstable();
    assert_eq!(stored_ids, expected, "each message once, and no other");
}
