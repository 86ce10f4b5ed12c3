//! What the visitor's and the desk's connections share: bounded reads and writes, over a WebSocket or over HTTP.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use causette_shared::limits;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

use super::channel::Channel;

/// A client that does not take a frame for this long is cut.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Frames that one connection may send each second, and in a burst; a client of ours stays far below.
const FRAMES_PER_SECOND: NonZeroU32 = NonZeroU32::new(30).expect("30 is not zero");
const FRAMES_BURST: NonZeroU32 = NonZeroU32::new(200).expect("200 is not zero");

/// The connection is over.
#[derive(Debug)]
pub struct Gone;

/// Bounds what a connection costs: without this, 134 kB each, most of it an unused read buffer.
pub fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        // A visitor's frame is short; a longer one takes several reads.
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_message_size(limits::FRAME_BYTES)
        .max_frame_size(limits::FRAME_BYTES)
        .max_write_buffer_size(4 * limits::FRAME_BYTES)
}

/// One connection, watched for silence and floods.
pub struct Connection {
    wire: Wire,
    frames: DefaultDirectRateLimiter,
}

/// What carries the frames. Boxed, or a task would keep room for a WebSocket twice.
enum Wire {
    Socket { socket: Box<WebSocket>, silent_at: Instant },
    Channel(Channel),
}

impl Connection {
    /// Takes a WebSocket over.
    #[must_use]
    pub fn over_socket(socket: WebSocket) -> Self {
        Self::over(Wire::Socket { socket: Box::new(socket), silent_at: Instant::now() + limits::SILENCE_MAX })
    }

    /// Takes the server's end of a channel over.
    #[must_use]
    pub fn over_http(channel: Channel) -> Self {
        Self::over(Wire::Channel(channel))
    }

    /// Whether its frames travel in requests, because no WebSocket came through.
    #[must_use]
    pub const fn is_over_http(&self) -> bool {
        matches!(self.wire, Wire::Channel(_))
    }

    fn over(wire: Wire) -> Self {
        let quota = Quota::per_second(FRAMES_PER_SECOND).allow_burst(FRAMES_BURST);
        Self { wire, frames: RateLimiter::direct(quota) }
    }

    /// Waits for the next frame with content. Safe to be dropped while it waits.
    pub async fn receive(&mut self) -> Result<Message, Gone> {
        let (socket, silent_at) = match &mut self.wire {
            Wire::Socket { socket, silent_at } => (socket, silent_at),
            // Boxed, so that the task of a WebSocket keeps no room for it.
            Wire::Channel(channel) => return Box::pin(channel.receive()).await,
        };
        loop {
            let heard = tokio::time::timeout_at(*silent_at, socket.recv()).await;
            let Ok(Some(Ok(message))) = heard else {
                return Err(Gone);
            };
            *silent_at = Instant::now() + limits::SILENCE_MAX;
            match message {
                Message::Text(_) | Message::Binary(_) => return Ok(message),
                // Answered by the protocol layer; it counts as a sign of life.
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Err(Gone),
            }
        }
    }

    /// Whether the frame just received is one too many.
    pub fn is_flooded(&self) -> bool {
        self.frames.check().is_err()
    }

    /// Sends one frame.
    pub async fn send(&mut self, message: Message) -> Result<(), Gone> {
        match &mut self.wire {
            Wire::Socket { socket, .. } => {
                match tokio::time::timeout(SEND_WITHIN, socket.send(message)).await {
                    Ok(Ok(())) => Ok(()),
                    _ => Err(Gone),
                }
            }
            Wire::Channel(channel) => {
                Box::pin(tokio::time::timeout(SEND_WITHIN, channel.send(message))).await.map_err(|_| Gone)
            }
        }
    }

    /// Says goodbye, without insisting on an answer. What was sent over HTTP before can still be fetched.
    pub async fn close(mut self) {
        let _ = self.send(Message::Close(None)).await;
    }
}
