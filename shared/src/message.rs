//! What people write: the rule a text must keep, its last-line preview, and the links in it.
//!
//! Text is text (DESIGN 6): nothing here or later parses it as HTML. Attachments are left to later work.

use crate::limits;

/// Why a text cannot be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("the message is empty")]
    Empty,
    /// Longer than `limits::MESSAGE_CHARS`.
    #[error("the message is longer than 10000 characters")]
    TooLong,
}

/// Returns the text as it is stored: line ends made `\n`, control characters that no one types dropped, white space
/// at both ends trimmed.
///
/// # Errors
/// The text is empty or too long. Nothing is cut silently.
pub fn parse_text(raw: &str) -> Result<String, InvalidText> {
    let mut text = String::with_capacity(raw.len());
    let mut previous = ' ';
    for character in raw.trim().chars() {
        match character {
            '\r' => text.push('\n'),
            '\n' if previous == '\r' => {}
            '\n' | '\t' => text.push(character),
            _ if character.is_control() => {}
            _ => text.push(character),
        }
        previous = character;
    }
    // Dropping control characters can lay white space bare.
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidText::Empty);
    }
    if text.chars().count() > limits::MESSAGE_CHARS {
        return Err(InvalidText::TooLong);
    }
    Ok(text.to_owned())
}

/// Returns the first `limits::PREVIEW_CHARS` characters on one line, for lists.
#[must_use]
pub fn preview(text: &str) -> String {
    let mut line = String::new();
    let mut characters = 0;
    for word in text.split_whitespace() {
        if !line.is_empty() && characters < limits::PREVIEW_CHARS {
            line.push(' ');
            characters += 1;
        }
        for character in word.chars() {
            if characters >= limits::PREVIEW_CHARS {
                line.push('…');
                return line;
            }
            line.push(character);
            characters += 1;
        }
    }
    line
}

/// A stretch of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Plain text, shown as it is.
    Text(&'a str),
    /// A link: what was written, and where it leads. Only `https:`, `http:` and `mailto:` ever.
    Link {
        /// The text as written.
        text: &'a str,
        /// The address to open.
        href: String,
    },
}

/// Splits a text into plain stretches and links, in order; joined again they give the text.
///
/// A link starts with `https://`, `http://` or `www.` at the start of a word, or is a word with the shape of an e-mail
/// address, and ends before the punctuation that closes a sentence or a bracket that was not opened inside it.
#[must_use]
pub fn segments(text: &str) -> Vec<Segment<'_>> {
    let mut found = Vec::new();
    let mut plain_from = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let word_len = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let word = &rest[..word_len];
        let opening =
            word.len() - word.trim_start_matches(['(', '[', '<', '"', '\'', '«', '“', '‘', '*']).len();
        let candidate = trim_closing(&word[opening..]);
        if let Some(href) = target_of(candidate) {
            let start = at + opening;
            if plain_from < start {
                found.push(Segment::Text(&text[plain_from..start]));
            }
            found.push(Segment::Link { text: candidate, href });
            plain_from = start + candidate.len();
        }
        at += word_len;
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    if plain_from < text.len() {
        found.push(Segment::Text(&text[plain_from..]));
    }
    found
}

/// Drops what closes a sentence, a quotation or a bracket that was opened before the word.
fn trim_closing(word: &str) -> &str {
    // Counted once: ten thousand brackets in one word would otherwise be counted ten thousand times.
    let surplus =
        |open: char, close: char| word.matches(close).count().saturating_sub(word.matches(open).count());
    let (mut round, mut square) = (surplus('(', ')'), surplus('[', ']'));
    let take = |left: &mut usize| {
        let any = *left > 0;
        *left = left.saturating_sub(1);
        any
    };
    word.trim_end_matches(|last| match last {
        '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '»' | '”' | '’' | '…' | '*' | '>' => true,
        ')' => take(&mut round),
        ']' => take(&mut square),
        _ => false,
    })
}

fn target_of(word: &str) -> Option<String> {
    // Characters that would let a link pretend to be another one (bidirectional overrides, RFC 3987 §4.1).
    if word
        .chars()
        .any(|character| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '<' | '"'))
    {
        return None;
    }
    let after = |prefix: &str| {
        let (head, tail) = (word.get(..prefix.len())?, word.get(prefix.len()..)?);
        (head.eq_ignore_ascii_case(prefix) && tail.starts_with(char::is_alphanumeric)).then_some(tail)
    };
    if after("https://").is_some() || after("http://").is_some() {
        return Some(word.to_owned());
    }
    if after("www.").is_some_and(|host| host.contains('.')) {
        return Some(["https://", word].concat());
    }
    crate::contact::parse_email(word).ok().map(|address| ["mailto:", address.as_str()].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(text: &str) -> Vec<String> {
        let link = |segment| match segment {
            Segment::Link { href, .. } => Some(href),
            Segment::Text(_) => None,
        };
        segments(text).into_iter().filter_map(link).collect()
    }

    #[test]
    fn a_text_is_trimmed_normalised_and_bounded() {
        assert_eq!(parse_text("  hello\r\nworld\u{0} \n"), Ok("hello\nworld".to_owned()));
        assert_eq!(parse_text("a\rb\n\nc"), Ok("a\nb\n\nc".to_owned()));
        assert_eq!(parse_text(" \n\t "), Err(InvalidText::Empty));
        assert_eq!(parse_text("\u{7} \u{8}"), Err(InvalidText::Empty));
        assert_eq!(parse_text(&"é".repeat(limits::MESSAGE_CHARS)).map(|text| text.len()), Ok(20_000));
        assert_eq!(parse_text(&"é".repeat(limits::MESSAGE_CHARS + 1)), Err(InvalidText::TooLong));
    }

    #[test]
    fn a_preview_is_one_short_line() {
        assert_eq!(preview("one\n two"), "one two");
        let long = preview(&"word ".repeat(100));
        assert_eq!(long.chars().count(), limits::PREVIEW_CHARS + 1);
        assert!(long.ends_with('…'));
        let full = "x".repeat(limits::PREVIEW_CHARS);
        assert_eq!(preview(&full), full);
        assert_eq!(preview(&[&full, " more"].concat()), [&full, "…"].concat(), "no space before the sign");
    }

    #[test]
    fn links_are_found_where_people_write_them() {
        assert_eq!(links("see https://a.example/x?y=1#z."), ["https://a.example/x?y=1#z"]);
        assert_eq!(
            links("(http://a.example/b_(c)) and www.b.example, ok"),
            ["http://a.example/b_(c)", "https://www.b.example"]
        );
        assert_eq!(links("[(http://a.example/((([]).)))])!)"), ["http://a.example/((([]).))"]);
        assert_eq!(links("write to me@shop.example!"), ["mailto:me@shop.example"]);
        assert_eq!(links("« https://a.example »"), ["https://a.example"]);
    }

    #[test]
    fn nothing_else_becomes_a_link() {
        for text in
            ["javascript:alert(1)", "https://", "data:text/html,x", "www.", "a@b", "ftp://x.example", "1.5"]
        {
            assert_eq!(links(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(links("https://a.example/\u{202e}moc"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn segments_join_to_the_text(text in any::<String>()) {
            let joined: String = segments(&text)
                .into_iter()
                .map(|segment| match segment { Segment::Text(text) | Segment::Link { text, .. } => text })
                .collect();
            prop_assert_eq!(joined, text);
        }

        #[test]
        fn a_parsed_text_parses_to_itself(raw in any::<String>()) {
            if let Ok(text) = parse_text(&raw) {
                prop_assert_eq!(parse_text(&text), Ok(text));
            }
        }
    }
}
