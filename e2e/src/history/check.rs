//! The rules.

use std::collections::{BTreeMap, HashMap};

use causette_shared::id::{ConversationId, EntryId, Seq};

use super::{By, Client, Event, History, Logs, Side};

/// When the store was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Clients were still at it: the history was read after the store could not change any more.
    Underway,
    /// Everything had been sent, and everybody had had the time to see it.
    Settled,
}

/// How much was compared: a check of nothing finds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages written.
    pub composed: usize,
    /// Acknowledgements that came.
    pub acknowledged: usize,
    /// Entries that a client saw.
    pub seen: usize,
    /// Rows stored.
    pub stored: usize,
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// What was acknowledged is stored, where it was said to be (G1).
    Acknowledged,
    /// An id is stored once, and a repeat is told the same (G2).
    Once,
    /// Places are 1 … n without a hole (G3).
    Places,
    /// All readers see one order, the store's, without a gap or a repeat (G3, G4).
    OneOrder,
    /// What one client wrote stands in the order in which it was written (G3).
    OwnOrder,
    /// What is stored was written, by the one and at the place that the store names.
    Written,
    /// What was stored before is there, as it was.
    Kept,
    /// What was written is not refused, and is stored in the end (G7).
    Lost,
    /// In the end everybody holds what is stored (G4).
    Current,
}

/// A rule that is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule:?}: {what}")]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// Where, and by what.
    pub what: String,
}

/// Compares. Returns how much was compared, and every rule that is broken.
#[must_use]
pub fn check(history: &History, stored: &Logs, moment: Moment) -> (Summary, Vec<Violation>) {
    let mut check =
        Check { history, stored, places: places_of(stored), summary: Summary::default(), broken: Vec::new() };
    check.store();
    check.before();
    check.authors();
    for client in &history.clients {
        check.told(client);
        check.seen(client);
        check.own_order(client);
        if moment == Moment::Settled {
            check.settled(client);
        }
    }
    (check.summary, check.broken)
}

struct Check<'a> {
    history: &'a History,
    stored: &'a Logs,
    /// Where each id is stored.
    places: HashMap<EntryId, Vec<(ConversationId, Seq)>>,
    summary: Summary,
    broken: Vec<Violation>,
}

fn places_of(logs: &Logs) -> HashMap<EntryId, Vec<(ConversationId, Seq)>> {
    let mut places: HashMap<EntryId, Vec<_>> = HashMap::new();
    for (conversation, rows) in logs {
        for row in rows {
            places.entry(row.id).or_default().push((*conversation, row.seq));
        }
    }
    places
}

