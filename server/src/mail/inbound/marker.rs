//! What the lines of an answer are: quoted, the header of a quotation, a signature. In the languages of the mail programs
//! that people use; each rule asks for several signs at once, because people write lines that begin with "On" as well.

use crate::mail::inbound::words::{DEVICES, FORWARDED, LABELS, Label, MOBILE, OPENERS, ORIGINAL, WROTE};
use crate::mail::reply_address;

/// Lines over which the header of a quotation is wrapped at most.
const HEADER_LINES: usize = 4;
/// Bytes of such a header; a longer line is prose.
const HEADER_BYTES: usize = 500;
/// Lines of a block of labels that are looked at.
const BLOCK_LINES: usize = 14;

/// The lines that introduce a quotation: `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its first line.
    pub start: usize,
    /// The line behind its last.
    pub end: usize,
}

impl Header {
    /// Whether what follows is the quotation without marks of its own, so that nothing tells where it ends.
    #[must_use]
    pub fn begins_unmarked_quotation(&self, lines: &[&str]) -> bool {
        let next = lines[self.end..].iter().find(|line| !line.trim().is_empty());
        next.is_some_and(|line| !is_quoted(line))
    }
}

/// Finds the headers of quotations, in order. Those within a marked quotation belong to it and are not among them.
#[must_use]
pub fn headers(lines: &[&str]) -> Vec<Header> {
    let mut found: Vec<Header> = Vec::new();
    let mut after_forward = false;
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if line.trim().is_empty() {
            at += 1;
            continue;
        }
        let forwarded = std::mem::replace(&mut after_forward, is_forwarded(line));
        let from = found.last().map_or(0, |header| header.end);
        let header = if is_original_separator(line) {
            Some(Header { start: at, end: at + 1 })
        } else {
            block(lines, at).filter(|_| !forwarded).or_else(|| attribution(lines, at, from))
        };
        if let Some(mut header) = header {
            while header.start > from
                && (is_rule(lines[header.start - 1]) || lines[header.start - 1].trim().is_empty())
            {
                header.start -= 1;
            }
            // The rule between belongs to it, blank lines before the rule do not matter.
            at = header.end;
            found.push(header);
        } else {
            at += 1;
        }
    }
    found
}

/// A line of a marked quotation.
#[must_use]
pub fn is_quoted(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('>') && !line.starts_with(">:")
}

/// A line of dashes, underscores or the like.
#[must_use]
pub fn is_rule(line: &str) -> bool {
    let line = line.trim().trim_matches('*');
    line.chars().count() >= 4 && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '—' | '–' | '─' | '~'))
}

/// A line of underscores, as mailing lists draw it.
#[must_use]
pub fn is_underscores(line: &str) -> bool {
    line.trim().len() >= 2 && line.trim().bytes().all(|byte| byte == b'_')
}

/// A line that only stands under what a mailing list passes on.
#[must_use]
pub fn is_list_footer(line: &str) -> bool {
    let lower = line.to_lowercase();
    ["mailing list", "listinfo", "unsubscribe", "groups.google", "liste de diffusion"]
        .iter()
        .any(|word| lower.contains(word))
}

/// The line above a signature (RFC 3676 §4.3), also where its last blank was lost on the way.
#[must_use]
pub fn is_signature_delimiter(line: &str) -> bool {
    line.trim_end() == "--"
}

/// What a telephone or a mail program puts under a mail.
#[must_use]
pub fn is_mobile_signature(line: &str) -> bool {
    let line = bare(line);
    // A sentence ends like one; these do not.
    if line.is_empty() || line.chars().count() > 120 || line.ends_with(['.', '!', '?', ':', ',']) {
        return false;
    }
    let lower = line.to_lowercase();
    MOBILE.iter().any(|start| lower.starts_with(start))
}

/// One that names the device or program: it needs no empty line above.
#[must_use]
pub fn is_sure_mobile_signature(line: &str) -> bool {
    let lower = line.to_lowercase();
    is_mobile_signature(line) && DEVICES.iter().any(|name| lower.contains(name))
}

/// A line above something that was forwarded.
#[must_use]
pub fn is_forwarded(line: &str) -> bool {
    let lower = bare(line).to_lowercase();
    lower.len() <= HEADER_BYTES
        && (lower.starts_with('-') || lower.ends_with(':') || lower.ends_with('-'))
        && FORWARDED.iter().any(|words| lower.contains(words))
}

fn is_original_separator(line: &str) -> bool {
    let line = bare(line);
    if line.len() > 120 || is_quoted(line) || !(line.starts_with("--") || line.starts_with('_')) {
        return false;
    }
    let inner = line.trim_matches(|c: char| matches!(c, '-' | '_' | ' ' | '—')).to_lowercase();
    let between = line.ends_with('-') || line.ends_with('_');
    ORIGINAL.iter().any(|words| inner.starts_with(words))
        // Android: "---- Ann wrote ----".
        || (between && WROTE.iter().any(|verb| inner.ends_with(verb)))
}

