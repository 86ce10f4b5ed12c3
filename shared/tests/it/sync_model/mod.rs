//! The synchronisation engine as a state machine under test (proptest-state-machine): `story` draws what happens and
//! knows what must come of it, `world` lets it happen to a real `Link` and `Replica` that talk to the server of the
//! model (`server`) over a network that fails in every way, and `check` compares the two.
//!
//! Invariants are held after every transition. At the end of a story the network is healed and time passes; then
//! everything that was written is stored or failed visibly, and client and server hold the same log. A story that
//! fails is made shorter and kept in `tests/proptest-regressions`, from where it is told again first.

mod check;
mod server;
mod story;
mod wire;
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};

use causette_shared::sync::Follow;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngAlgorithm, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use story::{Side, Story, Told, Transition};
use world::World;

/// Stories per run and side, of 100 transitions on average.
const STORIES: u32 = 1_600;
/// Transitions per run and side that found something to do.
const STEPS: usize = 100_000;
/// Attempts to make a story that fails shorter: some seconds.
const SHRINKING: u32 = 10_000;

/// The visitor's side of a conversation: entries follow by themselves, and a closed conversation is followed by a new one.
#[derive(Clone, Debug)]
struct VisitorSide;

/// An agent's side: the desk asks for the entries of a conversation that exists.
#[derive(Clone, Debug)]
struct DeskSide;

static VISITOR_STEPS: AtomicUsize = AtomicUsize::new(0);
static DESK_STEPS: AtomicUsize = AtomicUsize::new(0);

impl Side for VisitorSide {
    const FOLLOW: Follow = Follow::Unasked;
    const STEPS: &'static AtomicUsize = &VISITOR_STEPS;
}

impl Side for DeskSide {
    const FOLLOW: Follow = Follow::OnRequest;
    const STEPS: &'static AtomicUsize = &DESK_STEPS;
}

impl<S: Side> StateMachineTest for Told<S> {
    type SystemUnderTest = World;
    type Reference = Self;

    fn init_test(_: &Story) -> World {
        World::new(S::FOLLOW)
    }

    fn apply(mut world: World, _: &Story, transition: Transition) -> World {
        world.perform(transition);
        world
    }

    fn check_invariants(world: &World, story: &Story) {
        check::at_any_time(world, story);
    }

    fn teardown(mut world: World, story: Story) {
        S::STEPS.fetch_add(world.steps(), Ordering::Relaxed);
        world.heal();
        check::at_any_time(&world, &story);
        check::at_the_end(&mut world, &story);
    }
}

fn tell_stories<S: Side>() {
    let config = ProptestConfig {
        cases: STORIES,
        max_shrink_iters: SHRINKING,
        failure_persistence: Some(Box::new(FileFailurePersistence::default())),
        source_file: Some(file!()),
        // Unoptimised, the default takes ten times as long as the stories.
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    };
    let stories = <Told<S> as ReferenceStateMachine>::sequential_strategy(1..200);
    let told = TestRunner::new(config.clone()).run(&stories, |(story, transitions, seen)| {
        Told::<S>::test_sequential(config.clone(), story, transitions, seen);
        Ok(())
    });
    if let Err(failure) = told {
        panic!("{failure}");
    }
    let steps = S::STEPS.load(Ordering::Relaxed);
    assert!(steps >= STEPS, "{steps} steps are too few to mean anything");
}

#[test]
fn a_visitor_loses_nothing_and_sees_what_the_server_has() {
    tell_stories::<VisitorSide>();
}

#[test]
fn an_agent_loses_nothing_and_sees_what_the_server_has() {
    tell_stories::<DeskSide>();
}
