//! What the app keeps of the chat between two starts: the session. A phone has a keychain for it; here it is a file.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The app's keychain.
pub struct Keychain(PathBuf);

impl Keychain {
    /// The keychain in the app's directory.
    pub fn open(directory: &Path) -> Self {
        Self(directory.join("session"))
    }

    /// What the page is answered without anybody else being asked. A session that it tells of is kept.
    pub fn answer(&mut self, message: &Value) -> Option<Value> {
        match message["type"].as_str()? {
            "needSession" => Some(json!({ "v": 1, "type": "session", "data": { "secret": self.secret() } })),
            "session" => {
                let kept = match message["data"]["secret"].as_str() {
                    Some(secret) => fs::write(&self.0, secret),
                    None => fs::remove_file(&self.0),
                };
                if let Err(error) = kept {
                    eprintln!("the session cannot be kept: {error}");
                }
                None
            }
            _ => None,
        }
    }

    fn secret(&self) -> Option<String> {
        fs::read_to_string(&self.0).ok()
    }
}
