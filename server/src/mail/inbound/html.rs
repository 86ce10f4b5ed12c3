//! HTML mail as text: what a reader would see, in lines, with quotations marked the way plain mail marks them.
//!
//! Nothing is rendered, fetched or kept of the markup. One pass, in time and memory proportional to the input. A quotation
//! that the writer's program put into a container that is known by name is told by its place, because the line above it may
//! be in any language.

use std::fmt::Write as _;

/// Levels of `>` that are written at most.
const QUOTE_LEVELS: usize = 6;
/// Elements that can be open at once; what is nested deeper is read as if it stood beside.
const OPEN_ELEMENTS: usize = 500;
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
/// Elements that begin and end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];
/// Blocks with an empty line around them.
const PARAGRAPHS: &[&str] = &["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"];
/// Elements whose content is not for reading.
const UNSEEN: &[&str] =
    &["head", "style", "script", "title", "noscript", "template", "object", "svg", "select"];
/// Elements without content, which are never closed.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"];

/// What an HTML body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct HtmlText {
    /// The text, in lines that end with a line feed.
    pub text: String,
    /// Where in the text the first quotation container begins, in bytes.
    pub quote_at: Option<usize>,
}

struct Element {
    name: String,
    quotes: bool,
}

#[derive(Default)]
struct Writer {
    out: String,
    line: String,
    /// Empty lines owed before the next text.
    owed_empty: bool,
    space: bool,
    depth: usize,
    quote_at: Option<usize>,
    quote_pending: bool,
}

impl Writer {
    fn text(&mut self, text: &str, preformatted: bool) {
        for c in text.chars() {
            if preformatted && c == '\n' {
                self.end_line();
            } else if c == '\u{a0}' || (c.is_whitespace() && !preformatted) {
                self.space = true;
            } else if !c.is_control() && !matches!(c, '\u{200b}' | '\u{feff}' | '\u{ad}') {
                if self.line.is_empty() {
                    self.begin_line();
                } else if self.space {
                    self.line.push(' ');
                }
                self.space = false;
                self.line.push(c);
            }
        }
    }

    /// What a line needs before its first character.
    fn begin_line(&mut self) {
        if self.owed_empty && !self.out.is_empty() {
            let depth = self.depth;
            self.quote_marks(depth);
            self.out.push('\n');
        }
        self.owed_empty = false;
        self.space = false;
        if std::mem::take(&mut self.quote_pending) && self.quote_at.is_none() {
            self.quote_at = Some(self.out.len());
        }
    }

    fn quote_marks(&mut self, depth: usize) {
        for _ in 0..depth.min(QUOTE_LEVELS) {
            self.out.push('>');
        }
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            let depth = self.depth;
            self.quote_marks(depth);
            if depth > 0 {
                self.out.push(' ');
            }
            self.out.push_str(&self.line);
            self.out.push('\n');
            self.line.clear();
        } else if self.owed_empty || self.out.is_empty() {
            self.owed_empty = !self.out.is_empty();
        }
        self.space = false;
    }

    /// A line break that stands alone is an empty line.
    fn break_line(&mut self) {
        if self.line.is_empty() { self.owed_empty = true } else { self.end_line() }
    }
}

/// Turns HTML into text.
#[must_use]
pub fn to_text(html: &str) -> HtmlText {
    let mut writer = Writer::default();
    let mut open: Vec<Element> = Vec::new();
    // The element whose content is being skipped, and how deep it is nested in its like.
    let mut unseen: Option<(String, usize)> = None;
    let mut preformatted = 0_usize;
    let mut trust_quotes = true;
    let mut rest = html;
    while !rest.is_empty() {
        let (text, markup) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        if unseen.is_none() {
            writer.text(&entities(text), preformatted > 0);
        }
        let Some(tag) = Tag::read(markup, &mut trust_quotes) else {
            // A lone "<" is text.
            if unseen.is_none() && !markup.is_empty() {
                writer.text("<", false);
            }
            rest = markup.get(1..).unwrap_or_default();
            continue;
        };
        rest = &markup[tag.length..];
        if tag.name.is_empty() {
            continue;
        }
        if let Some((name, depth)) = &mut unseen {
            if tag.name == *name {
                *depth = if tag.closes { *depth - 1 } else { *depth + 1 };
                if *depth == 0 {
                    unseen = None;
                }
            // A body ends a head that was never closed.
            } else if name == "head" && tag.name == "body" {
                unseen = None;
            }
            continue;
        }
        if UNSEEN.contains(&tag.name.as_str()) || tag.hidden() {
            if !tag.closes && !VOID.contains(&tag.name.as_str()) && !tag.closes_itself {
                unseen = Some((tag.name, 1));
            }
            continue;
        }
        let block = BLOCKS.contains(&tag.name.as_str());
        if tag.name == "br" {
            writer.break_line();
            continue;
        }
        if block {
            writer.end_line();
        } else if matches!(tag.name.as_str(), "td" | "th") {
            writer.space = true;
        }
        if PARAGRAPHS.contains(&tag.name.as_str()) {
            writer.owed_empty = true;
        }
        if !tag.closes && tag.contains_quotation() {
            writer.quote_pending = true;
        }
        match (tag.name.as_str(), tag.closes) {
            ("li", false) => writer.text("- ", false),
            ("pre", false) => preformatted += 1,
            ("pre", true) => preformatted = preformatted.saturating_sub(1),
            ("img", false) => {
                if let Some(alt) = tag.attribute("alt").filter(|alt| emoji(alt)) {
                    writer.text(&entities(alt), false);
                }
            }
            _ => {}
        }
        if tag.name == "li" && !tag.closes {
            writer.space = true;
        }
        if tag.closes {
            if let Some(at) = open.iter().rposition(|element| element.name == tag.name) {
                let quotes = open.drain(at..).filter(|element| element.quotes).count();
                writer.depth = writer.depth.saturating_sub(quotes);
            }
        } else if block && !VOID.contains(&tag.name.as_str()) && open.len() < OPEN_ELEMENTS {
            let quotes = tag.name == "blockquote" && !tag.only_indents();
            writer.depth += usize::from(quotes);
            open.push(Element { name: tag.name, quotes });
        }
    }
    writer.end_line();
    HtmlText { text: writer.out, quote_at: writer.quote_at }
}

