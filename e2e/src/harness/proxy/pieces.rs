//! What travels over a connection, piece by piece: the head of the HTTP exchange, then WebSocket frames where it was an
//! upgrade (RFC 6455 §5.2), and whatever comes where it was none.

use causette_shared::protocol::{agent, visitor};

use super::Way;

/// A head that is longer is none of ours.
const HEAD_BYTES: usize = 16 * 1024;
/// A frame that is longer is none of ours.
const FRAME_BYTES: usize = 1024 * 1024;
/// The opcodes of whole messages.
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// Something that is passed on or lost as a whole, unless the wire breaks inside.
pub enum Piece {
    /// Bytes as they came: heads, bodies, whatever is no WebSocket.
    Bytes(Vec<u8>),
    /// One whole WebSocket frame.
    Frame {
        /// The frame with its header.
        bytes: Vec<u8>,
        /// How many of them are the header.
        header: usize,
    },
}

impl Piece {
    /// What is to be written.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) | Self::Frame { bytes, .. } => bytes,
        }
    }

    /// Whether it is a frame that tells a visitor or a desk that what they sent is committed.
    pub fn is_acknowledgement(&self) -> bool {
        let Self::Frame { bytes, header } = self else { return false };
        let payload = &bytes[*header..];
        match bytes[0] & 0x0f {
            BINARY => {
                matches!(visitor::decode(payload), Ok(visitor::ServerFrame::Acknowledged { .. }))
            }
            TEXT => {
                matches!(serde_json::from_slice(payload), Ok(agent::ServerFrame::Acknowledged { .. }))
            }
            _ => false,
        }
    }
}

/// Cuts one direction of a connection into pieces.
pub struct Pieces {
    way: Way,
    stage: Stage,
    buffer: Vec<u8>,
}

enum Stage {
    /// Before the empty line.
    Head,
    /// After an upgrade.
    Frames,
    /// Anything else.
    Raw,
}

/// How long the frame at the front is.
enum Length {
    Unknown,
    Known {
        header: usize,
        whole: usize,
    },
    /// This is no frame.
    None,
}

impl Pieces {
    /// Begins at the first byte of a connection.
    pub const fn new(way: Way) -> Self {
        Self { way, stage: Stage::Head, buffer: Vec::new() }
    }

    /// Takes bytes as they were read and returns the pieces that are whole now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.buffer.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while let Some(piece) = self.take() {
            pieces.push(piece);
        }
        pieces
    }

    fn take(&mut self) -> Option<Piece> {
        match self.stage {
            _ if self.buffer.is_empty() => None,
            Stage::Raw => Some(Piece::Bytes(std::mem::take(&mut self.buffer))),
            Stage::Head => self.take_head(),
            Stage::Frames => match self.length() {
                Length::Known { header, whole } if self.buffer.len() >= whole => {
                    Some(Piece::Frame { bytes: self.split(whole), header })
                }
                Length::Known { .. } | Length::Unknown => None,
                Length::None => {
                    self.stage = Stage::Raw;
                    self.take()
                }
            },
        }
    }

    fn take_head(&mut self) -> Option<Piece> {
        let end = self.buffer.windows(4).position(|window| window == b"\r\n\r\n");
        let Some(end) = end.map(|start| start + 4) else {
            if self.buffer.len() > HEAD_BYTES {
                self.stage = Stage::Raw;
                return self.take();
            }
            return None;
        };
        let head = self.split(end);
        let upgrades = match self.way {
            Way::ToServer => {
                String::from_utf8_lossy(&head).to_ascii_lowercase().contains("\r\nupgrade: websocket\r\n")
            }
            Way::ToClient => head.starts_with(b"HTTP/1.1 101 "),
        };
        self.stage = if upgrades { Stage::Frames } else { Stage::Raw };
        Some(Piece::Bytes(head))
    }

    fn length(&self) -> Length {
        let [_, second, rest @ ..] = &self.buffer[..] else { return Length::Unknown };
        let is_masked = second & 0x80 != 0;
        if is_masked != (self.way == Way::ToServer) {
            return Length::None;
        }
        let mask = if is_masked { 4 } else { 0 };
        let (extended, payload) = match second & 0x7f {
            126 => match rest.first_chunk::<2>() {
                Some(length) => (2, usize::from(u16::from_be_bytes(*length))),
                None => return Length::Unknown,
            },
            127 => match rest.first_chunk::<8>() {
                Some(length) => (8, usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX)),
                None => return Length::Unknown,
            },
            short => (0, usize::from(short)),
        };
        if payload > FRAME_BYTES {
            return Length::None;
        }
        let header = 2 + extended + mask;
        Length::Known { header, whole: header + payload }
    }

    /// Takes the first bytes out of the buffer.
    fn split(&mut self, count: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(count);
        std::mem::replace(&mut self.buffer, rest)
    }
}

