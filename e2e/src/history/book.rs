//! Writing histories down, and keeping those of failures.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use causette_shared::entry::Entry;
use causette_shared::id::{ConversationId, EntryId, Seq};
use serde_json::json;

use super::check::{Moment, Summary, Violation, check};
use super::{Client, Event, History, Logs, Side};
use crate::harness::environment;

/// How many broken rules a failure lists; the file has all of them.
const LISTED: usize = 20;

/// The histories of one run of a test. Dropped while the test fails, it leaves them in a file.
pub struct Book {
    name: String,
    seed: u64,
    again: String,
    before: Logs,
    notes: Mutex<Vec<String>>,
    recorders: Mutex<Vec<Recorder>>,
    is_kept: AtomicBool,
}

/// Writes down what happens at one client. Clones write into the same history.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Client>>);

impl Book {
    /// Begins a book. `name` tells the runs of one seed apart, `again` is the command that repeats this one, `before`
    /// what the store holds already.
    #[must_use]
    pub fn new(name: &str, seed: u64, again: &str, before: Logs) -> Self {
        let (name, again) = (name.to_owned(), again.to_owned());
        Self {
            name,
            seed,
            again,
            before,
            notes: Mutex::default(),
            recorders: Mutex::default(),
            is_kept: AtomicBool::new(false),
        }
    }

    /// Notes what the test does.
    pub fn note(&self, what: String) {
        lock(&self.notes).push(what);
    }

    /// Begins the history of another client.
    pub fn client(&self, name: &str, side: Side) -> Recorder {
        let client = Client { name: name.to_owned(), side, events: Vec::new(), held: Default::default() };
        let recorder = Recorder(Arc::new(Mutex::new(client)));
        lock(&self.recorders).push(recorder.clone());
        recorder
    }

    /// All that is written down by now.
    #[must_use]
    pub fn history(&self) -> History {
        let recorders = lock(&self.recorders).clone();
        let clients = recorders.iter().map(|recorder| lock(&recorder.0).clone()).collect();
        History { before: self.before.clone(), notes: lock(&self.notes).clone(), clients }
    }

    /// Holds what is written down against what is stored.
    ///
    /// # Panics
    /// A rule is broken. The message says which, where history and store are kept, and how to try again.
    pub fn verify(&self, stored: &Logs, moment: Moment) -> Summary {
        let history = self.history();
        let (summary, violations) = check(&history, stored, moment);
        if violations.is_empty() {
            return summary;
        }
        let mut listed: Vec<String> =
            violations.iter().take(LISTED).map(|violation| format!("- {violation}")).collect();
        if violations.len() > LISTED {
            listed.push(format!("- and {} more", violations.len() - LISTED));
        }
        let kept = self.keep(&history, Some(stored), &violations);
        panic!("{} rules broken:\n{}\n{kept}", violations.len(), listed.join("\n"));
    }

    /// Where the history of a failure is kept.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        environment::artifacts().join(format!("history-{}-{}.json", self.name, self.seed))
    }

    /// Keeps seed, history and store; returns the sentence that says so.
    fn keep(&self, history: &History, stored: Option<&Logs>, violations: &[Violation]) -> String {
        self.is_kept.store(true, Ordering::Relaxed);
        let file = self.file();
        let violations: Vec<String> = violations.iter().map(Violation::to_string).collect();
        let kept = json!({
            "seed": self.seed,
            "again": self.again,
            "violations": violations,
            "history": history,
            "stored": stored,
        });
        let written = std::fs::create_dir_all(environment::artifacts())
            .and_then(|()| std::fs::write(&file, kept.to_string()));
        let place = match written {
            Ok(()) => format!("the histories are in {}", file.display()),
            Err(error) => format!("the histories could not be kept in {}: {error}", file.display()),
        };
        format!("seed {}: {place}\nagain: {}", self.seed, self.again)
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        // `verify` has kept it together with the store, where it was that which failed.
        if std::thread::panicking() && !self.is_kept.load(Ordering::Relaxed) {
            eprintln!("{}", self.keep(&self.history(), None, &[]));
        }
    }
}

impl Recorder {
    /// A message is written and about to be given to the engine.
    pub fn composed(&self, id: EntryId, conversation: Option<ConversationId>, text: &str) {
        self.add(Event::Composed { id, conversation, text: text.to_owned() });
    }

