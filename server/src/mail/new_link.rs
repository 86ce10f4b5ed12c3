//! A new resume link, asked for by whoever opened one that was spent or too old. It goes to the address that had the
//! old one, and holds no word of the conversation: the old link may have been anywhere.

use minijinja::context;

use crate::mail::Language::{self, English, French};
use crate::mail::brand::Brand;
use crate::mail::render::Frame;
use crate::mail::{Cause, Link, RenderError, Rendered};

/// A new resume link.
#[derive(Clone, Copy, Debug)]
pub struct NewLink<'a> {
    /// The language.
    pub language: Language,
    /// The conversation's number.
    pub number: u32,
    /// The resume link.
    pub resume: &'a Link,
    /// Days that the link works.
    pub valid_days: u32,
    /// Where mails about this conversation are stopped.
    pub stop: Option<&'a Link>,
}

impl NewLink<'_> {
    /// Renders the mail.
    ///
    /// # Errors
    /// A template fails: a fault of ours.
    pub fn render(&self, brand: &Brand) -> Result<Rendered, RenderError> {
        let (language, site) = (self.language, &brand.name);
        let headline = match language {
            English => format!("A new link to your conversation with {site}"),
            French => format!("Un nouveau lien vers votre conversation avec {site}"),
        };
        let explanation = language.either(
            "The link that was opened had been used up or had expired. This one takes you back to the same \
             conversation, on any device.",
            "Le lien qui a été ouvert avait déjà servi ou avait expiré. Celui-ci vous ramène à la même conversation, \
             sur l’appareil de votre choix.",
        );
        let otherwise = language.either(
            "You did not ask for it? Then simply ignore this e-mail: nothing changes in your conversation.",
            "Vous n’avez rien demandé\u{202f}? Ignorez simplement cet e-mail\u{202f}: rien ne change à votre \
             conversation.",
        );
        let reason = match language {
            English => format!(
                "You receive this e-mail because a new link to your conversation with {site} was requested."
            ),
            French => format!(
                "Vous recevez cet e-mail parce qu’un nouveau lien vers votre conversation avec {site} a été demandé."
            ),
        };
        let frame = Frame {
            mail: "new_link",
            language,
            brand,
            agent: None,
            cause: Cause::Rule,
            headline,
            heading: language.either("Here is your new link", "Voici votre nouveau lien").to_owned(),
            preheader: explanation.to_owned(),
            number: self.number,
            reason,
            button: language.continue_conversation(),
            link: self.resume,
            notes: vec![language.valid_days(self.valid_days), otherwise.to_owned()],
            stop: self.stop,
        };
        frame.render(context! { explanation => explanation })
    }
}
