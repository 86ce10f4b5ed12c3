//! Tags and entities of HTML, as mail programs write them.

use std::fmt::Write as _;

/// Characters of a tag that are looked at; only data in attributes makes longer ones.
const TAG_BYTES: usize = 4_000;
/// Classes and ids of the containers that mail programs put what is answered into.
const QUOTE_CONTAINERS: &[&str] = &[
    "gmail_quote",
    "gmail_quote_container",
    "gmail_extra",
    "yahoo_quoted",
    "moz-cite-prefix",
    "divrplyfwdmsg",
    "appendonsend",
    "mail-editor-reference-message-container",
    "ms-outlook-mobile-reference-message",
    "olk_src_body_section",
    "outlookmessageheader",
    "protonmail_quote",
    "tutanota_quote",
    "zmail_extra",
    "replysplit",
    "reply-intro",
    "stopspelling",
];
/// The rule that Outlook draws above the header of what is answered, in its usual colours.
const OUTLOOK_RULES: &[&str] = &["border-top:solid#e1e1e1", "border-top:solid#b5c4df"];

/// A tag of HTML.
pub(super) struct Tag<'x> {
    pub name: String,
    pub closes: bool,
    pub closes_itself: bool,
    attributes: &'x str,
    /// Bytes of the whole tag, from `<` to `>`.
    pub length: usize,
}

impl<'x> Tag<'x> {
    /// Reads the tag that the text begins with. One with an empty name is a comment, a declaration or the like.
    pub fn read(markup: &'x str, trust_quotes: &mut bool) -> Option<Self> {
        let inner = markup.strip_prefix('<')?;
        if let Some(comment) = inner.strip_prefix("!--") {
            let length = comment.find("-->").map_or(markup.len(), |end| end + 7);
            return Some(Self {
                name: String::new(),
                closes: false,
                closes_itself: false,
                attributes: "",
                length,
            });
        }
        let closes = inner.starts_with('/');
        let named = inner.strip_prefix('/').unwrap_or(inner);
        let first = named.chars().next()?;
        if !first.is_ascii_alphabetic() && first != '!' && first != '?' {
            return None;
        }
        let end = tag_end(markup, trust_quotes);
        let body = named[..].get(..end.saturating_sub(markup.len() - named.len() + 1)).unwrap_or(named);
        let name_end = body.find(|c: char| c.is_whitespace() || c == '/' || c == '>').unwrap_or(body.len());
        let mut attributes_end = body.len().min(name_end + TAG_BYTES);
        while !body.is_char_boundary(attributes_end) {
            attributes_end -= 1;
        }
        let name =
            if first.is_ascii_alphabetic() { body[..name_end].to_ascii_lowercase() } else { String::new() };
        Some(Self {
            name,
            closes,
            closes_itself: body.ends_with('/'),
            attributes: &body[name_end..attributes_end],
            length: end,
        })
    }

    /// The value of an attribute, as written.
    pub fn attribute(&self, wanted: &str) -> Option<&'x str> {
        let mut rest = self.attributes;
        while let Some(equals) = rest.find('=') {
            let name =
                rest[..equals].trim_end().rsplit(|c: char| c.is_whitespace() || c == '"' || c == '\'').next();
            let after = rest[equals + 1..].trim_start();
            let (value, behind) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let inner = &after[1..];
                    let end = inner.find(quote).unwrap_or(inner.len());
                    (&inner[..end], inner.get(end + 1..).unwrap_or_default())
                }
                _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
            if name.is_some_and(|name| name.eq_ignore_ascii_case(wanted)) {
                return Some(value);
            }
            rest = behind;
        }
        None
    }

    fn style(&self) -> String {
        let style = self.attribute("style").unwrap_or_default();
        style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
    }

    pub fn hidden(&self) -> bool {
        !self.closes && self.attributes.contains("display") && self.style().contains("display:none")
    }

    /// A block quote that only moves text to the right, as the editors of some mail programs make them.
    pub fn only_indents(&self) -> bool {
        let style = self.style();
        style.contains("margin:00040px") && !style.contains("border-left")
    }

    pub fn contains_quotation(&self) -> bool {
        let named = ["class", "id"].iter().filter_map(|name| self.attribute(name));
        let known = named.flat_map(str::split_whitespace).any(|word| {
            let word = word.to_ascii_lowercase();
            // Programs that rewrite mail put a word of their own in front: "x_divRplyFwdMsg".
            let bare = word.trim_start_matches("x_");
            QUOTE_CONTAINERS.contains(&bare)
        });
        known
            || (self.name == "div" && {
                let style = self.style();
                OUTLOOK_RULES.iter().any(|rule| style.contains(rule))
            })
    }
}

/// The end of the tag that the text begins with, behind its `>`: one within quotes does not count. Quotes that do not end
/// are no longer looked at, in this tag and in all that follow: else each of them would be searched for its end.
fn tag_end(markup: &str, trust_quotes: &mut bool) -> usize {
    let mut quote = None;
    for (at, byte) in markup.bytes().enumerate().take(TAG_BYTES * 16) {
        if !*trust_quotes {
            break;
        }
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') if markup[..at].trim_end().ends_with('=') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    *trust_quotes = quote.is_none();
    markup.find('>').map_or(markup.len(), |at| at + 1)
}

/// Decodes the entities that occur in mail; one that is not known stays as it is.
pub(super) fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let window = rest.as_bytes().iter().take(12).position(|byte| *byte == b';');
        let decoded = window.and_then(|end| Some((entity(rest.get(1..end)?)?, end)));
        if let Some((c, end)) = decoded {
            let _ = out.write_char(c);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    // mail-parser knows them all; a name that it does not know comes back as it was.
    let written = format!("&{name};");
    let decoded = mail_parser::decoders::html::html_to_text(&written);
    if name == "nbsp" {
        return Some('\u{a0}');
    }
    let mut chars = decoded.trim_end_matches(['\r', '\n']).chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Some(c),
        _ => None,
    }
}
