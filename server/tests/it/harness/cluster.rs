//! A PostgreSQL of the tests' own: a cluster in a temporary directory, reached by a socket in it.
//!
//! It ends with the test process, however that ends: a shell waits for the end of a pipe that only this process holds,
//! stops the cluster and removes the directory.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, PgConnection};

/// The owner of the cluster, and their password. It guards nothing: the socket's directory is closed to others.
const USER: &str = "causette";
const PASSWORD: &str = "correct-horse";
const ADVICE: &str =
    "install PostgreSQL (Debian, Ubuntu: apt-get install postgresql), or put `initdb` and `pg_ctl` into PATH";

/// One running cluster.
pub struct Cluster {
    directory: PathBuf,
    programs: PathBuf,
    owner: Option<Owner>,
    guard: Child,
    databases: AtomicU32,
}

/// Whom the programs run as where we are root, which PostgreSQL refuses.
#[derive(Clone, Copy)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

/// The cluster that most tests share, each with a database of its own in it.
pub fn shared() -> &'static Cluster {
    static SHARED: LazyLock<Cluster> = LazyLock::new(Cluster::start);
    &SHARED
}

impl Cluster {
    /// Makes a cluster and starts it.
    pub fn start() -> Self {
        let programs = find_programs().unwrap_or_else(|| panic!("no PostgreSQL for the tests: {ADVICE}"));
        let owner = is_root().then(find_owner);
        // Kept: the guard removes it when the cluster has stopped.
        let directory = tempfile::tempdir().expect("there is a temporary directory").keep();
        fs::write(directory.join("password"), PASSWORD).expect("it is written");
        if let Some(owner) = owner {
            for path in [&directory, &directory.join("password")] {
                chown(path, Some(owner.uid), Some(owner.gid)).expect("root may give it away");
            }
        }
        let stop = command(&programs, &directory, owner, "pg_ctl");
        let mut guard = Command::new("sh");
        guard
            .args(["-c", "trap '' INT TERM HUP; read _; directory=$1; shift; \"$@\" -D data stop -m immediate -s; rm -rf \"$directory\"", "sh"])
            .arg(&directory)
            .arg(stop.get_program())
            .args(stop.get_args())
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let guard = guard.spawn().expect("there is a shell");
        let cluster = Self { directory, programs, owner, guard, databases: AtomicU32::new(0) };
        let make = ["-D", "data", "-U", USER, "--pwfile=password", "-E", "UTF8", "--locale=C", "--no-sync"];
        cluster.run("initdb", &[&make[..], &["--auth=scram-sha-256"]].concat());
        cluster.start_server();
        cluster
    }

    /// Starts the server over what the cluster holds.
    pub fn start_server(&self) {
        let listen = format!(
            "-c listen_addresses= -c unix_socket_directories='{}' -c max_connections=300",
            self.directory.display()
        );
        self.run("pg_ctl", &["-D", "data", "-l", "log", "-o", &listen, "-w", "-s", "start"]);
    }

    /// Stops the server at once, as a crash would.
    pub fn crash_server(&self) {
        self.run("pg_ctl", &["-D", "data", "-m", "immediate", "-w", "-s", "stop"]);
    }

    /// The address of a database in it.
    pub fn address(&self, database: &str) -> String {
        self.address_as(USER, PASSWORD, database)
    }

    /// The same for another user.
    pub fn address_as(&self, user: &str, password: &str, database: &str) -> String {
        let socket = self.directory.display();
        format!("postgres://{user}:{password}@localhost/{database}?host={socket}")
    }

    /// Makes an empty database and returns its address.
    pub async fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name}")).await;
        self.address(&name)
    }

    /// Runs a statement as the cluster's owner.
    pub async fn execute(&self, sql: &str) {
        let mut connection = connect(&self.address("postgres")).await;
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
        done.expect("it is right");
        connection.close().await.expect("it closes");
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = command(&self.programs, &self.directory, self.owner, program);
        let output: Output = command.args(arguments).output().expect("the program runs");
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} failed: {told}\n{log}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Opens a connection of the test's own.
pub async fn connect(address: &str) -> PgConnection {
    PgConnection::connect(address).await.expect("the database opens")
}

/// A program (of PostgreSQL's, say), run in the directory as the cluster's owner, in a language that can be read.
pub fn command(programs: &Path, directory: &Path, owner: Option<Owner>, program: &str) -> Command {
    let program = programs.join(program);
    let mut command = match owner {
        Some(Owner { uid, gid }) => {
            let mut command = Command::new("setpriv");
            command.args([format!("--reuid={uid}"), format!("--regid={gid}")]).arg("--clear-groups");
            command.arg(program);
            command
        }
        None => Command::new(program),
    };
    command.current_dir(directory).env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// The directory of the newest PostgreSQL: Debian keeps its programs outside of `PATH`.
fn find_programs() -> Option<PathBuf> {
    let has_all = |directory: &PathBuf| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|name| directory.join(name).is_file())
    };
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, directory)| has_all(directory))
        .collect();
    versions.sort();
    let in_path = search_path().into_iter().find(has_all);
    in_path.or_else(|| versions.pop().map(|(_, directory)| directory))
}

pub fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

pub fn is_root() -> bool {
    id(&["-u"]) == Some(0)
}

/// Debian's package makes the user `postgres`; `nobody` will do as well.
pub fn find_owner() -> Owner {
    let owner = |name: &str| Some(Owner { uid: id(&["-u", name])?, gid: id(&["-g", name])? });
    owner("postgres").or_else(|| owner("nobody")).expect("there is a user without rights")
}

pub fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