/// Pictures of emoji stand for the character in their text; other pictures are files.
fn emoji(alt: &str) -> bool {
    !alt.is_empty() && alt.chars().count() <= 8 && alt.chars().all(|c| !c.is_ascii() && !c.is_alphanumeric())
}

struct Tag<'x> {
    name: String,
    closes: bool,
    closes_itself: bool,
    attributes: &'x str,
    /// Bytes of the whole tag, from `<` to `>`.
    length: usize,
}

impl<'x> Tag<'x> {
    /// Reads the tag that the text begins with. One with an empty name is a comment, a declaration or the like.
    fn read(markup: &'x str, trust_quotes: &mut bool) -> Option<Self> {
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
    fn attribute(&self, wanted: &str) -> Option<&'x str> {
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

    fn hidden(&self) -> bool {
        !self.closes && self.attributes.contains("display") && self.style().contains("display:none")
    }

    /// A block quote that only moves text to the right, as the editors of some mail programs make them.
    fn only_indents(&self) -> bool {
        let style = self.style();
        style.contains("margin:00040px") && !style.contains("border-left")
    }

    fn contains_quotation(&self) -> bool {
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
fn entities(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_lines_and_paragraphs_stand_apart() {
        let html = "<html><head><title>no</title></head><body><div>One<br>two</div><p>Three&nbsp;&amp; <b>four</b>\n five</p>\
                    <ul><li>a</li><li>b</li></ul>end";
        assert_eq!(to_text(html).text, "One\ntwo\n\nThree & four five\n\n- a\n- b\n\nend\n");
        assert_eq!(to_text("<div>a</div><div><br></div><div>b</div>").text, "a\n\nb\n");
        assert_eq!(to_text("<pre>a\n  b</pre>").text, "a\n  b\n");
    }

    #[test]
    fn what_is_not_for_reading_is_left_out() {
        let html = "<style>p{}</style>a<script>if (1 < 2) {}</script><!-- x > y --><div style='display: none'>no<div>no</div></div>b";
        assert_eq!(to_text(html).text, "ab\n");
        assert_eq!(
            to_text("1 < 2 &lt;b&gt; &unknown; &eacute;&#8364;").text,
            "1 < 2 <b> &unknown; \u{e9}\u{20ac}\n"
        );
        assert_eq!(to_text("<a title=\"x>y\" href='z'>link</a>").text, "link\n");
    }

    #[test]
    fn quotations_are_marked_and_their_containers_told() {
        let html = "<div>Yes.</div><div class=\"gmail_quote\"><div class=gmail_attr>Ha scritto:<br></div>\
                    <blockquote>one<blockquote>two</blockquote></blockquote></div>";
        let read = to_text(html);
        assert_eq!(read.text, "Yes.\nHa scritto:\n>\n> one\n>>\n>> two\n");
        assert_eq!(read.quote_at, Some(5));
        let outlook =
            "<p>Yes.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p>Von: A</p></div>";
        let read = to_text(outlook);
        assert_eq!(read.quote_at.map(|at| &read.text[at..]), Some("Von: A\n"));
    }

    #[test]
    fn broken_markup_ends_somewhere() {
        for html in [
            "<",
            "<a",
            "<a href=\"",
            "</",
            "<!--",
            "<!-->",
            "&",
            "&#x;",
            "&#99999999;",
            "<p",
            "a<b c=\"d>e",
            "</div></div>",
        ] {
            let _ = to_text(html);
        }
        let deep = "<blockquote>".repeat(20_000) + "x";
        assert_eq!(to_text(&deep).text, ">>>>>> x\n");
    }
}