    /// A reply that a colleague had forestalled is about to be sent all the same.
    pub fn sent_anyway(&self, id: EntryId) {
        self.add(Event::SentAnyway { id });
    }

    /// An acknowledgement has come.
    pub fn acknowledged(&self, id: EntryId, conversation: ConversationId, seq: Seq) {
        self.add(Event::Acknowledged { id, conversation, seq });
    }

    /// A refusal has come that is neither temporary nor a question to the person.
    pub fn refused(&self, id: EntryId, why: &str) {
        self.add(Event::Refused { id, why: why.to_owned() });
    }

    /// A frame has brought entries.
    pub fn told(&self, conversation: ConversationId, entries: &[Entry]) {
        let told = entries.iter().map(|entry| Event::Told { conversation, seq: entry.seq, id: entry.id });
        lock(&self.0).events.extend(told);
    }

    /// This is how a log stands now: what is new at its end since the last look has appeared. A log that was put back
    /// has its last entry appear again.
    pub fn looks(&self, conversation: ConversationId, log: &[Entry]) {
        let mut client = lock(&self.0);
        let places: Vec<(Seq, EntryId)> = log.iter().map(|entry| (entry.seq, entry.id)).collect();
        let before = client.held.insert(conversation, places.clone()).unwrap_or_default();
        let Some(&(now, _)) = places.last() else { return };
        let upto = before.last().map_or(0, |(seq, _)| *seq);
        let new = if now < upto { &places[places.len() - 1..] } else { &places[..] };
        let new = new.iter().filter(|(seq, _)| now < upto || *seq > upto);
        client.events.extend(new.map(|&(seq, id)| Event::Seen { conversation, seq, id }));
    }

    /// Nobody looks at this client any more: what it held at last says nothing of the end.
    pub fn closes(&self) {
        lock(&self.0).held.clear();
    }

    fn add(&self, event: Event) {
        lock(&self.0).events.push(event);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use causette_shared::entry::{Author, Body};
    use causette_shared::time::Timestamp;

    use super::*;

    fn entry(seq: Seq) -> Entry {
        let id = EntryId::mint(Timestamp(seq.into()), [1; 10]);
        Entry {
            seq,
            id,
            at: Timestamp(1),
            author: Author::Visitor,
            body: Body::Message { text: String::new() },
        }
    }

    #[test]
    fn a_look_writes_down_what_is_new_and_a_log_that_was_put_back() {
        let book = Book::new("of-looks", 0, "", Logs::default());
        let recorder = book.client("visitor 1", Side::Visitor(1));
        let conversation = ConversationId::mint(Timestamp(1), [2; 10]);
        let log: Vec<Entry> = (5..=9).map(entry).collect();
        for look in [&log[1..2], &log[..2], &log[..4], &log[..4], &log[..3], &log[..0]] {
            recorder.looks(conversation, look);
        }
        let seen: Vec<Seq> = book.history().clients[0]
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Seen { seq, .. } => Some(*seq),
                _ => None,
            })
            .collect();
        assert_eq!(seen, [6, 7, 8, 7]);
    }

    #[test]
    fn a_failure_names_the_seed_and_keeps_what_led_to_it() {
        let book = Book::new("of-a-test", 4711, "try it again", Logs::default());
        let recorder = book.client("visitor 1", Side::Visitor(1));
        let id = EntryId::mint(Timestamp(1), [1; 10]);
        recorder.acknowledged(id, ConversationId::mint(Timestamp(1), [2; 10]), 1);
        let failed = catch_unwind(AssertUnwindSafe(|| book.verify(&Logs::default(), Moment::Underway)));
        let said = failed.expect_err("a rule is broken");
        let said = said.downcast_ref::<String>().expect("it is a sentence");
        let kept = std::fs::read_to_string(book.file()).expect("it is kept");
        std::fs::remove_file(book.file()).expect("it is ours");
        for part in ["seed 4711", "try it again", &id.to_string(), "of-a-test-4711.json"] {
            assert!(said.contains(part), "{part} is not in: {said}");
        }
        let kept: serde_json::Value = serde_json::from_str(&kept).expect("it is JSON");
        let history: History = serde_json::from_value(kept["history"].clone()).expect("it is a history");
        assert_eq!(history, book.history());
        assert_eq!(kept["violations"].as_array().map(Vec::len), Some(1));
    }
}
