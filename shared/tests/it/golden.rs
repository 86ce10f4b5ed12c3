//! The bytes of every frame. A golden that changes means that clients and servers of different builds no longer
//! understand each other: for the visitor's socket raise `visitor::PROTOCOL` with it, for the desk's only add.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use causette_shared::conversation::Status;
use causette_shared::entry::{Content, Entry};
use causette_shared::protocol::agent;
use causette_shared::protocol::visitor::{self, decode, encode};
use serde::Serialize;

use crate::examples::{self as ex};

/// One example under its name: `socket/direction/frame`, and which of several where the frame has several.
pub struct Golden {
    /// The name of its snapshot, and of its block in docs/protocol.md.
    pub name: String,
    /// Hexadecimal bytes in lines of 32, or pretty JSON.
    pub text: String,
}

/// Every example as it travels.
pub fn goldens() -> Vec<Golden> {
    let mut all = Vec::new();
    for frame in ex::visitor_client_frames() {
        let part = match &frame {
            visitor::ClientFrame::Send { content, .. } => Some(ex::content(content).to_owned()),
            _ => None,
        };
        all.push(golden("visitor", "client", ex::visitor_client(&frame), part, hex(&frame)));
    }
    for frame in ex::visitor_server_frames() {
        let part = match &frame {
            visitor::ServerFrame::Entries { entries, .. } => entries.first().map(entry_name),
            _ => None,
        };
        all.push(golden("visitor", "server", ex::visitor_server(&frame), part, hex(&frame)));
    }
    for frame in ex::agent_client_frames() {
        let part = match &frame {
            agent::ClientFrame::Send { content, .. } => Some(ex::content(content).to_owned()),
            _ => None,
        };
        all.push(golden("desk", "client", ex::agent_client(&frame), part, json(&frame)));
    }
    for frame in ex::agent_server_frames() {
        let part = match &frame {
            agent::ServerFrame::Entries { entries, .. } => entries.first().map(entry_name),
            _ => None,
        };
        all.push(golden("desk", "server", ex::agent_server(&frame), part, json(&frame)));
    }
    all
}

fn golden(socket: &str, direction: &str, frame: &str, part: Option<String>, text: String) -> Golden {
    let mut name = [socket, direction, &frame.to_lowercase()].join("_");
    if let Some(part) = part {
        name.push('_');
        name.push_str(&part);
    }
    Golden { name, text }
}

fn entry_name(entry: &Entry) -> String {
    [ex::body(&entry.body), "by", ex::author(&entry.author)].join("_")
}

fn json<T: Serialize>(frame: &T) -> String {
    serde_json::to_string_pretty(frame).expect("frames have no map with odd keys")
}

fn hex<T: Serialize>(frame: &T) -> String {
    let bytes = encode(frame).expect("examples are small");
    let lines = bytes.chunks(32).map(|line| {
        line.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes any text");
            text
        })
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn assert_all<'a>(examples: impl IntoIterator<Item = &'a str>, all: &[&str]) {
    let have: BTreeSet<&str> = examples.into_iter().collect();
    let want: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(have, want, "every variant needs an example in examples.rs, and every name must be its own");
    assert_eq!(want.len(), all.len(), "two variants have the same name");
}

#[test]
fn every_frame_keeps_its_bytes() {
    let goldens = goldens();
    let names: BTreeSet<&str> = goldens.iter().map(|golden| golden.name.as_str()).collect();
    assert_eq!(names.len(), goldens.len(), "two examples have the same name");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        for golden in goldens {
            insta::assert_snapshot!(golden.name, golden.text);
        }
    });
}

