//! What one visitor's connections say together: active if any of them is.

use std::collections::BTreeMap;

use causette_shared::presence::Activity;

use super::hub::ConnectionId;

/// The connections of one visitor.
#[derive(Debug, Default)]
pub struct Connections {
    open: BTreeMap<ConnectionId, Activity>,
    /// What they did last, while the grace after the last connection runs.
    lingering: Option<Activity>,
    /// Counts departures, so that an old grace does not end a newer one.
    generation: u64,
}

impl Connections {
    /// What the visitor does; `None` when they are gone.
    #[must_use]
    pub fn activity(&self) -> Option<Activity> {
        if self.open.is_empty() {
            return self.lingering;
        }
        let any_active = self.open.values().any(|activity| *activity == Activity::Active);
        Some(if any_active { Activity::Active } else { Activity::Idle })
    }

    /// Whether nothing is left to remember.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.activity().is_none()
    }

    /// Notes what one connection says.
    pub fn set(&mut self, connection: ConnectionId, activity: Activity) {
        self.lingering = None;
        self.open.insert(connection, activity);
    }

    /// Notes that a connection has gone. When it was the last, returns the departure to be confirmed by `expire`.
    pub fn leave(&mut self, connection: ConnectionId) -> Option<u64> {
        let last = self.open.remove(&connection)?;
        if !self.open.is_empty() {
            return None;
        }
        self.lingering = Some(last);
        self.generation += 1;
        Some(self.generation)
    }

    /// The grace after a departure is over: without a new connection or departure since, the visitor is gone.
    pub fn expire(&mut self, generation: u64) {
        if self.generation == generation {
            self.lingering = None;
        }
    }
}
