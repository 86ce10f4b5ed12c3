//! The numbered unit of work: its status and who may move it where (DESIGN 3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has taken it up yet.
    New,
    /// Somebody is on it.
    Open,
    /// Waits for the visitor.
    Pending,
    /// Waits for a third party.
    OnHold,
    /// Answered; a message of the visitor reopens it.
    Solved,
    /// Done for good; a message of the visitor begins a new conversation.
    Closed,
}

/// The status does not allow what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not possible while the conversation is {0}")]
pub struct InvalidTransition(pub Status);

impl Status {
    /// Every status, in the order of a conversation's life.
    pub const ALL: [Self; 6] =
        [Self::New, Self::Open, Self::Pending, Self::OnHold, Self::Solved, Self::Closed];

    /// The status after an agent's answer or an assignment: a new one is opened, the others stay.
    ///
    /// # Errors
    /// A closed conversation takes no answer.
    pub const fn taken_up(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::New => Ok(Self::Open),
            Self::Closed => Err(InvalidTransition(self)),
            other => Ok(other),
        }
    }

    /// The status after a message of the visitor: it reopens anything up to solved.
    ///
    /// # Errors
    /// The conversation is closed: the message belongs to a new one.
    pub const fn written_to(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::New => Ok(Self::New),
            Self::Closed => Err(InvalidTransition(self)),
            _ => Ok(Self::Open),
        }
    }

    /// Whether it takes one of its agent's slots.
    #[must_use]
    pub const fn holds_a_slot(self) -> bool {
        matches!(self, Self::Open)
    }

    /// The name in the database, in frames and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Pending => "pending",
            Self::OnHold => "on_hold",
            Self::Solved => "solved",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No status has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such status")]
pub struct UnknownStatus;

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitors_message_reopens_all_but_closed() {
        for status in Status::ALL {
            let expected = match status {
                Status::New => Ok(Status::New),
                Status::Closed => Err(InvalidTransition(Status::Closed)),
                _ => Ok(Status::Open),
            };
            assert_eq!(status.written_to(), expected);
        }
    }

    #[test]
    fn an_answer_opens_a_new_one_and_is_refused_when_closed() {
        assert_eq!(Status::New.taken_up(), Ok(Status::Open));
        assert_eq!(Status::Pending.taken_up(), Ok(Status::Pending));
        assert_eq!(Status::Closed.taken_up(), Err(InvalidTransition(Status::Closed)));
    }

    #[test]
    fn only_an_open_conversation_takes_a_slot() {
        assert_eq!(
            Status::ALL.into_iter().filter(|status| status.holds_a_slot()).collect::<Vec<_>>(),
            [Status::Open]
        );
    }

    #[test]
    fn names_read_back() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("Open".parse::<Status>(), Err(UnknownStatus));
    }
}
