//! Group commit on SQLite: many use cases in one transaction, and so in one sync.
//!
//! SQLite has one writer, and a commit waits for the disk. Whoever wants to write asks for a turn. One task owns the
//! connection: it begins a batch, lends the connection to one after the other, each behind a savepoint of its own, and
//! commits as soon as nobody waits. A lone use case therefore costs exactly one sync, and a hundred at once little more.
//!
//! - A turn that is not kept (refused, failed, panicked, cancelled) is undone alone: dropping it gives the connection back.
//! - Nobody is told anything before the commit, not even a refusal that was decided from what an earlier member of the
//!   same batch has written. When the commit fails, it fails for all of them.
//! - Some failures, a full disk among them, make SQLite roll the whole transaction back in the middle of a turn. The
//!   savepoint is gone then, and every step from one turn to the next begins with a statement that fails without it: what
//!   earlier members wrote is never taken for committed. In the turn itself nothing more is run.
//! - After a failure the connection is opened anew, with its settings checked as at the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::turn::{End, Outcome, Returned, Turn};
use super::{BUSY_TIMEOUT, StoreError, sqlite};

/// Members of one batch at most: the first waits for the last, some ten milliseconds.
const MEMBERS: usize = 256;
/// How long a batch takes new members: reached only where use cases are slow, and then the first waits no longer.
const HELD: Duration = Duration::from_secs(1);

/// Several statements are one trip to the connection's thread.
const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT turn";
/// Taken along with the next turn's first statement, and undone with it where the savepoint has gone.
const NEXT_AFTER_KEPT: &str = "RELEASE turn; SAVEPOINT turn";
/// The savepoint stays, for the next turn.
const NEXT_AFTER_UNDONE: &str = "ROLLBACK TO turn";
const COMMIT_AFTER_KEPT: &str = "RELEASE turn; COMMIT";
const COMMIT_AFTER_UNDONE: &str = "ROLLBACK TO turn; RELEASE turn; COMMIT";
/// Where nobody has kept anything.
const ROLLBACK: &str = "ROLLBACK";

/// Whom a turn is given to.
type Asker = oneshot::Sender<Result<Turn, StoreError>>;

/// Gives turns on the one connection that writes. Clones share it.
#[derive(Clone)]
pub struct Writer {
    requests: mpsc::UnboundedSender<Request>,
    commits: Arc<AtomicU64>,
}

enum Request {
    Turn(Asker),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the task that owns the connection. It opens another one from the options when this one fails.
    pub(super) fn start(options: SqliteConnectOptions, connection: SqliteConnection) -> Self {
        let (requests, waiting) = mpsc::unbounded_channel();
        let commits = Arc::default();
        let task = Task {
            options,
            connection: Some(connection),
            waiting,
            held_over: None,
            closing: Vec::new(),
            commits: Arc::clone(&commits),
        };
        tokio::spawn(task.run());
        Self { requests, commits }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// It does not come in time, another process holds the database, or it fails.
    pub(super) async fn turn(&self) -> Result<Turn, StoreError> {
        let (give, given) = oneshot::channel();
        // A closed channel ends `given` too.
        let _ = self.requests.send(Request::Turn(give));
        match tokio::time::timeout(BUSY_TIMEOUT, given).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => Err(StoreError::Busy(sqlx::Error::PoolClosed)),
            Err(_) => Err(StoreError::Busy(sqlx::Error::PoolTimedOut)),
        }
    }

    /// How many batches were committed.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Lets the batch end, refuses who comes later, and closes the connection.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        let _ = self.requests.send(Request::Close(done));
        // An error says that it was closed before.
        let _ = closed.await;
    }
}

/// The task that owns the connection.
struct Task {
    options: SqliteConnectOptions,
    /// `None` after a failure.
    connection: Option<SqliteConnection>,
    waiting: mpsc::UnboundedReceiver<Request>,
    /// Whose turn it was when a batch failed: the first of the next one.
    held_over: Option<Asker>,
    closing: Vec<oneshot::Sender<()>>,
    commits: Arc<AtomicU64>,
}

/// The transaction that is open.
struct Batch {
    connection: SqliteConnection,
    began: Instant,
    turns: usize,
    kept: usize,
    /// Who waits for it to end.
    members: Vec<oneshot::Sender<Outcome>>,
}

impl Task {
    async fn run(mut self) {
        while self.closing.is_empty() {
            let asker = match self.held_over.take() {
                Some(asker) => asker,
                None => match self.waiting.recv().await {
                    Some(Request::Turn(asker)) => asker,
                    Some(Request::Close(done)) => {
                        self.closing.push(done);
                        continue;
                    }
                    None => break,
                },
            };
            if !asker.is_closed() {
                self.perform_batch(asker).await;
            }
        }
        if let Some(connection) = self.connection.take() {
            let _ = connection.close().await;
        }
        for done in self.closing.drain(..) {
            let _ = done.send(());
        }
    }

