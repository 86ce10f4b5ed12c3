//! Making a backup: one snapshot, read while others write.
//!
//! The task reads rows and hands them, a few batches ahead at most, to a thread that writes, compresses and seals.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use causette_shared::time::Timestamp;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::format::{Header, Section};
use super::seal::SealingWriter;
use super::{BackupError, Meter};
use crate::store::Store;
use crate::store::dump::{self, Batch};
use crate::store::tables::TABLES;

/// Batches that wait to be written.
const AHEAD: usize = 4;
/// Bytes that wait to be handed to the file.
const BUFFER: usize = 256 * 1024;

/// Writes all that the store holds to `out`, as of one instant. What was acknowledged before this was called is in it.
/// Where it fails, or is dropped on the way, `out` has been given something that `restore` refuses.
///
/// # Errors
/// The store cannot be read or `out` not be written.
pub async fn save(
    store: &Store,
    out: impl Write + Send + 'static,
    now: Timestamp,
    meter: &Arc<Meter>,
) -> Result<Header, BackupError> {
    let mut tx = store.begin_read().await?;
    let mut sections = Vec::with_capacity(TABLES.len());
    for table in &TABLES {
        sections.push(Section::of(table, dump::count_rows(&mut tx, table).await?));
    }
    let header = Header::new(now, sections);
    meter.set_total(header.rows());
    let (batches, received) = mpsc::channel(AHEAD);
    let writing = spawn_writer(out, header.clone(), received, Arc::clone(meter));
    let mut read = Ok(());
    for table in &TABLES {
        read = dump::read_table(&mut tx, table, &batches).await;
        if read.is_err() {
            break;
        }
    }
    drop(batches);
    let written = match writing.await {
        Ok(written) => written,
        // The thread does nothing that panics, and nobody aborts it.
        Err(error) => Err(io::Error::other(error)),
    };
    // Where reading failed, the writer has found too few rows: the first fault is the one to tell.
    read?;
    written.map_err(BackupError::Output)?;
    Ok(header)
}

fn spawn_writer(
    out: impl Write + Send + 'static,
    header: Header,
    batches: mpsc::Receiver<Batch>,
    meter: Arc<Meter>,
) -> JoinHandle<io::Result<()>> {
    tokio::task::spawn_blocking(move || write_all(out, &header, batches, &meter))
}

fn write_all(
    out: impl Write,
    header: &Header,
    mut batches: mpsc::Receiver<Batch>,
    meter: &Meter,
) -> io::Result<()> {
    let sealing = SealingWriter::new(BufWriter::with_capacity(BUFFER, Counted { inner: out, meter }));
    let mut lines = GzEncoder::new(sealing, Compression::default());
    serde_json::to_writer(&mut lines, header)?;
    lines.write_all(b"\n")?;
    let (mut line, mut rows) = (Vec::new(), 0);
    while let Some(batch) = batches.blocking_recv() {
        line.clear();
        for values in &batch {
            serde_json::to_writer(&mut line, values)?;
            line.push(b'\n');
        }
        lines.write_all(&line)?;
        meter.advance(batch.len() as u64);
        rows += batch.len() as u64;
    }
    // Whoever reads has stopped on the way: what is there is no backup, and gets no seal.
    if rows != header.rows() {
        return Err(io::Error::new(io::ErrorKind::Interrupted, "the rows were not all read"));
    }
    lines.finish()?.seal()?;
    Ok(())
}

/// Tells the meter what is written.
struct Counted<'a, W> {
    inner: W,
    meter: &'a Meter,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.meter.count_bytes(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
