//! What a visitor is told of the log of their conversation, in the panel and in mails.
//!
//! Whoever holds a session is not by that whoever writes mails into the conversation, nor the contact that an agent has
//! attached it to. So addresses stay with the agents, and so does what others than the visitor have sent by mail: the
//! address for answers may have been given to a service that sends secrets to it (the ticket trick, SECURITY).

use causette_shared::contact::Contact;
use causette_shared::entry::{Author, Body, Entry, Event, Mail, SenderCheck};

use crate::site::supported_locale;
use crate::store::conversation::Conversation;

/// Stands in for an address, as it does in what is told of the contact.
const WITHHELD: &str = "…";

/// Whether an entry may be quoted to the visitor as their own words or an answer to them.
#[must_use]
pub fn is_for_them(entry: &Entry, contact: &Contact) -> bool {
    match &entry.body {
        Body::Mail(mail) => mail.is_by(contact),
        Body::Message { .. } | Body::Event(_) => true,
    }
}

/// Returns an entry as the visitor is told it.
#[must_use]
pub fn told(entry: Entry, conversation: &Conversation) -> Entry {
    let body = match entry.body {
        Body::Mail(mail) => Body::Mail(told_mail(mail, conversation)),
        Body::Event(Event::Mailed { kind, upto, .. }) => {
            Body::Event(Event::Mailed { kind, to: WITHHELD.to_owned(), upto })
        }
        Body::Event(Event::MailFailed { .. }) => {
            Body::Event(Event::MailFailed { to: WITHHELD.to_owned(), reason: String::new() })
        }
        // An agent asked for it, for the contact that they have attached.
        Body::Event(Event::CopyRequested { .. }) if entry.author != Author::Visitor => {
            Body::Event(Event::CopyRequested { email: WITHHELD.to_owned() })
        }
        body @ (Body::Message { .. } | Body::Event(_)) => body,
    };
    Entry { body, ..entry }
}

fn told_mail(mail: Mail, conversation: &Conversation) -> Mail {
    let (from, sender) = (String::new(), SenderCheck::Unknown);
    if mail.is_by(&conversation.contact) {
        return Mail { from, sender, ..mail };
    }
    let text = if supported_locale(&conversation.locale) == "fr" {
        "Un e-mail est arrivé d’une autre adresse. Seule l’équipe peut le lire."
    } else {
        "An e-mail came from another address. Only the team can read it."
    };
    Mail { text: text.to_owned(), from, sender, is_cut: false, files: Vec::new() }
}