    /// Gives turns as long as somebody waits, then commits.
    async fn perform_batch(&mut self, first: Asker) {
        let mut batch = match self.begin().await {
            Ok(batch) => batch,
            Err(error) => {
                let _ = first.send(Err(error));
                return;
            }
        };
        let mut asker = first;
        let mut step = None;
        loop {
            let (lent, returned) = oneshot::channel();
            // Whoever has gone meanwhile leaves a turn that is dropped here, and comes back like any other.
            let _ = asker.send(Ok(Turn::lend(batch.connection, step, lent)));
            let Ok(Returned { connection, step: not_taken, end, tell }) = returned.await else {
                // Only a turn that is leaked does not come back. The batch has gone with it, and its members are told by
                // their closed channels.
                tracing::error!("the connection that writes was not given back");
                return;
            };
            batch.connection = connection;
            batch.note(end, tell);
            let next = if batch.is_open() { self.next_asker() } else { None };
            // A turn without a statement has left everything as the one before it.
            let end = if not_taken.is_some() { End::Kept } else { end };
            let now = match (end, next.is_some(), batch.kept) {
                (End::Kept, true, _) => None,
                (End::Undone, true, _) => Some(NEXT_AFTER_UNDONE),
                (_, false, 0) => Some(ROLLBACK),
                (End::Kept, false, _) => Some(COMMIT_AFTER_KEPT),
                (End::Undone, false, _) => Some(COMMIT_AFTER_UNDONE),
            };
            if let Some(now) = now
                && let Err(error) = run(&mut batch.connection, now).await
            {
                self.held_over = next;
                return batch.fail(error).await;
            }
            step = (end == End::Kept).then_some(NEXT_AFTER_KEPT);
            match next {
                Some(next) => asker = next,
                None => break,
            }
        }
        if batch.kept > 0 {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        self.connection = Some(batch.succeed());
    }

    async fn begin(&mut self) -> Result<Batch, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => sqlite::connect(&self.options).await.map_err(StoreError::Reopen)?,
        };
        match run(&mut connection, BEGIN).await {
            Ok(()) => Ok(Batch { connection, began: Instant::now(), turns: 0, kept: 0, members: Vec::new() }),
            Err(error) => {
                if error.is_lock() {
                    // Another process writes; the connection is as good as before.
                    self.connection = Some(connection);
                } else {
                    discard(connection).await;
                }
                Err(error)
            }
        }
    }

    /// Whoever waits next and has not gone.
    fn next_asker(&mut self) -> Option<Asker> {
        loop {
            match self.waiting.try_recv().ok()? {
                Request::Turn(asker) if asker.is_closed() => {}
                Request::Turn(asker) => return Some(asker),
                Request::Close(done) => {
                    self.closing.push(done);
                    return None;
                }
            }
        }
    }
}

impl Batch {
    /// Whether it takes another member.
    fn is_open(&self) -> bool {
        self.turns < MEMBERS && self.began.elapsed() < HELD
    }

    /// Notes how a turn has ended, and who waits for what becomes of it.
    fn note(&mut self, end: End, tell: Option<oneshot::Sender<Outcome>>) {
        self.turns += 1;
        match (end, tell) {
            // It has read nothing that is not committed, and has nothing to wait for.
            (End::Undone, Some(tell)) if self.kept == 0 => {
                let _ = tell.send(Ok(()));
            }
            (_, tell) => self.members.extend(tell),
        }
        self.kept += usize::from(end == End::Kept);
    }

    /// Tells everyone that it is committed.
    fn succeed(self) -> SqliteConnection {
        for member in self.members {
            // Who has gone does not care.
            let _ = member.send(Ok(()));
        }
        self.connection
    }

    /// Tells everyone that nothing of it is there. The next batch has another connection: nobody knows the state of this.
    async fn fail(self, error: StoreError) {
        // Closing is what rolls back, and gives the lock free: only then is it true.
        discard(self.connection).await;
        if self.members.is_empty() {
            // Nobody loses anything but who was told their own error.
            return;
        }
        // That the disk fails is told once, when it begins.
        if !error.is_of_the_disk() {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, members = self.members.len(), "a batch was not committed");
        }
        let error = Arc::new(error);
        for member in self.members {
            let _ = member.send(Err(Arc::clone(&error)));
        }
    }
}

/// Runs statements of ours, prepared once.
async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    match sqlx::query(sql).execute(connection).await {
        Ok(_) => Ok(()),
        Err(error) if StoreError::is_misuse(&error) => Err(StoreError::Busy(error)),
        Err(error) => Err(error.into()),
    }
}

/// Closes a connection that is in an unknown state, and waits until its locks are gone.
async fn discard(connection: SqliteConnection) {
    let _ = connection.close().await;
}
