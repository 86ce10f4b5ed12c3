//! What people write, and the links in it.

use causette_shared::limits;
use causette_shared::message::{Segment, parse_text, preview, segments};

/// Reads text as a message, as its preview, and as text with links.
pub fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(taken) = parse_text(text) {
        let odd = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
        assert!(!taken.chars().any(odd), "{taken:?} holds a control character");
        assert_eq!(parse_text(&taken), Ok(taken));
    }
    let line = preview(text);
    assert!(line.chars().count() <= limits::PREVIEW_CHARS + 1 && !line.contains(['\n', '\r']));
    let mut joined = String::new();
    for segment in segments(text) {
        joined.push_str(match segment {
            Segment::Text(text) => text,
            Segment::Link { text, href } => {
                let scheme = ["https://", "http://", "mailto:"].iter().find(|scheme| {
                    href.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
                });
                assert!(scheme.is_some(), "{href:?} is no link of ours");
                assert!(!href.contains(char::is_whitespace), "{href:?} holds white space");
                text
            }
        });
    }
    assert_eq!(joined, text, "something was lost between the links");
}
