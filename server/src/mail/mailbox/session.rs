//! One connection to the mailbox. async-imap writes and reads the lines; what they mean to us is here, because its own
//! commands take a refusal, or the end of the connection, for an empty answer.

use std::time::Duration;

use async_imap::Client;
use async_imap::imap_proto::{
    AttributeValue, Capability, MailboxDatum, MessageSection, RequestId, Response, ResponseCode, SectionPath,
    Status,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::mail::mailbox::{Content, MailboxError};
use crate::mail::message::MessageId;
use crate::mail::server_url::{ImapUrl, Login, Protection};
use crate::mail::stream::{BoxedStream, Connector};

/// So much of the headers of a mail that is too large is read, in bytes.
const HEADERS_LIMIT: u32 = 64 * 1024;
/// Taking leave is a courtesy and does not wait long.
const COURTESY: Duration = Duration::from_secs(3);

/// A folder that is open.
pub(super) struct Session {
    imap: async_imap::Session<BoxedStream>,
    patience: Duration,
    uid_validity: u32,
    has_idle: bool,
    /// The server has told of mails since we last looked for them.
    is_told_of_mails: bool,
}

/// What is at a UID.
pub(super) enum Found {
    /// It is gone.
    Nothing,
    Mail(Content),
}

impl Session {
    /// Connects, logs in and opens the folder.
    pub(super) async fn open(
        connector: &Connector,
        url: &ImapUrl,
        patience: Duration,
    ) -> Result<Self, MailboxError> {
        let socket = connector.connect(patience.min(Duration::from_secs(30))).await;
        let (socket, _) = socket.map_err(|error| MailboxError::Unreachable(error.kind()))?;
        let login = url.server().login.as_ref().ok_or(MailboxError::Login)?;
        let imap = timeout(patience, log_in(connector, url.server().protection(), login, socket));
        let imap = imap.await.map_err(|_| MailboxError::TooSlow)??;
        let (uid_validity, has_idle, is_told_of_mails) = (0, false, false);
        let mut session = Self { imap, patience, uid_validity, has_idle, is_told_of_mails };
        // Asked for after the login, which may change it (RFC 3501 §6.1.1).
        let mut has_idle = false;
        let is_idle = |capability: &Capability<'_>| matches!(capability, Capability::Atom(name) if name.eq_ignore_ascii_case("IDLE"));
        let note = |response: &Response<'_>| {
            if let Response::Capabilities(capabilities) = response {
                has_idle |= capabilities.iter().any(is_idle);
            }
        };
        session.ask("CAPABILITY", note).await?;
        session.has_idle = has_idle;
        let mut uid_validity = None;
        let folder = url.folder().replace('\\', r"\\").replace('"', "\\\"");
        let note = |response: &Response<'_>| {
            if let Response::Data { outcome, .. } = response
                && let Some(ResponseCode::UidValidity(value)) = outcome.code
            {
                uid_validity = Some(value);
            }
        };
        let selected = session.ask(&format!("SELECT \"{folder}\""), note).await;
        selected
            .map_err(|error| if error == MailboxError::Refused { MailboxError::Folder } else { error })?;
        // Without it a UID says nothing (RFC 3501 §2.3.1.1).
        session.uid_validity = uid_validity.ok_or(MailboxError::Folder)?;
        Ok(session)
    }

    /// The folder's.
    pub(super) const fn uid_validity(&self) -> u32 {
        self.uid_validity
    }

    /// Whether the server tells of new mails by itself.
    pub(super) const fn has_idle(&self) -> bool {
        self.has_idle
    }

    /// The UIDs that nobody has seen, ascending.
    pub(super) async fn list_unseen(&mut self) -> Result<Vec<u32>, MailboxError> {
        self.is_told_of_mails = false;
        let mut uids = Vec::new();
        let note = |response: &Response<'_>| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                uids.extend_from_slice(found);
            }
        };
        self.ask("UID SEARCH UNSEEN UNDELETED", note).await?;
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// Reads one mail without marking it. What the server says of its size is not relied upon: no more than the limit is
    /// asked for.
    pub(super) async fn fetch(&mut self, uid: u32, limit: u32) -> Result<Found, MailboxError> {
        let Some(size) = self.size_of(uid).await? else {
            return Ok(Found::Nothing);
        };
        if size > limit {
            let headers = self.section(uid, "HEADER", HEADERS_LIMIT).await?.unwrap_or_default();
            return Ok(Found::Mail(Content::TooLarge { headers, size }));
        }
        let Some(raw) = self.section(uid, "", limit.saturating_add(1)).await? else {
            return Ok(Found::Nothing);
        };
        if raw.len() <= limit as usize {
            return Ok(Found::Mail(Content::Whole(raw)));
        }
        let end = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(raw.len());
        let headers = raw[..end.min(HEADERS_LIMIT as usize)].to_vec();
        Ok(Found::Mail(Content::TooLarge { headers, size: limit.saturating_add(1) }))
    }

    async fn size_of(&mut self, uid: u32) -> Result<Option<u32>, MailboxError> {
        let mut size = None;
        let note = |response: &Response<'_>| {
            let of_mail = |attribute: &AttributeValue<'_>| match attribute {
                AttributeValue::Rfc822Size(size) => Some(*size),
                _ => None,
            };
            size = size.or(attributes_of(response, uid).and_then(|all| all.iter().find_map(of_mail)));
        };
        self.ask(&format!("UID FETCH {uid} (UID RFC822.SIZE)"), note).await?;
        Ok(size)
    }

    /// At most `limit` bytes from the beginning of a mail or its headers.
    async fn section(&mut self, uid: u32, name: &str, limit: u32) -> Result<Option<Vec<u8>>, MailboxError> {
        let (mut is_there, mut bytes) = (false, None);
        let wanted = if name.is_empty() { None } else { Some(SectionPath::Full(MessageSection::Header)) };
        let note = |response: &Response<'_>| {
            for attribute in attributes_of(response, uid).unwrap_or_default() {
                if let AttributeValue::BodySection { section, data, .. } = attribute
                    && *section == wanted
                {
                    is_there = true;
                    bytes = data.as_ref().map(|data| data.to_vec());
                }
            }
        };
        self.ask(&format!("UID FETCH {uid} (UID BODY.PEEK[{name}]<0.{limit}>)"), note).await?;
        // NIL in place of the mail: the server has it and cannot give it.
        if is_there && bytes.is_none() { Err(MailboxError::Refused) } else { Ok(bytes) }
    }

    /// Marks a mail as seen. Where the server refuses, as in a folder that may only be read, it will be offered again.
    pub(super) async fn mark_seen(&mut self, uid: u32) -> Result<(), MailboxError> {
        match self.ask(&format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)"), |_| {}).await {
            Err(MailboxError::Refused) => {
                tracing::warn!(uid, "the server does not let us mark a mail as seen");
                Ok(())
            }
            result => result,
        }
    }

    /// The UID of the mail with this name, seen or not; the first, should there be several.
    pub(super) async fn find_by_id(&mut self, id: &MessageId) -> Result<Option<u32>, MailboxError> {
        let mut uids = Vec::new();
        let note = |response: &Response<'_>| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                uids.extend_from_slice(found);
            }
        };
        let id = id.as_str().replace('\\', r"\\").replace('"', "\\\"");
        self.ask(&format!("UID SEARCH UNDELETED HEADER Message-ID \"{id}\""), note).await?;
        Ok(uids.into_iter().min())
    }

    /// Takes a mail out of the folder, and no other: where the server cannot do that for one alone (RFC 4315), it is only
    /// marked.
    pub(super) async fn remove(&mut self, uid: u32) -> Result<(), MailboxError> {
        self.ask(&format!("UID STORE {uid} +FLAGS.SILENT (\\Seen \\Deleted)"), |_| {}).await?;
        match self.ask(&format!("UID EXPUNGE {uid}"), |_| {}).await {
            Err(MailboxError::Refused) => Ok(()),
            result => result,
        }
    }

    /// Gives the server an occasion to tell what is new.
    pub(super) async fn noop(&mut self) -> Result<(), MailboxError> {
        self.ask("NOOP", |_| {}).await
    }

    /// Waits until the server tells of mails, at most `span` (RFC 2177). Where it refuses, it is not asked again.
    pub(super) async fn idle(&mut self, span: Duration) -> Result<(), MailboxError> {
        // What it told during another command it does not tell again.
        if self.is_told_of_mails {
            return Ok(());
        }
        let deadline = Instant::now() + span;
        let tag = self.imap.run_command("IDLE").await?;
        match self.read_in_time(&tag, true, |_| {}).await {
            Ok(()) => {}
            Err(MailboxError::Refused) => {
                self.has_idle = false;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        while !self.is_told_of_mails {
            let Ok(response) = timeout_at(deadline, self.imap.read_response()).await else {
                break;
            };
            let response = response?.ok_or(MailboxError::Lost)?;
            self.note(response.parsed())?;
        }
        // A connection that is half dead shows here at the latest: nothing comes back.
        self.imap.run_command_untagged("DONE").await?;
        self.read_in_time(&tag, false, |_| {}).await
    }

    /// Takes leave.
    pub(super) async fn leave(&mut self) {
        let _ = timeout(COURTESY, self.imap.logout()).await;
    }

    /// One command and its answer; `note` sees what comes before the end of it.
    async fn ask(&mut self, command: &str, note: impl FnMut(&Response<'_>)) -> Result<(), MailboxError> {
        let tag = timeout(self.patience, self.imap.run_command(command)).await;
        let tag = tag.map_err(|_| MailboxError::TooSlow)??;
        self.read_in_time(&tag, false, note).await
    }

    async fn read_in_time(
        &mut self,
        tag: &RequestId,
        or_continue: bool,
        mut note: impl FnMut(&Response<'_>),
    ) -> Result<(), MailboxError> {
        let patience = self.patience;
        let answer = timeout(patience, self.read_until(tag, or_continue, &mut note)).await;
        answer.map_err(|_| MailboxError::TooSlow)?
    }

    /// Reads to the end of the answer, or to where the server waits for us to go on.
    async fn read_until(
        &mut self,
        tag: &RequestId,
        or_continue: bool,
        note: &mut impl FnMut(&Response<'_>),
    ) -> Result<(), MailboxError> {
        loop {
            let response = self.imap.read_response().await?.ok_or(MailboxError::Lost)?;
            match response.parsed() {
                Response::Done { tag: ended, status, .. } if ended == tag => {
                    return if *status == Status::Ok { Ok(()) } else { Err(MailboxError::Refused) };
                }
                Response::Continue(_) if or_continue => return Ok(()),
                other => {
                    self.is_told_of_mails |= matches!(other, Response::MailboxData(MailboxDatum::Exists(_)));
                    if is_farewell(other) {
                        return Err(MailboxError::Lost);
                    }
                    note(other);
                }
            }
        }
    }

    /// Takes note of what the server says by itself.
    fn note(&mut self, response: &Response<'_>) -> Result<(), MailboxError> {
        self.is_told_of_mails |= matches!(response, Response::MailboxData(MailboxDatum::Exists(_)));
        // An IDLE that the server ends by itself is over like one that timed out for it.
        let ended = is_farewell(response) || matches!(response, Response::Done { .. });
        if ended { Err(MailboxError::Lost) } else { Ok(()) }
    }
}

const fn is_farewell(response: &Response<'_>) -> bool {
    matches!(response, Response::Data { status: Status::Bye, .. })
}

/// What an answer says of one mail. The server may tell of others in between.
fn attributes_of<'a, 'b>(response: &'a Response<'b>, uid: u32) -> Option<&'a [AttributeValue<'b>]> {
    let is_it = |attribute: &AttributeValue<'_>| matches!(attribute, AttributeValue::Uid(its) if *its == uid);
    match response {
        Response::Fetch(_, attributes) if attributes.iter().any(is_it) => Some(attributes),
        _ => None,
    }
}

async fn log_in(
    connector: &Connector,
    protection: Protection,
    login: &Login,
    socket: TcpStream,
) -> Result<async_imap::Session<BoxedStream>, MailboxError> {
    let untrusted = |_| MailboxError::Encryption;
    let client = match protection {
        Protection::Plain => greeted(Box::new(socket) as BoxedStream).await?,
        Protection::Tls => greeted(connector.encrypt(socket).await.map_err(untrusted)?).await?,
        Protection::StartTls => {
            let mut client = greeted(socket).await?;
            let begun = client.run_command_and_check_ok("STARTTLS", None).await;
            begun.map_err(|error| match error.into() {
                MailboxError::Refused => MailboxError::Encryption,
                other => other,
            })?;
            // What came in the clear behind the answer is dropped with the client's buffer.
            Client::new(connector.encrypt(client.into_inner()).await.map_err(untrusted)?)
        }
    };
    let Login { user, password } = login;
    // LOGIN takes ASCII (RFC 3501 §9, quoted strings); PLAIN takes everything (RFC 4616), but not every server has it.
    let session = if user.is_ascii() && password.is_ascii() {
        client.login(user, password).await
    } else {
        client.authenticate("PLAIN", Plain(login)).await
    };
    session.map_err(|(error, _)| match error.into() {
        MailboxError::Refused => MailboxError::Login,
        other => other,
    })
}

/// Waits for the greeting, which has to be one that lets us log in: PREAUTH would come before the encryption.
async fn greeted<T: crate::mail::stream::Stream>(stream: T) -> Result<Client<T>, MailboxError> {
    let mut client = Client::new(stream);
    let greeting = client.read_response().await?.ok_or(MailboxError::Greeting)?;
    match greeting.parsed() {
        Response::Data { status: Status::Ok, .. } => Ok(client),
        _ => Err(MailboxError::Greeting),
    }
}

/// The mechanism PLAIN (RFC 4616).
struct Plain<'a>(&'a Login);

impl async_imap::Authenticator for Plain<'_> {
    type Response = String;

    fn process(&mut self, _: &[u8]) -> String {
        format!("\0{}\0{}", self.0.user, self.0.password)
    }
}
