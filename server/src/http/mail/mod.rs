//! `/mail/stop/{word}`: one click in a mail stops mail for its conversation (RFC 8058). A GET shows what a POST would do:
//! scanners follow links. The word is signed, so that it needs no session and never grows old.

mod page;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use causette_shared::id::ConversationId;
use causette_shared::problem::ProblemKind;

use self::page::{Page, answer};
use crate::app::App;
use crate::mail::Language;
use crate::mail::brand::Brand;
use crate::service::UseCaseError;
use crate::service::stop_mail::StopMail;
use crate::signed::{self, Purpose};
use crate::store::{conversation, site};

/// What a word leads to.
struct Found {
    conversation: ConversationId,
    number: u32,
    language: Language,
    brand: Option<Brand>,
}

/// Asks whether to stop.
pub async fn ask(State(app): State<Arc<App>>, Path(word): Path<String>) -> Response {
    match find(&app, &word).await {
        Ok(found) => answer(
            StatusCode::OK,
            found.brand.as_ref(),
            found.language,
            &Page::ask(found.language, found.number),
        ),
        Err(error) => failed(&error),
    }
}

/// Stops. A repeat changes nothing.
pub async fn stop(State(app): State<Arc<App>>, Path(word): Path<String>) -> Response {
    let stopped = async {
        let found = find(&app, &word).await?;
        app.perform(StopMail { conversation: found.conversation }).await?;
        Ok(found)
    };
    match stopped.await {
        Ok(found) => answer(
            StatusCode::OK,
            found.brand.as_ref(),
            found.language,
            &Page::done(found.language, found.number),
        ),
        Err(error) => failed(&error),
    }
}

/// A person reads this: a page, not a problem document.
fn failed(error: &UseCaseError) -> Response {
    error.log("stopping mail");
    let problem = error.problem();
    let status = StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let is_unknown = problem.kind == ProblemKind::NotFound;
    // Whose mail it was, and so its language, is not known.
    answer(status, None, Language::English, &if is_unknown { Page::unknown() } else { Page::unavailable() })
}

/// The conversation of a word, its language, and how its site looks.
async fn find(app: &App, word: &str) -> Result<Found, UseCaseError> {
    let unknown = || UseCaseError::refused(ProblemKind::NotFound);
    let letterhead = app.letterhead().await?;
    let id = signed::read(&letterhead.key, Purpose::StopMail, word).ok_or_else(unknown)?;
    let mut tx = app.store.begin_read().await?;
    let found = conversation::find_conversation(&mut tx, id).await?.ok_or_else(unknown)?;
    let site = site::find_site(&mut tx, &found.site).await?;
    let fixed =
        site.as_ref().map(|site| site.settings.mail_locale.as_str()).filter(|locale| !locale.is_empty());
    Ok(Found {
        conversation: id,
        number: found.number,
        language: Language::of(fixed.unwrap_or(&found.locale)),
        brand: site.map(|site| Brand::of(&site, &letterhead.public_url)),
    })
}
