//! What the agents' desk asks for.

pub mod channel;
pub mod contacts;
pub mod contacts_export;
pub mod conversation_mail;
pub mod document;
pub mod inbound;
pub mod looks;
pub mod outbox;
pub mod preview;
pub mod seen;
pub mod session;
pub mod sites;
pub mod socket;
