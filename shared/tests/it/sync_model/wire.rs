//! The network of the model: one connection at a time, and the frames on their way over it.
//!
//! A connection that is cut loses them; what a client had sent can still reach the server later. Single frames get lost,
//! are doubled or overtaken too, as they are where requests travel one by one; only what says how things stand between
//! the two (`Hello`, `Welcome`, `Reset`) comes in its place or not at all.

use std::collections::VecDeque;

use causette_shared::protocol::visitor::{ClientFrame, Hello, ServerFrame};

use super::story::Way;

/// The connection, as the network sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    #[default]
    Down,
    /// The client tries; the next frame that is carried to it is that it has succeeded.
    Attempted,
    Up,
}

/// The network between one client and the server.
#[derive(Default)]
pub struct Wire {
    connection: Connection,
    up: VecDeque<ClientFrame>,
    down: VecDeque<ServerFrame>,
    /// Whether what goes up, or comes down, is lost until the connection is given up.
    deaf: (bool, bool),
    /// What was sent over connections before, and has not arrived.
    late: Vec<ClientFrame>,
}

impl Wire {
    pub fn connection(&self) -> Connection {
        self.connection
    }

    pub fn attempt(&mut self) {
        self.connection = Connection::Attempted;
    }

    /// The attempt succeeds, and the client says who it is.
    pub fn open(&mut self, hello: Hello) {
        self.connection = Connection::Up;
        self.up.push_back(ClientFrame::Hello(hello));
    }

    pub fn hang_up(&mut self) {
        let sent = self.up.drain(..).filter(|frame| matches!(frame, ClientFrame::Send { .. }));
        self.late.extend(sent);
        self.down.clear();
        self.connection = Connection::Down;
        self.deaf = (false, false);
    }

    pub fn late(&mut self) -> Vec<ClientFrame> {
        std::mem::take(&mut self.late)
    }

    pub fn send(&mut self, frame: ClientFrame) {
        self.up.push_back(frame);
    }

    /// The server says something; where nobody is connected, to nobody.
    pub fn tell(&mut self, frames: Vec<ServerFrame>) {
        if self.connection == Connection::Up {
            self.down.extend(frames);
        }
    }

    pub fn next_up(&mut self) -> Option<ClientFrame> {
        if self.deaf.0 {
            self.up.clear();
        }
        if self.connection == Connection::Up { self.up.pop_front() } else { None }
    }

    pub fn next_down(&mut self) -> Option<ServerFrame> {
        if self.deaf.1 {
            self.down.clear();
        }
        self.down.pop_front()
    }

    pub fn lose_frame(&mut self, way: Way, which: usize) -> bool {
        match way {
            Way::ToServer => {
                place(&self.up, which, is_no_greeting).and_then(|at| self.up.remove(at)).is_some()
            }
            Way::ToClient => place(&self.down, which, is_news).and_then(|at| self.down.remove(at)).is_some(),
        }
    }

    pub fn lose_acknowledgement(&mut self) -> bool {
        let at = self.down.iter().position(|frame| matches!(frame, ServerFrame::Acknowledged { .. }));
        at.and_then(|at| self.down.remove(at)).is_some()
    }

    pub fn duplicate(&mut self, way: Way, which: usize) -> bool {
        match way {
            Way::ToServer => again(&mut self.up, which, is_no_greeting),
            Way::ToClient => again(&mut self.down, which, is_news),
        }
    }

    pub fn reorder(&mut self, way: Way, which: usize) -> bool {
        match way {
            Way::ToServer => swap(&mut self.up, which, is_no_greeting),
            Way::ToClient => swap(&mut self.down, which, is_news),
        }
    }

    /// From now on nothing gets through one way.
    pub fn deafen(&mut self, way: Way) -> bool {
        match way {
            Way::ToServer => self.deaf.0 = true,
            Way::ToClient => self.deaf.1 = true,
        }
        self.connection == Connection::Up
    }
}

fn is_no_greeting(frame: &ClientFrame) -> bool {
    !matches!(frame, ClientFrame::Hello(_))
}

fn is_news(frame: &ServerFrame) -> bool {
    !matches!(frame, ServerFrame::Welcome(_) | ServerFrame::Reset { .. })
}

/// A frame that may fare otherwise than the connection, counted round.
fn place<T>(frames: &VecDeque<T>, which: usize, may: fn(&T) -> bool) -> Option<usize> {
    let places: Vec<usize> = (0..frames.len()).filter(|at| may(&frames[*at])).collect();
    which.checked_rem(places.len()).map(|number| places[number])
}

fn again<T: Clone>(frames: &mut VecDeque<T>, which: usize, may: fn(&T) -> bool) -> bool {
    let at = place(frames, which, may);
    at.map(|at| frames.push_back(frames[at].clone())).is_some()
}

fn swap<T>(frames: &mut VecDeque<T>, which: usize, may: fn(&T) -> bool) -> bool {
    let Some(at) = place(frames, which, may) else { return false };
    let overtakes = frames.get(at + 1).is_some_and(may);
    if overtakes {
        frames.swap(at, at + 1);
    }
    overtakes
}
