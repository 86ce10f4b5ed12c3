//! Refusals: a closed list of kinds that clients match on, the same over HTTP (RFC 9457) and in frames.

use serde::{Deserialize, Serialize};

/// Why something was refused. The names are stable: clients decide by them, people read `detail`. So is the order, which
/// the visitor's socket numbers them by: a new one goes to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The request or frame cannot be read.
    Malformed,
    /// The frame is larger than `limits::FRAME_BYTES`.
    TooLarge,
    /// A field breaks its rule; `field` names it.
    Invalid,
    /// No such site.
    UnknownSite,
    /// The page's origin is not one of the site's.
    WrongOrigin,
    /// The thing does not exist, or is not yours: both are answered alike.
    NotFound,
    /// Sign in first.
    NotSignedIn,
    /// The address or the password is wrong; never says which.
    WrongCredentials,
    /// Your role may not do this.
    Forbidden,
    /// The id was used before with other content (G2).
    IdReused,
    /// The status does not allow this.
    WrongState,
    /// The method does not exist on this route.
    MethodNotAllowed,
    /// Too much, too fast; `retry_after_ms` tells when to come back.
    RateLimited,
    /// The client speaks another protocol version and must reload.
    Outdated,
    /// The server is stopping or its store does not answer; the same request will do later.
    Unavailable,
    /// A fault of ours. Nothing was changed.
    Internal,
    /// Another agent has written since the answer was composed; `detail` names them.
    AnsweredMeanwhile,
    /// The link in a mail was used on as many devices as it may be, is too old, or was taken back.
    LinkSpent,
    /// The token by which the page proves who its person is cannot be believed; `detail` says why.
    InvalidIdentity,
    /// The session belongs to another person than the page's: sign out first.
    AnotherPerson,
}

impl ProblemKind {
    /// The HTTP status that goes with the kind.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::NotSignedIn | Self::WrongCredentials | Self::InvalidIdentity => 401,
            Self::WrongOrigin | Self::Forbidden => 403,
            Self::UnknownSite | Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::IdReused | Self::WrongState | Self::AnsweredMeanwhile | Self::AnotherPerson => 409,
            Self::LinkSpent => 410,
            Self::TooLarge => 413,
            Self::Invalid => 422,
            Self::Outdated => 426,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// A short sentence for people, the same for every problem of the kind.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "This could not be read.",
            Self::TooLarge => "This is too large.",
            Self::Invalid => "A field is not valid.",
            Self::UnknownSite => "There is no such site.",
            Self::WrongOrigin => "This page may not use this site's chat.",
            Self::NotFound => "There is nothing here.",
            Self::NotSignedIn => "Please sign in.",
            Self::WrongCredentials => "The e-mail address or the password is wrong.",
            Self::Forbidden => "You may not do this.",
            Self::IdReused => "This id was already used for something else.",
            Self::WrongState => "This is not possible any more.",
            Self::MethodNotAllowed => "This method is not possible here.",
            Self::RateLimited => "Too many requests. Please wait a moment.",
            Self::Outdated => "There is a newer version. Please reload.",
            Self::Unavailable => "The service does not answer. Please try again.",
            Self::Internal => "Something went wrong on our side.",
            Self::AnsweredMeanwhile => "Somebody else has answered meanwhile.",
            Self::LinkSpent => "This link has been used up or is too old.",
            Self::InvalidIdentity => "The page could not prove who you are.",
            Self::AnotherPerson => "This conversation belongs to somebody else.",
        }
    }

    /// Whether the same request may succeed later, unchanged. A client keeps such a message as *sending*.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::Internal)
    }
}

/// One refusal, as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of refusal.
    pub kind: ProblemKind,
    /// What is wrong in this case, for people; carries no secret and no personal data but, to an agent, a colleague's name.
    pub detail: String,
    /// The field at fault, for `ProblemKind::Invalid`.
    pub field: Option<String>,
    /// Milliseconds to wait before trying again, where that helps.
    pub retry_after_ms: Option<u32>,
}

impl Problem {
    /// Makes a problem whose detail is the kind's own sentence.
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        Self { kind, detail: kind.title().to_owned(), field: None, retry_after_ms: None }
    }

    /// Makes a problem with a detail of its own.
    #[must_use]
    pub fn with_detail(kind: ProblemKind, detail: &str) -> Self {
        Self { detail: detail.to_owned(), ..Self::new(kind) }
    }

    /// Makes a problem about one field.
    #[must_use]
    pub fn field(field: &str, detail: &str) -> Self {
        Self { field: Some(field.to_owned()), ..Self::with_detail(ProblemKind::Invalid, detail) }
    }

    /// Adds the wait after which the same request may succeed.
    #[must_use]
    pub fn retry_after_ms(mut self, millis: u32) -> Self {
        self.retry_after_ms = Some(millis);
        self
    }
}
