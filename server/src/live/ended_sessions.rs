//! Notices that sessions of visitors were ended, by this process or another one, and has their connections looked at: whose
//! session is none any more is let go, comes back, and is nobody.

use std::sync::Arc;
use std::time::Duration;

use causette_shared::id::VisitorId;

use super::hub::Notice;
use crate::app::App;
use crate::store::{StoreError, visitor_session};

/// How often to look. A connection outlives its session by so long, and five seconds are what it may take.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Returns the number of the last end; 0 where the database does not answer, so that all are looked at once it does.
pub async fn look(app: &App) -> i64 {
    list_after(app, i64::MAX).await.map_or(0, |(last, _)| last)
}

/// Looks again and again, for as long as the server runs. `seen` is what was found before the first client came.
pub async fn watch(app: Arc<App>, mut seen: i64) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match list_after(&app, seen).await {
            Ok((last, visitors)) => {
                for visitor in visitors {
                    app.hub.publish_to_visitor(visitor, Notice::SessionsEnded);
                }
                // Less than before after a restore, which lets go of everybody (`restored`).
                seen = last;
            }
            // That the database does not answer is told by those who need it.
            Err(error) => tracing::debug!(%error, "the database does not tell which sessions were ended"),
        }
    }
}

/// The number of the last end, and whose sessions ended after `seen`, out of one snapshot.
async fn list_after(app: &App, seen: i64) -> Result<(i64, Vec<VisitorId>), StoreError> {
    let mut tx = app.store.begin_read().await?;
    let last = visitor_session::find_last_end(&mut tx).await?;
    let visitors = match last > seen {
        true => visitor_session::list_visitors_ended_after(&mut tx, seen).await?,
        false => Vec::new(),
    };
    Ok((last, visitors))
}
