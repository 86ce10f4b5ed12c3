//! The bounds that both sides keep. The server enforces each of them; a client that keeps them is never refused.

use std::time::Duration;

/// Characters (Unicode scalar values) of one message. Ten thousand is about four printed pages.
pub const MESSAGE_CHARS: usize = 10_000;
/// Characters of a person's name.
pub const NAME_CHARS: usize = 100;
/// Characters of an e-mail address: the longest path an SMTP server must take (RFC 5321 §4.5.3.1.3), less its brackets.
pub const EMAIL_CHARS: usize = 254;
/// Digits of a telephone number: fewest in use, and the most that ITU-T E.164 allows.
pub const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// Characters of a telephone number as people write it.
pub const PHONE_CHARS: usize = 32;
/// Characters of the host's id of a person: `sub` of its token, and `clientId`.
pub const SUBJECT_CHARS: usize = 128;
/// Flows of a site: the greeting of each makes the loader heavier on every page of the site.
pub const FLOWS: usize = 12;
/// Characters of the name of a flow.
pub const FLOW_CHARS: usize = 40;
/// Bytes of the token by which a page proves who its person is: claims of this size fit a hundred times over.
pub const TOKEN_BYTES: usize = 8 * 1024;
/// Attributes of one visitor.
pub const ATTRIBUTES: usize = 20;
/// Characters of an attribute's name.
pub const ATTRIBUTE_NAME_CHARS: usize = 40;
/// Characters of an attribute's value.
pub const ATTRIBUTE_VALUE_CHARS: usize = 200;
/// Bytes of all names and values of one visitor's attributes.
pub const ATTRIBUTES_BYTES: usize = 4 * 1024;
/// Pages of one visitor that agents see: the last ones.
pub const PAGES: usize = 20;
/// Characters of a page's address. A longer one is not told: cut off it would be that of another page.
pub const PAGE_URL_CHARS: usize = 1_000;
/// Characters of a page's title; the rest is cut off.
pub const PAGE_TITLE_CHARS: usize = 200;
/// Characters of the last line that lists show.
pub const PREVIEW_CHARS: usize = 120;

/// Bytes of one frame in either direction: the longest message at four bytes a character fits, with room to spare.
pub const FRAME_BYTES: usize = 64 * 1024;
/// Entries that one frame carries at most.
pub const ENTRIES_PER_FRAME: usize = 100;
/// Newest entries that a client gets when it opens a conversation, and earlier ones each time it asks for more.
pub const ENTRIES_PER_WINDOW: usize = 40;
/// Conversations that the desk's list gets at a time.
pub const CONVERSATIONS_PER_PAGE: usize = 50;

/// Silence after which a client sends a ping.
pub const PING_AFTER: Duration = Duration::from_secs(20);
/// Wait for any answer to a ping before the connection counts as dead. With `PING_AFTER` below the 45 s of G10.
pub const PONG_WITHIN: Duration = Duration::from_secs(15);
/// Silence after which the server gives a connection up. Longer than the client's ping interval and one lost ping.
pub const SILENCE_MAX: Duration = Duration::from_secs(45);
/// How often at most a client says that someone is typing.
pub const TYPING_EVERY: Duration = Duration::from_secs(3);
/// How long the other side shows "is typing" without hearing it again.
pub const TYPING_LASTS: Duration = Duration::from_secs(6);
/// Time without interaction after which a visitor who is connected counts as idle.
pub const IDLE_AFTER: Duration = Duration::from_secs(600);
/// Wait for an acknowledgement before a message is sent again under the same id.
pub const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(10);
/// Wait for the entry that an acknowledgement announced before the client asks for it.
pub const ENTRY_WITHIN: Duration = Duration::from_secs(2);
