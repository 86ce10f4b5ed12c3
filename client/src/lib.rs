//! Browser glue that widget and desk share: the socket's driver, timers, storage, randomness. No views, no state of a
//! conversation: those live in `causette-shared` and in the two apps.

pub mod host;
pub mod http;
pub mod live;
pub mod location;
pub mod random;
pub mod siblings;
pub mod storage;
pub mod timer;
