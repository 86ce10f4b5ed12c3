//! Stamps: what a step was made from the last time, as one hash.
//!
//! A hash of the contents rather than times, because a fresh checkout and a change of branch set every time anew.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The files that a step reads, hashed by name and content.
#[derive(Debug, Clone)]
pub struct Inputs {
    root: PathBuf,
    hash: Sha256,
}

impl Inputs {
    /// No files yet; their names are relative to `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), hash: Sha256::new() }
    }

    /// Adds a file, or every file below a directory. What does not exist counts as that.
    ///
    /// # Errors
    ///
    /// When something is there but cannot be read.
    pub fn add(&mut self, relative: &str) -> Result<()> {
        self.add_unless(relative, |_| false)
    }

    /// Adds a file, or every file below a directory but those that `skip` names.
    ///
    /// # Errors
    ///
    /// When something is there but cannot be read.
    pub fn add_unless(&mut self, relative: &str, skip: impl Fn(&Path) -> bool) -> Result<()> {
        let path = self.root.join(relative);
        let mut files = Vec::new();
        if path.is_dir() {
            list_files(&path, &mut files)?;
        } else if path.is_file() {
            files.push(path);
        } else {
            self.put(relative.as_bytes());
            self.put(b"absent");
        }
        for file in files.into_iter().filter(|file| !skip(file)) {
            let name = file.strip_prefix(&self.root).unwrap_or(&file);
            let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            self.put(name.as_os_str().as_encoded_bytes());
            self.put(&content);
        }
        Ok(())
    }

    /// Adds bytes with their length before them, so that no two lists of inputs run together to the same.
    fn put(&mut self, bytes: &[u8]) {
        self.hash.update((bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
    }

    fn digest(&self) -> String {
        hex(&self.hash.clone().finalize())
    }
}

/// Where the hash of a step's inputs is kept once the step is done.
#[derive(Debug)]
pub struct Stamp(PathBuf);

impl Stamp {
    /// The stamp in this file, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Whether the step was last done with these inputs.
    pub fn is(&self, inputs: &Inputs) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|text| text.trim() == inputs.digest())
    }

    /// Forgets, before the step begins to change anything.
    ///
    /// # Errors
    ///
    /// When the file cannot be removed.
    pub fn clear(&self) -> Result<()> {
        if self.0.exists() {
            fs::remove_file(&self.0).with_context(|| format!("cannot remove {}", self.0.display()))?;
        }
        Ok(())
    }

    /// Remembers that the step was done.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn set(&self, inputs: &Inputs) -> Result<()> {
        fs::write(&self.0, inputs.digest()).with_context(|| format!("cannot write {}", self.0.display()))
    }
}

/// The first 16 digits of a file's SHA-256: what stands in its name.
pub fn content_hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..8])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every file below a directory in an order that does not depend on the file system.
fn list_files(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            list_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Inputs, Stamp, content_hash};

    fn inputs(root: &std::path::Path) -> Inputs {
        let mut inputs = Inputs::new(root);
        inputs
            .add_unless("src", |path| path.extension().is_some_and(|end| end == "css"))
            .expect("the files are readable");
        inputs
    }

    #[test]
    fn a_stamp_holds_until_an_input_changes_moves_or_appears() {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let source = directory.path().join("src");
        fs::create_dir(&source).expect("writable");
        fs::write(source.join("a.rs"), "one").expect("writable");
        let stamp = Stamp::new(directory.path().join("stamp"));
        assert!(!stamp.is(&inputs(directory.path())));
        stamp.set(&inputs(directory.path())).expect("writable");
        assert!(stamp.is(&inputs(directory.path())));

        fs::write(source.join("looks.css"), "skipped").expect("writable");
        assert!(stamp.is(&inputs(directory.path())));
        fs::write(source.join("b.rs"), "").expect("writable");
        assert!(!stamp.is(&inputs(directory.path())));
        stamp.set(&inputs(directory.path())).expect("writable");
        fs::rename(source.join("a.rs"), source.join("c.rs")).expect("writable");
        assert!(!stamp.is(&inputs(directory.path())));
        stamp.set(&inputs(directory.path())).expect("writable");
        fs::write(source.join("c.rs"), "two").expect("writable");
        assert!(!stamp.is(&inputs(directory.path())));

        stamp.set(&inputs(directory.path())).expect("writable");
        stamp.clear().expect("removable");
        assert!(!stamp.is(&inputs(directory.path())));
    }

    #[test]
    fn a_name_carries_the_hash_of_the_content() {
        assert_eq!(content_hash(b""), "e3b0c44298fc1c14");
    }
}
