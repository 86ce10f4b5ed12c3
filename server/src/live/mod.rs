//! Connections: one task each, rooms that carry hints between them, and presence derived from who is connected.
//!
//! A connection is a WebSocket, or where those are blocked a `channel` of requests: the tasks do not know which.
//!
//! A hint says that a conversation has changed and brings what was added. It may be lost: every connection knows how far
//! its client is and reads from the store what it lacks.

pub mod channel;
pub mod departures;
pub mod desk_socket;
pub mod ended_sessions;
pub mod hub;
pub mod presence;
pub mod restored;
mod socket;
pub mod visitor_socket;

pub use socket::{Connection, bounded};

use causette_shared::entry::{Body, Entry};
use causette_shared::id::{ConversationId, Seq};
use causette_shared::limits::{ENTRIES_PER_FRAME, ENTRIES_PER_WINDOW, FRAME_BYTES};

use crate::store::{StoreError, Tx, entry};

/// Reads the entries after `after` up to `last`, all of them.
async fn read_after(
    tx: &mut Tx,
    conversation: ConversationId,
    mut after: Seq,
    last: Seq,
) -> Result<Vec<Entry>, StoreError> {
    let mut read = Vec::new();
    while after < last {
        let mut page = entry::list_entries_after(tx, conversation, after, ENTRIES_PER_FRAME).await?;
        page.retain(|entry| entry.seq <= last);
        let Some(end) = page.last() else {
            break;
        };
        after = end.seq;
        read.append(&mut page);
    }
    Ok(read)
}

/// Reads the newest window of a log that ends at `last`.
async fn read_window(tx: &mut Tx, conversation: ConversationId, last: Seq) -> Result<Vec<Entry>, StoreError> {
    entry::list_entries_before(tx, conversation, last.saturating_add(1), ENTRIES_PER_WINDOW).await
}

/// Splits entries into runs that fit a frame each, also where each character takes six bytes of JSON.
fn in_frames(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    const OVERHEAD: usize = 1024;
    let weight = |entry: &Entry| match &entry.body {
        Body::Message { text } => OVERHEAD + text.len(),
        Body::Event(_) => 2 * OVERHEAD,
        // A file's name takes at most twice the room of an event.
        Body::Mail(mail) => 4 * OVERHEAD * (1 + mail.files.len()) + mail.text.len(),
    };
    let mut frames: Vec<Vec<Entry>> = Vec::new();
    let mut filled = usize::MAX;
    for entry in entries {
        let more = weight(&entry);
        match frames.last_mut() {
            Some(frame) if filled + more <= FRAME_BYTES / 2 && frame.len() < ENTRIES_PER_FRAME => {
                filled += more;
                frame.push(entry);
            }
            _ => {
                filled = more;
                frames.push(vec![entry]);
            }
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use causette_shared::entry::Author;
    use causette_shared::id::EntryId;
    use causette_shared::protocol::visitor::{ServerFrame, encode};
    use causette_shared::time::Timestamp;

    use super::*;

    #[test]
    fn the_longest_entries_are_split_into_frames_that_can_be_sent() {
        let entry = |seq| Entry {
            seq,
            id: EntryId::mint(Timestamp(1), [1; 10]),
            at: Timestamp(1),
            author: Author::Visitor,
            body: Body::Message { text: "\u{10ffff}".repeat(causette_shared::limits::MESSAGE_CHARS) },
        };
        let frames = in_frames((1..=5).map(entry).collect());
        let seqs: Vec<_> = frames.iter().flatten().map(|entry| entry.seq).collect();
        assert_eq!(seqs, [1, 2, 3, 4, 5]);
        for entries in frames {
            let conversation = ConversationId::mint(Timestamp(1), [1; 10]);
            assert!(encode(&ServerFrame::Entries { conversation, entries }).is_ok());
        }
        let short = |seq| Entry { body: Body::Message { text: "x".to_owned() }, ..entry(seq) };
        assert_eq!(in_frames((1..=30).map(short).collect()).len(), 1);
        assert!(in_frames(Vec::new()).is_empty());
    }
}
