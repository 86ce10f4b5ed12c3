//! The synchronisation engine: what keeps a client's picture of a conversation equal to the server's, and what was
//! typed from being lost, over a link that fails in every way (G2–G5, G7, G10).
//!
//! It performs no I/O. `Link` decides when to connect, ping and give up; `Replica` holds one conversation: its entries
//! without a hole, what is still unsent, and what to ask for. Both are told what happened together with the time,
//! answer `poll_effect` with what to do next, and `next_timeout` with when to be woken. Widget, desk, load generator
//! and property tests drive the same two machines. `Carriers` chooses what a browser's link runs over: a WebSocket, or
//! HTTP where those are blocked.

mod backoff;
mod carrier;
mod link;
mod replica;

pub use backoff::{RECONNECT_MAX, reconnect_delay};
pub use carrier::{Carrier, CarrierEffect, Carriers};
pub use link::{Link, LinkEffect, LinkState};
pub use replica::{Effect, Follow, Outgoing, OutgoingState, Replica};
