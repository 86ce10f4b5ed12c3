//! The copy of the conversation: all that was written, with who and when. It goes only to an address that was verified,
//! or by an agent's act (DESIGN 6); any other address gets `confirm`.

use causette_shared::time::Timestamp;
use minijinja::{Value, context};

use crate::mail::Language::{English, French};
use crate::mail::brand::Brand;
use crate::mail::render::{Frame, When, message, newest};
use crate::mail::words::Wall;
use crate::mail::{Answer, Cause, Link, Message, RenderError, Rendered};

/// Bytes of text in one copy, and messages: about two hundred printed pages, and a mail that every server takes. Older
/// ones are counted in it and stand behind its link.
const TEXT_BYTES: usize = 500_000;
const MESSAGES_MAX: usize = 1_000;

/// A copy of the conversation.
#[derive(Clone, Copy, Debug)]
pub struct Transcript<'a> {
    /// Language and clock.
    pub wall: Wall,
    /// The conversation's number.
    pub number: u32,
    /// When the copy was made.
    pub at: Timestamp,
    /// What both sides wrote, oldest first; events and notes are not among it.
    pub messages: &'a [Message<'a>],
    /// The resume link.
    pub resume: &'a Link,
    /// Whether this mail can be answered.
    pub answer: Answer,
    /// Where mails about this conversation are stopped.
    pub stop: Option<&'a Link>,
}

impl Transcript<'_> {
    /// Renders the mail.
    ///
    /// # Errors
    /// A template fails: a fault of ours.
    pub fn render(&self, brand: &Brand) -> Result<Rendered, RenderError> {
        let (wall, language) = (self.wall, self.wall.language);
        let site = &brand.name;
        let (messages, left_out) = newest(self.messages, TEXT_BYTES, MESSAGES_MAX);
        let introduction = match language {
            English => format!(
                "Here is your copy of {}, as it stood on {}.",
                language.conversation(self.number),
                wall.moment(self.at)
            ),
            French => format!(
                "Voici la copie de votre {}, telle qu’elle était le {}.",
                language.conversation(self.number),
                wall.moment(self.at)
            ),
        };
        let heading = match language {
            English => format!("Your conversation with {site}"),
            French => format!("Votre conversation avec {site}"),
        };
        let reason = match language {
            English => {
                format!(
                    "You receive this e-mail because a copy of your conversation with {site} was requested."
                )
            }
            French => format!(
                "Vous recevez cet e-mail parce qu’une copie de votre conversation avec {site} a été demandée."
            ),
        };
        let zone = match language {
            English => format!("Times are given in {}.", wall.zone()),
            French => format!("Les heures sont indiquées en {}.", wall.zone()),
        };
        let mut notes = language.answer_notes(self.answer);
        notes.push(zone);
        let content = context! {
            introduction => introduction,
            left_out => (left_out > 0).then(|| language.left_out(left_out)),
            days => self.days(messages, brand),
        };
        let frame = Frame {
            mail: "transcript",
            language,
            brand,
            agent: None,
            cause: Cause::Rule,
            headline: heading.clone(),
            heading,
            preheader: introduction,
            number: self.number,
            reason,
            button: language.continue_conversation(),
            link: self.resume,
            notes,
            stop: self.stop,
        };
        frame.render(content)
    }

    /// Puts the messages under the days on which they were written.
    fn days(&self, messages: &[Message<'_>], brand: &Brand) -> Vec<Value> {
        let day = |message: &Message<'_>| self.wall.day(message.at);
        messages
            .chunk_by(|one, next| day(one) == day(next))
            .map(|same| {
                let shown: Vec<Value> =
                    same.iter().map(|one| message(one, When::Clock, self.wall, brand)).collect();
                context! { day => same.first().map(|first| self.wall.day_title(first.at)), messages => shown }
            })
            .collect()
    }
}
