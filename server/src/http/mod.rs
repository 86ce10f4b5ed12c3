//! HTTP: the routes, who may call them, and how failures are answered. Decisions about conversations are `service`'s.

mod assets;
mod auth;
mod body;
mod channel;
mod cookie;
mod demo;
mod demo_mailbox;
mod desk;
pub mod embed;
mod error;
mod forwarded;
mod health;
mod mail;
pub mod router;
pub mod routes;
mod visitor;
