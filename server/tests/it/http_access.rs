//! Every route answers those who may not call it as its row in the table says, and the table names every frame.

use std::collections::BTreeSet;

use causette_server::http::routes::{
    Access, DESK_SOCKET, Surface, VISITOR_SOCKET, agent_frame_name, frames, routes, visitor_frame_name,
};
use causette_shared::entry::Content;
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::presence::Activity;
use causette_shared::protocol::agent::ListCursor;
use causette_shared::protocol::{agent, visitor};
use causette_shared::time::Timestamp;
use reqwest::{Client, Method, Response};
use serde_json::Value;

use crate::harness::{TestServer, within};

/// A call without credentials: with no origin, a foreign one, or ours.
async fn call(server: &TestServer, method: &str, path: &str, origin: Option<&str>) -> Response {
    let path = path.replace("{file}", "shop.js").replace("{site}", "shop").replace("{name}", "none.js");
    let path = path.replace("{*page}", "inbox").replace("{*path}", "shop.css");
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let mut request = client.request(method, server.url(&path));
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    within("the answer", request.send()).await.expect("the server answers")
}

async fn kind_of(response: Response) -> String {
    let problem: Value = response.json().await.expect("a problem is JSON");
    problem["kind"].as_str().expect("a problem has a kind").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_keeps_out_whom_its_row_keeps_out() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let own = server.origin();
    let mut checked = BTreeSet::new();
    for route in routes(Surface::Serve) {
        let what = format!("{} {}", route.method, route.path);
        for origin in [None, Some("https://evil.example"), Some("null"), Some(own.as_str())] {
            let response = call(&server, route.method, route.path, origin).await;
            let status = response.status().as_u16();
            let from_us = origin == Some(own.as_str());
            match (route.access, from_us) {
                (Access::Public, _) => assert!(![401, 403].contains(&status), "{what}: {status}"),
                (Access::OwnOrigin | Access::AgentFromOwnOrigin, false) => {
                    assert_eq!((status, kind_of(response).await.as_str()), (403, "wrong_origin"), "{what}");
                }
                (Access::OwnOrigin, true) => assert_ne!(status, 403, "{what}"),
                (Access::Agent, _) | (Access::AgentFromOwnOrigin, true) => {
                    assert_eq!((status, kind_of(response).await.as_str()), (401, "not_signed_in"), "{what}");
                }
                (Access::Visitor, _) => panic!("{what}: no route is a visitor's, only frames are"),
            }
        }
        checked.insert(format!("{:?}", route.access));
    }
    assert_eq!(checked.len(), 4, "every kind of route was met: {checked:?}");
}

#[test]
fn the_table_has_no_row_twice_and_keeps_writes_to_our_own_pages() {
    let mut rows = BTreeSet::new();
    for route in routes(Surface::Demo) {
        assert!(rows.insert((route.method, route.path)), "{} {} stands twice", route.method, route.path);
        // One click in a mail comes from the mail's provider and not from a page: its word is signed (RFC 8058).
        if route.method != "GET" && route.path != "/mail/stop/{word}" {
            assert!(matches!(route.access, Access::OwnOrigin | Access::AgentFromOwnOrigin), "{}", route.path);
        }
    }
}

#[test]
fn the_table_names_every_frame() {
    let conversation = ConversationId(uuid::Uuid::nil());
    let id = EntryId(uuid::Uuid::nil());
    let content = Content::Message { text: String::new() };
    let hello = visitor::Hello {
        site: String::new(),
        session: None,
        host: String::new(),
        locale: String::new(),
        cursor: None,
        activity: Activity::Active,
    };
    let visitors = [
        visitor::ClientFrame::Hello(hello),
        visitor::ClientFrame::Send { id, content: content.clone() },
        visitor::ClientFrame::Resume { conversation, after: None },
        visitor::ClientFrame::Earlier { conversation, before: 1 },
        visitor::ClientFrame::Seen { conversation, upto: 1 },
        visitor::ClientFrame::Typing { active: true },
        visitor::ClientFrame::Activity(Activity::Active),
        visitor::ClientFrame::Ping,
        visitor::ClientFrame::Identify { token: String::new() },
        visitor::ClientFrame::Describe(visitor::Description::default()),
        visitor::ClientFrame::Visited { url: String::new(), title: String::new(), ago_s: 0 },
        visitor::ClientFrame::ForgetPages,
    ];
    let after = ListCursor { last_message_at: Timestamp(0), number: 0 };
    let agents = [
        agent::ClientFrame::Watch { conversation, after: None },
        agent::ClientFrame::Unwatch { conversation },
        agent::ClientFrame::Earlier { conversation, before: 1 },
        agent::ClientFrame::Send { conversation, id, content, after: None },
        agent::ClientFrame::Seen { conversation, upto: 1 },
        agent::ClientFrame::Typing { conversation, active: true },
        agent::ClientFrame::List { after },
        agent::ClientFrame::Ping,
    ];
    let named = |socket| {
        let of = frames().into_iter().filter(move |frame| frame.socket == socket);
        of.map(|frame| frame.frame.to_owned()).collect::<BTreeSet<_>>()
    };
    let wanted: BTreeSet<_> = visitors.iter().map(|frame| visitor_frame_name(frame).to_owned()).collect();
    assert_eq!(named(VISITOR_SOCKET), wanted);
    // The desk's names are those on the wire.
    let wire = |frame: &agent::ClientFrame| match serde_json::to_value(frame).expect("it can be written") {
        Value::String(name) => name,
        Value::Object(fields) => fields.keys().next().cloned().unwrap_or_default(),
        other => panic!("{other}"),
    };
    let wanted: BTreeSet<_> = agents.iter().map(wire).collect();
    assert_eq!(
        agents.iter().map(|frame| agent_frame_name(frame).to_owned()).collect::<BTreeSet<_>>(),
        wanted
    );
    assert_eq!(named(DESK_SOCKET), wanted);
    for frame in frames() {
        let open = matches!(frame.frame, "hello" | "ping") && frame.socket == VISITOR_SOCKET;
        assert_eq!(frame.access == Access::Public, open, "{} on {}", frame.frame, frame.socket);
    }
}
