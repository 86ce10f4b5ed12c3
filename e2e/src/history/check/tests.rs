//! A good history, and for every rule the ways in which one of it goes wrong.

use causette_shared::time::Timestamp;

use super::super::Row;
use super::*;

fn conversation(number: u8) -> ConversationId {
    ConversationId::mint(Timestamp(1), [number; 10])
}

fn id(number: u8) -> EntryId {
    EntryId::mint(Timestamp(2), [number; 10])
}

fn row(seq: Seq, number: u8, by: By) -> Row {
    Row { seq, id: id(number), by, text: Some(format!("text {number}")) }
}

fn composed(number: u8, conversation: Option<ConversationId>) -> Event {
    Event::Composed { id: id(number), conversation, text: format!("text {number}") }
}

fn acknowledged(number: u8, conversation: ConversationId, seq: Seq) -> Event {
    Event::Acknowledged { id: id(number), conversation, seq }
}

fn seen(conversation: ConversationId, seq: Seq, number: u8) -> Event {
    Event::Seen { conversation, seq, id: id(number) }
}

/// Two tabs of a visitor and an agent in one conversation, another visitor in another, a third from before.
fn good() -> (History, Logs) {
    let (one, two, old) = (conversation(1), conversation(2), conversation(9));
    let log = vec![(1, id(11)), (2, id(12)), (3, id(13)), (4, id(14))];
    let client = |name: &str, side, events, held| Client { name: name.to_owned(), side, events, held };
    let history = History {
        before: [(old, vec![row(1, 91, By::Visitor)])].into(),
        notes: Vec::new(),
        clients: vec![
            client(
                "tab 1",
                Side::Visitor(1),
                vec![
                    composed(11, None),
                    acknowledged(11, one, 1),
                    seen(one, 1, 11),
                    seen(one, 2, 12),
                    composed(14, None),
                    seen(one, 3, 13),
                    seen(one, 4, 14),
                ],
                [(one, log.clone())].into(),
            ),
            client(
                "tab 2",
                Side::Visitor(1),
                vec![seen(one, 3, 13), seen(one, 4, 14)],
                [(one, log[2..].to_vec())].into(),
            ),
            client(
                "agent",
                Side::Agent(1),
                vec![seen(one, 1, 11), composed(13, Some(one)), acknowledged(13, one, 3)],
                [(one, log)].into(),
            ),
            client(
                "other",
                Side::Visitor(2),
                vec![
                    composed(21, None),
                    composed(22, None),
                    acknowledged(21, two, 1),
                    acknowledged(22, two, 2),
                ],
                [(two, vec![(1, id(21)), (2, id(22))])].into(),
            ),
        ],
    };
    let logs = [
        (
            one,
            vec![
                row(1, 11, By::Visitor),
                row(2, 12, By::Server),
                row(3, 13, By::Agent),
                row(4, 14, By::Visitor),
            ],
        ),
        (two, vec![row(1, 21, By::Visitor), row(2, 22, By::Visitor)]),
        (old, vec![row(1, 91, By::Visitor), row(2, 92, By::Server)]),
    ];
    (history, logs.into())
}

