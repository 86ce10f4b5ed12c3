//! A turn in a batch: the one connection that writes, lent to one use case. However that ends, the connection comes back.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Sqlite, Transaction};
use tokio::sync::oneshot;

use super::StoreError;

/// What became of a batch, told to each of its members.
pub(super) type Outcome = Result<(), Arc<StoreError>>;

/// A turn on the connection that writes. Dropped without `keep`, it is undone.
pub struct Turn {
    /// There until it is given back.
    lent: Option<(SqliteConnection, oneshot::Sender<Returned>)>,
}

/// A turn that has ended.
pub(super) struct Returned {
    pub(super) connection: SqliteConnection,
    pub(super) end: End,
    /// Who waits for the outcome.
    pub(super) tell: Option<oneshot::Sender<Outcome>>,
}

/// How a turn has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// What was written is to be committed.
    Kept,
    /// What was written is to be as if it never was.
    Undone,
}

impl Turn {
    /// Lends the connection, to be returned on `give_back`.
    pub(super) const fn lend(connection: SqliteConnection, give_back: oneshot::Sender<Returned>) -> Self {
        Self { lent: Some((connection, give_back)) }
    }

    /// Keeps what was written: when this returns, it is committed with the rest of its batch.
    ///
    /// # Errors
    /// The batch was not committed, and nothing of it is there.
    pub(super) async fn keep(self) -> Result<(), StoreError> {
        self.end(End::Kept).await
    }

    /// Undoes what was written, and waits until what was read is committed.
    ///
    /// # Errors
    /// The batch was not committed: what was read there never was.
    pub(super) async fn undo(self) -> Result<(), StoreError> {
        self.end(End::Undone).await
    }

    async fn end(mut self, end: End) -> Result<(), StoreError> {
        let (tell, told) = oneshot::channel();
        self.give_back(end, Some(tell));
        match told.await {
            Ok(outcome) => outcome.map_err(StoreError::Batch),
            // The task has gone with its runtime.
            Err(_) => Err(StoreError::Busy(sqlx::Error::WorkerCrashed)),
        }
    }

    fn give_back(&mut self, end: End, tell: Option<oneshot::Sender<Outcome>>) {
        if let Some((connection, give_back)) = self.lent.take() {
            // Where nobody takes it, the connection closes, and SQLite rolls back.
            let _ = give_back.send(Returned { connection, end, tell });
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.give_back(End::Undone, None);
    }
}

impl Deref for Turn {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.lent.as_ref().expect("only the methods that consume the turn give it back").0
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.lent.as_mut().expect("only the methods that consume the turn give it back").0
    }
}

/// A transaction on SQLite.
pub enum SqliteTx {
    /// On a snapshot of its own; it only reads.
    Read(Transaction<'static, Sqlite>),
    /// A turn in a batch.
    Write(Turn),
}

impl Deref for SqliteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Read(tx) => tx,
            Self::Write(turn) => turn,
        }
    }
}

impl DerefMut for SqliteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Read(tx) => tx,
            Self::Write(turn) => turn,
        }
    }
}
