//! What happens, and the reference: what has been written so far, and what may come of it.
//!
//! A story is drawn before it is told, so the reference knows nothing of the frames on their way. A transition that
//! finds nothing to do (an acknowledgement to lose where there is none) does nothing, and is not counted as a step.

use std::collections::HashSet;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::atomic::AtomicUsize;

use causette_shared::id::EntryId;
use causette_shared::problem::ProblemKind;
use causette_shared::sync::Follow;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

/// Which side of a conversation the client is on.
pub trait Side: Clone + Debug + 'static {
    /// How it comes by what is missing.
    const FOLLOW: Follow;
    /// Counts the steps of all stories told.
    const STEPS: &'static AtomicUsize;
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Transition {
    /// The person writes something.
    Send(Text),
    /// The person comes back to something that failed.
    Retry { which: usize, how: Again },
    /// The person scrolls up.
    Earlier,
    /// Others write: a colleague, or the visitor's second tab, which begins a conversation where none is open.
    Elsewhere { entries: usize },
    /// The server takes what arrives and answers it: what was sent is stored and acknowledged, or refused.
    Acknowledge { frames: usize },
    /// What the server said arrives.
    Receive { frames: usize },
    /// The server refuses the next things it is sent.
    Refuse { kind: ProblemKind, times: usize },
    /// Something is lost.
    Drop(Loss),
    /// A frame arrives twice, the second time after all that is on its way.
    Duplicate { way: Way, which: usize },
    /// Something arrives later than what was said after it.
    Reorder(Overtaken),
    /// One of the two ends, and begins again.
    Crash(End),
    /// The connection is made, or the client says again who it is.
    Resume(Greeting),
    /// The server cannot go on from the place it is given.
    Reset,
    /// An agent closes the conversation: what the visitor writes next begins a new one.
    Close,
    /// Time passes and timers ring.
    Pass { millis: u32 },
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    Good,
    /// The server refuses it for good.
    Bad,
    /// Other words under an id that was used before: a fault that must stay harmless.
    Reused(usize),
}

/// What becomes of something that failed.
#[derive(Clone, Copy, Debug)]
pub enum Again {
    /// It is tried again under its id.
    Tried,
    /// It is taken out of the queue.
    TakenOut,
}

/// What is lost.
#[derive(Clone, Copy, Debug)]
pub enum Loss {
    /// One frame.
    Frame { way: Way, which: usize },
    /// The next acknowledgement on its way.
    Acknowledgement,
    /// What the server would have told by itself of the next entries.
    Hints { entries: usize },
    /// The connection, with all that is on its way.
    Connection,
    /// All that goes one way, while the connection looks alive.
    Direction { way: Way },
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// What is overtaken.
#[derive(Clone, Copy, Debug)]
pub enum Overtaken {
    /// A frame, by the one after it.
    Frame { way: Way, which: usize },
    /// What was sent over the connection before, by all that came since.
    Connection,
}

/// Who ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// The page is closed and opened again: only what was unsent is kept.
    Page,
    /// The server's store is put back to an older state: it loses its newest entries.
    Store { entries: usize },
    /// The server stops in good order, and asks clients to come back.
    Service,
}

/// How the server learns who is there.
#[derive(Clone, Copy, Debug)]
pub enum Greeting {
    /// The network is back, and the browser says so.
    Connects,
    /// The visitor has got a session, and the panel says hello again on the same connection.
    Again,
}

/// What a story may do to client and server besides cutting connections. Not both: a client finds out that the store was
/// put back by what the server tells it on the next connection, which is in vain where that gets lost in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Faults {
    /// Single frames to the client are lost, doubled and overtaken.
    Frames,
    /// The store is put back to an older state.
    Store,
}

/// The reference: what was written, and what it may come to.
#[derive(Clone, Debug)]
pub struct Story {
    /// How the client comes by what is missing.
    follow: Follow,
    faults: Faults,
    /// What was written, in order.
    pub written: Vec<Text>,
    /// What was written under an id that was used again: which words win is not promised.
    pub reused: HashSet<usize>,
    /// Whether the server may have refused something good for good.
    pub refused_for_good: bool,
    /// Whether the store may have been put back.
    pub put_back: bool,
    /// Whether the network lets anything through, as far as the story goes.
    cut: bool,
}

/// The id of what was written as number `number`, from 0 on. The client's ids are even, the server's odd.
pub fn id_of(number: usize) -> EntryId {
    EntryId(uuid::Uuid::from_u128((number as u128 + 1) * 2))
}

/// The number of what was written under an id, if it was written here.
pub fn number_of(id: EntryId) -> Option<usize> {
    let id = id.0.as_u128();
    if id.is_multiple_of(2) { usize::try_from(id / 2).ok()?.checked_sub(1) } else { None }
}

/// A story told on one side.
#[derive(Clone, Debug)]
pub struct Told<S>(PhantomData<S>);

