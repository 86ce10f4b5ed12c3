//! How the desk names what has to do with mail. English only for now.

use std::borrow::Cow;

use causette_shared::contact::Contact;
use causette_shared::entry::{Mail, MailKind, SenderCheck};
use causette_shared::protocol::outbox::RetriedAll;
use causette_shared::time::Timestamp;

/// What a file is, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A picture.
    Picture,
    /// Something to hear.
    Sound,
    /// A film.
    Film,
    /// Files in one.
    Archive,
    /// A text, a table, anything to read.
    Document,
    /// Anything else.
    Other,
}

/// What a media type is, roughly.
#[must_use]
pub fn file_kind(media_type: &str) -> FileKind {
    let (main, sub) = media_type.split_once('/').unwrap_or((media_type, ""));
    let has = |words: &[&str]| words.iter().any(|word| sub.contains(word));
    match main {
        "image" => FileKind::Picture,
        "audio" => FileKind::Sound,
        "video" => FileKind::Film,
        "text" => FileKind::Document,
        _ if has(&["zip", "tar", "compressed", "7z", "rar"]) && !has(&["document"]) => FileKind::Archive,
        _ if has(&["pdf", "document", "word", "sheet", "excel", "presentation", "powerpoint", "rtf"]) => {
            FileKind::Document
        }
        _ => FileKind::Other,
    }
}

/// The name of such a kind.
#[must_use]
pub const fn file_kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Picture => "Picture",
        FileKind::Sound => "Sound",
        FileKind::Film => "Film",
        FileKind::Archive => "Archive",
        FileKind::Document => "Document",
        FileKind::Other => "File",
    }
}

/// A file's name as it can be shown: without the characters that turn the direction of text, by which `fdp.exe` can be
/// made to look like `exe.pdf` (Unicode TR 36 §2.10.2), and without control characters.
#[must_use]
pub fn file_name(name: &str) -> Cow<'_, str> {
    let is_hidden = |character: char| {
        character.is_control()
            || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let shown: Cow<'_, str> = match name.contains(is_hidden) {
        true => Cow::Owned(name.replace(is_hidden, "")),
        false => Cow::Borrowed(name),
    };
    if shown.trim().is_empty() { Cow::Borrowed("File without a name") } else { shown }
}

/// A size as people say it: "1 byte", "812 bytes", "14 kB", "3.4 MB". Powers of ten, as file managers and mail providers
/// count; rounded up, so that nothing is said to be empty that is not.
#[must_use]
pub fn size(bytes: u32) -> String {
    let (unit, name) = match bytes {
        1 => return "1 byte".to_owned(),
        0..=999 => return [&bytes.to_string(), " bytes"].concat(),
        1_000..=999_000 => (1_000, " kB"),
        999_001..=999_900_000 => (1_000_000, " MB"),
        _ => (1_000_000_000, " GB"),
    };
    let tenths = bytes.div_ceil(unit / 10);
    let rounded = if tenths >= 100 || tenths.is_multiple_of(10) || unit == 1_000 {
        bytes.div_ceil(unit).to_string()
    } else {
        [(tenths / 10).to_string(), (tenths % 10).to_string()].join(".")
    };
    [&rounded, name].concat()
}

/// What is said of a mail's sender beside their address.
#[must_use]
pub const fn check(check: SenderCheck) -> &'static str {
    match check {
        SenderCheck::Passed => "sender verified",
        SenderCheck::Unknown => "sender not verified",
        SenderCheck::Failed => "sender not genuine",
    }
}

/// Whose name stands over a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The visitor's: it names their address, and the address's domain does not disown it.
    Visitor,
    /// Only the address that it names: anybody else's, or one that it only pretends to have.
    Address {
        /// Whether the visitor is known under another address.
        is_other: bool,
    },
}

/// Says whose name may stand over a mail.
#[must_use]
pub fn sender(mail: &Mail, contact: &Contact) -> Sender {
    let is_theirs =
        contact.email.as_ref().is_some_and(|email| email.to_lowercase() == mail.from.to_lowercase());
    match mail.sender {
        SenderCheck::Passed | SenderCheck::Unknown if is_theirs => Sender::Visitor,
        _ => Sender::Address { is_other: contact.email.is_some() && !is_theirs },
    }
}

/// Whether the visitor is shown a mail, too: what anybody else sends to a conversation's address is for agents alone, and so
/// is what only pretends to be theirs.
#[must_use]
pub fn is_shown_to_visitor(mail: &Mail, contact: &Contact) -> bool {
    contact.email_verified && sender(mail, contact) == Sender::Visitor
}

/// What a mail was for.
#[must_use]
pub const fn kind(kind: MailKind) -> &'static str {
    match kind {
        MailKind::FollowUp => "Unseen replies",
        MailKind::Invite => "Invitation",
        MailKind::Tell => "Answer",
        MailKind::Transcript => "Copy of the conversation",
        MailKind::ConfirmCopy => "Question whether to send a copy",
        MailKind::NewLink => "New link",
    }
}

/// "1 mail", "3 mails".
#[must_use]
pub fn mails(count: u32) -> String {
    counted(count, "mail", "mails")
}

