//! From the socket to the point where the mail dialogue proper begins: the greeting, and STARTTLS.
//!
//! This is not left to lettre for two reasons: it does not tell in which phase it failed, and it keeps bytes that came before
//! the encryption as if they had come after it, which lets whoever sits between put words into the server's mouth
//! (Poddebniak et al., "Why TLS Is Better Without STARTTLS", USENIX Security 2021).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use crate::mail::server_url::Protection;
use crate::mail::smtp::failure::SendError;
use crate::mail::smtp::{Budget, Phase, Target};
use crate::mail::stream::BoxedStream;

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 16 * 1024;

/// Connects, waits for the greeting and sees to the encryption that the address asks for.
pub(super) async fn open(target: &Target, budget: &Budget) -> Result<Opened, SendError> {
    let (socket, peer) = budget
        .run(Phase::Connect, budget.patience.connect * 2, target.connector.connect(budget.patience.connect))
        .await?
        .map_err(|_| SendError::lost(Phase::Connect, "is not possible"))?;
    let command = budget.patience.command;
    let encrypt = |socket| async {
        let encrypted = budget.run(Phase::Encryption, command, target.connector.encrypt(socket)).await?;
        encrypted.map_err(|error| SendError::lost(Phase::Encryption, tls_failure(&error)))
    };
    let stream: BoxedStream = match target.protection {
        Protection::Plain => {
            let mut socket = socket;
            budget.run(Phase::Greeting, command, greeting(&mut socket)).await??;
            Box::new(socket)
        }
        Protection::Tls => {
            let mut stream = encrypt(socket).await?;
            budget.run(Phase::Greeting, command, greeting(&mut stream)).await??;
            stream
        }
        Protection::StartTls => {
            let mut socket = socket;
            budget.run(Phase::Greeting, command, greeting(&mut socket)).await??;
            let hello = format!("EHLO {}\r\n", target.hello);
            let offers = budget.run(Phase::Hello, command, ask(&mut socket, Phase::Hello, &hello)).await??;
            if !offers.lines().any(|line| line.eq_ignore_ascii_case("STARTTLS")) {
                return Err(SendError::lost(Phase::Encryption, "is not offered by the server"));
            }
            let ask = ask(&mut socket, Phase::Encryption, "STARTTLS\r\n");
            budget.run(Phase::Encryption, command, ask).await??;
            encrypt(socket).await?
        }
    };
    Ok(Opened { ready: READY, stream, peer })
}

fn tls_failure(error: &io::Error) -> &'static str {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => "failed: the server's certificate is not to be trusted",
        _ => "failed",
    }
}

async fn greeting(stream: &mut (impl AsyncRead + Unpin)) -> Result<(), SendError> {
    read_answer(stream, Phase::Greeting).await.map(drop)
}

async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    phase: Phase,
    line: &str,
) -> Result<String, SendError> {
    stream.write_all(line.as_bytes()).await.map_err(|_| SendError::lost(phase, "broke off"))?;
    read_answer(stream, phase).await
}

/// Reads one answer (RFC 5321 §4.2.1), and nothing may come behind it: it is our turn. Returns its lines without codes.
async fn read_answer(stream: &mut (impl AsyncRead + Unpin), phase: Phase) -> Result<String, SendError> {
    let mut read = Vec::with_capacity(512);
    loop {
        let count = stream.read_buf(&mut read).await.map_err(|_| SendError::lost(phase, "broke off"))?;
        if count == 0 {
            return Err(SendError::lost(phase, "broke off"));
        }
        if let Some(answer) = parse_answer(&read).map_err(|what| SendError::lost(phase, what))? {
            return match answer {
                (200..=299, lines) => Ok(lines),
                (code @ 400..=599, lines) => Err(SendError::refused(phase, code, &lines)),
                _ => Err(SendError::lost(phase, "was answered with something else")),
            };
        }
        if read.len() > ANSWER_LIMIT {
            return Err(SendError::lost(phase, "was answered without end"));
        }
    }
}

/// The code and the lines of an answer, or `None` if it is not whole yet.
fn parse_answer(read: &[u8]) -> Result<Option<(u16, String)>, &'static str> {
    let mut lines = String::new();
    let mut rest = read;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(&rest[..end]);
        let line = line.trim_end_matches('\r');
        rest = &rest[end + 1..];
        let code = line.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        let code = code.and_then(|code| code.parse().ok()).ok_or("was answered with something else")?;
        lines.push_str(line.get(4..).unwrap_or_default());
        if line.as_bytes().get(3) == Some(&b'-') {
            lines.push('\n');
            continue;
        }
        return if rest.is_empty() { Ok(Some((code, lines))) } else { Err("was answered out of turn") };
    }
    Ok(None)
}

/// In place of the greeting, which has been read: lettre waits for one before it says EHLO.
const READY: &[u8] = b"220 ready\r\n";

/// A stream whose greeting is over, as lettre takes it.
#[derive(Debug)]
pub(super) struct Opened {
    ready: &'static [u8],
    stream: BoxedStream,
    peer: SocketAddr,
}

impl AsyncTokioStream for Opened {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Opened {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ready.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let (now, later) = self.ready.split_at(self.ready.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.ready = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Opened {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_last_line_and_nothing_follows() {
        let whole = |text: &str, code, lines: &str| {
            assert_eq!(parse_answer(text.as_bytes()), Ok(Some((code, lines.to_owned()))), "{text:?}");
        };
        whole("220 mail.example ESMTP\r\n", 220, "mail.example ESMTP");
        whole("250-mail.example\r\n250-SIZE 10\r\n250 STARTTLS\r\n", 250, "mail.example\nSIZE 10\nSTARTTLS");
        whole("250\r\n", 250, "");
        whole("250 ok\n", 250, "ok");
        for partial in ["", "22", "220 mail", "250-a\r\n", "250-a\r\n250 b\r"] {
            assert_eq!(parse_answer(partial.as_bytes()), Ok(None), "{partial:?}");
        }
        for wrong in ["hello\r\n", "2\r\n", "é20 x\r\n", "220 ready\r\n250-AUTH PLAIN\r\n", "220 ready\r\nx"]
        {
            assert!(parse_answer(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }
}
