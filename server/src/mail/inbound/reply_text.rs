//! The part of an answer that its writer wrote, parted from what their program put below it: the quotation of our mail,
//! a signature, "Sent from my phone".
//!
//! Only an end is ever folded away: what is visible and what is folded away, one behind the other, are the text. In doubt text stays
//! visible: whoever answers below or within a quotation is shown with the quotation, and a quotation that nothing stands above
//! is shown whole unless every line of it is marked. The rules were made against the public corpora of
//! crisp-oss/email-reply-parser, mailgun/talon and github/email_reply_parser; `tests/it/mail_inbound_corpora.rs` keeps the score.

use crate::mail::inbound::marker::{self, Header};

/// Lines that a signature behind its delimiter has at most; what is longer is text under a line of dashes.
const SIGNATURE_LINES: usize = 15;
/// Words by which people say that their answers stand within the quotation, where nothing else would show it.
const ANSWERS_WITHIN: &[&str] = &[
    "below",
    "inline",
    "in-line",
    "in line",
    "interleaved",
    "in red",
    "in blue",
    "in bold",
    "ci-dessous",
    "ci dessous",
    "dans le texte",
    "en rouge",
    "en bleu",
    "en gras",
    "im text",
    "unten",
    "in rot",
    "más abajo",
    "en rojo",
];
/// Characters up to which a visible part may be no more than such a remark.
const REMARK_CHARS: usize = 200;

/// A text in two parts: `visible` and `folded`, one behind the other, are all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'t> {
    /// What the writer wrote.
    pub visible: &'t str,
    /// Quotation and signature; empty if there is none.
    pub folded: &'t str,
}

/// Parts an answer. `quote_at` is the byte where a container of HTML said that the quotation begins, if one did.
#[must_use]
pub fn separate(text: &str, quote_at: Option<usize>) -> Reply<'_> {
    let lines = Lines::new(text);
    let end = visible_end(&lines, quote_at);
    let at = lines.start(end);
    // Blank lines between the two belong to neither; with the folded part they are out of sight.
    let at = text[..at].trim_end().len();
    let (visible, folded) = text.split_at(at);
    if folded.trim().is_empty() { Reply { visible: text, folded: "" } } else { Reply { visible, folded } }
}

struct Lines<'t> {
    text: &'t str,
    /// Start of each line in bytes, and the end of the text.
    starts: Vec<usize>,
    lines: Vec<&'t str>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let mut starts = Vec::new();
        let mut lines = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            starts.push(at);
            lines.push(line.trim_end_matches(['\n', '\r']));
            at += line.len();
        }
        starts.push(at);
        Self { text, starts, lines }
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    fn line_at(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start < byte).min(self.lines.len())
    }
}

fn visible_end(lines: &Lines<'_>, quote_at: Option<usize>) -> usize {
    let all = lines.lines.len();
    let headers = marker::headers(&lines.lines);
    let container = quote_at.map(|at| container_start(lines, at));
    let mut end = all;
    let unmarked = headers.iter().find(|header| header.begins_unmarked_quotation(&lines.lines));
    let unmarked = unmarked.map(|header| header.start).into_iter();
    let container = container.flatten().filter(|at| !marked_up_to_answer(lines, *at)).into_iter();
    for start in unmarked.chain(container) {
        let quotes_below = lines.lines[start.min(all)..].iter().any(|line| !line.trim().is_empty());
        if start < end && quotes_below && !nothing_said_before(lines, start) && !says_within(lines, start) {
            end = start;
        }
    }
    strip_tail(lines, end, &headers)
}

/// Where a container begins, unless what stands in it was forwarded: that is meant to be read.
fn container_start(lines: &Lines<'_>, at: usize) -> Option<usize> {
    let line = lines.line_at(at);
    let first = lines.lines[line.min(lines.lines.len())..].iter().find(|line| !line.trim().is_empty())?;
    (!marker::is_forwarded(first)).then_some(line)
}

/// Whether behind the marked lines of a container something unmarked follows, which may be an answer.
fn marked_up_to_answer(lines: &Lines<'_>, start: usize) -> bool {
    let rest = &lines.lines[start.min(lines.lines.len())..];
    let Some(last) = rest.iter().rposition(|line| marker::is_quoted(line)) else { return false };
    rest[last + 1..].iter().any(|line| !line.trim().is_empty())
}