/// A count with its noun.
#[must_use]
pub fn counted(count: u32, one: &str, more: &str) -> String {
    [count.to_string().as_str(), " ", if count == 1 { one } else { more }].concat()
}

/// When something is due: "now", "in 42 s", "in 5 min", "in 3 h".
#[must_use]
pub fn due(now: Timestamp, at: Timestamp) -> String {
    let seconds = at.since(now).as_secs();
    match seconds {
        0 => "now".to_owned(),
        1..=89 => ["in ", &seconds.to_string(), " s"].concat(),
        90..=5_399 => ["in ", &(seconds / 60).to_string(), " min"].concat(),
        _ => ["in ", &(seconds / 3_600).to_string(), " h"].concat(),
    }
}

/// What to say after all were tried again.
#[must_use]
pub fn retried(done: RetriedAll) -> String {
    let again = match done.retried {
        0 => "No mail could be tried again.".to_owned(),
        1 => "1 mail is tried again now.".to_owned(),
        count => [&count.to_string(), " mails are tried again now."].concat(),
    };
    match done.left {
        0 => again,
        1 => [&again, " 1 is left."].concat(),
        count => [&again, " ", &count.to_string(), " are left."].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn sizes_are_said_as_people_do_and_never_too_small() {
        let said = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1 kB"),
            (1_001, "2 kB"),
            (13_400, "14 kB"),
            (999_000, "999 kB"),
            (999_001, "1 MB"),
            (1_000_001, "1.1 MB"),
            (3_400_000, "3.4 MB"),
            (9_900_001, "10 MB"),
            (10_000_000, "10 MB"),
            (999_900_000, "1000 MB"),
            (999_900_001, "1 GB"),
            (u32::MAX, "4.3 GB"),
        ];
        for (bytes, words) in said {
            assert_eq!(size(bytes), words, "{bytes}");
        }
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_name_cannot_hide_its_ending() {
        assert_eq!(file_name("invoice\u{202e}fdp.exe"), "invoicefdp.exe");
        assert_eq!(file_name("a\u{2066}b\u{200f}\n.pdf"), "ab.pdf");
        assert_eq!(file_name(" \u{202e}"), "File without a name");
        assert_eq!(file_name("Été à Nîmes – قائمة.pdf"), "Été à Nîmes – قائمة.pdf");
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn what_was_sniffed_decides_the_kind() {
        let kinds = [
            ("image/png", FileKind::Picture),
            ("application/pdf", FileKind::Document),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", FileKind::Document),
            ("application/zip", FileKind::Archive),
            ("application/x-7z-compressed", FileKind::Archive),
            ("video/mp4", FileKind::Film),
            ("audio/ogg", FileKind::Sound),
            ("text/csv", FileKind::Document),
            ("application/octet-stream", FileKind::Other),
            ("", FileKind::Other),
        ];
        for (media_type, kind) in kinds {
            assert_eq!(file_kind(media_type), kind, "{media_type}");
        }
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_name_stands_over_a_mail_only_where_it_can_be_theirs() {
        let mail = |from: &str, sender| Mail {
            text: String::new(),
            from: from.to_owned(),
            sender,
            is_cut: false,
            files: vec![],
        };
        let ada = Contact { email: Some("Ada@x.example".to_owned()), ..Contact::default() };
        let proved = Contact { email_verified: true, ..ada.clone() };
        let other = |is_other| Sender::Address { is_other };
        assert!(is_shown_to_visitor(&mail("ada@x.example", SenderCheck::Unknown), &proved));
        assert!(!is_shown_to_visitor(&mail("ada@x.example", SenderCheck::Passed), &ada));
        assert!(!is_shown_to_visitor(&mail("eve@x.example", SenderCheck::Passed), &proved));
        assert!(!is_shown_to_visitor(&mail("ada@x.example", SenderCheck::Failed), &proved));
        for check in [SenderCheck::Passed, SenderCheck::Unknown] {
            assert_eq!(sender(&mail("ada@X.example", check), &ada), Sender::Visitor);
            assert_eq!(sender(&mail("eve@x.example", check), &ada), other(true));
            assert_eq!(sender(&mail("ada@x.example", check), &Contact::default()), other(false));
        }
        assert_eq!(sender(&mail("ada@x.example", SenderCheck::Failed), &ada), other(false));
        assert_eq!(sender(&mail("eve@x.example", SenderCheck::Failed), &ada), other(true));
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn what_is_due_and_what_was_tried_is_said() {
        let now = Timestamp(1_000_000);
        let at = |seconds: i64| Timestamp(now.0 + seconds * 1_000);
        assert_eq!(due(now, at(-5)), "now");
        assert_eq!(due(now, at(89)), "in 89 s");
        assert_eq!(due(now, at(90)), "in 1 min");
        assert_eq!(due(now, at(5_400)), "in 1 h");
        assert_eq!(mails(1), "1 mail");
        assert_eq!(retried(RetriedAll { retried: 1, left: 0 }), "1 mail is tried again now.");
        let some = RetriedAll { retried: 20, left: 2 };
        assert_eq!(retried(some), "20 mails are tried again now. 2 are left.");
        let none = RetriedAll { retried: 0, left: 1 };
        assert_eq!(retried(none), "No mail could be tried again. 1 is left.");
    }
}
