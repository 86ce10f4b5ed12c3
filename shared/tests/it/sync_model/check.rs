//! What holds after every transition, and at the end of a story (DESIGN 4: G2, G3, G4, G7).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use causette_shared::entry::{Body, Entry};
use causette_shared::id::EntryId;
use causette_shared::problem::ProblemKind;
use causette_shared::sync::OutgoingState;

use super::story::{Story, Text, id_of, number_of};
use super::world::World;

/// What holds at any time.
pub fn at_any_time(world: &World, story: &Story) {
    entries_have_no_hole(world);
    if !story.put_back {
        entries_are_the_servers(world);
    }
    nothing_is_shown_twice(world);
    nothing_is_given_up_that_may_pass(world);
    nothing_written_is_gone(world, story);
    what_is_acknowledged_is_stored(world);
    one_thing_is_on_its_way(world);
    nothing_waits_for_luck(world, story);
    the_order_of_writing_is_kept(world, story);
}

/// What holds once the network is healed and time has passed.
pub fn at_the_end(world: &mut World, story: &Story) {
    nothing_is_left_to_do(world);
    each_entry_is_there_once(world);
    client_and_server_agree(world);
    all_that_was_written_has_an_end(world, story);
}

fn entries_have_no_hole(world: &World) {
    let entries = world.replica.entries();
    let consecutive = entries.iter().zip(entries.iter().skip(1)).all(|(one, next)| one.seq + 1 == next.seq);
    assert!(consecutive, "the entries have a hole");
}

/// A store that was put back has forgotten what a client may still show.
fn entries_are_the_servers(world: &World) {
    let Some(id) = world.replica.conversation() else { return };
    let log = world.server.log(id).unwrap_or_default();
    let held = world.replica.entries();
    let from = held.front().map_or(0, |first| first.seq as usize - 1);
    let told = log.get(from..from + held.len()).unwrap_or_default();
    let same = held.iter().map(|entry| entry.id).eq(told.iter().map(|entry| entry.id));
    assert!(same, "the client shows what the server does not have");
}

fn nothing_is_shown_twice(world: &World) {
    let outgoing = world.replica.outgoing();
    let twice = outgoing.iter().find(|out| world.replica.entries().iter().any(|entry| entry.id == out.id));
    assert!(twice.is_none(), "{twice:?} is in the log, and still on its way");
    let mut rest = outgoing.iter();
    while let Some(one) = rest.next() {
        assert!(rest.as_slice().iter().all(|other| other.id != one.id), "{} waits twice", one.id);
    }
}

fn nothing_is_given_up_that_may_pass(world: &World) {
    for outgoing in world.replica.outgoing() {
        if let OutgoingState::Failed(problem) = &outgoing.state {
            assert!(!problem.kind.is_temporary(), "{} was given up too early", outgoing.id);
        }
    }
}

/// What the person wrote waits here until it was seen in the log; from then on the server has it, unless its store was
/// put back. But for what they took out themselves.
fn nothing_written_is_gone(world: &World, story: &Story) {
    for id in (0..story.written.len()).map(id_of).filter(|id| !world.taken_out.contains(id)) {
        let waits = world.replica.outgoing().iter().any(|outgoing| outgoing.id == id);
        assert!(waits || world.seen.contains(&id), "{id} was let go before it was seen");
        assert!(waits || world.server.holds(id) || world.lost.contains(&id), "{id} is lost");
    }
}

fn what_is_acknowledged_is_stored(world: &World) {
    for outgoing in world.replica.outgoing() {
        if let OutgoingState::Acknowledged(seq) = outgoing.state
            && !world.taken_back.contains(&outgoing.id)
        {
            let stored = world.server.entries().any(|entry| entry.id == outgoing.id && entry.seq == seq);
            assert!(stored, "{} counts as sent, and is not stored", outgoing.id);
        }
    }
}

/// What the server has may be sent again beside it: a repeat of that changes nothing.
fn one_thing_is_on_its_way(world: &World) {
    let undecided = world.unanswered.keys().filter(|id| !world.server.holds(**id)).count();
    assert!(undecided <= 1, "two messages are on their way");
}

