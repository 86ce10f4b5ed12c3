//! Hears of visitors who have left, and lets what they have not seen go out sooner.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::service::follow_up::VisitorLeft;

/// Looks after everyone who leaves, for as long as the server runs.
pub async fn watch(app: Arc<App>) {
    let mut departures = app.hub.departures();
    while let Some(visitor) = departures.recv().await {
        // They count as gone only after the grace.
        let at = app.clock.now().before(Duration::from_secs(app.config.presence_grace_s));
        if let Err(error) = app.perform(VisitorLeft { visitor, at }).await {
            // Their follow-up goes out when it would have without their leaving.
            error.log("a visitor's departure");
        }
    }
}
