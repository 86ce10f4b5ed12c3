//! Putting a backup back: the whole file is looked at first, then all of it is stored in one transaction, or nothing.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;
use tokio::sync::mpsc;

use super::format::{FirstLine, Header, read_first_line};
use super::seal::{SEAL_BYTES, Seal, SealedReader};
use super::{BackupError, Meter};
use crate::store::dump::{self, BATCH_BYTES, BATCH_ROWS, Batch, Values};
use crate::store::tables::{Column, Kind, TABLES, Table, Value};
use crate::store::{Store, StoreError, Tx};

/// Batches that wait to be stored.
const AHEAD: usize = 4;
/// How often the database is asked for, each time for as long as a writer waits, while others write without a pause.
const ATTEMPTS: u32 = 6;

/// What to do with what the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Put nothing back where something is.
    Keep,
    /// Put the backup in its place.
    Replace,
}

/// A backup that was looked at: complete, and what was written.
#[derive(Debug)]
pub struct Saved {
    file: File,
    path: PathBuf,
    length: u64,
    header: Header,
}

impl Saved {
    /// Opens a file and looks at the whole of it. This reads as fast as the disk, and blocks the thread.
    ///
    /// # Errors
    /// There is no such file, or it is not one that can be put back.
    pub fn open(path: &Path, meter: &Meter) -> Result<Self, BackupError> {
        let failed = |source| BackupError::file(path, source);
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        meter.set_total(length.saturating_sub(SEAL_BYTES as u64));
        let first = read_first_line(&mut BufReader::new(GzDecoder::new(&file)));
        let header = match first {
            Ok(FirstLine::Header(header)) => Some(header),
            Ok(FirstLine::Newer(made_by)) => {
                return Err(BackupError::Newer { path: path.to_owned(), made_by });
            }
            Ok(FirstLine::TooOld(made_by)) => {
                return Err(BackupError::TooOld { path: path.to_owned(), made_by });
            }
            Ok(FirstLine::Foreign) => None,
            Err(error) => match error.kind() {
                // What gzip says of what it has not written.
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => None,
                io::ErrorKind::UnexpectedEof if length > 0 => {
                    return Err(BackupError::Truncated(path.to_owned()));
                }
                io::ErrorKind::UnexpectedEof => None,
                _ => return Err(failed(error)),
            },
        };
        file.rewind().map_err(failed)?;
        let mut reader = SealedReader::new(BufReader::new(&file), length);
        let mut piece = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut piece).map_err(failed)? {
                0 => break,
                read => meter.advance(read as u64),
            }
        }
        match (reader.finish().map_err(failed)?, header) {
            (Seal::Holds, Some(header)) => Ok(Self { file, path: path.to_owned(), length, header }),
            (Seal::Broken, _) => Err(BackupError::Altered(path.to_owned())),
            (Seal::Missing, Some(_)) => Err(BackupError::Truncated(path.to_owned())),
            (Seal::Holds | Seal::Missing, None) => Err(BackupError::NotABackup(path.to_owned())),
        }
    }

    /// What is in it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Puts it back in one transaction: when this returns, the database holds what is in the file and nothing else. Who
    /// writes meanwhile is told to come back, who reads sees what was before. Dropped on the way, it changes nothing.
    ///
    /// # Errors
    /// The database holds something that is to be kept, does not take the rows, or fails. Nothing was changed.
    pub async fn restore(
        self,
        store: &Store,
        existing: Existing,
        meter: &Arc<Meter>,
    ) -> Result<Header, BackupError> {
        meter.set_total(self.header.rows());
        let mut tx = begin_alone(store).await?;
        if existing == Existing::Keep
            && let Some(held) = describe_content(&mut tx).await?
        {
            return Err(BackupError::NotEmpty(held));
        }
        dump::delete_all(&mut tx).await?;
        let parts: Vec<_> = self
            .header
            .tables
            .iter()
            .filter_map(|section| Some((section.resolve()?, section.rows)))
            .collect();
        let (batches, mut received) = mpsc::channel(AHEAD);
        let header = self.header.clone();
        let path = self.path.clone();
        let reading = tokio::task::spawn_blocking(move || self.read_rows(&parts, &batches));
        while let Some((table, columns, rows)) = received.recv().await {
            let count = rows.len() as u64;
            if matches!(tx, Tx::Postgres(_)) && rows.iter().flatten().any(holds_nul) {
                return Err(BackupError::Unstorable { table: table.name });
            }
            let stored = dump::create_rows(&mut tx, table, &columns, rows).await;
            stored.map_err(|source| BackupError::Rows { table: table.name, source })?;
            meter.advance(count);
        }
        match reading.await {
            Ok(read) => read?,
            // The thread does nothing that panics, and nobody aborts it.
            Err(error) => return Err(BackupError::File { path, source: io::Error::other(error) }),
        }
        dump::complete_rows(&mut tx, header.schema).await?;
        dump::count_restore(&mut tx).await?;
        meter.settle();
        tx.commit().await?;
        Ok(header)
    }

    /// Reads every row and sends it on, and looks at the seal once more: the file could have changed meanwhile.
    fn read_rows(
        self,
        parts: &[((&'static Table, Vec<Column>), u64)],
        to: &Sender,
    ) -> Result<(), BackupError> {
        let altered = || BackupError::Altered(self.path.clone());
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                altered()
            }
            _ => BackupError::file(&self.path, source),
        };
        let mut file = &self.file;
        file.rewind().map_err(failed)?;
        let sealed = SealedReader::new(BufReader::new(file), self.length);
        let mut lines = BufReader::new(GzDecoder::new(sealed));
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line).map_err(failed)?;
        for ((table, columns), rows) in parts {
            let (mut batch, mut bytes) = (Batch::new(), 0);
            for number in 1..=*rows {
                line.clear();
                lines.read_until(b'\n', &mut line).map_err(failed)?;
                let values = serde_json::from_slice::<Values>(&line).map_err(|_| altered())?;
                if !fits(&values, columns) {
                    return Err(altered());
                }
                bytes += dump::weigh(&values);
                batch.push(values);
                if batch.len() >= BATCH_ROWS || bytes >= BATCH_BYTES || number == *rows {
                    bytes = 0;
                    let full = (*table, columns.clone(), std::mem::take(&mut batch));
                    // A receiver that has gone has its own reason to tell.
                    if to.blocking_send(full).is_err() {
                        return Ok(());
                    }
                }
            }
        }
        // Past the last row stands nothing, and gzip's own checksum.
        line.clear();
        if lines.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            return Err(altered());
        }
        match lines.into_inner().into_inner().finish().map_err(failed)? {
            Seal::Holds => Ok(()),
            Seal::Broken | Seal::Missing => Err(altered()),
        }
    }
}

