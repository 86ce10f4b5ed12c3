//! `/demo/mailbox/{id}/reply`: whoever looks at a captured mail answers it, as its recipient would. The answer is written as a
//! mail program writes one and goes the way of every mail that comes in (`inbox`).

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::Redirect;
use causette_shared::limits;
use causette_shared::problem::{Problem, ProblemKind};
use lettre::Message;
use lettre::message::header::ContentType;
use mail_parser::MessageParser;
use serde::Deserialize;

use super::captured;
use crate::app::App;
use crate::http::auth::OwnOrigin;
use crate::http::error::ApiError;
use crate::inbox::Inbox;
use crate::mail::mailbox::{Content, Fetched, Take as _, Taken};
use crate::mailer::captured::CapturedMail;
use crate::secret::{self, SecretHash};

/// The name of the demo's mailbox among those that were read.
const MAILBOX: &str = "demo";

/// What was written below a mail.
#[derive(Deserialize)]
pub struct Answer {
    text: String,
}

/// Takes an answer to a captured mail, and leads back to it.
pub async fn reply(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    Path(id): Path<String>,
    form: Result<Form<Answer>, FormRejection>,
) -> Result<Redirect, ApiError> {
    let malformed = || ApiError::new(ProblemKind::Malformed);
    let Form(Answer { text }) = form.map_err(|_| malformed())?;
    if text.trim().is_empty() || text.chars().count() > limits::MESSAGE_CHARS {
        return Err(
            Problem::field("text", "an answer has one character at least, and as many as a message").into()
        );
    }
    let mail = captured(&app).await?.into_iter().find(|mail| mail.id == id);
    let mail = mail.ok_or_else(|| ApiError::new(ProblemKind::NotFound))?;
    // Both a name that no other mail has, and a number.
    let random = secret::mint().map_err(|_| ApiError::new(ProblemKind::Internal))?;
    let name = SecretHash::of(random.expose()).to_hex();
    let uid = u32::from_str_radix(&name[..8], 16).map_err(|_| ApiError::new(ProblemKind::Internal))?;
    let written = u64::try_from(app.clock.now().0).unwrap_or_default();
    let raw = write(&mail, &text, &name[..32], Duration::from_millis(written)).ok_or_else(malformed)?;
    // The name servers know nothing of addresses that are made up.
    let inbox = Inbox::new(Arc::clone(&app), MAILBOX.to_owned()).asking_nobody();
    let taken = inbox.take(Fetched { uid_validity: 1, uid, content: Content::Whole(raw) }).await;
    match taken {
        Taken::Done => Ok(Redirect::to(&format!("/demo/mailbox/{}?answered=1#answer", mail.id))),
        Taken::PutAside | Taken::Later => Err(ApiError::new(ProblemKind::Unavailable)),
    }
}

/// The answer as its writer's program would send it: what it answers is quoted below.
fn write(mail: &CapturedMail, text: &str, name: &str, at: Duration) -> Option<Vec<u8>> {
    let asked = MessageParser::default().parse(&mail.raw)?;
    let address = |list: Option<&mail_parser::Address<'_>>| list?.first()?.address().map(str::to_owned);
    let subject = asked.subject().unwrap_or_default();
    let subject = if subject.starts_with("Re: ") { subject.to_owned() } else { format!("Re: {subject}") };
    let quoted: String = asked.body_text(0)?.lines().map(|line| format!("> {line}\n")).collect();
    let from = address(asked.from())?;
    let message = Message::builder()
        .from(address(asked.to())?.parse().ok()?)
        .to(address(asked.reply_to())?.parse().ok()?)
        .subject(subject)
        .date(UNIX_EPOCH + at)
        .message_id(Some(format!("<{name}.{}@demo.example>", at.as_millis())))
        .in_reply_to(format!("<{}>", asked.message_id()?))
        .references(format!("<{}>", asked.message_id()?))
        .header(ContentType::TEXT_PLAIN)
        .body(format!("{text}\n\nOn {}, {from} wrote:\n{quoted}", asked.date()?.to_rfc822()))
        .ok()?;
    Some(message.formatted())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::inbound::parse;

    #[test]
    fn the_answer_reads_as_one() {
        let raw = "From: \"Maison Lumen\" <chat@demo.example>\r\nTo: ada@mail.example\r\n\
                   Reply-To: chat+abc@demo.example\r\nSubject: Maison Lumen answered you\r\n\
                   Date: Tue, 22 Sep 2026 10:00:00 +0000\r\nMessage-ID: <1.causette@demo.example>\r\n\r\n\
                   We do.\r\nBring it.\r\n";
        let mail = CapturedMail { id: "1".to_owned(), raw: raw.as_bytes().to_vec() };
        let written =
            write(&mail, "Tomorrow, à dix heures?", "7", Duration::from_secs(1_790_000_000)).expect("a mail");
        let read = parse(&written).expect("it is a mail");
        assert_eq!(read.visible, "Tomorrow, à dix heures?");
        assert_eq!(read.from.map(|from| from.address).as_deref(), Some("ada@mail.example"));
        assert_eq!(read.recipients, ["chat+abc@demo.example"]);
        assert_eq!(read.in_reply_to, ["1.causette@demo.example"]);
        assert_eq!(read.subject, "Re: Maison Lumen answered you");
        assert!(read.automatic.is_none() && read.text.contains("> Bring it."));
        let nobody = CapturedMail { raw: b"Subject: x\r\n\r\n".to_vec(), ..mail };
        assert_eq!(write(&nobody, "Hello", "7", Duration::ZERO), None);
    }
}
