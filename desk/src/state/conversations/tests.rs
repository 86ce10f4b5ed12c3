use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::protocol::agent::{Agent, Role};
use causette_shared::time::Timestamp;
use uuid::Uuid;

use super::*;

fn row(number: u32, at: i64) -> ConversationSummary {
    ConversationSummary {
        id: ConversationId(Uuid::from_u128(number.into())),
        number,
        revision: 1,
        site: "Shop".to_owned(),
        status: Status::New,
        assignee: None,
        contact_id: None,
        contact: Contact::default(),
        follow_up_at: None,
        mail_stopped: false,
        locale: "en".to_owned(),
        presence: Presence::Active,
        last_seq: 1,
        agent_seen: 0,
        visitor_seen: 1,
        unread: 1,
        preview: format!("message {number}"),
        preview_by_visitor: true,
        created_at: Timestamp(at),
        last_message_at: Timestamp(at),
    }
}

fn numbers(list: &Conversations, filter: &Filter) -> Vec<u32> {
    list.list(filter).iter().filter_map(|id| list.find(*id)).map(|row| row.number).collect()
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn the_newest_stands_first_and_the_number_decides_between_equals() {
    let mut list = Conversations::default();
    list.replace(vec![row(3, 30), row(2, 10), row(1, 10)], false, &[]);
    list.apply(row(4, 10));
    assert_eq!(numbers(&list, &Filter::default()), [3, 4, 2, 1]);
    list.apply(ConversationSummary { revision: 2, ..row(1, 40) });
    assert_eq!(numbers(&list, &Filter::default()), [1, 3, 4, 2]);
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn older_news_is_ignored() {
    let mut list = Conversations::default();
    assert!(list.apply(ConversationSummary { revision: 5, unread: 0, ..row(1, 20) }));
    assert!(!list.apply(ConversationSummary { revision: 4, ..row(1, 90) }));
    assert_eq!(list.unread(), 0);
    assert!(list.apply(ConversationSummary { revision: 6, ..row(1, 30) }));
    assert_eq!((list.unread(), list.len()), (1, 1));
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn a_greeting_replaces_what_it_covers_but_for_what_is_open() {
    let mut list = Conversations::default();
    list.replace(vec![row(3, 30), row(2, 20), row(1, 10)], false, &[]);
    list.replace(vec![ConversationSummary { revision: 0, ..row(3, 30) }], false, &[row(1, 10).id]);
    assert_eq!(numbers(&list, &Filter::default()), [3, 1]);
    assert_eq!(list.find(row(3, 30).id).map(|row| row.revision), Some(0), "the store may have been put back");
    assert!(list.find(row(2, 20).id).is_none());
    assert_eq!((list.end(), list.untold()), (None, None));
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn what_was_loaded_below_the_greeting_stays_until_it_is_told_again() {
    let all = Filter::default();
    let mut list = Conversations::default();
    list.replace(vec![row(6, 60), row(5, 50)], true, &[]);
    list.extend(vec![row(4, 40), row(3, 30)], true, &[]);
    list.extend(vec![row(2, 20)], true, &[]);
    assert_eq!((list.untold(), list.end()), (None, Some(cursor(&row(2, 20)))));

    // Meanwhile 7 began, 4 wrote, 5 and 3 changed in their places, and 6 is gone.
    let changed = |row: ConversationSummary| ConversationSummary { revision: 9, unread: 0, ..row };
    list.replace(vec![row(7, 80), changed(row(4, 70)), changed(row(5, 50))], true, &[]);
    assert_eq!(numbers(&list, &all), [7, 4, 5, 3, 2], "nothing jumps");
    assert_eq!(list.untold(), Some(cursor(&row(5, 50))));
    list.extend(vec![changed(row(3, 30))], true, &[]);
    assert_eq!(list.untold(), Some(cursor(&row(3, 30))), "2 is still as it was");
    // 1 has written meanwhile, and older news is no news in a part either.
    list.apply(ConversationSummary { revision: 2, ..row(1, 90) });
    list.extend(vec![row(2, 15), row(1, 10)], true, &[]);
    assert_eq!((list.untold(), list.end()), (None, Some(cursor(&row(1, 10)))));
    assert_eq!(numbers(&list, &all), [1, 7, 4, 5, 3, 2]);
    assert_eq!(list.unread(), 3, "1, 7 and 2");
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn a_list_that_was_loaded_whole_is_told_again_to_its_end() {
    let mut list = Conversations::default();
    list.replace(vec![row(3, 30), row(2, 20), row(1, 10)], false, &[]);
    list.replace(vec![row(4, 40), row(3, 30)], true, &[]);
    assert_eq!(numbers(&list, &Filter::default()), [4, 3, 2, 1]);
    assert_eq!(list.untold(), Some(cursor(&row(3, 30))));
    list.extend(vec![row(1, 10)], false, &[]);
    assert_eq!(numbers(&list, &Filter::default()), [4, 3, 1]);
    assert_eq!((list.untold(), list.end()), (None, None));
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn what_is_open_stays_known_wherever_it_has_gone() {
    let open = [row(2, 20).id];
    let mut list = Conversations::default();
    list.replace(vec![row(4, 40), row(3, 30)], true, &[]);
    list.extend(vec![row(2, 20)], true, &[]);
    list.replace(vec![row(4, 40), row(3, 30)], true, &open);
    list.extend(vec![row(1, 10)], false, &open);
    assert!(list.find(open[0]).is_some(), "its news is on the way");
    list.apply(ConversationSummary { revision: 1, ..row(2, 50) });
    assert_eq!(numbers(&list, &Filter::default()), [2, 4, 3, 1]);
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn no_more_is_told_again_than_is_worth_it() {
    let mut list = Conversations::default();
    let count = TOLD_AGAIN as u32 + 40;
    let rows = (1..=count).rev().map(|number| row(number, number.into())).collect::<Vec<_>>();
    list.replace(rows.clone(), false, &[]);
    let oldest = row(1, 1).id;
    list.replace(rows[..50].to_vec(), true, &[oldest]);
    assert_eq!(numbers(&list, &Filter::default()).len(), TOLD_AGAIN);
    assert!(list.find(oldest).is_some(), "it is open");
    list.extend(rows[50..TOLD_AGAIN].to_vec(), true, &[oldest]);
    assert_eq!((list.untold(), list.end()), (None, Some(cursor(&rows[TOLD_AGAIN - 1]))));
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn filters_look_at_tab_name_number_and_text() {
    let alice = Agent {
        id: AgentId(Uuid::from_u128(9)),
        name: "Alice".to_owned(),
        email: "a@x.co".to_owned(),
        role: Role::Agent,
    };
    let mut list = Conversations::default();
    let mut ada = row(1042, 10);
    ada.contact.name = Some("Ada Lovelace".to_owned());
    ada.assignee = Some(alice.clone());
    ada.unread = 0;
    list.replace(vec![row(7, 20), ada], false, &[]);
    let ask = |tab, query: &str| Filter { tab, query: query.to_owned(), me: Some(alice.id), open: None };
    assert_eq!(numbers(&list, &ask(Tab::Unread, "")), [7]);
    assert_eq!(numbers(&list, &ask(Tab::Mine, "")), [1042]);
    assert_eq!(numbers(&list, &ask(Tab::All, "love ADA")), [1042]);
    assert_eq!(numbers(&list, &ask(Tab::All, "#7")), [7]);
    assert_eq!(numbers(&list, &ask(Tab::All, "message 7")), [7]);
    assert_eq!(numbers(&list, &ask(Tab::All, "nobody")), [] as [u32; 0]);
    let open = list.find_by_number(1042);
    assert_eq!(numbers(&list, &Filter { open, ..ask(Tab::Unread, "") }), [7, 1042]);
}
