//! The synchronisation engine against a model: a server that refuses, closes and is put back to an older state, a link
//! that loses in every way, and a client that crashes and starts again.
//!
//! A story is a list of operations drawn by proptest. After each of them `World::check` holds the invariants; at its
//! end the link is healed, time passes, and `World::check_settled` compares client and server.

mod server;
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};

use causette_shared::problem::ProblemKind;
use causette_shared::sync::Follow;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use world::World;

/// Stories per run, of 100 operations on average.
const STORIES: u32 = 1_100;

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Op {
    /// The person writes something; the server refuses it for good if it is `bad`.
    Compose { bad: bool },
    /// The person writes under an id that was used before, with other words: a fault that must stay harmless.
    ComposeAgain { which: usize },
    /// The person tries something that failed again.
    Retry { which: usize },
    /// The person scrolls up.
    Earlier,
    /// Time passes and timers ring.
    Pass { millis: u32 },
    /// Frames arrive at the server.
    DeliverUp { frames: usize },
    /// Frames arrive at the client; an attempt to connect succeeds.
    DeliverDown { frames: usize },
    /// Others write; a lost hint means that the client is not told.
    OthersWrite { entries: usize, hint: Hint },
    /// The next things sent are refused.
    Refuse { kind: ProblemKind, times: usize },
    /// The next frame to the server comes twice.
    RepeatUp,
    /// The next frame to the client comes twice.
    RepeatDown,
    /// An acknowledgement on its way is swallowed.
    SwallowAcknowledgement,
    /// The connection is cut, and what is on its way is lost.
    Cut,
    /// The connection stays open but nothing gets through any more, until the client notices.
    GoDeaf,
    /// The browser says that the network is back.
    Wake,
    /// The page is closed and opened again: only what was unsent is kept.
    Crash,
    /// The server's store is put back: it loses its newest entries.
    Restore { lose: usize },
    /// An agent closes the conversation: what the visitor writes next begins a new one.
    Close,
}

/// Whether the client is told of a new entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    Given,
    Lost,
}

fn ops() -> impl Strategy<Value = Op> {
    let refusals = prop_oneof![
        Just(ProblemKind::Unavailable),
        Just(ProblemKind::RateLimited),
        Just(ProblemKind::Internal),
        Just(ProblemKind::WrongState),
    ];
    let hint = prop_oneof![4 => Just(Hint::Given), 1 => Just(Hint::Lost)];
    prop_oneof![
        16 => prop::bool::weighted(0.1).prop_map(|bad| Op::Compose { bad }),
        1 => any::<usize>().prop_map(|which| Op::ComposeAgain { which }),
        2 => any::<usize>().prop_map(|which| Op::Retry { which }),
        3 => Just(Op::Earlier),
        16 => (0..25_000u32).prop_map(|millis| Op::Pass { millis }),
        24 => (1..6usize).prop_map(|frames| Op::DeliverUp { frames }),
        24 => (1..9usize).prop_map(|frames| Op::DeliverDown { frames }),
        10 => (1..9usize, hint).prop_map(|(entries, hint)| Op::OthersWrite { entries, hint }),
        4 => (refusals, 1..4usize).prop_map(|(kind, times)| Op::Refuse { kind, times }),
        2 => Just(Op::RepeatUp),
        2 => Just(Op::RepeatDown),
        3 => Just(Op::SwallowAcknowledgement),
        4 => Just(Op::Cut),
        2 => Just(Op::GoDeaf),
        2 => Just(Op::Wake),
        2 => Just(Op::Crash),
        2 => (1..9usize).prop_map(|lose| Op::Restore { lose }),
        1 => Just(Op::Close),
    ]
}

fn tell_stories(follow: Follow) {
    let steps = AtomicUsize::new(0);
    let config = ProptestConfig {
        cases: STORIES,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    let stories = prop::collection::vec(ops(), 1..200);
    let told = TestRunner::new(config).run(&stories, |story| {
        let mut world = World::new(follow);
        for op in &story {
            world.perform(op);
            world.check()?;
        }
        steps.fetch_add(story.len(), Ordering::Relaxed);
        world.settle()?;
        world.check_settled()
    });
    if let Err(failure) = told {
        panic!("{failure}");
    }
    assert!(steps.into_inner() > 100_000, "too few steps to mean anything");
}

#[test]
fn a_visitor_loses_nothing_and_sees_what_the_server_has() {
    tell_stories(Follow::Unasked);
}

#[test]
fn an_agent_loses_nothing_and_sees_what_the_server_has() {
    tell_stories(Follow::OnRequest);
}
