//! `/api/v1/desk/contacts.csv` and `.json`: all contacts, in pages, so that memory does not grow with them.
//!
//! The CSV is that of RFC 4180 in UTF-8, with the mark that spreadsheets know it by. A cell that a spreadsheet would take
//! for a formula gets an apostrophe in front (CWE-1236), and so does one that begins with an apostrophe: whoever reads the
//! file back takes one apostrophe off each cell that begins with one, and has what was written.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use causette_shared::id::ContactId;
use causette_shared::protocol::contacts::ContactCard;
use futures_util::stream;

use crate::app::App;
use crate::http::auth::SignedIn;
use crate::http::error::ApiError;
use crate::service::UseCaseError;
use crate::store::contact_list::list_contacts_by_id;

/// Contacts that are in memory at a time.
const PART: usize = 500;
/// The mark at the start (RFC 3629 §6), without which some spreadsheets take UTF-8 for something else.
const MARK: &str = "\u{feff}";
const HEAD: &str = "id,name,email,email_verified,phone,company,unreachable,created_at,updated_at\r\n";

/// Which form.
#[derive(Clone, Copy)]
enum Form {
    Csv,
    Json,
}

/// Exports all contacts as CSV.
pub async fn csv(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, ApiError> {
    export(app, &signed_in, Form::Csv).await
}

/// Exports all contacts as JSON.
pub async fn json(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, ApiError> {
    export(app, &signed_in, Form::Json).await
}

/// Where an export has come to.
enum Place {
    Beginning,
    After(ContactId),
    End,
}

async fn export(app: Arc<App>, signed_in: &SignedIn, form: Form) -> Result<Response, ApiError> {
    tracing::info!(agent = %signed_in.agent.id, "contacts exported");
    // The first part before the answer begins: what fails at once is answered as a problem.
    let (first, next) = part(&app, form, Place::Beginning).await?;
    let rest = stream::try_unfold((app, next), move |(app, place)| async move {
        if matches!(place, Place::End) {
            return Ok(None);
        }
        let (bytes, next) = part(&app, form, place).await.inspect_err(|error| error.log("an export"))?;
        Ok::<_, UseCaseError>(Some((bytes, (app, next))))
    });
    let whole = stream::once(async { Ok::<_, UseCaseError>(first) });
    let body = Body::from_stream(futures_util::StreamExt::chain(whole, rest));
    let (kind, name) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"contacts.csv\""),
        Form::Json => ("application/json", "attachment; filename=\"contacts.json\""),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The next part, each read by itself: no transaction stays open as long as somebody downloads.
async fn part(app: &App, form: Form, from: Place) -> Result<(Bytes, Place), UseCaseError> {
    let (is_first, after) = match from {
        Place::Beginning => (true, None),
        Place::After(id) => (false, Some(id)),
        Place::End => return Ok((Bytes::new(), Place::End)),
    };
    let mut tx = app.store.begin_read().await?;
    let cards: Vec<ContactCard> =
        list_contacts_by_id(&mut tx, after, PART).await?.iter().map(|contact| contact.card()).collect();
    drop(tx);
    let next = match cards.last() {
        Some(last) if cards.len() == PART => Place::After(last.id),
        _ => Place::End,
    };
    let is_last = matches!(next, Place::End);
    let text = match form {
        Form::Csv => {
            let mut text = if is_first { [MARK, HEAD].concat() } else { String::new() };
            cards.iter().for_each(|card| write_row(&mut text, card));
            text
        }
        Form::Json => {
            let mut text = String::from(if is_first { "[" } else { "" });
            for (place, card) in cards.iter().enumerate() {
                if place > 0 || !is_first {
                    text.push(',');
                }
                text.push('\n');
                text.push_str(&serde_json::to_string(card).unwrap_or_default());
            }
            if is_last {
                text.push_str("\n]\n");
            }
            text
        }
    };
    Ok((Bytes::from(text), next))
}

fn write_row(text: &mut String, card: &ContactCard) {
    let unreachable =
        card.unreachable.and_then(|reason| serde_json::to_string(&reason).ok()).unwrap_or_default();
    let cells: [&str; 9] = [
        &card.id.to_string(),
        card.name.as_deref().unwrap_or_default(),
        card.email.as_deref().unwrap_or_default(),
        if card.email_verified { "true" } else { "false" },
        card.phone.as_deref().unwrap_or_default(),
        card.company.as_deref().unwrap_or_default(),
        unreachable.trim_matches('"'),
        &card.created_at.0.to_string(),
        &card.updated_at.0.to_string(),
    ];
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        write_cell(text, &neutral(cell));
    }
    text.push_str("\r\n");
}

/// A cell that no spreadsheet calculates.
fn neutral(cell: &str) -> Cow<'_, str> {
    const STARTS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];
    if cell.starts_with(STARTS) { Cow::Owned(["'", cell].concat()) } else { Cow::Borrowed(cell) }
}

/// RFC 4180 §2.5 to 2.7.
fn write_cell(text: &mut String, cell: &str) {
    if !cell.contains([',', '"', '\r', '\n', ';', '\t']) {
        text.push_str(cell);
        return;
    }
    text.push('"');
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_become_text_and_commas_are_quoted() {
        for (cell, written) in [
            ("Ada", "Ada"),
            ("=1+1", "'=1+1"),
            ("+33123", "'+33123"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("'quoted'", "''quoted'"),
            ("Lovelace, \"Ada\"", "\"Lovelace, \"\"Ada\"\"\""),
            ("＝1", "'＝1"),
        ] {
            let mut text = String::new();
            write_cell(&mut text, &neutral(cell));
            assert_eq!(text, written);
        }
    }

    proptest! {
        #[test]
        fn every_cell_reads_back_and_none_is_a_formula(cell in "[=+@'\"\t\r\n,;a-]{0,6}") {
            let mut text = String::new();
            write_cell(&mut text, &neutral(&cell));
            let inner = match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(inner) => inner.replace("\"\"", "\""),
                None => text.clone(),
            };
            prop_assert!(!inner.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
            prop_assert_eq!(inner.strip_prefix('\'').unwrap_or(&inner), cell);
        }
    }
}
