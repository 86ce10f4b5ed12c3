//! A turn in a batch: the one connection that writes, lent to one use case. However that ends, the connection comes back.
//!
//! What a statement costs is mostly the trip to the connection's thread and back. So the step from one turn to the next
//! goes along with the first statement of the next one.

use std::future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _, TryFutureExt as _, TryStreamExt as _};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnection, SqliteQueryResult, SqliteRow, SqliteStatement, SqliteTypeInfo,
};
use sqlx::{
    AssertSqlSafe, Describe, Either, Error, Execute, Executor, SqlSafeStr as _, SqlStr, Sqlite, Transaction,
};
use tokio::sync::oneshot;

use super::StoreError;

/// What became of a batch, told to each of its members.
pub(super) type Outcome = Result<(), Arc<StoreError>>;

/// A turn on the connection that writes. Dropped without `keep`, it is undone. As on PostgreSQL, nothing can be done in it
/// after a statement that failed: SQLite may have ended the transaction then, and would commit each further statement.
#[derive(Debug)]
pub struct Turn {
    /// There until it is given back.
    lent: Option<Lent>,
}

#[derive(Debug)]
struct Lent {
    connection: SqliteConnection,
    give_back: oneshot::Sender<Returned>,
    /// What comes before the first statement.
    step: Option<&'static str>,
    failed: bool,
}

/// A turn that has ended.
#[derive(Debug)]
pub(super) struct Returned {
    pub(super) connection: SqliteConnection,
    /// The step that was to come before the first statement, where there was none.
    pub(super) step: Option<&'static str>,
    pub(super) end: End,
    /// Who waits for the outcome.
    pub(super) tell: Option<oneshot::Sender<Outcome>>,
}

/// How a turn has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// What was written is to be committed.
    Kept,
    /// What was written is to be as if it never was.
    Undone,
}

impl Turn {
    /// Lends the connection, to be returned on `give_back`. The step is taken before the first statement.
    pub(super) const fn lend(
        connection: SqliteConnection,
        step: Option<&'static str>,
        give_back: oneshot::Sender<Returned>,
    ) -> Self {
        Self { lent: Some(Lent { connection, give_back, step, failed: false }) }
    }

    /// Keeps what was written: when this returns, it is committed with the rest of its batch.
    ///
    /// # Errors
    /// A statement had failed, or the batch was not committed: nothing of it is there.
    pub(super) async fn keep(mut self) -> Result<(), StoreError> {
        if self.lent().failed {
            self.end(End::Undone).await?;
            return Err(after_failure().into());
        }
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
        if let Some(Lent { connection, give_back, step, .. }) = self.lent.take() {
            // Where nobody takes it, the connection closes, and SQLite rolls back.
            let _ = give_back.send(Returned { connection, step, end, tell });
        }
    }

    fn lent(&mut self) -> &mut Lent {
        self.lent.as_mut().expect("only the methods that consume the turn give it back")
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.give_back(End::Undone, None);
    }
}

/// Why a statement after one that failed is not run.
fn after_failure() -> Error {
    Error::Protocol("a statement of this transaction has failed before".to_owned())
}

/// What runs next.
struct Prepared<'a> {
    statement: Query<'static, Sqlite, SqliteArguments>,
    /// Statements of ours before it.
    before: usize,
    /// Where it runs.
    connection: &'a mut SqliteConnection,
    /// Where to note that it has failed.
    failed: &'a mut bool,
}

impl Lent {
    /// Makes a statement the next one, behind the step where that was not taken yet.
    fn prepare<'q>(&mut self, mut query: impl Execute<'q, Sqlite>) -> Result<Prepared<'_>, Error> {
        if self.failed {
            return Err(after_failure());
        }
        let arguments = query.take_arguments().map_err(Error::Encode)?.unwrap_or_default();
        let persistent = query.persistent();
        let (sql, before) = match self.step.take() {
            Some(step) => {
                let sql = format!("{step}; {}", query.sql().as_str());
                (AssertSqlSafe(sql).into_sql_str(), step.split(';').count())
            }
            None => (query.sql(), 0),
        };
        let statement = sqlx::query_with(sql, arguments).persistent(persistent);
        Ok(Prepared { statement, before, connection: &mut self.connection, failed: &mut self.failed })
    }
}

/// A transaction on SQLite.
#[derive(Debug)]
pub enum SqliteTx {
    /// On a snapshot of its own; it only reads.
    Read(Transaction<'static, Sqlite>),
    /// A turn in a batch.
    Write(Turn),
}

impl SqliteTx {
    fn connection(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Read(tx) => tx,
            Self::Write(turn) => &mut turn.lent().connection,
        }
    }
}

impl<'c> Executor<'c> for &'c mut SqliteTx {
    type Database = Sqlite;

    fn fetch_many<'e, 'q, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<SqliteQueryResult, SqliteRow>, Error>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        match self {
            SqliteTx::Read(tx) => tx.fetch_many(query),
            SqliteTx::Write(turn) => match turn.lent().prepare(query) {
                Ok(Prepared { statement, mut before, connection, failed }) => {
                    let results = connection.fetch_many(statement).inspect_err(|_| *failed = true);
                    // SQLite counts for ours again what the statement before them has changed.
                    let asked_for = move |result: &Result<_, Error>| {
                        let is_ours = before > 0 && result.is_ok();
                        before -= usize::from(is_ours);
                        future::ready(!is_ours)
                    };
                    results.filter(asked_for).boxed()
                }
                Err(error) => stream::once(future::ready(Err(error))).boxed(),
            },
        }
    }

    fn fetch_optional<'e, 'q, E>(self, query: E) -> BoxFuture<'e, Result<Option<SqliteRow>, Error>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        match self {
            SqliteTx::Read(tx) => tx.fetch_optional(query),
            SqliteTx::Write(turn) => match turn.lent().prepare(query) {
                Ok(Prepared { statement, connection, failed, .. }) => {
                    connection.fetch_optional(statement).inspect_err(|_| *failed = true).boxed()
                }
                Err(error) => future::ready(Err(error)).boxed(),
            },
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [SqliteTypeInfo],
    ) -> BoxFuture<'e, Result<SqliteStatement, Error>>
    where
        'c: 'e,
    {
        self.connection().prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Sqlite>, Error>>
    where
        'c: 'e,
    {
        self.connection().describe(sql)
    }
}
