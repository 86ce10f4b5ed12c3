//! Something that happened, said quietly between the messages.

use causette_shared::texts::Text;

use super::element::{El, el};
use crate::state::rows::Line;
use crate::words::Words;

/// Draws an event; `None` for a message.
#[must_use]
pub fn notice(line: &Line, words: &Words) -> Option<El> {
    let text = match line {
        Line::Message { .. } => return None,
        Line::Joined { name } => words.fill(Text::Joined, name),
        Line::Introduced => words.get(Text::Introduced),
        Line::ContactsLeft { by_email: true } => words.get(Text::ContactsLeft),
        Line::ContactsLeft { by_email: false } => words.get(Text::PhoneLeft),
        Line::CopyRequested { email } => words.fill(Text::CopyRequested, email),
        Line::Ended { by: Some(name) } => words.fill(Text::ChatEndedBy, name),
        Line::Ended { by: None } => words.get(Text::ChatEnded),
        Line::Mailed => words.get(Text::Mailed),
        Line::MailFailed => words.get(Text::MailFailed),
        Line::MailStopped => words.get(Text::MailStopped),
        Line::Solved => words.get(Text::StatusSolved),
        Line::Closed => words.get(Text::StatusClosed),
    };
    Some(el("p", "notice").text(text))
}