type Sender = mpsc::Sender<(&'static Table, Vec<Column>, Batch)>;

fn fits(values: &[Value], columns: &[Column]) -> bool {
    values.len() == columns.len()
        && values.iter().zip(columns).all(|(value, (_, kind))| match value {
            Value::Null => true,
            Value::Integer(_) => *kind == Kind::Integer,
            Value::Text(_) => *kind == Kind::Text,
        })
}

fn holds_nul(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.contains('\0'))
}

/// Begins a transaction beside which nobody writes.
async fn begin_alone(store: &Store) -> Result<Tx, StoreError> {
    let mut attempts = 1;
    loop {
        let begun = async {
            let mut tx = store.begin().await?;
            dump::lock_all(&mut tx).await?;
            Ok(tx)
        };
        match begun.await {
            Err(StoreError::Busy(cause) | StoreError::Conflict(cause)) if attempts < ATTEMPTS => {
                tracing::debug!(%cause, attempts, "others write");
                attempts += 1;
            }
            begun => return begun,
        }
    }
}

/// Names what the store holds, `None` where that is nothing. A new database has its counters.
async fn describe_content(tx: &mut Tx) -> Result<Option<String>, StoreError> {
    let mut held = Vec::new();
    for table in TABLES.iter().filter(|table| table.name != "counter") {
        let count = dump::count_rows(tx, table).await?;
        let word = match table.name {
            "agent_session" => "sign-in",
            // Nothing that a person would miss for itself.
            "entry" | "visitor_session" | "contact_merge" | "outbox" | "resume_link" | "inbound_mail"
            | "secret" => {
                continue;
            }
            name => name,
        };
        match count {
            0 => {}
            1 => held.push(format!("1 {word}")),
            _ => held.push(format!("{count} {word}s")),
        }
    }
    Ok((!held.is_empty()).then(|| held.join(", ")))
}