#[cfg(test)]
mod tests {
    use causette_shared::id::{ConversationId, EntryId};
    use causette_shared::time::Timestamp;

    use super::*;

    const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";

    fn server_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        match u8::try_from(payload.len()) {
            Ok(short @ ..126) => frame.push(short),
            _ => {
                frame.push(126);
                frame.extend(u16::try_from(payload.len()).expect("it is short").to_be_bytes());
            }
        }
        frame.extend(payload);
        frame
    }

    fn acknowledged() -> (Vec<u8>, Vec<u8>) {
        let id = EntryId::mint(Timestamp(1), [1; 10]);
        let conversation = ConversationId::mint(Timestamp(1), [2; 10]);
        let to_visitor = visitor::ServerFrame::Acknowledged { id, conversation, seq: 3 };
        let to_desk = agent::ServerFrame::Acknowledged { id, conversation, seq: 3 };
        (
            visitor::encode(&to_visitor).expect("it is small"),
            serde_json::to_vec(&to_desk).expect("frames are JSON"),
        )
    }

    #[test]
    fn frames_are_whole_however_the_bytes_come() {
        let (to_visitor, to_desk) = acknowledged();
        let frames = [
            server_frame(BINARY, &to_visitor),
            server_frame(TEXT, &to_desk),
            server_frame(TEXT, &[b' '; 300]),
            server_frame(9, b"ping"),
        ];
        let stream = [UPGRADED, &frames.concat()].concat();
        for step in [1, 2, 7, 64, stream.len()] {
            let mut pieces = Pieces::new(Way::ToClient);
            let got: Vec<Piece> = stream.chunks(step).flat_map(|chunk| pieces.push(chunk)).collect();
            assert_eq!(got.len(), 5);
            assert_eq!(got[0].bytes(), UPGRADED);
            for (piece, frame) in got[1..].iter().zip(&frames) {
                assert_eq!(piece.bytes(), frame);
            }
            let acknowledgements: Vec<bool> = got.iter().map(Piece::is_acknowledgement).collect();
            assert_eq!(acknowledgements, [false, true, true, false, false]);
        }
    }

    #[test]
    fn masked_frames_are_cut_at_their_ends() {
        let mut pieces = Pieces::new(Way::ToServer);
        let head = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\n\r\n";
        let frame = [&[0x82, 0x83, 1, 2, 3, 4][..], b"abc"].concat();
        let got = pieces.push(&[&head[..], &frame, &frame[..5]].concat());
        assert_eq!(got.iter().map(|piece| piece.bytes().len()).collect::<Vec<_>>(), [head.len(), 9]);
        assert_eq!(pieces.push(&frame[5..]).len(), 1);
    }

    #[test]
    fn what_is_no_websocket_passes_as_it_comes() {
        let mut page = Pieces::new(Way::ToClient);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel";
        assert_eq!(page.push(answer).iter().map(|piece| piece.bytes().len()).sum::<usize>(), answer.len());
        assert_eq!(page.push(b"lo").len(), 1);

        let mut odd = Pieces::new(Way::ToClient);
        odd.push(UPGRADED);
        // Masked from the server, and longer than anything: neither is a frame of ours.
        assert_eq!(odd.push(&[0x82, 0x81, 0, 0]).len(), 1);
        let mut long = Pieces::new(Way::ToClient);
        long.push(UPGRADED);
        assert_eq!(long.push(&[0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255]).len(), 1);
        let mut headless = Pieces::new(Way::ToServer);
        assert_eq!(headless.push(&vec![b'x'; HEAD_BYTES + 1]).len(), 1);
    }
}