impl<S: Side> ReferenceStateMachine for Told<S> {
    type State = Story;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<Story> {
        let begin = |faults| Story {
            follow: S::FOLLOW,
            faults,
            written: Vec::new(),
            reused: HashSet::new(),
            refused_for_good: false,
            put_back: false,
            cut: true,
        };
        prop_oneof![Just(Faults::Frames), Just(Faults::Store)].prop_map(begin).no_shrink().boxed()
    }

    fn transitions(story: &Story) -> BoxedStrategy<Transition> {
        let anytime = prop_oneof![
            14 => texts().prop_map(Transition::Send),
            2 => (any::<usize>(), again()).prop_map(|(which, how)| Transition::Retry { which, how }),
            2 => Just(Transition::Earlier),
            9 => (1..9usize).prop_map(|entries| Transition::Elsewhere { entries }),
            4 => (refusals(), 1..4usize).prop_map(|(kind, times)| Transition::Refuse { kind, times }),
            3 => ends(story.faults).prop_map(Transition::Crash),
            2 => Just(Transition::Reset),
            8 => (0..25_000u32).prop_map(|millis| Transition::Pass { millis }),
        ];
        // While nothing gets through, what would happen to frames is left out.
        if story.cut {
            return prop_oneof![
                4 => anytime,
                2 => Just(Transition::Resume(Greeting::Connects)),
                1 => (1..9usize).prop_map(|frames| Transition::Receive { frames }),
            ]
            .boxed();
        }
        let ways = ways(story.faults);
        let of_visitors = match story.follow {
            Follow::Unasked => {
                prop_oneof![Just(Transition::Resume(Greeting::Again)), Just(Transition::Close)].boxed()
            }
            Follow::OnRequest => Just(Transition::Resume(Greeting::Connects)).boxed(),
        };
        prop_oneof![
            44 => anytime,
            20 => (1..6usize).prop_map(|frames| Transition::Acknowledge { frames }),
            22 => (1..9usize).prop_map(|frames| Transition::Receive { frames }),
            10 => losses(ways.clone()).prop_map(Transition::Drop),
            4 => (ways.clone(), any::<usize>()).prop_map(|(way, which)| Transition::Duplicate { way, which }),
            4 => overtaken(ways).prop_map(Transition::Reorder),
            2 => of_visitors,
        ]
        .boxed()
    }

    fn apply(mut story: Story, transition: &Transition) -> Story {
        match *transition {
            Transition::Send(Text::Reused(which)) => {
                if let Some(number) = which.checked_rem(story.written.len()) {
                    story.reused.insert(number);
                }
            }
            Transition::Send(text) => story.written.push(text),
            Transition::Refuse { kind, .. } => story.refused_for_good |= !kind.is_temporary(),
            Transition::Crash(end) => {
                story.put_back |= matches!(end, End::Store { .. });
                story.cut = true;
            }
            Transition::Drop(Loss::Connection) => story.cut = true,
            Transition::Resume(_) => story.cut = false,
            _ => {}
        }
        story
    }
}

fn texts() -> impl Strategy<Value = Text> {
    prop_oneof![
        18 => Just(Text::Good),
        2 => Just(Text::Bad),
        1 => any::<usize>().prop_map(Text::Reused),
    ]
}

fn again() -> impl Strategy<Value = Again> {
    prop_oneof![3 => Just(Again::Tried), 1 => Just(Again::TakenOut)]
}

fn refusals() -> impl Strategy<Value = ProblemKind> {
    prop_oneof![
        Just(ProblemKind::Unavailable),
        Just(ProblemKind::RateLimited),
        Just(ProblemKind::Internal),
        Just(ProblemKind::WrongState),
    ]
}

/// Which way single frames go astray.
fn ways(faults: Faults) -> prop::sample::Select<Way> {
    let of_all: &[Way] = match faults {
        Faults::Frames => &[Way::ToServer, Way::ToClient],
        Faults::Store => &[Way::ToServer],
    };
    prop::sample::select(of_all)
}

fn losses(ways: impl Strategy<Value = Way>) -> impl Strategy<Value = Loss> {
    let direction = prop_oneof![Just(Way::ToServer), Just(Way::ToClient)];
    prop_oneof![
        4 => (ways, any::<usize>()).prop_map(|(way, which)| Loss::Frame { way, which }),
        3 => Just(Loss::Acknowledgement),
        4 => (1..6usize).prop_map(|entries| Loss::Hints { entries }),
        3 => Just(Loss::Connection),
        1 => direction.prop_map(|way| Loss::Direction { way }),
    ]
}

fn overtaken(ways: impl Strategy<Value = Way>) -> impl Strategy<Value = Overtaken> {
    prop_oneof![
        3 => (ways, any::<usize>()).prop_map(|(way, which)| Overtaken::Frame { way, which }),
        1 => Just(Overtaken::Connection),
    ]
}

fn ends(faults: Faults) -> BoxedStrategy<End> {
    let without_loss = prop_oneof![2 => Just(End::Page), 1 => Just(End::Service)];
    match faults {
        Faults::Frames => without_loss.boxed(),
        Faults::Store => {
            prop_oneof![without_loss, (1..9usize).prop_map(|entries| End::Store { entries })].boxed()
        }
    }
}
