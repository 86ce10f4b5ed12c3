//! `causette backup`: all that the store holds, into one file, beside a running server.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use indicatif::HumanBytes;

use super::CommandError;
use super::progress::{Unit, shown};
use super::serve::open_store;
use crate::backup::format::Header;
use crate::backup::{BackupError, Meter, Overwrite, Partial, save};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::store::{Store, schema};

impl From<BackupError> for CommandError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Store(error) => error.into(),
            BackupError::Rows { table, source } => {
                Self::Failure(format!("the rows of {table} were not stored: {}", Self::from(source)))
            }
            error if error.is_mistake() => Self::Usage(error.to_string()),
            error => Self::Failure(error.to_string()),
        }
    }
}

/// What was carried, in a few words.
pub(super) fn describe(header: &Header) -> String {
    let conversations = header.rows_of("conversation");
    let words = if conversations == 1 { "conversation" } else { "conversations" };
    format!("{conversations} {words}, {} rows", header.rows())
}

/// Makes a backup in a file; `-` is standard output.
pub(super) async fn backup(config: Config, file: &Path, overwrite: Overwrite) -> Result<(), CommandError> {
    if file == Path::new("-") {
        return backup_to_stdout(config).await;
    }
    // The name first: a mistake is told at once.
    let partial = Partial::create(file, overwrite)?;
    let store = open_existing(&config).await?;
    let meter = Arc::new(Meter::default());
    let work = async {
        let header = save(&store, partial.file()?, SystemClock.now(), &meter).await?;
        partial.commit()?;
        Ok(header)
    };
    let header = shown("backup", Unit::Rows, &meter, work).await?;
    store.close().await;
    println!("{}: {}, {}", file.display(), describe(&header), HumanBytes(meter.bytes()));
    Ok(())
}

async fn backup_to_stdout(config: Config) -> Result<(), CommandError> {
    if std::io::stdout().is_terminal() {
        return Err(CommandError::Usage("a backup is no text: name a file, or pass it on with |".to_owned()));
    }
    let store = open_existing(&config).await?;
    let meter = Arc::new(Meter::default());
    let work = async { Ok(save(&store, std::io::stdout(), SystemClock.now(), &meter).await?) };
    let header = shown("backup", Unit::Rows, &meter, work).await?;
    store.close().await;
    eprintln!("{}, {}", describe(&header), HumanBytes(meter.bytes()));
    Ok(())
}

/// Opens a database that is there, and as this version knows it: to back up must not change what is backed up.
async fn open_existing(config: &Config) -> Result<Store, CommandError> {
    let current = schema::current_version();
    match schema::find_version(config.database().expose()).await? {
        Some(found) if found == current => open_store(config).await,
        Some(found) => Err(CommandError::Usage(format!(
            "the database has version {found} and this causette works with version {current}: make the backup with the \
             causette that serves it"
        ))),
        None => Err(CommandError::Usage("there is no database of causette to back up".to_owned())),
    }
}
