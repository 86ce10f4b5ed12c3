//! `cargo xtask bench-store`: how many messages a second are committed on SQLite, beside what the same disk takes at most.
//!
//! The limit is a bare loop: rows like those of messages, in batches of a hundred, each batch committed as durably as ours,
//! through the same driver. Beside it visitors write through `App::perform`, each the next message once the last is
//! acknowledged. Limit and load take turns in one run, so that the neighbours of this machine disturb both; a figure is the
//! median of the rounds. Syncs are counted, not timed: by strace, where it is installed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use causette_server::app::App;
use causette_server::clock::{SystemClock, id_entropy};
use causette_server::config::Config;
use causette_server::secret::{self, SecretHash};
use causette_server::service::add_site::AddSite;
use causette_server::service::send_message::{SendMessage, Sent};
use causette_server::site::{Site, SiteOrigin, SiteSettings};
use causette_server::store::Store;
use causette_shared::entry::Content;
use causette_shared::id::{EntryId, SiteKey};
use causette_shared::time::Timestamp;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use tokio::time::Instant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const ROUNDS: usize = 5;
/// Visitors who write at once, and the messages that they write together in a round.
const LOADS: [(usize, usize); 4] = [(1, 400), (10, 4_000), (100, 10_000), (400, 20_000)];
/// Conversations of the bare loop, as many as there are visitors at most.
const CONVERSATIONS: usize = 400;
const BARE_ROWS: usize = 20_000;
const BARE_BATCH: usize = 100;
const TEXT: &str = "Is the brass lamp still in stock, and does it come with a longer cable?";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime.map_err(Failure::from).and_then(|runtime| match arguments.as_slice() {
        // What is run under strace.
        [visitors, messages] => runtime.block_on(load_once(visitors.parse()?, messages.parse()?)),
        _ => runtime.block_on(measure()),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A server's inside over a database of its own, next to what was built: on a real disk.
struct Bench {
    app: Arc<App>,
    sessions: Vec<SecretHash>,
    first: Vec<Sent>,
    directory: tempfile::TempDir,
}

impl Bench {
    /// Opens it with so many visitors who have a conversation.
    async fn open(visitors: usize) -> Result<Self, Failure> {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let store = Store::open(&format!("sqlite://{}", file_in(directory.path()).display())).await?;
        let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
        let listen = config.listen;
        let app = causette_server::wire(config, store, Arc::new(SystemClock), listen);
        let site = Site {
            key: site()?,
            name: "Shop".to_owned(),
            origins: vec![SiteOrigin::Own],
            settings: SiteSettings::default(),
        };
        app.perform(AddSite(site)).await?;
        let (mut sessions, mut first) = (Vec::new(), Vec::new());
        for _ in 0..visitors {
            let session = SecretHash::of(secret::mint()?.expose());
            first.push(send(&app, session).await?);
            sessions.push(session);
        }
        Ok(Self { app, sessions, first, directory })
    }

    /// Lets so many visitors write so many messages together, and returns messages a second.
    async fn load(&self, visitors: usize, messages: usize) -> Result<f64, Failure> {
        let began = Instant::now();
        let writing = self.sessions.iter().take(visitors).map(|session| {
            let (app, session) = (Arc::clone(&self.app), *session);
            tokio::spawn(async move {
                for _ in 0..messages / visitors {
                    send(&app, session).await?;
                }
                Ok::<_, Failure>(())
            })
        });
        for written in writing.collect::<Vec<_>>() {
            written.await??;
        }
        Ok(messages as f64 / began.elapsed().as_secs_f64())
    }

    fn commits(&self) -> u64 {
        match &self.app.store {
            Store::Sqlite { writer, .. } => writer.commits(),
            Store::Postgres { .. } => 0,
        }
    }

    async fn close(self) {
        self.app.store.close().await;
    }
}

fn file_in(directory: &Path) -> std::path::PathBuf {
    directory.join("causette.db")
}

fn site() -> Result<SiteKey, Failure> {
    Ok("shop".parse::<SiteKey>().map_err(|error| error.to_string())?)
}

fn entry_id() -> Result<EntryId, Failure> {
    Ok(EntryId::mint(Timestamp(1_790_000_000_000), id_entropy()?))
}

async fn send(app: &App, session: SecretHash) -> Result<Sent, Failure> {
    let content = Content::Message { text: TEXT.to_owned() };
    let (site, id, locale) = (site()?, entry_id()?, "en".to_owned());
    Ok(app.perform(SendMessage { site, session, locale, id, content, available: true }).await?)
}

/// The bare loop, over conversations like those of the load.
struct Bare {
    connection: SqliteConnection,
    conversations: Vec<String>,
    seq: i64,
    bench: Bench,
}

impl Bare {
    async fn open() -> Result<Self, Failure> {
        let bench = Bench::open(CONVERSATIONS).await?;
        let connection = SqliteConnectOptions::new()
            .filename(file_in(bench.directory.path()))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .connect()
            .await?;
        let conversations = bench.first.iter().map(|sent| sent.conversation.to_string()).collect();
        Ok(Self { connection, conversations, seq: 2, bench })
    }

    /// Adds the rows, and returns rows a second.
    async fn run(&mut self) -> Result<f64, Failure> {
        const SQL: &str = "INSERT INTO entry (conversation_id, seq, id, at, author, agent_id, agent_name, kind, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let began = Instant::now();
        for batch in 0..BARE_ROWS / BARE_BATCH {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut self.connection).await?;
            for row in batch * BARE_BATCH..(batch + 1) * BARE_BATCH {
                if row % CONVERSATIONS == 0 {
                    self.seq += 1;
                }
                sqlx::query(SQL)
                    .bind(self.conversations[row % CONVERSATIONS].clone())
                    .bind(self.seq)
                    .bind(entry_id()?.to_string())
                    .bind(1_790_000_000_000_i64)
                    .bind("visitor")
                    .bind(None::<String>)
                    .bind(None::<String>)
                    .bind("message")
                    .bind(TEXT.to_owned())
                    .execute(&mut self.connection)
                    .await?;
            }
            sqlx::query("COMMIT").execute(&mut self.connection).await?;
        }
        Ok(BARE_ROWS as f64 / began.elapsed().as_secs_f64())
    }
}

/// One kind of load, over all rounds.
#[derive(Default)]
struct Figures {
    rates: Vec<f64>,
    /// Of the bare loop in the same round.
    ratios: Vec<f64>,
    messages: usize,
    commits: u64,
}

async fn measure() -> Result<(), Failure> {
    let mut bare = Bare::open().await?;
    let bench = Bench::open(CONVERSATIONS).await?;
    let mut limits = Vec::new();
    let mut all: Vec<Figures> = LOADS.iter().map(|_| Figures::default()).collect();
    // The first round warms up.
    for round in 0..=ROUNDS {
        let before = bare.run().await?;
        let mut rates = Vec::new();
        for ((visitors, messages), figures) in LOADS.into_iter().zip(&mut all) {
            let commits = bench.commits();
            rates.push(bench.load(visitors, messages).await?);
            if round > 0 {
                figures.messages += messages;
                figures.commits += bench.commits() - commits;
            }
        }
        // The limit of a round is what the disk took around it.
        let limit = f64::midpoint(before, bare.run().await?);
        if round > 0 {
            limits.push(limit);
            for (rate, figures) in rates.into_iter().zip(&mut all) {
                figures.rates.push(rate);
                figures.ratios.push(rate / limit);
            }
        }
    }
    println!("| what | rows a second | of the bare loop | messages to a commit | syncs to a message |");
    println!("| --- | --- | --- | --- | --- |");
    println!("| bare loop, batches of {BARE_BATCH} | {} | | | |", spread(&mut limits));
    for ((visitors, _), mut figures) in LOADS.into_iter().zip(all) {
        figures.ratios.sort_by(f64::total_cmp);
        let ratio = figures.ratios[ROUNDS / 2] * 100.0;
        let shared = figures.messages as f64 / figures.commits as f64;
        let syncs = count_syncs(visitors)?.map_or("not counted: no strace".to_owned(), |n| format!("{n:.3}"));
        println!(
            "| {visitors} at once | {} | {ratio:.0} % | {shared:.1} | {syncs} |",
            spread(&mut figures.rates)
        );
    }
    bench.close().await;
    bare.bench.close().await;
    Ok(())
}

/// The median, with the least and the most.
fn spread(rates: &mut [f64]) -> String {
    rates.sort_by(f64::total_cmp);
    let (least, most) = (rates[0], rates[rates.len() - 1]);
    format!("{:.0} ({least:.0}–{most:.0})", rates[rates.len() / 2])
}

/// A load alone, without a word: what it syncs is counted from outside.
async fn load_once(visitors: usize, messages: usize) -> Result<(), Failure> {
    let bench = Bench::open(visitors).await?;
    if messages > 0 {
        bench.load(visitors, messages).await?;
    }
    bench.close().await;
    Ok(())
}

/// Syncs to a message, those of checkpoints included; `None` where they cannot be counted.
fn count_syncs(visitors: usize) -> Result<Option<f64>, Failure> {
    let messages = 200 * if visitors == 1 { 1 } else { 10 };
    let Some(without) = count_syncs_of(visitors, 0)? else {
        return Ok(None);
    };
    let with = count_syncs_of(visitors, messages)?.unwrap_or(without);
    Ok(Some(with.saturating_sub(without) as f64 / messages as f64))
}

fn count_syncs_of(visitors: usize, messages: usize) -> Result<Option<usize>, Failure> {
    let directory = tempfile::tempdir()?;
    let trace = directory.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=fsync,fdatasync", "-o"]).arg(&trace);
    strace.arg(std::env::current_exe()?).args([visitors.to_string(), messages.to_string()]);
    match strace.status() {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("the load under strace failed ({status})").into()),
        Err(_) => return Ok(None),
    }
    let lines = std::fs::read_to_string(&trace)?;
    // A call that another thread interrupts stands on two lines, the second without an opening parenthesis behind its name.
    Ok(Some(lines.lines().filter(|line| line.contains("sync(")).count()))
}
