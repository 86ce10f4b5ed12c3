//! HTML mail as text: what a reader would see, in lines, with quotations marked the way plain mail marks them.
//!
//! Nothing is rendered, fetched or kept of the markup. One pass, in time and memory proportional to the input. A quotation
//! that the writer's program put into a container that is known by name is told by its place, because the line above it may
//! be in any language.

use crate::mail::inbound::tag::{Tag, entities};

/// Levels of `>` that are written at most.
const QUOTE_LEVELS: usize = 6;
/// Elements that can be open at once; what is nested deeper is read as if it stood beside.
const OPEN_ELEMENTS: usize = 500;
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