/// The rules that a history breaks once `change` has been made to the good one.
fn broken(moment: Moment, change: impl FnOnce(&mut History, &mut Logs)) -> Vec<Rule> {
    let (mut history, mut logs) = good();
    change(&mut history, &mut logs);
    let mut rules: Vec<Rule> =
        check(&history, &logs, moment).1.into_iter().map(|violation| violation.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

fn log(logs: &mut Logs, number: u8) -> &mut Vec<Row> {
    logs.get_mut(&conversation(number)).expect("it is in the good history")
}

#[test]
fn a_good_history_breaks_nothing_and_all_of_it_is_compared() {
    let (history, logs) = good();
    for moment in [Moment::Underway, Moment::Settled] {
        let (summary, violations) = check(&history, &logs, moment);
        assert_eq!(violations, []);
        assert_eq!(summary, Summary { composed: 5, acknowledged: 4, seen: 7, stored: 8 });
    }
}

#[test]
fn what_was_acknowledged_and_is_not_stored_is_found() {
    let drop_last = |_: &mut History, logs: &mut Logs| {
        log(logs, 2).pop();
    };
    assert_eq!(broken(Moment::Underway, drop_last), [Rule::Acknowledged]);
    let whole = broken(Moment::Underway, |_, logs| {
        logs.remove(&conversation(2));
    });
    assert_eq!(whole, [Rule::Acknowledged]);
}

#[test]
fn what_was_acknowledged_at_another_place_is_found() {
    let change = |history: &mut History, _: &mut Logs| {
        history.clients[0].events[1] = acknowledged(11, conversation(1), 2)
    };
    assert_eq!(broken(Moment::Underway, change), [Rule::Acknowledged]);
    let change = |history: &mut History, _: &mut Logs| {
        history.clients[0].events[1] = acknowledged(11, conversation(2), 1)
    };
    assert_eq!(broken(Moment::Underway, change), [Rule::Acknowledged]);
}

#[test]
fn a_message_stored_twice_is_found() {
    let again = broken(Moment::Underway, |_, logs| log(logs, 2).push(row(3, 22, By::Visitor)));
    assert_eq!(again, [Rule::Once]);
    // A visitor whose first message began two conversations.
    let elsewhere = broken(Moment::Underway, |_, logs| {
        logs.insert(conversation(3), vec![row(1, 21, By::Visitor)]);
    });
    assert_eq!(elsewhere, [Rule::Once]);
}

#[test]
fn a_hole_and_a_place_taken_twice_are_found() {
    let change =
        |seq: Seq| move |_: &mut History, logs: &mut Logs| log(logs, 9).push(row(seq, 93, By::Server));
    assert_eq!(broken(Moment::Settled, change(4)), [Rule::Places]);
    assert_eq!(broken(Moment::Settled, change(2)), [Rule::Places]);
    let first = broken(Moment::Settled, |_, logs| {
        logs.insert(conversation(3), vec![row(2, 33, By::Server)]);
    });
    assert_eq!(first, [Rule::Places]);
}

#[test]
fn a_reader_who_saw_another_order_is_found() {
    let swapped = broken(Moment::Underway, |history, _| {
        history.clients[0].events[2] = seen(conversation(1), 1, 12);
        history.clients[0].events[3] = seen(conversation(1), 2, 11);
    });
    assert_eq!(swapped, [Rule::OneOrder]);
    let unstored = broken(Moment::Underway, |history, _| {
        history.clients[1].events.push(seen(conversation(1), 5, 15));
    });
    assert_eq!(unstored, [Rule::OneOrder]);
    // Told before it was committed, and dropped by the client, which saw a hole.
    let told = broken(Moment::Underway, |history, _| {
        history.clients[1].events.push(Event::Told { conversation: conversation(1), seq: 6, id: id(16) });
    });
    assert_eq!(told, [Rule::OneOrder]);
}

#[test]
fn a_reader_who_missed_an_entry_or_saw_it_twice_is_found() {
    let missed = broken(Moment::Underway, |history, _| {
        history.clients[0].events.remove(3);
    });
    assert_eq!(missed, [Rule::OneOrder]);
    let twice = broken(Moment::Underway, |history, _| {
        history.clients[1].events.push(seen(conversation(1), 4, 14));
    });
    assert_eq!(twice, [Rule::OneOrder]);
    let held = broken(Moment::Settled, |history, _| {
        let log = history.clients[0].held.get_mut(&conversation(1)).expect("it holds it");
        log.remove(1);
    });
    assert_eq!(held, [Rule::OneOrder]);
}

#[test]
fn a_sender_whose_messages_changed_places_is_found() {
    let change = |history: &mut History, _: &mut Logs| history.clients[3].events.swap(0, 1);
    assert_eq!(broken(Moment::Underway, change), [Rule::OwnOrder]);
}

#[test]
fn what_is_sent_all_the_same_stands_where_that_was_decided() {
    let change = |history: &mut History, _: &mut Logs| {
        let events = &mut history.clients[3].events;
        events.swap(0, 1);
        let Event::Composed { id, .. } = events[0] else { panic!("it begins by writing") };
        events.push(Event::SentAnyway { id });
    };
    assert_eq!(broken(Moment::Underway, change), []);
}

#[test]
fn what_nobody_wrote_is_found() {
    let change = |_: &mut History, logs: &mut Logs| log(logs, 2).push(row(3, 23, By::Visitor));
    assert_eq!(broken(Moment::Underway, change), [Rule::Written]);
    let change = |_: &mut History, logs: &mut Logs| log(logs, 9).push(row(3, 93, By::Agent));
    assert_eq!(broken(Moment::Underway, change), [Rule::Written]);
}

#[test]
fn other_words_another_author_and_another_conversation_are_found() {
    let words = broken(Moment::Underway, |_, logs| log(logs, 2)[0].text = Some("other".to_owned()));
    assert_eq!(words, [Rule::Written]);
    let author = broken(Moment::Underway, |_, logs| log(logs, 1)[2].by = By::Visitor);
    assert_eq!(author, [Rule::Written]);
    let place = broken(Moment::Underway, |history, _| {
        history.clients[2].events[1] = composed(13, Some(conversation(2)));
    });
    assert_eq!(place, [Rule::Written]);
    let mixed = broken(Moment::Underway, |history, logs| {
        log(logs, 2).push(row(3, 15, By::Visitor));
        history.clients[0].events.push(composed(15, None));
    });
    assert_eq!(mixed, [Rule::Written]);
}

#[test]
fn what_was_there_before_and_has_changed_is_found() {
    let change = |_: &mut History, logs: &mut Logs| log(logs, 9)[0].text = Some("other".to_owned());
    assert_eq!(broken(Moment::Underway, change), [Rule::Kept]);
    let change = |_: &mut History, logs: &mut Logs| {
        logs.remove(&conversation(9));
    };
    assert_eq!(broken(Moment::Underway, change), [Rule::Kept]);
}

#[test]
fn what_was_written_and_is_not_stored_is_lost_in_the_end_and_not_before() {
    let change = |history: &mut History, _: &mut Logs| history.clients[3].events.push(composed(23, None));
    assert_eq!(broken(Moment::Underway, change), []);
    assert_eq!(broken(Moment::Settled, change), [Rule::Lost]);
    let refused = Event::Refused { id: id(23), why: "of a whim".to_owned() };
    let change = |history: &mut History, _: &mut Logs| history.clients[3].events.push(refused);
    assert_eq!(broken(Moment::Underway, change), [Rule::Lost]);
}

#[test]
fn who_stayed_behind_is_found_in_the_end_and_not_before() {
    let change = |history: &mut History, _: &mut Logs| {
        let log = history.clients[2].held.get_mut(&conversation(1)).expect("it holds it");
        log.pop();
    };
    assert_eq!(broken(Moment::Underway, change), []);
    assert_eq!(broken(Moment::Settled, change), [Rule::Current]);
    let change = |history: &mut History, _: &mut Logs| {
        history.clients[2].held.insert(conversation(1), Vec::new());
    };
    assert_eq!(broken(Moment::Settled, change), [Rule::Current]);
}
