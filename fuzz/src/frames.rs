//! Frames: reading never panics, what was read is written and read again as the same, and the limits are kept.

use std::fmt::Debug;

use causette_shared::entry::Content;
use causette_shared::form::parse_required_email;
use causette_shared::limits;
use causette_shared::message;
use causette_shared::protocol::{agent, visitor};
use causette_shared::said::Said;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads bytes as each of the visitor's frames. They are tried with the protocol number in front too: without it nothing
/// is read any further.
pub fn visitor_frame(data: &[u8]) {
    let with_number = [&[visitor::PROTOCOL], data].concat();
    for bytes in [data, &with_number] {
        match postcard_frame(bytes) {
            Some(visitor::ClientFrame::Send { content, .. }) => take(&content),
            Some(visitor::ClientFrame::Describe(said)) => describe(&said),
            _ => {}
        }
        postcard_frame::<visitor::ServerFrame>(bytes);
    }
}

/// Reads bytes as each of the desk's frames.
pub fn desk_frame(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(agent::ClientFrame::Send { content, .. }) = json_frame(text) {
        take(&content);
    }
    json_frame::<agent::ServerFrame>(text);
}

fn postcard_frame<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let frame: T = visitor::decode(bytes).ok()?;
    assert!(bytes.len() <= limits::FRAME_BYTES, "a frame over the limit was read");
    assert_eq!(bytes[0], visitor::PROTOCOL);
    let again =
        visitor::encode(&frame).expect("it was within the limit, and is written in its shortest form");
    assert!(again.len() <= bytes.len(), "written again it is longer");
    assert_eq!(visitor::decode::<T>(&again).as_ref(), Ok(&frame));
    let longer = [bytes, &[0]].concat();
    assert!(visitor::decode::<T>(&longer).is_err(), "what follows a frame was left unread");
    Some(frame)
}

fn json_frame<T: Serialize + DeserializeOwned + PartialEq + Debug>(text: &str) -> Option<T> {
    let frame: T = serde_json::from_str(text).ok()?;
    let again = serde_json::to_string(&frame).expect("a frame can be written");
    assert_eq!(serde_json::from_str::<T>(&again).ok().as_ref(), Some(&frame));
    Some(frame)
}

/// What the server keeps of what a page says of its person.
fn describe(said: &visitor::Description) {
    let mut kept = Said::default();
    if kept.take(said).is_ok() {
        let bytes: usize = kept.attributes.iter().map(|one| one.name.len() + one.value.len()).sum();
        assert!(kept.attributes.len() <= limits::ATTRIBUTES && bytes <= limits::ATTRIBUTES_BYTES);
        assert!(kept.country.is_none_or(|country| country.len() == 2));
        assert!(kept.flow.is_none_or(|flow| flow.chars().count() <= limits::FLOW_CHARS));
    } else {
        assert_eq!(kept, Said::default(), "what was refused was taken in part");
    }
}

/// What the server does with content before it looks at the store.
fn take(content: &Content) {
    match content {
        Content::Message { text } => {
            if let Ok(text) = message::parse_text(text) {
                assert!(!text.is_empty() && text.chars().count() <= limits::MESSAGE_CHARS);
                assert_eq!(message::parse_text(&text), Ok(text));
            }
        }
        Content::Introduction(answers) => {
            if let Ok(answers) = answers.parse() {
                assert_eq!(answers.parse(), Ok(answers));
            }
        }
        Content::Contacts(answers) => {
            if let Ok(answers) = answers.parse_contacts() {
                assert_eq!(answers.parse_contacts(), Ok(answers));
            }
        }
        Content::Copy { email } => {
            if let Ok(email) = parse_required_email(email) {
                assert_eq!(parse_required_email(&email), Ok(email));
            }
        }
    }
}