impl Check<'_> {
    fn breaks(&mut self, rule: Rule, what: String) {
        self.broken.push(Violation { rule, what });
    }

    /// One row for each id, and 1 … n.
    fn store(&mut self) {
        for (id, places) in &self.places {
            if places.len() > 1 {
                let what = format!("{id} is stored {} times", places.len());
                self.broken.push(Violation { rule: Rule::Once, what });
            }
        }
        for (conversation, rows) in self.stored {
            self.summary.stored += rows.len();
            let mut after = 0;
            for row in rows {
                if row.seq != after + 1 {
                    self.breaks(
                        Rule::Places,
                        format!("{conversation}: after entry {after} comes {}", row.seq),
                    );
                }
                after = row.seq;
            }
        }
    }

    /// What was there is there.
    fn before(&mut self) {
        for (conversation, rows) in &self.history.before {
            let now = self.stored.get(conversation).map_or(&[][..], Vec::as_slice);
            for (place, row) in rows.iter().enumerate() {
                if now.get(place) != Some(row) {
                    let what = format!("entry {} of {conversation} is not as it was before", row.seq);
                    self.breaks(Rule::Kept, what);
                }
            }
        }
    }

    /// Every message was written by one of the clients, as it is stored, and visitors do not mix.
    fn authors(&mut self) {
        let mut written = HashMap::new();
        for client in &self.history.clients {
            for event in &client.events {
                if let Event::Composed { id, conversation, text } = event {
                    written.insert(*id, (client, *conversation, text));
                }
            }
        }
        let mut visitors: BTreeMap<ConversationId, usize> = BTreeMap::new();
        for (conversation, rows) in self.stored {
            let before = self.history.before.get(conversation).map_or(0, Vec::len);
            for row in rows.iter().skip(before).filter(|row| row.by != By::Server) {
                let Some((client, wanted, text)) = written.get(&row.id) else {
                    let what = format!("nobody wrote {}, entry {} of {conversation}", row.id, row.seq);
                    self.breaks(Rule::Written, what);
                    continue;
                };
                let by = match client.side {
                    Side::Visitor(_) => By::Visitor,
                    Side::Agent(_) => By::Agent,
                };
                let is_there = wanted.is_none_or(|wanted| wanted == *conversation);
                if row.by != by || row.text.as_ref() != Some(*text) || !is_there {
                    let what = format!(
                        "{}: {} is stored with other words, author or conversation",
                        client.name, row.id
                    );
                    self.breaks(Rule::Written, what);
                }
                if let Side::Visitor(other) = client.side {
                    let one = *visitors.entry(*conversation).or_insert(other);
                    if one != other {
                        let what = format!("{conversation} has messages of visitors {one} and {other}");
                        self.breaks(Rule::Written, what);
                    }
                }
            }
        }
    }

    /// What was acknowledged is stored, where it was said to be; so is every entry that was told, for nothing is told
    /// before it is committed.
    fn told(&mut self, client: &Client) {
        for event in &client.events {
            match event {
                Event::Acknowledged { id, conversation, seq } => {
                    self.summary.acknowledged += 1;
                    let places = self.places.get(id).map_or(&[][..], Vec::as_slice);
                    if !places.contains(&(*conversation, *seq)) {
                        let is = match places.first() {
                            Some((stored_in, stored_as)) => format!("stored as {stored_as} of {stored_in}"),
                            None => "not stored".to_owned(),
                        };
                        let name = &client.name;
                        let what =
                            format!("{name}: {id} was acknowledged as {seq} of {conversation} and is {is}");
                        self.breaks(Rule::Acknowledged, what);
                    }
                }
                Event::Refused { id, why } => {
                    self.breaks(Rule::Lost, format!("{}: {id} was refused: {why}", client.name));
                }
                Event::Told { conversation, seq, id } => self.entry(client, *conversation, *seq, *id),
                Event::Composed { .. } | Event::SentAnyway { .. } | Event::Seen { .. } => {}
            }
        }
    }

    /// What was seen is a run of the log, from wherever it began.
    fn seen(&mut self, client: &Client) {
        let mut last: BTreeMap<ConversationId, Seq> = BTreeMap::new();
        for event in &client.events {
            let Event::Seen { conversation, seq, id } = event else { continue };
            self.summary.seen += 1;
            self.entry(client, *conversation, *seq, *id);
            if let Some(after) = last.insert(*conversation, *seq)
                && *seq != after + 1
            {
                let name = &client.name;
                let what = format!("{name}: saw entry {seq} of {conversation} after {after}");
                self.breaks(Rule::OneOrder, what);
            }
        }
    }

    fn entry(&mut self, client: &Client, conversation: ConversationId, seq: Seq, id: EntryId) {
        let rows = self.stored.get(&conversation).map_or(&[][..], Vec::as_slice);
        // Where the store is as it should be, the place is the index.
        let at_its_place = rows.get((seq as usize).wrapping_sub(1)).filter(|row| row.seq == seq);
        let stored = at_its_place.or_else(|| rows.iter().find(|row| row.seq == seq)).map(|row| row.id);
        if stored != Some(id) {
            let stored = stored.map_or("nothing".to_owned(), |id| id.to_string());
            let name = &client.name;
            let what = format!("{name}: saw {id} as {seq} of {conversation}, where {stored} is stored");
            self.breaks(Rule::OneOrder, what);
        }
    }

    /// What one client wrote into a conversation stands there in the order of writing; what was sent all the same, where
    /// that was decided last.
    fn own_order(&mut self, client: &Client) {
        let mut written: BTreeMap<usize, EntryId> = BTreeMap::new();
        let mut at: HashMap<EntryId, usize> = HashMap::new();
        for (moment, event) in client.events.iter().enumerate() {
            let (Event::Composed { id, .. } | Event::SentAnyway { id }) = event else { continue };
            self.summary.composed += usize::from(matches!(event, Event::Composed { .. }));
            if let Some(before) = at.insert(*id, moment) {
                written.remove(&before);
            }
            written.insert(moment, *id);
        }
        let mut last: BTreeMap<ConversationId, (Seq, EntryId)> = BTreeMap::new();
        for id in written.values() {
            let Some(&(conversation, seq)) = self.places.get(id).and_then(|places| places.first()) else {
                continue;
            };
            if let Some((before, first)) = last.insert(conversation, (seq, *id))
                && before >= seq
            {
                let name = &client.name;
                let what =
                    format!("{name}: wrote {first} before {id}, which stands before it in {conversation}");
                self.breaks(Rule::OwnOrder, what);
            }
        }
    }

    /// In the end everything that was written is stored, and everybody has what is stored.
    fn settled(&mut self, client: &Client) {
        for event in &client.events {
            if let Event::Composed { id, .. } = event
                && !self.places.contains_key(id)
            {
                self.breaks(Rule::Lost, format!("{}: {id} was written and is not stored", client.name));
            }
        }
        for (conversation, log) in &client.held {
            for (seq, id) in log {
                self.entry(client, *conversation, *seq, *id);
            }
            for pair in log.windows(2).filter(|pair| pair[1].0 != pair[0].0 + 1) {
                let (name, after, found) = (&client.name, pair[0].0, pair[1].0);
                let what = format!("{name}: holds entry {found} of {conversation} after {after}");
                self.breaks(Rule::OneOrder, what);
            }
            let held = log.last().map_or(0, |(seq, _)| *seq);
            let stored = self.stored.get(conversation).and_then(|rows| rows.last()).map_or(0, |row| row.seq);
            if held != stored {
                let name = &client.name;
                let what = format!("{name}: holds {conversation} up to {held}, and {stored} are stored");
                self.breaks(Rule::Current, what);
            }
        }
    }
}

#[cfg(test)]
mod tests;
