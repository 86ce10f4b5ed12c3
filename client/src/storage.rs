//! Web storage that may be missing, full or forbidden: every call works or does nothing.

use web_sys::Storage;

/// Which storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Kept until it is deleted.
    Local,
    /// Gone with the tab.
    Session,
}

fn open(area: Area) -> Option<Storage> {
    let window = web_sys::window()?;
    match area {
        Area::Local => window.local_storage(),
        Area::Session => window.session_storage(),
    }
    .ok()
    .flatten()
}

/// Returns what is kept under `key`.
#[must_use]
pub fn get(area: Area, key: &str) -> Option<String> {
    open(area)?.get_item(key).ok().flatten()
}

/// Keeps `value` under `key`; false where nothing can be kept.
pub fn set(area: Area, key: &str, value: &str) -> bool {
    open(area).is_some_and(|storage| storage.set_item(key, value).is_ok())
}

/// Deletes what is kept under `key`.
pub fn remove(area: Area, key: &str) {
    if let Some(storage) = open(area) {
        let _ = storage.remove_item(key);
    }
}

/// Returns the keys that start with `prefix`, sorted.
#[must_use]
pub fn keys(area: Area, prefix: &str) -> Vec<String> {
    let Some(storage) = open(area) else {
        return Vec::new();
    };
    let count = storage.length().unwrap_or(0);
    let mut keys: Vec<String> = Vec::new();
    for key in (0..count).filter_map(|index| storage.key(index).ok().flatten()) {
        if key.starts_with(prefix) {
            // Put in place one by one: they are few, and sorting brings 3 kB of code.
            keys.insert(keys.partition_point(|other| *other < key), key);
        }
    }
    keys
}
