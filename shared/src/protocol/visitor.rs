//! The visitor's socket: postcard frames behind one byte, the protocol number.
//!
//! A frame with another number is not read any further: the server answers `Outdated`, the panel keeps its unsent
//! messages and reloads. So fields may change freely together with the number, and only with it.

use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::conversation::Status;
use crate::entry::{Content, Entry};
use crate::id::{ConversationId, EntryId, Seq};
use crate::limits;
use crate::presence::Activity;
use crate::problem::Problem;

/// The number that stands before every frame.
pub const PROTOCOL: u8 = 4;

/// From the widget to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFrame {
    /// Says who is there. The first frame; said again on the same connection when the visitor gets a session.
    Hello(Hello),
    /// Asks that something be added to the log. Answered by `Acknowledged` or `Refused`, the same for every repeat.
    Send {
        /// Minted by the client, kept through every repeat.
        id: EntryId,
        /// What to add.
        content: Content,
    },
    /// Asks for everything after `after`, or for the newest window where it is `None`; answered by `Entries`, or `Reset`.
    Resume {
        /// Which conversation.
        conversation: ConversationId,
        /// The entry after which to go on, as `Replica::cursor` tells it: the last but one that the client has, so that
        /// a log that differs is noticed.
        after: Option<Seq>,
    },
    /// Asks for a window of entries before `before`; answered by `Entries`.
    Earlier {
        /// Which conversation.
        conversation: ConversationId,
        /// The first entry that the client has.
        before: Seq,
    },
    /// The visitor has seen everything up to `upto`.
    Seen {
        /// Which conversation.
        conversation: ConversationId,
        /// The last entry seen.
        upto: Seq,
    },
    /// The visitor types, or has stopped. Repeated every `limits::TYPING_EVERY` while it lasts.
    Typing {
        /// Whether they type.
        active: bool,
    },
    /// What the visitor does has changed.
    Activity(Activity),
    /// Answered by `Pong`.
    Ping,
    /// Proves who the person is. Answered by `Identified` or `Declined`.
    Identify {
        /// The token that the page has given: a JWT, signed with the site's secret.
        token: String,
    },
    /// What the page says of its person, unproven. Answered by `Declined` where it breaks a rule.
    Describe(Description),
    /// The visitor was on a page. Only said with their consent, and once there is a conversation.
    Visited {
        /// The page's address.
        url: String,
        /// The page's title.
        title: String,
        /// How long ago, in seconds.
        ago_s: u32,
    },
    /// The consent to telling pages was taken back: those that are kept are deleted.
    ForgetPages,
}

/// What the page says of its person, unproven: never a reason to join contacts or to show anybody anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The host's id of the person; `None` says nothing.
    pub client_id: Option<String>,
    /// The person's country, ISO 3166-1 alpha-2; `None` says nothing.
    pub country: Option<String>,
    /// The name of the flow that they came in by; `None` says nothing.
    pub flow: Option<String>,
    /// Facts by their names: of each the last value holds, `None` takes it away.
    pub attributes: Vec<(String, Option<String>)>,
}

/// Who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The site's key.
    pub site: String,
    /// The session secret; `None` before the visitor's first message.
    pub session: Option<String>,
    /// The origin of the page that embeds the panel, as the browser told the panel.
    pub host: String,
    /// The language of the panel, BCP 47.
    pub locale: String,
    /// What the client has of its conversation, to go on from there.
    pub cursor: Option<Cursor>,
    /// What the visitor does.
    pub activity: Activity,
}

/// A place in a conversation's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The entry after which to go on.
    pub seq: Seq,
}

/// From the server to the widget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// Answers `Hello`. With a conversation, its entries follow unasked: after the cursor, or the newest window.
    Welcome(Welcome),
    /// The conversation began, or something about it other than its log changed.
    Conversation(ConversationState),
    /// Entries, ascending and without a hole.
    Entries {
        /// Which conversation.
        conversation: ConversationId,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// What the client sent is committed and will survive (G1).
    Acknowledged {
        /// The id that the client minted.
        id: EntryId,
        /// The conversation it went into.
        conversation: ConversationId,
        /// Its place there.
        seq: Seq,
    },
    /// What the client sent changed nothing.
    Refused {
        /// The id that the client minted.
        id: EntryId,
        /// Why.
        problem: Problem,
    },
    /// The server cannot go on from what the client has: forget the entries and take those that follow.
    Reset {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// An agent types, or has stopped.
    Typing {
        /// The agent's name.
        name: String,
        /// Whether they type.
        active: bool,
    },
    /// Whether anybody can answer now.
    Availability {
        /// True when an agent is at the desk.
        available: bool,
    },
    /// About the connection as a whole: the server closes it next, except after `NotFound`, which answers one frame.
    Problem(Problem),
    /// Answers `Ping`, with the last entry of the conversation, so that a lost hint is noticed.
    Pong {
        /// The conversation's last entry, where there is a conversation.
        last: Option<Cursor>,
    },
    /// The server is about to stop: connect again in a moment.
    Drain,
    /// Answers `Identify`: the token is good.
    Identified(Standing),
    /// What the page has said of its person was not taken, and changed nothing. The connection goes on.
    Declined(Problem),
}

/// Where a person stands whose page has proven who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// This session is theirs. Where it has just become so, another hello brings its conversation.
    Here,
    /// They have an open conversation, but this panel has no session to get it with: say hello with one, and this again.
    Elsewhere,
    /// Nothing exists yet, and nothing was kept: say it again once there is a conversation.
    Nowhere,
}