/// While the client is connected, what is unsent is on its way, unless the server has asked for a pause; and what was
/// announced has a timer: neither needs another frame to go on.
fn nothing_waits_for_luck(world: &World, story: &Story) {
    let unsent = world.replica.outgoing().iter().any(|outgoing| outgoing.state == OutgoingState::Sending);
    // A doubled answer of a store that was put back ends the wait for the next one; a pong tells soon enough.
    let has_nothing =
        !story.put_back && world.replica.conversation().is_some() && world.replica.entries().is_empty();
    let waits = unsent || has_nothing || !world.replica.is_current();
    let on_its_way = !unsent || world.is_paused() || !world.unanswered.is_empty();
    assert!(!world.greeted || world.is_followed(), "nothing new would be told");
    assert!(!world.greeted || on_its_way, "something is unsent, and nothing on its way");
    assert!(!world.greeted || !waits || world.replica.next_timeout().is_some(), "nothing will ever go on");
}

/// Over all conversations, in the order they began. What failed once has lost its turn, and what the store forgot comes
/// when it comes.
fn the_order_of_writing_is_kept(world: &World, story: &Story) {
    let mut last = None;
    for entry in world.server.entries() {
        if let Some(number) = number_of(entry.id)
            && !story.reused.contains(&number)
            && !world.failed.contains(&entry.id)
            && !world.taken_back.contains(&entry.id)
        {
            assert!(last < Some(number), "{number} was stored after {last:?}");
            last = Some(number);
        }
    }
}

fn nothing_is_left_to_do(world: &mut World) {
    assert_eq!(world.replica.next_timeout(), None, "the replica still waits for something");
    assert!(world.replica.is_current(), "the client was told of more than it has");
    let effects = world.effects();
    world.carry_for(Duration::from_secs(60));
    assert_eq!(world.effects(), effects, "the client still asks although it has everything");
}

/// Stored, or failed where the person sees it, and not otherwise than the server has said.
fn all_that_was_written_has_an_end(world: &World, story: &Story) {
    let stored: HashMap<EntryId, &Entry> = world.server.entries().map(|entry| (entry.id, entry)).collect();
    for (number, text) in story.written.iter().enumerate() {
        let id = id_of(number);
        if world.taken_out.contains(&id) || world.lost.contains(&id) {
            continue;
        }
        let waiting = world.replica.outgoing().iter().find(|outgoing| outgoing.id == id);
        let reused = story.reused.contains(&number);
        match (waiting.map(|outgoing| &outgoing.state), stored.get(&id)) {
            (None, Some(entry)) => {
                let words = Body::Message { text: number.to_string() };
                assert!(reused || *text != Text::Bad, "{number} was to be refused");
                assert!(reused || entry.body == words, "{number} was stored with other words");
            }
            (Some(OutgoingState::Failed(problem)), None) => {
                let may_fail = match problem.kind {
                    ProblemKind::Invalid => reused || *text == Text::Bad,
                    ProblemKind::WrongState => story.refused_for_good,
                    ProblemKind::IdReused => reused,
                    _ => false,
                };
                assert!(may_fail, "{number} failed by {problem:?}");
            }
            // Other words under its id are stored, or what was refused arrived once more, late, and before a new
            // conversation began.
            (Some(OutgoingState::Failed(_)), Some(_)) => {
                let before = !world.replica.entries().iter().any(|entry| entry.id == id);
                assert!(reused || before && story.refused_for_good, "{number} is stored and failed");
            }
            (state, _) => panic!("{number} is still {state:?}"),
        }
    }
}

fn each_entry_is_there_once(world: &World) {
    let mut seen = HashSet::new();
    for entry in world.server.entries() {
        assert!(seen.insert(entry.id), "{} is in the log twice", entry.id);
    }
}

/// The newest entries first, and then, when the person scrolls up, all of them.
fn client_and_server_agree(world: &mut World) {
    let told = world.server.current();
    assert_eq!(world.replica.conversation(), told.map(|current| current.id));
    let last = told.and_then(|current| current.log.last()).map_or(0, |entry| entry.seq);
    assert_eq!(world.replica.last_seq(), last, "the client lacks the newest entries");
    world.read_to_the_beginning();
    let log = world.server.current().map_or(&[][..], |current| &current.log);
    assert!(world.replica.entries().iter().eq(log), "client and server differ");
}
