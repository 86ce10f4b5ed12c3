//! How the desk names things. English only for now.

use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::entry::{Event, MailKind};
use causette_shared::presence::{Presence, UnreachableReason};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::ConversationSummary;
use causette_shared::protocol::contacts::ContactCard;

/// The name of a status.
#[must_use]
pub const fn status(status: Status) -> &'static str {
    match status {
        Status::New => "New",
        Status::Open => "Open",
        Status::Pending => "Pending",
        Status::OnHold => "On hold",
        Status::Solved => "Solved",
        Status::Closed => "Closed",
    }
}

/// What happened, in one line. `by` is who caused it, to begin the sentence with; empty where nobody did.
#[must_use]
pub fn happened(event: &Event, by: &str) -> String {
    let of = |to: &str| [" to ", to].concat();
    match event {
        Event::FormSubmitted { .. } => "The visitor introduced themselves".to_owned(),
        Event::ContactsLeft { .. } => "The visitor left their contacts".to_owned(),
        Event::Assigned { name, .. } => ["Assigned to ", name].concat(),
        Event::StatusChanged { status: to } => ["Status changed to ", status(*to)].concat(),
        Event::CopyRequested { email } => {
            [if by.is_empty() { "The visitor" } else { by }, " asked for a copy", &of(email)].concat()
        }
        Event::ChatEnded if by.is_empty() => "The chat was ended".to_owned(),
        Event::ChatEnded => [by, " ended the chat"].concat(),
        Event::Mailed { kind, to, .. } => [mail(*kind), " e-mailed", &of(to)].concat(),
        Event::MailFailed { to, reason } => ["The e-mail", &of(to), " failed: ", reason].concat(),
        Event::MailStopped => "The visitor wants no more e-mail for this conversation".to_owned(),
        Event::Resumed { devices } => {
            let came = "The visitor came back through the link in an e-mail";
            if *devices > 1 { format!("{came}, on device {devices} of that link") } else { came.to_owned() }
        }
        Event::LinksRevoked if by.is_empty() => "The links in earlier e-mails were taken back".to_owned(),
        Event::LinksRevoked => [by, " took back the links in earlier e-mails"].concat(),
        Event::Identified => "The site has confirmed who the visitor is".to_owned(),
    }
}

const fn mail(kind: MailKind) -> &'static str {
    match kind {
        MailKind::FollowUp => "Unseen replies",
        MailKind::Invite => "Invitation",
        MailKind::Tell => "Answer",
        MailKind::Transcript => "Copy of the conversation",
        MailKind::ConfirmCopy => "Question whether to send a copy",
        MailKind::NewLink => "New link",
    }
}

/// Where a visitor is, in one or two words.
#[must_use]
pub const fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Active => "Online",
        Presence::Idle => "Idle",
        Presence::Reachable | Presence::Unreachable(_) => "Left",
    }
}

/// Where a visitor is, with what that means for an answer.
#[must_use]
pub const fn presence_reason(presence: Presence) -> &'static str {
    match presence {
        Presence::Active => "On the page now",
        Presence::Idle => "On the page, idle",
        Presence::Reachable => "Left · reachable by e-mail",
        Presence::Unreachable(UnreachableReason::NoAddress) => "Left · cannot be reached: no address",
        Presence::Unreachable(UnreachableReason::Bounced) => "Left · cannot be reached: mail came back",
        Presence::Unreachable(UnreachableReason::OptedOut) => "Left · cannot be reached: wants no mail",
    }
}

/// Why no mail reaches a visitor.
#[must_use]
pub const fn unreachable(reason: UnreachableReason) -> &'static str {
    match reason {
        UnreachableReason::NoAddress => "The visitor gave no address.",
        UnreachableReason::Bounced => "Mail to their address came back.",
        UnreachableReason::OptedOut => "The visitor wants no e-mail.",
    }
}

/// The modifier that styles a presence.
#[must_use]
pub const fn presence_class(presence: Presence) -> &'static str {
    match presence {
        Presence::Active => "active",
        Presence::Idle => "idle",
        Presence::Reachable => "reachable",
        Presence::Unreachable(_) => "unreachable",
    }
}

/// What to call a visitor: the name, else the address, else "Visitor".
#[must_use]
pub fn person(contact: &Contact) -> String {
    contact.name.as_ref().or(contact.email.as_ref()).cloned().unwrap_or_else(|| "Visitor".to_owned())
}

/// What to call a contact: the name, else what else is known.
#[must_use]
pub fn contact(card: &ContactCard) -> String {
    let known = [&card.name, &card.email, &card.company, &card.phone];
    known.into_iter().flatten().next().cloned().unwrap_or_else(|| "Contact".to_owned())
}

/// The last line of a conversation, marked where it is an agent's: the row does not tell which one's.
#[must_use]
pub fn last_line(row: &ConversationSummary) -> String {
    match (row.preview.as_str(), row.preview_by_visitor) {
        // What a message of the chat never is, a mail can be: its files alone, or nothing but what it quotes.
        ("", true) if row.last_seq > 0 => "E-mail without text".to_owned(),
        ("", _) => "No messages yet".to_owned(),
        (line, true) => line.to_owned(),
        (line, false) => format!("Answered: {line}"),
    }
}

