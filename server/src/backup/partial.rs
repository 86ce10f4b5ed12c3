//! A file that is there whole or not at all: written under another name beside it, for its owner alone, and given its
//! name when it is complete and on disk.
//!
//! The other name is the same each time, and locked while it is written: what a killed process has left is taken away by
//! the next one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::BackupError;

/// What to do with a file of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Leave it as it is.
    Never,
    /// Put the new one in its place.
    Always,
}

/// A file that is being written. Dropped before `commit`, it leaves nothing.
#[derive(Debug)]
pub struct Partial {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
    overwrite: Overwrite,
}

impl Partial {
    /// Begins a file that is to be at `path`.
    ///
    /// # Errors
    /// It is there already, another process writes it, or it cannot be made.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Self, BackupError> {
        let failed = |source| BackupError::File { path: path.to_owned(), source };
        let Some(name) = path.file_name().filter(|_| !path.is_dir()) else {
            return Err(failed(ErrorKind::IsADirectory.into()));
        };
        if overwrite == Overwrite::Never && path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(path.to_owned()));
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(".partial");
        let temporary = path.with_file_name(hidden);
        // Twice at most in earnest: another process that begins at the same instant can take what we have just made for
        // something that was left.
        for _ in 0..8 {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary);
            let (file, is_new) = match made {
                Ok(file) => (file, true),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    (OpenOptions::new().write(true).open(&temporary).map_err(failed)?, false)
                }
                Err(error) => return Err(failed(error)),
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(BackupError::InUse(path.to_owned())),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            if !is_same(&file, &temporary) {
                continue;
            }
            if is_new {
                return Ok(Self { file, temporary, path: path.to_owned(), overwrite });
            }
            fs::remove_file(&temporary).map_err(failed)?;
        }
        Err(BackupError::InUse(path.to_owned()))
    }

    /// What to write to.
    ///
    /// # Errors
    /// The process has too many files open.
    pub fn file(&self) -> Result<File, BackupError> {
        self.file.try_clone().map_err(|source| self.failed(source))
    }

    /// Makes what was written durable and gives it its name.
    ///
    /// # Errors
    /// Somebody else has made a file of that name meanwhile, or the disk fails.
    pub fn commit(self) -> Result<(), BackupError> {
        self.file.sync_all().map_err(|source| self.failed(source))?;
        match self.overwrite {
            Overwrite::Always => {
                fs::rename(&self.temporary, &self.path).map_err(|source| self.failed(source))?
            }
            // Unlike a rename, a link does not take the place of a file.
            Overwrite::Never => match fs::hard_link(&self.temporary, &self.path) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    return Err(BackupError::Exists(self.path.clone()));
                }
                // Not every file system has links.
                Err(_) => fs::rename(&self.temporary, &self.path).map_err(|source| self.failed(source))?,
            },
        }
        let directory = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> BackupError {
        BackupError::File { path: self.path.clone(), source }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Renamed, it is gone already; whatever is there now is not ours.
        if is_same(&self.file, &self.temporary) {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

fn is_same(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(held), Ok(there)) => (held.dev(), held.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .expect("it is there")
            .map(|entry| entry.expect("it is read").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let path = directory.path().join("backup");
        let partial = Partial::create(&path, Overwrite::Never).expect("nothing is there");
        partial
            .file()
            .and_then(|mut file| file.write_all(b"half").map_err(|e| partial.failed(e)))
            .expect("it is taken");
        assert!(!path.exists());
        drop(partial);
        assert!(names(directory.path()).is_empty());
        let partial = Partial::create(&path, Overwrite::Never).expect("nothing is there");
        partial.file().expect("a copy").write_all(b"whole").expect("it is taken");
        partial.commit().expect("it is given its name");
        assert_eq!(names(directory.path()), ["backup"]);
        assert_eq!(fs::read(&path).expect("it is read"), b"whole");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_there_is_left_alone_unless_it_is_to_be_replaced() {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let path = directory.path().join("backup");
        let late = Partial::create(&path, Overwrite::Never).expect("nothing is there");
        fs::write(&path, "precious").expect("it is written");
        assert!(matches!(Partial::create(&path, Overwrite::Never), Err(BackupError::Exists(_))));
        assert!(matches!(late.commit(), Err(BackupError::Exists(_))), "it came in between");
        assert_eq!(fs::read(&path).expect("it is read"), b"precious");
        Partial::create(&path, Overwrite::Always).expect("allowed").commit().expect("it is given its name");
        assert_eq!(fs::read(&path).expect("it is read"), b"");
        assert_eq!(names(directory.path()), ["backup"]);
    }

    #[test]
    fn one_at_a_time_and_what_a_killed_one_left_is_taken_away() {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let path = directory.path().join("backup");
        let first = Partial::create(&path, Overwrite::Never).expect("nothing is there");
        assert!(matches!(Partial::create(&path, Overwrite::Never), Err(BackupError::InUse(_))));
        drop(first);
        fs::write(directory.path().join(".backup.partial"), "left by a killed process")
            .expect("it is written");
        Partial::create(&path, Overwrite::Never)
            .expect("nobody holds it")
            .commit()
            .expect("it is given its name");
        assert_eq!(fs::read(&path).expect("it is read"), b"");
        assert_eq!(names(directory.path()), ["backup"]);
    }

    #[test]
    fn a_place_that_cannot_be_written() {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        for path in [directory.path().join("missing/backup"), directory.path().to_owned(), "/".into()] {
            assert!(Partial::create(&path, Overwrite::Always).is_err(), "{}", path.display());
        }
    }
}