/// A block of labels: who, when, to whom, about what. At least three of them with the sender among them, two behind a rule; and an
/// address, a time of day or a subject, since "From: Paris, To: London, Date: 3 May" is a question to a railway.
fn block(lines: &[&str], start: usize) -> Option<Header> {
    label(lines[start])?;
    let mut seen: Vec<Label> = Vec::new();
    let (mut end, mut unlabelled, mut addressed, mut ours, mut pairs) = (start, 0, false, false, 0);
    let mut dated = false;
    for (at, line) in lines.iter().enumerate().skip(start).take(BLOCK_LINES) {
        if is_quoted(line) {
            break;
        }
        match label(line) {
            Some(kind) => {
                // The same label again is a second block.
                if kind == Label::From && seen.contains(&Label::From) {
                    break;
                }
                if kind == Label::Date {
                    // Windows Mail puts marks of direction between the digits.
                    let plain = line.replace(['\u{200e}', '\u{200f}'], "");
                    dated |= has_year(&plain) && has_time(&plain);
                }
                if !seen.contains(&kind) {
                    seen.push(kind);
                }
                (end, unlabelled) = (at + 1, 0);
            }
            None => unlabelled += 1,
        }
        if unlabelled > 2 {
            break;
        }
        pairs += usize::from(line.contains(':'));
        addressed |= line.contains('@');
        ours |= reply_address::looks_mentioned(line);
    }
    let ruled =
        lines[..start].iter().rev().find(|line| !line.trim().is_empty()).is_some_and(|line| is_rule(line));
    let has = |kind| seen.contains(&kind);
    let main = seen.iter().filter(|kind| **kind != Label::Copy).count();
    let enough = main >= if ruled { 2 } else { 3 };
    let known = has(Label::From) && enough && (addressed || dated || has(Label::Subject));
    (known || (ours && pairs >= 3 && main >= 2)).then_some(Header { start, end })
}

fn label(line: &str) -> Option<Label> {
    let line = bare(line);
    let (at, colon) = line.char_indices().take(30).find(|(_, c)| matches!(c, ':' | '：'))?;
    let name = line[..at]
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '\u{a0}'))
        .to_lowercase();
    // "From:" alone is a heading of the writer's own.
    let value = line[at + colon.len_utf8()..].trim_matches(|c: char| c.is_whitespace() || c == '*');
    let kind = LABELS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(kind, _)| *kind)?;
    (kind != Label::From || !value.is_empty()).then_some(kind)
}

/// "On 3 May 2026 at 10:12, Ann <ann@example.com> wrote:", whose last line is `last`; it does not reach above `from`.
fn attribution(lines: &[&str], last: usize, from: usize) -> Option<Header> {
    let ending = lines[last]
        .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '-' | '>' | '\u{a0}'));
    let lower = ending.to_lowercase();
    let ends = ending.ends_with([':', '：']) || WROTE.iter().any(|verb| lower.ends_with(verb));
    if !ends || is_quoted(lines[last]) || ending.len() > HEADER_BYTES {
        return None;
    }
    let mut joined = String::new();
    let (mut dated, mut addressed) = (None, None);
    for start in (from..=last).rev().take(HEADER_LINES) {
        let line = lines[start].trim();
        if line.is_empty() || is_quoted(line) {
            break;
        }
        joined =
            if joined.is_empty() { line.to_lowercase() } else { format!("{} {joined}", line.to_lowercase()) };
        if joined.len() > HEADER_BYTES {
            break;
        }
        let header = Some(Header { start, end: last + 1 });
        let text = bare(&joined);
        let (year, time, address) = (has_year(text), has_time(text), has_address(text));
        if !(year || time || address) {
            continue;
        }
        let wrote = WROTE.iter().any(|verb| text.contains(verb));
        let opened =
            OPENERS.iter().any(|opener| text.trim_start_matches('-').trim_start().starts_with(opener));
        if wrote && opened && text.contains(|c: char| c.is_ascii_digit()) {
            return header;
        }
        let colon = ending.ends_with([':', '：']);
        if dated.is_none() && year && time && (wrote || (colon && address)) {
            dated = header;
        }
        if addressed.is_none()
            && address
            && ((wrote && text.contains('<')) || (colon && reply_address::looks_mentioned(text)))
        {
            addressed = header;
        }
    }
    dated.or(addressed)
}

/// The line without the marks that stand for bold or italics, and without blanks around.
fn bare(line: &str) -> &str {
    line.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '_' | '\u{a0}' | '\u{200e}' | '\u{200f}')
    })
}

fn has_year(text: &str) -> bool {
    digits(text).any(|(run, _)| run.len() == 4 && (run.starts_with("19") || run.starts_with("20")))
}

/// Two or fewer digits, a colon, point or "h", and two digits.
fn has_time(text: &str) -> bool {
    digits(text).any(|(run, rest)| {
        let after = rest.strip_prefix([':', '.', 'h']).unwrap_or_default();
        run.len() <= 2 && after.bytes().take_while(u8::is_ascii_digit).count() == 2
    })
}

fn has_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + 1..].chars().next();
        before.is_some_and(|c| !c.is_whitespace()) && after.is_some_and(char::is_alphanumeric)
    })
}

/// The runs of digits in a text, each with what follows it.
fn digits(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let bytes = text.as_bytes();
    let starts = (0..bytes.len())
        .filter(move |at| bytes[*at].is_ascii_digit() && (*at == 0 || !bytes[*at - 1].is_ascii_digit()));
    starts.map(move |start| {
        let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (&text[start..start + length], &text[start + length..])
    })
}
