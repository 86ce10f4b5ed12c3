//! Echoes WebSocket messages over the same stack, set up in the same way, as the visitor's and the desk's connections:
//! what `cargo xtask autobahn` puts to the test. `--raised` lifts the limit on the size of a message alone, so that the
//! cases that go beyond it can be told too.

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use causette_server::live::bounded;
use clap::Parser;
use tokio::net::TcpListener;

/// More than the longest message of the cases, 16 MiB.
const RAISED_BYTES: usize = 32 * 1024 * 1024;

/// Echoes WebSocket messages.
#[derive(Clone, Copy, Parser)]
struct Arguments {
    /// Take messages of any size that the cases have
    #[arg(long)]
    raised: bool,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let router = Router::new().route("/", get(accept)).with_state(Arguments::parse());
    axum::serve(listener, router).await
}

async fn accept(State(arguments): State<Arguments>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = bounded(upgrade);
    let upgrade = if arguments.raised {
        upgrade
            .max_message_size(RAISED_BYTES)
            .max_frame_size(RAISED_BYTES)
            .max_write_buffer_size(2 * RAISED_BYTES)
    } else {
        upgrade
    };
    upgrade.on_upgrade(echo)
}

/// Answers until either side ends it. Pings are answered, and closing is confirmed, by the stack.
async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let sent = match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
        };
        if sent.is_err() {
            break;
        }
    }
}
