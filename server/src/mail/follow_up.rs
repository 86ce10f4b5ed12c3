//! The mail that carries the conversation on: answers that the visitor has not seen, an agent's invitation, or the
//! answer that was promised to someone who left their contacts (DESIGN 3).

use causette_shared::time::Timestamp;
use minijinja::context;

use crate::mail::Language::{English, French};
use crate::mail::brand::Brand;
use crate::mail::render::{Frame, When, message, newest, quotation};
use crate::mail::words::{Wall, name};
use crate::mail::{Answer, Author, Cause, Link, Message, RenderError, Rendered};

/// Characters of the visitor's question (DESIGN 6).
pub const QUESTION_CHARS: usize = 500;
/// Bytes of answers in one mail, and how many: Gmail cuts a mail off at 102 kB of HTML.
const REPLIES_BYTES: usize = 60_000;
const REPLIES_MAX: usize = 50;

/// Why the mail is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion<'a> {
    /// The visitor has not seen the answers.
    Unseen,
    /// An agent writes to a visitor who left.
    Invite {
        /// The agent's name, as the visitor sees it.
        agent: &'a str,
        /// What they write; empty where the mail speaks for itself.
        text: &'a str,
    },
    /// The visitor left their contacts while nobody could answer, and now somebody has.
    Told,
}

/// What the visitor last wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The text; it is cut here.
    pub text: &'a str,
    /// When they wrote it.
    pub at: Timestamp,
}

/// A follow-up, an invite or a promised answer.
#[derive(Clone, Copy, Debug)]
pub struct FollowUp<'a> {
    /// Why it is sent.
    pub occasion: Occasion<'a>,
    /// Language and clock.
    pub wall: Wall,
    /// The conversation's number.
    pub number: u32,
    /// What the answers answer.
    pub question: Option<Question<'a>>,
    /// What the visitor has not seen, oldest first.
    pub replies: &'a [Message<'a>],
    /// The resume link.
    pub resume: &'a Link,
    /// Whether this mail can be answered.
    pub answer: Answer,
    /// Where mails about this conversation are stopped.
    pub stop: Option<&'a Link>,
}

impl FollowUp<'_> {
    /// Renders the mail.
    ///
    /// # Errors
    /// A template fails: a fault of ours.
    pub fn render(&self, brand: &Brand) -> Result<Rendered, RenderError> {
        let wall = self.wall;
        let (replies, left_out) = newest(self.replies, REPLIES_BYTES, REPLIES_MAX);
        let invitation = match self.occasion {
            Occasion::Invite { agent, text } if !text.trim().is_empty() => {
                Some(Message { author: Author::Agent(agent), at: Timestamp::default(), text, files: &[] })
            }
            _ => None,
        };
        let question = self.question.and_then(|question| {
            let lines = quotation(question.text, QUESTION_CHARS)?;
            Some(context! {
                label => wall.language.either("You wrote", "Vous avez écrit"),
                when => wall.moment(question.at),
                lines => lines,
            })
        });
        let preheader = invitation.as_ref().or(replies.first()).map_or("", |message| message.text);
        let content = context! {
            invitation => invitation.map(|text| message(&text, When::Now, wall, brand)),
            question => question,
            left_out => (left_out > 0).then(|| wall.language.left_out(left_out)),
            replies => replies.iter().map(|reply| message(reply, When::Moment, wall, brand)).collect::<Vec<_>>(),
        };
        let frame = Frame {
            mail: "follow_up",
            language: wall.language,
            brand,
            agent: self.speaker(),
            cause: if matches!(self.occasion, Occasion::Invite { .. }) { Cause::Agent } else { Cause::Rule },
            headline: self.headline(brand),
            heading: self.heading(brand),
            preheader: preheader.to_owned(),
            number: self.number,
            reason: self.reason(brand),
            button: wall.language.continue_conversation(),
            link: self.resume,
            notes: wall.language.answer_notes(self.answer),
            stop: self.stop,
        };
        frame.render(content)
    }

    /// The one agent who speaks, if there is one.
    fn speaker(&self) -> Option<&str> {
        if let Occasion::Invite { agent, .. } = self.occasion {
            return Some(agent);
        }
        let mut authors = self.replies.iter().map(|reply| reply.author);
        let Some(Author::Agent(first)) = authors.next() else {
            return None;
        };
        authors.all(|author| author == Author::Agent(first)).then_some(first)
    }

    /// The subject's beginning. That of an unseen answer names the site and never the agent, so that the mails of one
    /// conversation have one subject and stay one thread where mailboxes compare it.
    fn headline(&self, brand: &Brand) -> String {
        let site = &brand.name;
        match (self.wall.language, self.occasion) {
            (English, Occasion::Unseen) => format!("{site} answered you"),
            (French, Occasion::Unseen) => format!("{site} vous a répondu"),
            (English, Occasion::Told) => format!("{site} answered you, as promised"),
            (French, Occasion::Told) => format!("{site} vous a répondu, comme promis"),
            (English, Occasion::Invite { agent, .. }) => format!("{} ({site}) wrote to you", name(agent)),
            (French, Occasion::Invite { agent, .. }) => format!("{} ({site}) vous a écrit", name(agent)),
        }
    }

    fn heading(&self, brand: &Brand) -> String {
        let speaker = self.speaker().map(name).filter(|speaker| !speaker.is_empty());
        let speaker = speaker.unwrap_or_else(|| brand.name.clone());
        match (self.wall.language, self.occasion) {
            (English, Occasion::Unseen) => format!("{speaker} answered you"),
            (French, Occasion::Unseen) => format!("{speaker} vous a répondu"),
            (English, Occasion::Told) => "As promised, here is our answer".to_owned(),
            (French, Occasion::Told) => "Comme promis, voici notre réponse".to_owned(),
            (English, Occasion::Invite { .. }) => format!("{speaker} wrote to you"),
            (French, Occasion::Invite { .. }) => format!("{speaker} vous a écrit"),
        }
    }

    fn reason(&self, brand: &Brand) -> String {
        let site = &brand.name;
        match (self.wall.language, self.occasion) {
            (English, Occasion::Unseen) => {
                format!(
                    "You receive this e-mail because you wrote to {site} and had not yet seen this answer."
                )
            }
            (French, Occasion::Unseen) => format!(
                "Vous recevez cet e-mail parce que vous avez écrit à {site} et n’aviez pas encore vu cette réponse."
            ),
            (English, Occasion::Told) => format!(
                "You receive this e-mail because you left {site} your address, to be told when we answer."
            ),
            (French, Occasion::Told) => format!(
                "Vous recevez cet e-mail parce que vous avez laissé votre adresse à {site} pour connaître notre réponse."
            ),
            (English, Occasion::Invite { .. }) => {
                format!("You receive this e-mail because you have a conversation with {site}.")
            }
            (French, Occasion::Invite { .. }) => {
                format!("Vous recevez cet e-mail parce que vous avez une conversation en cours avec {site}.")
            }
        }
    }
}
