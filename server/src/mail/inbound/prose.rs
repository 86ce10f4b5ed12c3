//! Bounces that hosts write in words of their own: qmail, Exim, Exchange, and what they were copied from.
//!
//! Read only where a mail is plainly one: a program sent it, it says so in its subject or first words, and it names an address.

use crate::mail::inbound::bounce::{Action, DIAGNOSTIC_CHARS, FAILURES, Failure, REPORT_BYTES, Status, cut};
use crate::mail::inbound::header::Header;
use crate::mail::inbound::html;
use crate::mail::inbound::mime::Parts;
use crate::mail::inbound::prose_words::{
    COPIES, INTRODUCTIONS, MAILBOX_FULL, NO_SUCH_ADDRESS, NO_SUCH_HOST, REPORTERS, STILL_TRYING, SUBJECTS,
};

/// Lines before the copy of the mail that are read.
const LINES: usize = 200;
/// Bytes of a line that are read.
const LINE_BYTES: usize = 1_000;

/// What a report in prose says.
pub struct Told {
    pub recipients: Vec<Failure>,
    pub original_message_id: Option<String>,
}

/// Reads a report in prose, if the mail plainly is one.
pub fn read(header: &Header<'_>, parts: &Parts<'_>) -> Option<Told> {
    if !from_a_program(header) || parts.leaves.iter().any(|part| part.media_type == "message/feedback-report")
    {
        return None;
    }
    let text = report(parts);
    let subject = header.text("subject").unwrap_or_default().to_lowercase();
    let failed: Vec<String> =
        header.addresses("x-failed-recipients").map(|(_, address)| address).take(FAILURES).collect();
    let (before, copy) = split_copy(&text);
    let lower = before.iter().map(|line| line.to_lowercase()).collect::<Vec<_>>().join(" ");
    let plainly = !failed.is_empty()
        || SUBJECTS.iter().any(|words| subject.contains(words))
        || INTRODUCTIONS.iter().any(|words| lower.contains(words));
    if !plainly {
        return None;
    }
    let action =
        if STILL_TRYING.iter().any(|words| lower.contains(words)) { Action::Delayed } else { Action::Failed };
    let mut recipients: Vec<Failure> = Vec::new();
    let named = named(&before);
    let addresses: Vec<(String, usize)> = if failed.is_empty() {
        named
    } else {
        let line = |address: &String| {
            named.iter().find(|(known, _)| known.eq_ignore_ascii_case(address)).map_or(0, |(_, line)| *line)
        };
        failed.iter().map(|address| (address.clone(), line(address))).collect()
    };
    for (address, line) in addresses {
        if recipients.len() == FAILURES
            || recipients.iter().any(|known| known.address.eq_ignore_ascii_case(&address))
        {
            continue;
        }
        let words = words_of_the_host(&before, line);
        let status = status(&words).or_else(|| status(&lower));
        let diagnostic = Some(cut(&words, DIAGNOSTIC_CHARS)).filter(|words| !words.is_empty());
        recipients.push(Failure { address: cut(&address, 254), action, status, diagnostic });
    }
    // Hosts also name whom they write to. Only where there is no other, a mail was sent to its own sender.
    let own: Vec<String> = header.addresses("to").map(|(_, address)| address).take(FAILURES).collect();
    let is_own = |failure: &Failure| own.iter().any(|address| address.eq_ignore_ascii_case(&failure.address));
    if recipients.iter().any(|failure| !is_own(failure)) {
        recipients.retain(|failure| !is_own(failure));
    }
    let original_message_id = copy.iter().find_map(|line| message_id(line));
    (!recipients.is_empty()).then_some(Told { recipients, original_message_id })
}

/// Reads from the words of a report what its fields left out.
pub fn complete(recipients: &mut [Failure], parts: &Parts<'_>) {
    if recipients.iter().all(|failure| failure.status.is_some()) {
        return;
    }
    let text = report(parts);
    let (before, _) = split_copy(&text);
    let told = status(&before.join(" "));
    for failure in recipients.iter_mut().filter(|failure| failure.status.is_none()) {
        failure.status = told;
    }
}

