//! What an unverified address gets in place of a copy: no word of the conversation, only a link to confirm and read.
//!
//! Anyone can type anyone's address into the panel. What the mail then says is ours and the site owner's alone, so that it
//! carries nobody's message to a stranger (SECURITY: mail bomb). There is no field here to put such text into.

use minijinja::context;

use crate::mail::Language::{self, English, French};
use crate::mail::brand::Brand;
use crate::mail::render::Frame;
use crate::mail::{Cause, Link, RenderError, Rendered};

/// The request to confirm an address.
#[derive(Clone, Copy, Debug)]
pub struct Confirm<'a> {
    /// The language.
    pub language: Language,
    /// The conversation's number.
    pub number: u32,
    /// The page where the address is confirmed and the copy read.
    pub link: &'a Link,
    /// Days that the link works.
    pub valid_days: u32,
    /// Where this address asks for no more mail.
    pub stop: Option<&'a Link>,
}

impl Confirm<'_> {
    /// Renders the mail.
    ///
    /// # Errors
    /// A template fails: a fault of ours.
    pub fn render(&self, brand: &Brand) -> Result<Rendered, RenderError> {
        let (language, site) = (self.language, &brand.name);
        let headline = match language {
            English => format!("Confirm your address to read your conversation with {site}"),
            French => format!("Confirmez votre adresse pour lire votre conversation avec {site}"),
        };
        let explanation = match language {
            English => format!(
                "Someone, most likely you, asked for a copy of a conversation with {site} to be sent to this address. \
                 Confirm that the address is yours, and you can read it."
            ),
            French => format!(
                "Quelqu’un, sans doute vous, a demandé qu’une copie d’une conversation avec {site} soit envoyée à cette \
                 adresse. Confirmez qu’elle est bien la vôtre, et vous pourrez la lire."
            ),
        };
        let otherwise = language.either(
            "Was it not you? Then simply ignore this e-mail: without your confirmation, nothing of the conversation is \
             sent to you.",
            "Ce n’était pas vous\u{202f}? Ignorez simplement cet e-mail\u{202f}: sans votre confirmation, rien de la \
             conversation ne vous sera envoyé.",
        );
        let reason = match language {
            English => {
                format!("You receive this e-mail because your address was entered in the chat of {site}.")
            }
            French => format!(
                "Vous recevez cet e-mail parce que votre adresse a été saisie dans le chat de {site}."
            ),
        };
        let frame = Frame {
            mail: "confirm",
            language,
            brand,
            agent: None,
            cause: Cause::Rule,
            headline,
            heading: language
                .either("Is this address yours?", "Cette adresse est-elle la vôtre\u{202f}?")
                .to_owned(),
            preheader: explanation.clone(),
            number: self.number,
            reason,
            button: language.either("Confirm and read", "Confirmer et lire"),
            link: self.link,
            notes: vec![language.valid_days(self.valid_days), otherwise.to_owned()],
            stop: self.stop,
        };
        frame.render(context! { explanation => explanation })
    }
}