/// Up to two initials of a name; "?" where it has no letter or digit.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name
        .split(|character: char| character.is_whitespace() || character == '-')
        .filter_map(|word| word.chars().find(|character| character.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    let initials: String = first.into_iter().chain(last).flat_map(char::to_uppercase).collect();
    if initials.is_empty() { "?".to_owned() } else { initials }
}

/// One of `AVATAR_HUES` colours, the same for the same text everywhere.
#[must_use]
pub fn hue(text: &str) -> usize {
    let sum = text.bytes().fold(5381_u32, |sum, byte| sum.wrapping_mul(33) ^ u32::from(byte));
    sum as usize % AVATAR_HUES
}

/// How many colours avatars have in `avatar.css`.
pub const AVATAR_HUES: usize = 6;

/// The English name of a language, or its code where we have none.
#[must_use]
pub fn language(locale: &str) -> String {
    let code = locale.split(['-', '_']).next().unwrap_or(locale).to_ascii_lowercase();
    let name = match code.as_str() {
        "ar" => "Arabic",
        "de" => "German",
        "en" => "English",
        "es" => "Spanish",
        "fr" => "French",
        "he" => "Hebrew",
        "it" => "Italian",
        "ja" => "Japanese",
        "nl" => "Dutch",
        "pl" => "Polish",
        "pt" => "Portuguese",
        "ru" => "Russian",
        "tr" => "Turkish",
        "uk" => "Ukrainian",
        "zh" => "Chinese",
        _ => return locale.to_owned(),
    };
    if code.len() == locale.len() { name.to_owned() } else { format!("{name} ({locale})") }
}

/// The address of a mail to a person. Everything that could start another part of the address is escaped (RFC 6068).
#[must_use]
pub fn mailto(email: &str) -> String {
    let mut href = "mailto:".to_owned();
    for byte in email.bytes() {
        if byte.is_ascii_alphanumeric() || b"@.-_+".contains(&byte) {
            href.push(char::from(byte));
        } else {
            href.push_str(&format!("%{byte:02X}"));
        }
    }
    href
}

/// The address of a call: digits and a leading plus (RFC 3966).
#[must_use]
pub fn tel(phone: &str) -> String {
    let plus = if phone.trim_start().starts_with('+') { "+" } else { "" };
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    format!("tel:{plus}{digits}")
}

/// A wait, rounded up so that the person is not sent back too early.
#[must_use]
pub fn wait(millis: u32) -> String {
    let seconds = millis.div_ceil(1000).max(1);
    match seconds {
        1 => "1 second".to_owned(),
        2..=59 => format!("{seconds} seconds"),
        60..=119 => "about a minute".to_owned(),
        _ => format!("about {} minutes", seconds.div_ceil(60)),
    }
}

/// Why a message was refused, for the agent who wrote it.
#[must_use]
pub fn refusal(problem: &Problem) -> String {
    match problem.kind {
        ProblemKind::WrongState => "This conversation is closed.".to_owned(),
        ProblemKind::Invalid | ProblemKind::AnsweredMeanwhile if !problem.detail.is_empty() => {
            sentence(&problem.detail)
        }
        kind => kind.title().to_owned(),
    }
}

/// Makes a detail a sentence: upper case at its start, a full stop at its end.
#[must_use]
pub fn sentence(detail: &str) -> String {
    let mut characters = detail.chars();
    let mut text: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    text.push_str(characters.as_str());
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_person_is_called_by_the_best_we_know() {
        let mut contact = Contact::default();
        assert_eq!(person(&contact), "Visitor");
        contact.email = Some("ada@x.example".to_owned());
        assert_eq!(person(&contact), "ada@x.example");
        contact.name = Some("Ada".to_owned());
        assert_eq!(person(&contact), "Ada");
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn initials_come_from_the_first_and_the_last_name() {
        assert_eq!(initials("Ada Lovelace"), "AL");
        assert_eq!(initials("ada"), "A");
        assert_eq!(initials("Jean-Luc van der Berg"), "JB");
        assert_eq!(initials("李 小龍"), "李小");
        assert_eq!(initials("<img>"), "I");
        assert_eq!(initials(" … "), "?");
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn links_to_a_person_cannot_carry_more_than_the_person() {
        assert_eq!(mailto("a+b@x.example"), "mailto:a+b@x.example");
        assert_eq!(mailto("a?bcc=c&x@y.co"), "mailto:a%3Fbcc%3Dc%26x@y.co");
        assert_eq!(tel("+33 (1) 23-45"), "tel:+3312345");
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_refusal_is_a_sentence_and_names_who_answered() {
        let meanwhile = Problem::with_detail(ProblemKind::AnsweredMeanwhile, "bob has answered meanwhile");
        assert_eq!(refusal(&meanwhile), "Bob has answered meanwhile.");
        assert_eq!(refusal(&Problem::new(ProblemKind::WrongState)), "This conversation is closed.");
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn waits_are_rounded_up() {
        assert_eq!(wait(0), "1 second");
        assert_eq!(wait(1_001), "2 seconds");
        assert_eq!(wait(60_000), "about a minute");
        assert_eq!(wait(121_000), "about 3 minutes");
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn languages_have_names() {
        assert_eq!(language("fr"), "French");
        assert_eq!(language("pt-BR"), "Portuguese (pt-BR)");
        assert_eq!(language("xx"), "xx");
    }
}
