//! One small GET, for looking whether our own address answers. It follows nothing and keeps nothing.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

use crate::mail::stream::{BoxedStream, Connector};

/// So much of an answer is read, in bytes.
const ANSWER_BYTES: u64 = 64 * 1024;

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// In lower case; empty where it has none.
    pub(super) media_type: String,
    pub(super) body: String,
}

/// Asks for an address of the web, within a time.
pub(super) async fn get(url: &Url, within: Duration) -> io::Result<Answer> {
    let asked = tokio::time::timeout(within, ask(url, within)).await;
    asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn ask(url: &Url, within: Duration) -> io::Result<Answer> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
    let host = url.host().ok_or_else(invalid)?.to_owned();
    let port = url.port_or_known_default().ok_or_else(invalid)?;
    let is_encrypted = url.scheme() == "https";
    let connector = Connector::to(host, port, is_encrypted).map_err(io::Error::other)?;
    let (socket, _) = connector.connect(within).await?;
    let mut stream: BoxedStream =
        if is_encrypted { connector.encrypt(socket).await? } else { Box::new(socket) };
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    // HTTP/1.0: the answer ends with the connection, and comes in one piece.
    let path = url.path();
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {authority}\r\nUser-Agent: causette-doctor\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut raw = Vec::new();
    match stream.take(ANSWER_BYTES).read_to_end(&mut raw).await {
        // A server that ends TLS without a farewell has said all the same what it has said.
        Err(error) if raw.is_empty() => return Err(error),
        _ => {}
    }
    parse(&raw).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn parse(raw: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(raw);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let status = words.next().filter(|version| version.starts_with("HTTP/1.")).and_then(|_| words.next())?;
    let media_type = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.trim().to_ascii_lowercase());
    Some(Answer {
        status: status.parse().ok()?,
        media_type: media_type.unwrap_or_default(),
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let answer =
            parse(b"HTTP/1.1 401 Unauthorized\r\nX: y\r\ncontent-TYPE: Application/Problem+JSON\r\n\r\n{}")
                .expect("it is one");
        assert_eq!((answer.status, answer.media_type.as_str()), (401, "application/problem+json"));
        assert_eq!(answer.body, "{}");
        for other in [&b"SSH-2.0-OpenSSH_9\r\n\r\n"[..], b"", b"HTTP/1.1 x\r\n\r\n", b"HTTP/1.1 200 OK\r\n"] {
            assert!(parse(other).is_none());
        }
    }
}
