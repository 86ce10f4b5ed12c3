//! `/api/v1/desk/…`: what came in by mail, beyond the message that it became: its files, the whole of its text, and the mails
//! that found no conversation.
//!
//! All of it was written by strangers. A file is never shown within a page of ours: it is saved, under a name that is only
//! a proposal, of a type that the browser does not guess at.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use causette_shared::id::{ConversationId, EntryId, FileId, InboundId};
use causette_shared::problem::ProblemKind;
use causette_shared::time::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::http::auth::SignedIn;
use crate::http::error::ApiError;
use crate::mail::inbound::files::{UNKNOWN_TYPE, sniff};
use crate::mail::inbound::sender::{Authenticity, Check, Verdict};
use crate::store::attachment;
use crate::store::inbound_mail::{self, InboundMail};

/// Mails that are told of, newest first.
const SHOWN: u32 = 100;

/// A mail as it came.
#[derive(Serialize)]
struct WholeMail {
    subject: Option<String>,
    from: Option<String>,
    /// When it says it was written.
    date: Option<Timestamp>,
    message_id: Option<String>,
    /// All its text, quotations included.
    text: Option<String>,
    /// Whether the sender is who the mail says, and what the methods found of it.
    sender: Option<Authenticity>,
    spf: Option<Check>,
    dkim: Option<Check>,
    dmarc: Option<Check>,
}

/// A mail that was set aside, or belongs nowhere.
#[derive(Serialize)]
struct LeftMail {
    id: InboundId,
    outcome: &'static str,
    detail: String,
    conversation: Option<ConversationId>,
    subject: Option<String>,
    from: Option<String>,
    received_at: Timestamp,
}

impl From<InboundMail> for LeftMail {
    fn from(mail: InboundMail) -> Self {
        Self {
            id: mail.id,
            outcome: mail.outcome.as_str(),
            detail: mail.detail,
            conversation: mail.conversation,
            subject: mail.subject,
            from: mail.from,
            received_at: mail.received_at,
        }
    }
}

fn unknown() -> ApiError {
    ApiError::new(ProblemKind::NotFound)
}

/// Hands out a file.
pub async fn file(
    State(app): State<Arc<App>>,
    _: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id: FileId = id.parse().map_err(|_| unknown())?;
    let mut tx = app.store.begin_read().await?;
    let found = attachment::find_attachment(&mut tx, id).await?.ok_or_else(unknown)?;
    drop(tx);
    let media_type = sniff(&found.content).unwrap_or(UNKNOWN_TYPE);
    let disposition = HeaderValue::from_str(&disposition(&found.file.name));
    let mut response = found.content.into_response();
    let headers = response.headers_mut();
    let mut set =
        |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, media_type);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    let plain = HeaderValue::from_static("attachment");
    headers.insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(plain));
    Ok(response)
}

/// Shows the whole of a mail that became an entry.
pub async fn mail(
    State(app): State<Arc<App>>,
    _: SignedIn,
    Path((conversation, entry)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let conversation: ConversationId = conversation.parse().map_err(|_| unknown())?;
    let entry: EntryId = entry.parse().map_err(|_| unknown())?;
    let mut tx = app.store.begin_read().await?;
    let found = inbound_mail::find_of_entry(&mut tx, conversation, entry).await?.ok_or_else(unknown)?;
    drop(tx);
    let verdict: Option<Verdict> = found.verdict.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let verdict = verdict.as_ref();
    let whole = WholeMail {
        subject: found.subject,
        from: found.from,
        date: found.sent_at,
        message_id: found.message_id,
        text: found.original,
        sender: verdict.map(|verdict| verdict.sender),
        spf: verdict.map(|verdict| verdict.spf),
        dkim: verdict.map(|verdict| verdict.dkim),
        dmarc: verdict.map(|verdict| verdict.dmarc),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(whole)).into_response())
}

/// Lists the mails that were set aside, or belong nowhere, newest first.
pub async fn left(State(app): State<Arc<App>>, _: SignedIn) -> Result<Response, ApiError> {
    let mut tx = app.store.begin_read().await?;
    let mails = inbound_mail::list_left(&mut tx, SHOWN).await?;
    drop(tx);
    let mails: Vec<LeftMail> = mails.into_iter().map(LeftMail::from).collect();
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(mails)).into_response())
}

/// `attachment` with a name in both forms (RFC 6266 §4.3, appendix D): in ASCII for those who know no other, and in UTF-8 (RFC
/// 8187 §3.2).
fn disposition(name: &str) -> String {
    // A percent sign is decoded by some programs in the plain form too.
    let plain: String = name
        .chars()
        .map(|c| if (c.is_ascii_graphic() || c == ' ') && !"\"\\%".contains(c) { c } else { '_' })
        .collect();
    let mut value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(value, "%{byte:02X}");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_in_both_forms_and_ends_nothing() {
        for (name, told) in [
            ("lamp.pdf", "attachment; filename=\"lamp.pdf\"; filename*=UTF-8''lamp.pdf"),
            ("a b.txt", "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt"),
            (
                "\u{e9}t\u{e9} \u{20ac}.pdf",
                "attachment; filename=\"_t_ _.pdf\"; filename*=UTF-8''%C3%A9t%C3%A9%20%E2%82%AC.pdf",
            ),
            (
                "x\"; filename=\"y.exe\r\nSet-Cookie: a",
                "attachment; filename=\"x_; filename=_y.exe__Set-Cookie: a\"; \
                 filename*=UTF-8''x%22%3B%20filename%3D%22y.exe%0D%0ASet-Cookie%3A%20a",
            ),
            ("100%41.txt", "attachment; filename=\"100_41.txt\"; filename*=UTF-8''100%2541.txt"),
        ] {
            assert_eq!(disposition(name), told);
            assert!(HeaderValue::from_str(&disposition(name)).is_ok());
        }
    }
}
