//! `causette restore`: puts back what a backup holds, beside a running server or into a new database.

use std::path::PathBuf;
use std::sync::Arc;

use super::CommandError;
use super::backup::describe;
use super::progress::{Unit, shown};
use super::serve::open_store;
use crate::backup::{BackupError, Existing, Meter, Saved};
use crate::config::Config;

/// Looks at the file, then puts it back.
pub(super) async fn restore(config: Config, file: PathBuf, existing: Existing) -> Result<(), CommandError> {
    let meter = Arc::new(Meter::default());
    let saved = shown("checking", Unit::Bytes, &meter, look_at(file, Arc::clone(&meter))).await?;
    let store = open_store(&config).await?;
    let meter = Arc::new(Meter::default());
    let work = async { Ok(saved.restore(&store, existing, &meter).await?) };
    let header = shown("restore", Unit::Rows, &meter, work).await?;
    store.close().await;
    println!("restored: {}", describe(&header));
    Ok(())
}

async fn look_at(file: PathBuf, meter: Arc<Meter>) -> Result<Saved, CommandError> {
    let looked = tokio::task::spawn_blocking(move || Saved::open(&file, &meter)).await;
    // The thread does nothing that panics, and nobody aborts it.
    let looked = looked.unwrap_or_else(|error| Err(BackupError::Output(std::io::Error::other(error))));
    Ok(looked?)
}
