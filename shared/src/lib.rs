//! What every part of Causette agrees on: words, limits, rules, frames and the synchronisation engine.
//!
//! Nothing here performs I/O, reads a clock or draws a random number: time and entropy are parameters, so that every
//! rule can be tested as a function and the same code runs in the visitor's browser, at the desk and in the server.
//! How things are stored, sent or shown is left to those parts.

pub mod calendar;
pub mod contact;
pub mod conversation;
pub mod entry;
pub mod follow_up;
pub mod form;
pub mod id;
pub mod limits;
pub mod message;
pub mod presence;
pub mod problem;
pub mod protocol;
pub mod said;
pub mod sync;
pub mod texts;
pub mod time;
