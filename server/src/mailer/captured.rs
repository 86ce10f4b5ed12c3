//! Mail that leaves nothing: `causette demo` keeps it as files, to be looked at on a page.

use std::io;
use std::path::{Path, PathBuf};

use causette_shared::time::Timestamp;

use crate::mail::message::Outgoing;

/// Mails that are shown at most.
const SHOWN: usize = 200;
const EXTENSION: &str = "eml";

/// A directory of captured mails, one file each.
#[derive(Clone, Debug)]
pub struct Captured {
    directory: PathBuf,
}

/// A captured mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedMail {
    /// The file's name without its ending: it begins with the time, so that names sort by it.
    pub id: String,
    /// As it would have left.
    pub raw: Vec<u8>,
}

impl Captured {
    /// Keeps mail below the data directory.
    #[must_use]
    pub fn below(data_dir: &Path) -> Self {
        Self { directory: data_dir.join("mailbox") }
    }

    /// Keeps a mail. The same mail again, by its Message-ID, takes the place of the first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn keep(&self, mail: &Outgoing, now: Timestamp) -> io::Result<()> {
        tokio::fs::create_dir_all(&self.directory).await?;
        let plain: String = mail.message_id.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
        for other in self.list_names().await? {
            if other.ends_with(&plain) {
                tokio::fs::remove_file(self.file(&other)).await?;
            }
        }
        let name = format!("{:015}-{plain}", now.0.max(0));
        let unfinished = self.directory.join(format!(".{name}"));
        tokio::fs::write(&unfinished, &mail.raw).await?;
        tokio::fs::rename(unfinished, self.file(&name)).await
    }

    /// Lists what was captured, newest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn list(&self) -> io::Result<Vec<CapturedMail>> {
        let mut names = self.list_names().await?;
        names.sort_unstable_by(|one, other| other.cmp(one));
        names.truncate(SHOWN);
        let mut mails = Vec::with_capacity(names.len());
        for id in names {
            let raw = tokio::fs::read(self.file(&id)).await?;
            mails.push(CapturedMail { id, raw });
        }
        Ok(mails)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name).with_extension(EXTENSION)
    }

    async fn list_names(&self) -> io::Result<Vec<String>> {
        let mut entries = match tokio::fs::read_dir(&self.directory).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            let path = entry.path();
            let is_mail = path.extension().is_some_and(|extension| extension == EXTENSION);
            if let (true, Some(name)) = (is_mail, path.file_stem().and_then(|name| name.to_str())) {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }
}
