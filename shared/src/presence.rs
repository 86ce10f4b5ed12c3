//! Presence: derived from connections and what we know of the person, never stored as truth.

use serde::{Deserialize, Serialize};

/// What a connected visitor does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// The page is visible and was used in the last ten minutes (`limits::IDLE_AFTER`).
    #[default]
    Active,
    /// Connected, but hidden or untouched for longer.
    Idle,
}

/// Where a visitor is, as the agent sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// On the page.
    Active,
    /// On the page, without interaction for ten minutes or with the page hidden.
    Idle,
    /// Left, but a mail can reach them.
    Reachable,
    /// Left, and no way to reach them.
    Unreachable(UnreachableReason),
}

/// Why a visitor cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnreachableReason {
    /// They gave no e-mail address.
    NoAddress,
}

/// Derives the presence from what the connections say and whether an address is known.
#[must_use]
pub const fn derive(connected: Option<Activity>, has_address: bool) -> Presence {
    match (connected, has_address) {
        (Some(Activity::Active), _) => Presence::Active,
        (Some(Activity::Idle), _) => Presence::Idle,
        (None, true) => Presence::Reachable,
        (None, false) => Presence::Unreachable(UnreachableReason::NoAddress),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_here_is_active_or_idle_and_who_left_is_judged_by_the_address() {
        assert_eq!(derive(Some(Activity::Active), false), Presence::Active);
        assert_eq!(derive(Some(Activity::Idle), true), Presence::Idle);
        assert_eq!(derive(None, true), Presence::Reachable);
        assert_eq!(derive(None, false), Presence::Unreachable(UnreachableReason::NoAddress));
    }
}