#[test]
fn small_enumerations_keep_their_numbers_and_names() {
    let mut text = String::new();
    let mut line = |kind: &str, number: Vec<u8>, name: String| {
        writeln!(text, "{kind} {number:02x?} {name}").expect("a string takes any text");
    };
    for status in Status::ALL {
        line("status", encode(&status).expect("small"), json(&status));
    }
    for kind in ex::PROBLEM_KINDS {
        line("problem", encode(&kind).expect("small"), json(&kind));
    }
    for presence in ex::PRESENCES {
        line("presence", encode(&presence).expect("small"), json(&presence).replace(['\n', ' '], ""));
    }
    for activity in ex::ACTIVITIES {
        line("activity", encode(&activity).expect("small"), json(&activity));
    }
    for role in ex::ROLES {
        line("role", encode(&role).expect("small"), json(&role));
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("enumerations", text);
    });
}

#[test]
fn every_variant_has_an_example() {
    let (visitor_client, visitor_server) = (ex::visitor_client_frames(), ex::visitor_server_frames());
    let (agent_client, agent_server) = (ex::agent_client_frames(), ex::agent_server_frames());
    assert_all(visitor_client.iter().map(ex::visitor_client), ex::VISITOR_CLIENT);
    assert_all(visitor_server.iter().map(ex::visitor_server), ex::VISITOR_SERVER);
    assert_all(agent_client.iter().map(ex::agent_client), ex::AGENT_CLIENT);
    assert_all(agent_server.iter().map(ex::agent_server), ex::AGENT_SERVER);
    assert_all(ex::PROBLEM_KINDS.iter().map(ex::problem_kind), ex::PROBLEM_KIND);
    assert_all(ex::PRESENCES.iter().map(ex::presence), ex::PRESENCE);
    assert_all(ex::ACTIVITIES.iter().map(ex::activity), ex::ACTIVITY);
    assert_all(ex::ROLES.iter().map(ex::role), ex::ROLE);

    let in_visitor = visitor_server.into_iter().filter_map(|frame| match frame {
        visitor::ServerFrame::Entries { entries, .. } => Some(entries),
        _ => None,
    });
    let in_desk = agent_server.into_iter().filter_map(|frame| match frame {
        agent::ServerFrame::Entries { entries, .. } => Some(entries),
        _ => None,
    });
    for log in [in_visitor.flatten().collect::<Vec<_>>(), in_desk.flatten().collect()] {
        assert_all(log.iter().map(|entry| ex::author(&entry.author)), ex::AUTHOR);
        assert_all(log.iter().map(|entry| ex::body(&entry.body)), ex::BODY);
    }
    let sent: Vec<Content> = visitor_client
        .into_iter()
        .filter_map(|frame| match frame {
            visitor::ClientFrame::Send { content, .. } => Some(content),
            _ => None,
        })
        .collect();
    assert_all(sent.iter().map(ex::content), ex::CONTENT);
}

#[test]
fn every_frame_reads_back() {
    for frame in ex::visitor_client_frames() {
        assert_eq!(decode(&encode(&frame).expect("small")), Ok(frame));
    }
    for frame in ex::visitor_server_frames() {
        assert_eq!(decode(&encode(&frame).expect("small")), Ok(frame));
    }
    for frame in ex::agent_client_frames() {
        assert_eq!(serde_json::from_str::<agent::ClientFrame>(&json(&frame)).ok(), Some(frame));
    }
    for frame in ex::agent_server_frames() {
        assert_eq!(serde_json::from_str::<agent::ServerFrame>(&json(&frame)).ok(), Some(frame));
    }
}

#[test]
fn a_desk_frame_with_an_unknown_field_is_refused() {
    let frame = r#"{"seen":{"conversation":"019b76da-a800-7101-8101-010101010101","upto":6,"all":true}}"#;
    assert!(serde_json::from_str::<agent::ClientFrame>(frame).is_err());
}

#[test]
fn a_reply_of_a_desk_that_was_loaded_before_after_existed_is_read() {
    let frame = r#"{"send":{"conversation":"019b76da-a800-7101-8101-010101010101",
        "id":"019b76da-a800-7606-8606-060606060606","content":{"message":{"text":"Hello"}}}}"#;
    let read = serde_json::from_str::<agent::ClientFrame>(frame).expect("it is readable");
    assert!(matches!(read, agent::ClientFrame::Send { after: None, .. }));
}
