//! Stories of clients without a browser: the engine of widget and desk over real sockets, against the real binary.

mod herd;
mod patience;
mod talk;
