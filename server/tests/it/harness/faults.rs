//! A disk that fails on demand, and a loss of power: `faults.c` between the real server and its files.
//!
//! The library is loaded into the server's process alone. What a test itself reads and writes goes past it, so that a
//! test must not write into the database while such a server runs.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::process::Running;

/// What fails from now on. The numbers are those of `faults.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Fault {
    /// Nothing.
    Nothing = 0,
    /// No file grows (`ENOSPC`); what has its place already can be written.
    DiskFull = 1,
    /// Every write (`EIO`).
    WritesFail = 2,
    /// Every sync (`EIO`), and what it should have brought to the disk does not get there by a later one either.
    SyncsFail = 3,
    /// Syncs do not return until there is another fault or none.
    SyncsWait = 4,
    /// Every read (`EIO`).
    ReadsFail = 5,
    /// Every read (`ESTALE`), as where the disk is far away.
    ReadsStale = 6,
    /// The server is killed where SQLite has copied its log into the database and is about to sync that.
    EndsInCheckpoint = 7,
}

/// The disk under a data directory.
pub struct FaultyDisk {
    data: PathBuf,
    /// Here lies of each file what a loss of power leaves of it; and the control file.
    state: tempfile::TempDir,
    control: File,
}

/// What a power failure leaves of the writes that no sync has followed.
#[derive(Clone, Copy, Debug)]
pub enum Unsynced {
    /// Nothing.
    Lost,
    /// Some sectors and not others, chosen by this seed: disks and kernels write in any order.
    Torn(u64),
}

/// A disk writes so many bytes or none of them; SQLite relies on no more.
const SECTOR: usize = 512;

impl FaultyDisk {
    /// Puts it below a directory that no server uses. What is in there is taken for durable.
    pub fn below(data: &Path) -> Self {
        let state = tempfile::tempdir().expect("there is a temporary directory");
        for file in files_in(data) {
            fs::copy(data.join(&file), state.path().join(&file)).expect("it can be copied");
        }
        let path = state.path().join("control");
        let control = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let control = control.expect("it is made");
        control.set_len(4096).expect("it grows");
        Self { data: data.to_owned(), state, control }
    }

    /// Starts a server over this disk.
    pub fn serve(&self, environment: &[(&str, &str)]) -> Running {
        let text = |path: &'_ Path| path.to_str().expect("the path is text").to_owned();
        let (library, data, state) = (text(library()), text(&self.data), text(self.state.path()));
        let ours = [("LD_PRELOAD", &*library), ("FAULTY_DISK_DATA", &data), ("FAULTY_DISK_STATE", &state)];
        let server = Running::serve(&self.data, &[environment, &ours].concat());
        assert!(self.number(1) > 0, "the library does not see what the server writes");
        server
    }

    /// Lets something fail, or nothing any more.
    pub fn set(&self, fault: Fault) {
        self.control.write_all_at(&(fault as u64).to_ne_bytes(), 0).expect("it is written");
    }

    /// How many syncs of a file have succeeded.
    pub fn syncs(&self) -> u64 {
        self.number(2)
    }

    /// How many syncs wait for the fault to go.
    pub fn waiting(&self) -> u64 {
        self.number(3)
    }

    fn number(&self, place: u64) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, 8 * place).expect("it is read");
        u64::from_ne_bytes(bytes)
    }

    /// Leaves in the directory what a power failure would. The server must have been killed before.
    pub fn lose_power(&self, unsynced: Unsynced) {
        for name in files_in(&self.data) {
            let (file, durable) = (self.data.join(&name), self.state.path().join(&name));
            if name.ends_with("-shm") {
                // Memory that processes share, nothing else.
                fs::remove_file(file).expect("it can be removed");
                continue;
            }
            let durable = if durable.exists() { read(&durable) } else { Vec::new() };
            let left = match unsynced {
                Unsynced::Lost => durable,
                Unsynced::Torn(seed) => torn(&durable, &read(&file), seed),
            };
            fs::write(file, left).expect("it is written");
        }
    }
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).expect("it can be read")
}

fn files_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is there").map(|entry| entry.expect("it is read"));
    entries.map(|entry| entry.file_name().into_string().expect("our names are text")).collect()
}

/// What was durable, with some of the sectors that were written since.
fn torn(durable: &[u8], written: &[u8], mut seed: u64) -> Vec<u8> {
    let mut left = durable.to_vec();
    for (place, sector) in written.chunks(SECTOR).enumerate() {
        let range = place * SECTOR..place * SECTOR + sector.len();
        // Also where the sector is the same, so that it is known by its place what the seed does to it.
        if next(&mut seed) & 1 == 0 {
            continue;
        }
        if left.len() < range.end {
            left.resize(range.end, 0);
        }
        left[range].copy_from_slice(sector);
    }
    left
}

/// The next number of SplitMix64 (Steele, Lea, Flood 2014): enough for a choice that a seed repeats.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The library, compiled once for all tests of this program.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/harness/faults.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faulty_disk.so");
        // Made under another name, so that a test program beside this one never loads half of it.
        let fresh = library.with_extension(format!("{}.so", std::process::id()));
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&fresh);
        let output = compiler.args([source, "-ldl", "-pthread"]).output().expect("there is a C compiler");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::rename(&fresh, &library).expect("it can be renamed");
        library
    })
}
