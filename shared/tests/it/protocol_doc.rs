//! docs/protocol.md against the code: every frame, kind of problem, host message and limit that it names, and every
//! example in it. What can be compared is, so that the document cannot drift.

use std::collections::{BTreeMap, BTreeSet};

use causette_shared::limits;
use causette_shared::protocol::channel;
use causette_shared::protocol::host::{to_loader, to_panel};
use causette_shared::protocol::visitor::{ClientFrame, encode};

use crate::examples::{
    AGENT_CLIENT, AGENT_SERVER, PROBLEM_KINDS, VISITOR_CLIENT, VISITOR_SERVER, problem_kind,
};
use crate::golden::goldens;

const DOCUMENT: &str = include_str!("../../../docs/protocol.md");

/// The text under a heading of the second level.
fn section(title: &str) -> &'static str {
    let heading = ["\n## ", title, "\n"].concat();
    let (_, rest) = DOCUMENT
        .split_once(&heading)
        .unwrap_or_else(|| panic!("docs/protocol.md lacks the section {title:?}"));
    rest.split("\n## ").next().unwrap_or(rest)
}

/// The table rows of a section whose first cell is one name in backticks, by that name and second cell.
fn rows(title: &str) -> BTreeMap<(&'static str, &'static str), Vec<&'static str>> {
    let mut rows = BTreeMap::new();
    for line in section(title).lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> =
            line.trim_matches('|').split(" | ").map(|cell| cell.trim_matches([' ', '|'])).collect();
        let name = cells[0].trim_matches('`');
        let second = cells.get(1).copied().unwrap_or_default();
        let again = rows.insert((name, second), cells);
        assert!(again.is_none(), "{name} ({second}) has two rows under {title:?}");
    }
    rows
}

fn assert_rows(title: &str, cells: usize, expected: &[(&str, &[&str])]) {
    let rows = rows(title);
    for ((name, direction), cells_there) in &rows {
        assert_eq!(cells_there.len(), cells, "the row of {name} ({direction}) under {title:?}");
        let filled = cells_there.iter().skip(2).any(|cell| !cell.is_empty());
        assert!(filled, "the row of {name} ({direction}) under {title:?} says nothing");
    }
    let have: BTreeSet<(&str, &str)> = rows.into_keys().collect();
    let want: BTreeSet<(&str, &str)> =
        expected.iter().flat_map(|(direction, names)| names.iter().map(|name| (*name, *direction))).collect();
    assert_eq!(have, want, "the table under {title:?} and the code differ");
}

#[test]
fn every_frame_has_a_row_with_direction_trigger_and_answer() {
    let (up, down) = ("client → server", "server → client");
    assert_rows("Visitor's socket", 4, &[(up, VISITOR_CLIENT), (down, VISITOR_SERVER)]);
    assert_rows("Desk's socket", 4, &[(up, AGENT_CLIENT), (down, AGENT_SERVER)]);
}

#[test]
fn every_host_message_has_a_row() {
    let to_panel = [
        to_panel::SHOWN,
        to_panel::HIDDEN,
        to_panel::PREFILL,
        to_panel::THEME,
        to_panel::FOCUS,
        to_panel::CONSENT,
        to_panel::VIEWPORT,
        to_panel::IDENTITY,
        to_panel::IDENTIFY,
        to_panel::ATTRIBUTES,
        to_panel::PAGE,
    ];
    let to_loader = [
        to_loader::READY,
        to_loader::MINIMISE,
        to_loader::SESSION,
        to_loader::FORGET,
        to_loader::UNREAD,
        to_loader::EVENT,
        to_loader::ACTIVITY,
        to_loader::NEED_IDENTITY,
    ];
    let expected: [(&str, &[&str]); 2] = [("loader → panel", &to_panel), ("panel → loader", &to_loader)];
    assert_rows("Loader and panel", 4, &expected);
}

