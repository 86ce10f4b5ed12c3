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
        Line::Solved => words.get(Text::StatusSolved),
        Line::Closed => words.get(Text::StatusClosed),
    };
    Some(el("p", "notice").text(text))
}
