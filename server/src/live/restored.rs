//! Notices that the database was put back from a backup by another process, and lets go of every connection: the
//! clients come back, and find out for themselves that their log is not the one that is stored.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::store::{StoreError, dump};

/// How often to look. So long can a client go on with what it was sent before; nothing that it writes meanwhile is lost,
/// because it is stored where the log now ends.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Returns how often the database was put back; `None` where it does not answer.
pub async fn look(app: &App) -> Option<i64> {
    let count = async {
        let mut tx = app.store.begin_read().await?;
        dump::count_restores(&mut tx).await
    };
    let found: Result<_, StoreError> = count.await;
    // That the database does not answer is told by those who need it.
    found
        .inspect_err(|error| tracing::debug!(%error, "the database does not tell whether it was put back"))
        .ok()
}

/// Looks again and again, for as long as the server runs. `seen` is what was found before the first client came.
pub async fn watch(app: Arc<App>, mut seen: Option<i64>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(found) = look(&app).await else {
            continue;
        };
        if seen.replace(found).is_some_and(|seen| seen != found) {
            tracing::info!("the database was put back from a backup: every client is told to connect again");
            app.hub.let_go();
        }
    }
}
