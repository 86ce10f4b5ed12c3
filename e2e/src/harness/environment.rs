//! The machine around the tests: programs, directories, clock, randomness. The only place here that reads them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use causette_shared::id::{EntryId, SessionSecret};
use causette_shared::time::Timestamp;

/// The server's binary: what `CAUSETTE_BIN` names, else the one built beside this program.
///
/// # Panics
/// There is none.
#[must_use]
pub fn server_binary() -> PathBuf {
    let named = std::env::var_os("CAUSETTE_BIN").map(PathBuf::from);
    let beside = || {
        // target/<profile>/causette, seen from target/<profile>/ or target/<profile>/deps/.
        let program = std::env::current_exe().ok()?;
        program
            .ancestors()
            .skip(1)
            .take(2)
            .map(|directory| directory.join("causette"))
            .find(|file| file.is_file())
    };
    named.or_else(beside).expect("the server is built first: cargo build -p causette-server")
}

/// The app with the chat in its webview: what `NATIVE_APP` names, else the one that `cargo xtask test` builds.
#[must_use]
pub fn native_app() -> PathBuf {
    let built = || workspace().join("target/native/debug/causette-app");
    std::env::var_os("NATIVE_APP").map_or_else(built, PathBuf::from)
}

/// A browser's driver: what the variable names, else the program in `PATH`.
#[must_use]
pub fn driver(variable: &str, program: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(program), PathBuf::from)
}

/// The engine that whoever runs the test asks for, by its name.
#[must_use]
pub fn engine() -> Option<String> {
    std::env::var_os("E2E_ENGINE").map(|name| name.to_string_lossy().into_owned())
}

/// WebKitGTK's own small browser, where Debian and others keep it: below the libraries, by the version of its interface.
///
/// # Panics
/// There is none.
#[must_use]
pub fn webkit_browser() -> PathBuf {
    let below = |directory: &str| std::fs::read_dir(directory).into_iter().flatten().flatten();
    let places = ["/usr/lib", "/usr/libexec", "/usr/lib64"].into_iter();
    let places = places.map(PathBuf::from).chain(below("/usr/lib").map(|entry| entry.path()));
    let named = |place: PathBuf| ["webkit2gtk-4.1", "webkit2gtk-4.0"].map(|name| place.join(name));
    let found = places.flat_map(named).map(|place| place.join("MiniBrowser")).find(|file| file.is_file());
    found.expect("there is WebKitGTK's browser (Debian, Ubuntu: apt-get install webkit2gtk-driver)")
}

/// The customers' pages that the loader is tested on.
#[must_use]
pub fn host_pages() -> PathBuf {
    workspace().join("snippet/test")
}

/// Where screenshots of failures go.
#[must_use]
pub fn artifacts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts")
}

/// The checkout.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

/// The wall clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place here that reads it")]
pub fn now() -> Timestamp {
    Timestamp::default().after(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The clock that measurements are taken with.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place here that reads it")]
pub fn stopwatch() -> Instant {
    Instant::now()
}

/// Mints the id of something to be sent.
#[must_use]
pub fn entry_id() -> EntryId {
    EntryId::mint(now(), random())
}

/// Mints a visitor's secret.
#[must_use]
pub fn session_secret() -> SessionSecret {
    SessionSecret::from_bytes(random())
}

/// A number that whoever runs the test gives in the environment.
///
/// # Panics
/// What stands there is no number.
#[must_use]
pub fn given_number(name: &str) -> Option<u64> {
    let text = std::env::var_os(name)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    Some(number.unwrap_or_else(|| panic!("{name} is to be a number and is {}", text.display())))
}

/// 32 random bits, for jitter.
#[must_use]
pub fn random_number() -> u32 {
    u32::from_le_bytes(random())
}

/// Resident memory of a process, KiB (`VmRSS`, proc(5)).
///
/// # Panics
/// There is no such process, or the system does not tell.
#[must_use]
pub fn resident_kib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kib.expect("the system tells what its processes hold")
}

/// The time that a process has had on a core so far, in its own code and in the system's.
///
/// # Panics
/// There is no such process, or the system does not tell.
#[must_use]
pub fn cpu_time(process: u32) -> Duration {
    /// Ticks a second in /proc: the same on every Linux that Rust runs on (`USER_HZ`).
    const TICKS: u64 = 100;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The program's name stands in brackets and may hold anything; utime and stime are the 14th and 15th field.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let ticks: Vec<u64> = fields.take(2).filter_map(|field| field.parse().ok()).collect();
    assert_eq!(ticks.len(), 2, "the system tells what its processes use");
    Duration::from_millis(ticks.iter().sum::<u64>() * 1000 / TICKS)
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