/// The server's answer to `Hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The visitor's conversation, where one exists.
    pub conversation: Option<ConversationState>,
    /// Whether anybody can answer now.
    pub available: bool,
}

/// A conversation as its visitor sees it, without the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationState {
    /// Which conversation.
    pub id: ConversationId,
    /// The number shown to both sides.
    pub number: u32,
    /// Where it stands.
    pub status: Status,
    /// Its last entry.
    pub last_seq: Seq,
    /// The last entry that an agent has seen.
    pub agent_seen: Seq,
    /// The last entry that the visitor has seen, on any tab.
    pub visitor_seen: Seq,
    /// What this visitor has told of themselves.
    pub contact: Contact,
    /// The name of the agent who has it.
    pub assignee: Option<String>,
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The other side speaks another protocol.
    #[error("another protocol version")]
    OtherVersion,
    /// Longer than `limits::FRAME_BYTES`.
    #[error("the frame is too large")]
    TooLarge,
    /// Not a frame of this protocol.
    #[error("the frame cannot be read")]
    Malformed,
}

/// Encodes a frame: the protocol number, then postcard.
///
/// # Errors
/// The frame would be larger than `limits::FRAME_BYTES`.
pub fn encode<T: Serialize>(frame: &T) -> Result<Vec<u8>, FrameError> {
    let bytes = postcard::to_extend(frame, vec![PROTOCOL]).map_err(|_| FrameError::Malformed)?;
    if bytes.len() > limits::FRAME_BYTES { Err(FrameError::TooLarge) } else { Ok(bytes) }
}

/// Decodes a frame that takes up all of `bytes`.
///
/// # Errors
/// It is too large, has another protocol number, or cannot be read.
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, FrameError> {
    if bytes.len() > limits::FRAME_BYTES {
        return Err(FrameError::TooLarge);
    }
    let (version, body) = bytes.split_first().ok_or(FrameError::Malformed)?;
    if *version != PROTOCOL {
        return Err(FrameError::OtherVersion);
    }
    match postcard::take_from_bytes(body) {
        Ok((frame, [])) => Ok(frame),
        _ => Err(FrameError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_versions_and_trailing_bytes_are_told_apart() {
        let mut bytes = encode(&ClientFrame::Ping).expect("a ping is small");
        assert_eq!(decode(&bytes), Ok(ClientFrame::Ping));
        bytes.push(0);
        assert_eq!(decode::<ClientFrame>(&bytes), Err(FrameError::Malformed));
        bytes[0] = PROTOCOL + 1;
        assert_eq!(decode::<ClientFrame>(&bytes), Err(FrameError::OtherVersion));
        assert_eq!(decode::<ClientFrame>(&[]), Err(FrameError::Malformed));
        assert_eq!(
            decode::<ClientFrame>(&vec![PROTOCOL; limits::FRAME_BYTES + 1]),
            Err(FrameError::TooLarge)
        );
    }

    #[test]
    fn a_frame_over_the_limit_is_not_made() {
        let content = Content::Message { text: "x".repeat(limits::FRAME_BYTES) };
        let frame = ClientFrame::Send { id: EntryId(uuid::Uuid::nil()), content };
        assert_eq!(encode(&frame), Err(FrameError::TooLarge));
    }

    #[test]
    fn the_longest_message_fits_a_frame() {
        let content = Content::Message { text: "\u{10ffff}".repeat(limits::MESSAGE_CHARS) };
        assert!(encode(&ClientFrame::Send { id: EntryId(uuid::Uuid::nil()), content }).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_frame_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode::<ClientFrame>(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = PROTOCOL;
            }
            if let Ok(frame) = decode::<ClientFrame>(&bytes) {
                prop_assert_eq!(decode(&encode(&frame).expect("it was small")), Ok(frame));
            }
            let _ = decode::<ServerFrame>(&bytes);
        }
    }
}
