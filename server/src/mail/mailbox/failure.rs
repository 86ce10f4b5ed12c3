//! Why a mailbox cannot be read.

use std::io;

use async_imap::error::Error;

/// Why a mailbox cannot be read. It carries no text of the server, nor of a mail: it may be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// The host is unknown, or does not answer.
    #[error("the server cannot be reached ({0})")]
    Unreachable(io::ErrorKind),
    /// No TLS, or none that is to be trusted.
    #[error("the connection cannot be encrypted, or the server's certificate is not to be trusted")]
    Encryption,
    /// It does not greet as a mail server does.
    #[error("the server did not greet, or sent us away")]
    Greeting,
    /// The user or the password is wrong, or the server takes neither.
    #[error("the login was refused")]
    Login,
    /// The folder does not exist, or may not be read.
    #[error("the folder cannot be opened")]
    Folder,
    /// The connection ended.
    #[error("the connection was lost")]
    Lost,
    /// The server took too long.
    #[error("the server did not answer in time")]
    TooSlow,
    /// It said no.
    #[error("the server refused")]
    Refused,
    /// It said what nobody understands.
    #[error("the server's answer could not be read")]
    Unreadable,
}

impl From<Error> for MailboxError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error.into(),
            Error::Bad(_) | Error::No(_) => Self::Refused,
            Error::ConnectionLost => Self::Lost,
            _ => Self::Unreadable,
        }
    }
}

impl From<io::Error> for MailboxError {
    /// async-imap says what it cannot read as `Other`, and quotes it: nothing of it is kept.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::Other { Self::Unreadable } else { Self::Lost }
    }
}