/// The status that a host's words tell: its own enhanced code, else what its three-digit code and its words mean.
pub fn status(words: &str) -> Option<Status> {
    let bytes = words.as_bytes();
    let starts = |at: usize| {
        at == 0
            || !(bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'.' | b'-' | b'@' | b'_'))
    };
    let enhanced = words.match_indices(['4', '5']).filter(|(at, _)| starts(*at)).find_map(|(at, _)| {
        let token: &str = words[at..].split(|c: char| !(c.is_ascii_digit() || c == '.')).next()?;
        let token = token.trim_end_matches('.');
        // An address of the network has four numbers.
        (token.matches('.').count() == 2).then(|| token.parse::<Status>().ok()).flatten()
    });
    let lower = words.to_lowercase();
    let says = |list: &[&str]| list.iter().any(|phrase| lower.contains(phrase));
    if let Some(status) = enhanced.filter(|status| status.subject != 0) {
        return Some(status);
    }
    let code = words.match_indices(['4', '5']).filter(|(at, _)| starts(*at)).find_map(|(at, _)| {
        let code = bytes.get(at..at + 3)?;
        // "550-5.1.1" and "550-No" go on after a hyphen; "555-1234" is a telephone.
        let rest = words.get(at + 3..).unwrap_or_default();
        let behind = rest.strip_prefix('-').unwrap_or_default();
        let number = behind.bytes().take_while(u8::is_ascii_digit).count();
        let continues = !behind.is_empty() && (number == 0 || behind[number..].starts_with('.'));
        let ends = rest.is_empty() || continues || rest.starts_with([' ', ':', ',', ';', ')', '\r', '\n']);
        (code.iter().all(u8::is_ascii_digit) && code[1] <= b'7' && ends).then_some(code[0] - b'0')
    });
    let (subject, detail) = match () {
        () if says(NO_SUCH_HOST) => (1, 2),
        () if says(MAILBOX_FULL) => (2, 2),
        () if says(NO_SUCH_ADDRESS) => (1, 1),
        () => (0, 0),
    };
    let class = enhanced.map(|status| status.class).or(code);
    // Words alone say why; that it is for good they say when the address does not exist.
    let class = class.or((subject == 1).then_some(5)).or((subject == 2).then_some(4));
    let class = class.or(lower.contains("permanent error").then_some(5))?;
    Some(Status { class, subject, detail })
}

fn from_a_program(header: &Header<'_>) -> bool {
    let empty_path = header.text("return-path").is_some_and(|path| path.replace(' ', "") == "<>");
    let reports = header.addresses("from").any(|(name, address)| {
        let local = address.split('@').next().unwrap_or_default().to_lowercase();
        let name = name.to_lowercase();
        REPORTERS.contains(&local.as_str())
            || name.contains("mail delivery")
            || name.contains("mailer-daemon")
            || name.contains("system administrator")
    });
    // Some daemons give no address that a parser takes.
    let bare = header.text("from").unwrap_or_default().to_lowercase();
    empty_path
        || reports
        || REPORTERS.iter().any(|name| bare.contains(name))
        || header.has("x-failed-recipients")
}

/// The readable text of a report.
fn report(parts: &Parts<'_>) -> String {
    let text =
        parts.leaves.iter().find(|part| part.media_type == "text/plain").map(|part| part.text(REPORT_BYTES));
    text.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| {
        let html = parts.leaves.iter().find(|part| part.media_type == "text/html");
        html.map(|part| html::to_text(&part.text(REPORT_BYTES)).text).unwrap_or_default()
    })
}

