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
    /// Mail to their address came back.
    Bounced,
    /// They want no mail.
    OptedOut,
}

/// Derives the presence from what the connections say and why a mail would not reach them, `None` where it would.
#[must_use]
pub const fn derive(connected: Option<Activity>, unreachable: Option<UnreachableReason>) -> Presence {
    match (connected, unreachable) {
        (Some(Activity::Active), _) => Presence::Active,
        (Some(Activity::Idle), _) => Presence::Idle,
        (None, None) => Presence::Reachable,
        (None, Some(reason)) => Presence::Unreachable(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_here_is_active_or_idle_and_who_left_is_judged_by_the_address() {
        assert_eq!(derive(Some(Activity::Active), Some(UnreachableReason::NoAddress)), Presence::Active);
        assert_eq!(derive(Some(Activity::Idle), None), Presence::Idle);
        assert_eq!(derive(None, None), Presence::Reachable);
        for reason in [UnreachableReason::NoAddress, UnreachableReason::Bounced, UnreachableReason::OptedOut]
        {
            assert_eq!(derive(None, Some(reason)), Presence::Unreachable(reason));
        }
    }
}
