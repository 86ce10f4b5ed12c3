//! What the agents' desk asks for.

pub mod channel;
pub mod contacts;
pub mod contacts_export;
pub mod conversation_mail;
pub mod document;
pub mod inbound;
pub mod outbox;
pub mod session;
pub mod sites;
pub mod socket;
