//! The server under test, the people who use it, and what they need to exist.

pub mod actors;
pub mod agent;
pub mod app;
pub mod authority;
pub mod builders;
pub mod burst;
pub mod channel;
pub mod cluster;
pub mod content;
pub mod database;
pub mod dovecot;
pub mod faults;
pub mod identity;
pub mod imap;
pub mod incoming;
pub mod panel;
pub mod process;
pub mod smtp;
pub mod store;

pub use actors::VisitorActor;
pub use agent::AgentActor;
pub use app::TestServer;
pub use database::Database;

use std::time::Duration;

/// No condition that a test waits for takes longer, also on a machine that builds beside it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something that has to happen.
pub async fn within<T>(what: &str, happens: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, happens).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// Looks again and again until a condition holds; for what sends no sign.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    within(what, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