/// The lines of the report, and those of the copy of the mail behind it.
fn split_copy(text: &str) -> (Vec<&str>, Vec<&str>) {
    let lines: Vec<&str> = text.lines().map(short).collect();
    let copy = lines.iter().position(|line| {
        let lower = line.trim_start().to_lowercase();
        COPIES.iter().any(|words| {
            if words.ends_with(':') || words.starts_with("received") {
                lower.starts_with(words)
            } else {
                lower.contains(words)
            }
        })
    });
    let (before, copy) = lines.split_at(copy.unwrap_or(lines.len()));
    (before.iter().take(LINES).copied().collect(), copy.to_vec())
}

fn short(line: &str) -> &str {
    let mut end = line.len().min(LINE_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

/// The addresses that a report names as those it is about, each with its line.
fn named(lines: &[&str]) -> Vec<(String, usize)> {
    let mut alone = Vec::new();
    let mut within = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim();
        let found = addresses(trimmed);
        let Some(first) = found.first() else { continue };
        // A line of its own: "<ann@example.com>:", "  ann@example.com", "ann@example.com on 3 May".
        let bare = trimmed.trim_start_matches(['<', '>', '\'', '"', '*', '-', ' ']);
        if bare.len() >= first.len()
            && bare.is_char_boundary(first.len())
            && bare[..first.len()].eq_ignore_ascii_case(first)
        {
            alone.push((first.clone(), at));
        } else {
            let lower = trimmed.to_lowercase();
            let about = [
                "rcpt to",
                "recipient",
                "user",
                "mailbox",
                "address",
                "550",
                "to:",
                "deliver",
                "empfänger",
                "destinataire",
            ];
            if about.iter().any(|word| lower.contains(word)) {
                within.extend(found.into_iter().take(2).map(|address| (address, at)));
            }
        }
    }
    if alone.is_empty() { within } else { alone }
}

/// What looks like an address in a line.
fn addresses(line: &str) -> Vec<String> {
    let allowed = |c: char| {
        c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '=' | '/' | '!' | '#' | '%' | '&' | '$')
    };
    let words = line.split(|c: char| !(allowed(c) || c == '@'));
    words
        .map(|word| word.trim_matches(['.', '-', '=', '/']))
        .filter(|word| {
            let parts = word.split_once('@');
            parts.is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.contains('@') && domain.contains('.') && domain.len() > 3
            })
        })
        .map(str::to_owned)
        .collect()
}

/// What the host said of an address: the rest of its line and the lines that follow, up to an empty one.
fn words_of_the_host(lines: &[&str], line: usize) -> String {
    let own = lines.get(line).copied().unwrap_or_default().trim();
    let behind = own.split_once([':', ' ']).map(|(_, words)| words.trim()).unwrap_or_default();
    let following = lines.iter().skip(line + 1).map(|line| line.trim());
    // Some leave a line free between address and reason.
    let following: Vec<&str> =
        following.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).take(8).collect();
    format!("{behind} {}", following.join(" ")).trim().to_owned()
}

fn message_id(line: &str) -> Option<String> {
    let line = line.trim_start_matches(['>', ' ', '|', '\t']);
    let value =
        line.get(..11).filter(|name| name.eq_ignore_ascii_case("message-id:")).map(|_| line[11..].trim())?;
    let bare = value.strip_prefix('<')?.split('>').next()?;
    (bare.contains('@') && bare.len() <= 250).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_words_tell_a_status() {
        for (words, expected) in [
            ("550 5.1.1 <a@example.com>: Recipient address rejected", Some("5.1.1")),
            ("host mx [192.0.2.5] said: 550 user unknown", Some("5.1.1")),
            ("452 4.2.2 over quota", Some("4.2.2")),
            ("Sorry, no mailbox here by that name. (#5.1.1)", Some("5.1.1")),
            ("The mailbox is full", Some("4.2.2")),
            ("554 blocked", Some("5.0.0")),
            ("550 5.0.0 No such user", Some("5.1.1")),
            ("Host unknown", Some("5.1.2")),
            ("192.0.2.5 did not answer", None),
            ("call 555-1234 or 5.1.1.4", None),
            ("", None),
        ] {
            let told = status(words).map(|status| status.to_string());
            assert_eq!(told.as_deref(), expected, "{words}");
        }
    }
}
