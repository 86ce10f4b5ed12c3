//! Single stories of the replica, each one a fault that the model has found or could not tell apart.

use causette_shared::entry::{Author, Body, Content, Entry};
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::limits::{ACKNOWLEDGE_WITHIN, ENTRY_WITHIN};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::sync::{Effect, Follow, OutgoingState, Replica};
use causette_shared::time::Timestamp;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_000_000);
const HERE: ConversationId = ConversationId(Uuid::from_u128(1));
const NEXT: ConversationId = ConversationId(Uuid::from_u128(2));

fn id(number: u32) -> EntryId {
    EntryId(Uuid::from_u128(number.into()))
}

fn content(number: u32) -> Content {
    Content::Message { text: number.to_string() }
}

/// An entry whose id is its place plus `from`, so that two logs can be told apart.
fn entry(seq: Seq, from: u32) -> Entry {
    let body = Body::Message { text: String::new() };
    Entry { seq, id: id(seq.wrapping_add(from)), at: NOW, author: Author::Automatic, body }
}

fn entries(seqs: impl IntoIterator<Item = Seq>, from: u32) -> Vec<Entry> {
    seqs.into_iter().map(|seq| entry(seq, from)).collect()
}

fn effects(replica: &mut Replica) -> Vec<Effect> {
    std::iter::from_fn(|| replica.poll_effect()).collect()
}

fn sent_after(number: u32, after: Seq) -> Effect {
    Effect::Send { id: id(number), content: content(number), after }
}

/// A message that was composed when `replica_at(2)` was all there was.
fn sent(number: u32) -> Effect {
    sent_after(number, 2)
}

/// A replica that is up to date with a log of `last` entries.
fn replica_at(last: Seq) -> Replica {
    let mut replica = Replica::new(Some(HERE));
    replica.online(NOW, Some((HERE, last)), Follow::Unasked);
    replica.receive(NOW, HERE, entries(1..=last, 100));
    assert_eq!(effects(&mut replica), []);
    replica
}

#[test]
fn what_lies_above_the_window_is_let_go_when_it_is_acknowledged() {
    let mut replica = Replica::new(None);
    replica.compose(NOW, id(1), content(1));
    replica.online(NOW, Some((HERE, 50)), Follow::Unasked);
    replica.receive(NOW, HERE, entries(11..=50, 100));
    assert_eq!(effects(&mut replica), [sent_after(1, 0)]);
    replica.acknowledged(NOW, id(1), HERE, 3);
    assert_eq!(replica.outgoing(), []);
    assert_eq!(replica.next_timeout(), None);
}

#[test]
fn what_was_acknowledged_and_never_seen_goes_out_again_after_a_loss() {
    let mut replica = replica_at(2);
    replica.compose(NOW, id(1), content(1));
    replica.acknowledged(NOW, id(1), HERE, 3);
    assert_eq!(effects(&mut replica), [sent(1)]);
    replica.offline();
    // The server was put back to an older state: it has what we hold and not what it acknowledged.
    replica.online(NOW, Some((HERE, 2)), Follow::Unasked);
    assert_eq!(effects(&mut replica), [sent(1)]);
}

#[test]
fn what_was_on_its_way_goes_out_again_as_soon_as_the_link_is_back() {
    let mut replica = replica_at(2);
    replica.compose(NOW, id(1), content(1));
    replica.compose(NOW, id(2), content(2));
    assert_eq!(effects(&mut replica), [sent(1)]);
    replica.offline();
    replica.online(NOW, Some((HERE, 2)), Follow::Unasked);
    assert_eq!(effects(&mut replica), [sent(1)]);
}

#[test]
fn what_is_sent_says_what_had_been_read_when_it_was_composed() {
    let mut replica = replica_at(2);
    replica.offline();
    replica.compose(NOW, id(1), content(1));
    replica.compose_after(NOW, id(2), content(2), 1);
    replica.online(NOW, Some((HERE, 4)), Follow::Unasked);
    replica.receive(NOW, HERE, entries(2..=4, 100));
    assert_eq!(effects(&mut replica), [sent_after(1, 2)], "what came since was not before the person");
    replica.refused(NOW, id(1), Problem::new(ProblemKind::AnsweredMeanwhile));
    assert_eq!(effects(&mut replica), [sent_after(2, 1)], "as kept from before the page was loaded");
    replica.refused(NOW, id(2), Problem::new(ProblemKind::AnsweredMeanwhile));
    replica.receive(NOW, HERE, entries([5], 100));
    replica.retry(NOW, id(1));
    assert_eq!(effects(&mut replica), [sent_after(1, 5)], "whoever retries has seen what came");
    replica.offline();
    replica.online(NOW, Some((HERE, 6)), Follow::Unasked);
    assert_eq!(effects(&mut replica), [sent_after(1, 5)], "and a repeat says the same");
}

#[test]
fn what_was_announced_and_does_not_come_is_asked_for() {
    let mut replica = replica_at(2);
    replica.announce(NOW, HERE, 3);
    assert_eq!(effects(&mut replica), []);
    replica.timeout(NOW.after(ENTRY_WITHIN));
    assert_eq!(effects(&mut replica), [Effect::Resume { conversation: HERE, after: Some(1) }]);
}

