//! A wire that can be cut: a TCP proxy in front of a server. Unlike a browser's own offline switch it acts on every
//! frame and on sockets that are already open, and the same in every engine (FIELD-NOTES, "Going offline").

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Everything passes.
    Passes,
    /// Open connections are reset, and new ones are closed at once.
    Cut,
    /// What is sent arrives, and no answer comes back.
    SwallowsAnswers,
}

/// A proxy. Dropping it closes it.
pub struct Proxy {
    state: watch::Sender<Wire>,
    accepting: JoinHandle<()>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Proxy {
    /// Starts a proxy in front of `target`, which need not be there yet.
    ///
    /// # Panics
    /// No port is free.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (state, watched) = watch::channel(Wire::Passes);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, target, watched.clone()));
            }
        });
        Self { state, accepting, address }
    }

    /// Changes what the wire does.
    pub fn set(&self, wire: Wire) {
        self.state.send_replace(wire);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.state.send_replace(Wire::Cut);
    }
}

async fn connect(near: TcpStream, target: SocketAddr, mut wire: watch::Receiver<Wire>) {
    if *wire.borrow() == Wire::Cut {
        return;
    }
    let Ok(far) = TcpStream::connect(target).await else { return };
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    tokio::select! {
        () = copy(near_read, far_write, wire.clone(), |_| false) => {}
        () = copy(far_read, near_write, wire.clone(), |wire| wire == Wire::SwallowsAnswers) => {}
        _ = wire.wait_for(|wire| *wire == Wire::Cut) => {}
    }
}

/// Copies until either end closes. What comes while the wire swallows is held back, as TCP would hold it, and lost when
/// the wire is cut.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut wire: watch::Receiver<Wire>,
    is_held: fn(Wire) -> bool,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if wire.wait_for(|wire| !is_held(*wire)).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
