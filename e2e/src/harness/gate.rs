//! A gate in front of a server, as a company's proxy is one: it knows WebSockets from other requests and may refuse
//! them, or let them open and swallow what they carry. It can also let the connections that stand go half dead, as a
//! router does that has forgotten them, while new ones are good. It keeps a list of what was asked for, and may refuse
//! one path, as a list of trackers does: the same in every engine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of WebSockets that are opened from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sockets {
    /// They pass.
    Pass,
    /// They are answered with 403.
    Refused,
    /// They open, and not a byte passes after that.
    Swallowed,
}

#[derive(Clone, Debug)]
struct State {
    sockets: Sockets,
    /// What the path of a request ends with that is not answered.
    refused: Option<&'static str>,
    /// How often standing connections were deafened.
    deafened: usize,
}

/// A gate. Dropping it closes it.
pub struct Gate {
    state: watch::Sender<State>,
    passed: Arc<watch::Sender<usize>>,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Gate {
    /// Starts a gate in front of `target`, which need not be there yet.
    ///
    /// # Panics
    /// No port is free.
    pub async fn start(target: SocketAddr, sockets: Sockets) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (state, watched) = watch::channel(State { sockets, refused: None, deafened: 0 });
        let passed = Arc::new(watch::channel(0).0);
        let asked = Arc::default();
        let (seen, list) = (Arc::clone(&passed), Arc::clone(&asked));
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, target, watched.clone(), Arc::clone(&seen), Arc::clone(&list)));
            }
        });
        Self { state, passed, asked, accepting, address }
    }

    /// Changes what becomes of WebSockets that are opened from now on.
    pub fn set(&self, sockets: Sockets) {
        self.state.send_modify(|state| state.sockets = sockets);
    }

    /// Nothing that the server says arrives any more over the connections that stand now.
    pub fn deafen(&self) {
        self.state.send_modify(|state| state.deafened += 1);
    }

    /// From now on, requests whose path ends so are not answered; with `None`, all are again.
    pub fn refuse(&self, path: Option<&'static str>) {
        self.state.send_modify(|state| state.refused = path);
    }

    /// The paths that were asked for, WebSockets included, since this was asked last.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many WebSockets have passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        *self.passed.borrow()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn connect(
    mut near: TcpStream,
    target: SocketAddr,
    state: watch::Receiver<State>,
    passed: Arc<watch::Sender<usize>>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let Some(head) = read_head(&mut near).await else { return };
    let State { sockets, refused, deafened } = state.borrow().clone();
    let path = path(&head);
    let is_refused = refused.is_some_and(|end| path.ends_with(end));
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    if is_refused {
        return;
    }
    // Browsers open a connection of its own for each WebSocket, so that the first request tells; other requests are
    // made to do the same.
    let is_socket = head.to_ascii_lowercase().windows(20).any(|part| part == b"\r\nupgrade: websocket");
    let head = if is_socket { head } else { closing(&head) };
    if is_socket && sockets == Sockets::Refused {
        let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = near.write_all(refusal).await;
        return;
    }
    let Ok(mut far) = TcpStream::connect(target).await else { return };
    if far.write_all(&head).await.is_err() {
        return;
    }
    if is_socket && sockets == Sockets::Swallowed {
        let Some(answer) = read_head(&mut far).await else { return };
        if near.write_all(&answer).await.is_err() {
            return;
        }
        // What comes is read, or the browser would notice.
        let mut swallowed = vec![0; 16 * 1024];
        while let Ok(1..) = near.read(&mut swallowed).await {}
        return;
    }
    if is_socket {
        passed.send_modify(|passed| *passed += 1);
    }
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let is_deaf = || state.borrow().deafened != deafened;
    tokio::select! {
        () = copy(near_read, far_write, || false) => {}
        () = copy(far_read, near_write, is_deaf) => {}
    }
}

/// The path that a request asks for, without what was asked of it.
fn path(head: &[u8]) -> String {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let target = String::from_utf8_lossy(line).split(' ').nth(1).unwrap_or_default().to_owned();
    target.split('?').next().unwrap_or_default().to_owned()
}

/// The head of a request that is the last on its connection, and what has come after it.
fn closing(head: &[u8]) -> Vec<u8> {
    let end = head.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(head.len());
    let (lines, rest) = head.split_at(end);
    let is_kept = |line: &&[u8]| !line.to_ascii_lowercase().starts_with(b"\nconnection:");
    let mut changed = lines.split(|byte| *byte == b'\r').filter(is_kept).collect::<Vec<_>>().join(&b'\r');
    changed.extend_from_slice(b"\r\nconnection: close");
    changed.extend_from_slice(rest);
    changed
}

/// Reads until the end of a request's or an answer's head; bytes that follow it at once come along.
async fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

/// Copies until either end closes; what comes while it is deaf is lost.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, is_deaf: impl Fn() -> bool) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if !is_deaf() && to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_made_the_last_of_its_connection() {
        let head = b"POST /a/b?c HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\nbody";
        assert_eq!(path(head), "/a/b");
        let changed = b"POST /a/b?c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nconnection: close\r\n\r\nbody";
        assert_eq!(String::from_utf8_lossy(&closing(head)), String::from_utf8_lossy(changed));
    }
}