#[test]
fn a_conversation_that_the_server_no_longer_has_is_forgotten() {
    let mut replica = replica_at(2);
    replica.compose(NOW, id(1), content(1));
    replica.acknowledged(NOW, id(1), HERE, 3);
    replica.offline();
    replica.online(NOW, None, Follow::Unasked);
    assert_eq!(replica.conversation(), None);
    assert!(replica.entries().is_empty());
    assert_eq!(effects(&mut replica), [sent(1)]);
}

#[test]
fn a_new_conversation_keeps_its_first_message_and_lets_go_of_what_the_old_one_has() {
    let mut replica = replica_at(2);
    replica.compose(NOW, id(1), content(1));
    replica.acknowledged(NOW, id(1), HERE, 3);
    replica.compose(NOW, id(2), content(2));
    assert_eq!(effects(&mut replica), [sent(1), sent(2)]);
    replica.acknowledged(NOW, id(2), NEXT, 1);
    assert_eq!(effects(&mut replica), [sent(1)], "it may be lost with the old one");
    replica.acknowledged(NOW, id(1), HERE, 3);
    assert_eq!(replica.conversation(), Some(NEXT));
    let left: Vec<_> = replica.outgoing().iter().map(|out| (out.id, out.state.clone())).collect();
    assert_eq!(left, [(id(2), OutgoingState::Acknowledged(1))]);
}

#[test]
fn a_log_that_lost_its_last_entry_is_found_out_by_an_empty_answer() {
    let mut replica = Replica::new(Some(HERE));
    replica.receive(NOW, HERE, entries(1..=3, 100));
    replica.online(NOW, None, Follow::OnRequest);
    assert_eq!(effects(&mut replica), [Effect::Resume { conversation: HERE, after: Some(2) }]);
    replica.receive(NOW, HERE, Vec::new());
    assert_eq!(effects(&mut replica), [Effect::Resume { conversation: HERE, after: None }]);
}

#[test]
fn an_answer_with_nothing_new_ends_the_asking() {
    let mut replica = Replica::new(Some(HERE));
    replica.online(NOW, None, Follow::OnRequest);
    assert_eq!(effects(&mut replica), [Effect::Resume { conversation: HERE, after: None }]);
    replica.receive(NOW, HERE, Vec::new());
    assert_eq!(replica.next_timeout(), None);
}

#[test]
fn a_log_that_was_put_back_and_has_grown_since_is_found_out() {
    let mut replica = replica_at(3);
    replica.offline();
    assert_eq!(replica.cursor(), Some(2));
    replica.online(NOW, Some((HERE, 5)), Follow::Unasked);
    replica.receive(NOW, HERE, entries(3..=5, 200));
    assert_eq!(effects(&mut replica), [Effect::Resume { conversation: HERE, after: None }]);
    replica.receive(NOW, HERE, entries(1..=5, 200));
    assert!(replica.entries().iter().eq(&entries(1..=5, 200)));
}

#[test]
fn a_log_that_was_put_back_and_has_nothing_to_tell_is_asked_for_at_once() {
    let mut replica = replica_at(3);
    replica.offline();
    // The cursor is 2 and so is the last entry: for the server nothing is wrong.
    replica.online(NOW, Some((HERE, 2)), Follow::Unasked);
    assert_eq!(effects(&mut replica), [Effect::Resume { conversation: HERE, after: None }]);
}

#[test]
fn one_hole_is_asked_for_once_until_the_answer_is_late() {
    let mut replica = replica_at(2);
    for seq in 5..9 {
        replica.receive(NOW, HERE, entries([seq], 100));
    }
    let ask = Effect::Resume { conversation: HERE, after: Some(1) };
    assert_eq!(effects(&mut replica), std::slice::from_ref(&ask));
    replica.timeout(NOW.after(ACKNOWLEDGE_WITHIN));
    assert_eq!(effects(&mut replica), [ask]);
    replica.receive(NOW, HERE, entries(2..=8, 100));
    assert_eq!((replica.last_seq(), replica.next_timeout()), (8, None));
}

#[test]
fn a_late_frame_of_a_lost_link_leaves_no_timer_that_rings_for_ever() {
    let mut replica = replica_at(2);
    replica.offline();
    replica.announce(NOW, HERE, 9);
    replica.timeout(NOW.after(ENTRY_WITHIN));
    assert_eq!(replica.next_timeout(), None);
}

#[test]
fn a_reset_sends_again_what_was_acknowledged_without_waiting_for_entries() {
    let mut replica = replica_at(2);
    replica.compose(NOW, id(1), content(1));
    replica.acknowledged(NOW, id(1), HERE, 3);
    assert_eq!(effects(&mut replica), [sent(1)]);
    replica.reset(NOW, HERE);
    assert_eq!(effects(&mut replica), [sent(1)]);
}

#[test]
fn the_last_numbers_there_are_do_no_harm() {
    let mut replica = replica_at(0);
    replica.receive(NOW, HERE, entries([Seq::MAX - 1, Seq::MAX], 0));
    replica.receive(NOW, HERE, entries([Seq::MAX, 0], 0));
    replica.receive(NOW, HERE, entries([Seq::MAX], 0));
    assert_eq!(replica.last_seq(), Seq::MAX);
    assert_eq!(replica.entries().len(), 2);
}