fn nothing_said_before(lines: &Lines<'_>, end: usize) -> bool {
    lines.lines[..end].iter().all(|line| line.trim().is_empty() || marker::is_mobile_signature(line))
}

/// Whether what stands above says that the answers are within the quotation, or that one should look there.
fn says_within(lines: &Lines<'_>, end: usize) -> bool {
    let visible = lines.text[..lines.start(end)].trim();
    visible.chars().count() <= REMARK_CHARS && {
        let lower = visible.to_lowercase();
        ANSWERS_WITHIN.iter().any(|word| {
            lower.match_indices(word).any(|(at, _)| {
                let before = lower[..at].chars().next_back();
                let after = lower[at + word.len()..].chars().next();
                !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
            })
        })
    }
}

/// Takes marked quotations, the lines that introduce them, and signatures off the end, until none is left there.
fn strip_tail(lines: &Lines<'_>, mut end: usize, headers: &[Header]) -> usize {
    loop {
        while end > 0 && lines.lines[end - 1].trim().is_empty() {
            end -= 1;
        }
        let before = end;
        end = strip_quotation(lines, end, headers);
        end = strip_footer(lines, end);
        end = strip_signature(lines, end);
        if end == before {
            return end;
        }
    }
}

fn strip_quotation(lines: &Lines<'_>, end: usize, headers: &[Header]) -> usize {
    // Headers stand in order and do not overlap.
    let last_before = |line: usize| headers[..headers.partition_point(|header| header.end <= line)].last();
    // A line that introduces a quotation and stands last: the quotation itself is gone already, or there was none.
    if let Some(header) = last_before(end).filter(|header| header.end == end) {
        return header.start;
    }
    let mut start = end;
    while start > 0 && (marker::is_quoted(lines.lines[start - 1]) || lines.lines[start - 1].trim().is_empty())
    {
        start -= 1;
    }
    if !lines.lines[start..end].iter().any(|line| marker::is_quoted(line)) {
        return end;
    }
    if let Some(header) = last_before(start).filter(|header| header.end == start) {
        return header.start;
    }
    // "The page says:" and the words of the page are one.
    let above = start.checked_sub(1).map(|line| lines.lines[line].trim_end());
    if above.is_some_and(|line| line.ends_with(':')) { end } else { start }
}

fn strip_signature(lines: &Lines<'_>, end: usize) -> usize {
    if end > 0 && marker::is_mobile_signature(lines.lines[end - 1]) {
        let alone =
            end == 1 || lines.lines[end - 2].trim().is_empty() || marker::is_rule(lines.lines[end - 2]);
        let sure = marker::is_sure_mobile_signature(lines.lines[end - 1]);
        if alone || sure {
            return end - 1;
        }
    }
    let from = end.saturating_sub(SIGNATURE_LINES + 1);
    let delimiter = (from..end).rev().find(|at| {
        // Without its blank it may be a line that parts two thoughts: a signature begins with a name, not with a sentence.
        let next = lines.lines[at + 1..end].iter().map(|line| line.trim()).find(|line| !line.is_empty());
        let sentence =
            next.is_some_and(|line| line.ends_with(['.', '?', '!']) && line.split_whitespace().count() > 3);
        marker::is_signature_delimiter(lines.lines[*at]) && (lines.lines[*at].ends_with(' ') || !sentence)
    });
    match delimiter {
        Some(at) if !lines.lines[at..end].iter().any(|line| marker::is_quoted(line)) => at,
        _ => end,
    }
}

/// The lines that a mailing list or a scanner puts under a mail, behind a line of underscores, and a rule that is left over.
fn strip_footer(lines: &Lines<'_>, end: usize) -> usize {
    if end > 0 && marker::is_rule(lines.lines[end - 1]) && !nothing_said_before(lines, end - 1) {
        return end - 1;
    }
    let from = end.saturating_sub(6);
    let rule = (from..end).rev().find(|at| marker::is_underscores(lines.lines[*at]));
    match rule {
        Some(at) if lines.lines[at..end].iter().any(|line| marker::is_list_footer(line)) => at,
        _ => end,
    }
}
