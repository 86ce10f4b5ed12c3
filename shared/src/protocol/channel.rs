//! Frames over HTTP, for where WebSockets are blocked: what the bodies of `POST …/channel/send` and `…/channel/receive`
//! are. docs/protocol.md, "Over HTTP", tells when they are sent.
//!
//! A request begins with its number, four bytes, and goes on with frames, each behind its length, four bytes; an answer
//! is frames alone. Both numbers are big-endian. A frame is what one WebSocket message would carry.

use std::time::Duration;

/// The header that carries a channel's token, in every request but the one that opens it.
pub const TOKEN_HEADER: &str = "causette-channel";

/// How long the server holds a request for frames that have not come. Below the 30 s and 60 s after which proxies give
/// up, and no shorter than the client's ping interval, so that a quiet connection costs one request for each ping.
pub const RECEIVE_WITHIN: Duration = Duration::from_secs(20);

/// Bytes of a number or a length.
pub const WORD: usize = 4;

/// A body that is not numbers and frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Appends a request's number, or a length.
pub fn push_word(body: &mut Vec<u8>, word: u32) {
    body.extend_from_slice(&word.to_be_bytes());
}

/// Appends a frame behind its length. Frames are at most `limits::FRAME_BYTES` long.
pub fn push_frame(body: &mut Vec<u8>, frame: &[u8]) {
    push_word(body, frame.len() as u32);
    body.extend_from_slice(frame);
}

/// Splits a number or a length off.
///
/// # Errors
/// The body ends before.
pub fn split_word(body: &[u8]) -> Result<(u32, &[u8]), Malformed> {
    let (word, rest) = body.split_first_chunk::<WORD>().ok_or(Malformed)?;
    Ok((u32::from_be_bytes(*word), rest))
}

/// A frame, and what follows it.
pub type FrameAndRest<'a> = (&'a [u8], &'a [u8]);

/// Splits the first frame off. `None` where there is none left.
///
/// # Errors
/// The body ends inside a frame.
pub fn split_frame(body: &[u8]) -> Result<Option<FrameAndRest<'_>>, Malformed> {
    if body.is_empty() {
        return Ok(None);
    }
    let (length, rest) = split_word(body)?;
    rest.split_at_checked(length as usize).map(Some).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split_all(mut body: &[u8]) -> Result<Vec<Vec<u8>>, Malformed> {
        let mut frames = Vec::new();
        while let Some((frame, rest)) = split_frame(body)? {
            frames.push(frame.to_vec());
            body = rest;
        }
        Ok(frames)
    }

    #[test]
    fn the_bytes_are_those_of_the_document() {
        let mut body = Vec::new();
        push_word(&mut body, 7);
        push_frame(&mut body, b"ab");
        push_frame(&mut body, b"");
        assert_eq!(body, [0, 0, 0, 7, 0, 0, 0, 2, b'a', b'b', 0, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in(
            number: u32,
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20),
        ) {
            let mut body = Vec::new();
            push_word(&mut body, number);
            for frame in &frames {
                push_frame(&mut body, frame);
            }
            let (read, rest) = split_word(&body).expect("there is a number");
            prop_assert_eq!(read, number);
            prop_assert_eq!(split_all(rest), Ok(frames));
        }

        #[test]
        fn a_body_that_is_cut_is_never_taken_for_a_shorter_one(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 1..6),
            cut in 1..50usize,
        ) {
            let mut body = Vec::new();
            for frame in &frames {
                push_frame(&mut body, frame);
            }
            // Inside the last frame or its length; where nothing of it is left, the frames before it stand.
            let cut = cut.min(frames.last().map_or(0, Vec::len) + WORD - 1);
            prop_assert_eq!(split_all(&body[..body.len() - cut]), Err(Malformed));
        }

        #[test]
        fn anything_else_is_told(body in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(frames) = split_all(&body) {
                let length: usize = frames.iter().map(|frame| frame.len() + WORD).sum();
                prop_assert_eq!(length, body.len());
            }
        }
    }
}
