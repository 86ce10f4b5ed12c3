//! The mail that an invitation would be, without sending it and without changing anything: its link leads nowhere.

use causette_shared::entry::{Author, Body, Entry, MailKind};
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::message::parse_text;
use causette_shared::presence::UnreachableReason;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::Agent;
use causette_shared::time::Timestamp;

use crate::clock;
use crate::secret;
use crate::service::prepare_mail::{Material, read_log, sort_out};
use crate::service::{UseCaseError, refuse_unreachable};
use crate::store::{Tx, conversation, site};

/// Gathers what the mail would be made from.
///
/// # Errors
/// There is no such conversation, it is closed, no mail reaches its visitor, the text breaks its rule, or the store fails.
pub async fn gather(
    tx: &mut Tx,
    id: ConversationId,
    agent: &Agent,
    text: &str,
    now: Timestamp,
) -> Result<Material, UseCaseError> {
    let unknown = || UseCaseError::refused(ProblemKind::NotFound);
    let found = conversation::find_conversation(tx, id).await?.ok_or_else(unknown)?;
    let site = site::find_site(tx, &found.site).await?.ok_or_else(unknown)?;
    let to = match (found.unreachable(), &found.contact.email) {
        (None, Some(email)) => email.clone(),
        (reason, _) => return Err(refuse_unreachable(reason.unwrap_or(UnreachableReason::NoAddress))),
    };
    // As the message itself would be refused.
    found.status.taken_up().map_err(|error| {
        UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, &error.to_string()))
    })?;
    let text = parse_text(text)
        .map_err(|error| UseCaseError::Refused(Problem::field("text", &error.to_string())))?;
    let mut log = read_log(tx, id).await?;
    log.push(Entry {
        seq: found.last_seq.saturating_add(1),
        id: EntryId::mint(now, clock::id_entropy()?),
        at: now,
        author: Author::Agent { id: agent.id, name: agent.name.clone() },
        body: Body::Message { text },
    });
    let (question, messages) = sort_out(log, MailKind::Invite, &found);
    let upto = messages.last().map_or(0, |entry| entry.seq);
    Ok(Material {
        kind: MailKind::Invite,
        to,
        site,
        conversation: found,
        question,
        messages,
        upto,
        token: secret::mint()?,
        earlier: Vec::new(),
        agent: Some(agent.name.clone()),
        at: now,
    })
}