#[test]
fn every_kind_of_problem_has_a_row_with_its_status() {
    let have: BTreeMap<String, (String, bool)> = rows("Problems")
        .into_iter()
        .map(|((name, status), cells)| {
            assert!(cells.len() == 4 && !cells[3].is_empty(), "the row of {name} does not say when");
            (name.to_owned(), (status.to_owned(), cells[2] == "yes"))
        })
        .collect();
    let want: BTreeMap<String, (String, bool)> = PROBLEM_KINDS
        .into_iter()
        .map(|kind| (problem_kind(&kind).to_owned(), (kind.status().to_string(), kind.is_temporary())))
        .collect();
    assert_eq!(have, want, "the table of problems and the code differ");
}

#[test]
fn limits_are_those_of_the_code() {
    let digits = limits::PHONE_DIGITS;
    let expected = [
        format!("{} KiB", limits::FRAME_BYTES / 1024),
        format!("{},{:03} characters", limits::MESSAGE_CHARS / 1000, limits::MESSAGE_CHARS % 1000),
        format!("{} · {} · {} characters", limits::NAME_CHARS, limits::EMAIL_CHARS, limits::PHONE_CHARS),
        format!("{}–{} digits", digits.start(), digits.end()),
        format!("{} · {} |", limits::ENTRIES_PER_FRAME, limits::ENTRIES_PER_WINDOW),
        format!("| {} |", limits::CONVERSATIONS_PER_PAGE),
        format!("every {} s · {} s", limits::TYPING_EVERY.as_secs(), limits::TYPING_LASTS.as_secs()),
    ];
    for limit in expected {
        assert!(section("Limits").contains(&limit), "{limit} is not under Limits");
    }
    let expected = [
        format!("after {} s: sent again", limits::ACKNOWLEDGE_WITHIN.as_secs()),
        format!("not there {} s later", limits::ENTRY_WITHIN.as_secs()),
        format!("nothing for {} s sends a ping", limits::PING_AFTER.as_secs()),
        format!("within {} s more", limits::PONG_WITHIN.as_secs()),
        format!("after {} s", limits::SILENCE_MAX.as_secs()),
        format!("the newest {}.", limits::ENTRIES_PER_WINDOW),
    ];
    let rules = section("Rules of both sockets").replace('\n', " ");
    for rule in expected {
        assert!(rules.contains(&rule), "the rules do not say {rule:?}");
    }
}

#[test]
fn connections_over_http_are_those_of_the_code() {
    let mut body = Vec::new();
    channel::push_word(&mut body, 1);
    channel::push_frame(&mut body, &encode(&ClientFrame::Ping).expect("a ping is small"));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let example = [hex(&body[..4]), hex(&body[4..8]), hex(&body[8..])].join(" ");
    let text = section("Over HTTP").replace('\n', " ");
    for said in [
        format!("is `{example}`"),
        format!("held for up to {} s", channel::RECEIVE_WITHIN.as_secs()),
        format!("asks for nothing for {} s", limits::SILENCE_MAX.as_secs()),
        format!("at most {} KiB", limits::FRAME_BYTES / 1024),
    ] {
        assert!(text.contains(&said), "the section does not say {said:?}");
    }
    assert!(text.to_lowercase().contains(&format!("header `{}`", channel::TOKEN_HEADER)));
}

#[test]
fn every_example_is_its_golden() {
    let mut examples = BTreeMap::new();
    for block in section("Examples").split("\n```").collect::<Vec<_>>().chunks(2) {
        let [_, block] = block else { continue };
        let (info, text) = block.split_once('\n').unwrap_or((block, ""));
        let name = info.split(' ').nth(1).unwrap_or_default();
        let again = examples.insert(name, text);
        assert!(again.is_none(), "{name:?} has two examples");
    }
    for golden in goldens() {
        let language = if golden.name.starts_with("desk") { "json" } else { "text" };
        let block = format!("```{language} {}\n{}\n```", golden.name, golden.text);
        let example = examples.remove(golden.name.as_str());
        assert_eq!(example, Some(golden.text.as_str()), "docs/protocol.md should hold\n{block}");
    }
    assert_eq!(examples.into_keys().collect::<Vec<_>>(), Vec::<&str>::new(), "examples of nothing");
}
