//! Frames: what clients and server say to each other. docs/protocol.md tells when; golden files hold their bytes.
//!
//! The visitor's socket carries postcard behind a protocol number, the desk's carries JSON. `host` names the messages
//! between the loader on the customer's page and the panel, `channel` the bodies that carry frames over HTTP, `contacts`
//! what the desk asks over HTTP about people, `conversation_mail` about a conversation's mail and its end, `outbox` about
//! mail that waits or was given up, `install` about the sites that it is installed on.

pub mod agent;
pub mod channel;
pub mod contacts;
pub mod conversation_mail;
pub mod host;
pub mod install;
pub mod outbox;
pub mod visitor;
