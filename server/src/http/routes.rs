//! Every route and every frame with who may call it: one table, from which the router is built and `causette routes`
//! printed.

use std::sync::Arc;

use axum::response::Redirect;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use causette_shared::protocol::{agent, visitor};
use serde::Serialize;

use super::{assets, demo, demo_mailbox, desk, embed, health, mail, visitor as panel};
use crate::app::App;

/// Who may call something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Anybody.
    Public,
    /// A page of our own origin, as the browser's `Origin` says.
    OwnOrigin,
    /// A signed-in agent.
    Agent,
    /// A signed-in agent, from a page of our own origin.
    AgentFromOwnOrigin,
    /// A visitor, for what belongs to their session.
    Visitor,
}

/// One route.
pub struct Route {
    /// The method; `GET` answers `HEAD` too.
    pub method: &'static str,
    /// The path, its variables in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    pub(super) handler: MethodRouter<Arc<App>>,
}

/// One frame that a client may send.
#[derive(Serialize)]
pub struct Frame {
    /// The socket's path. Over HTTP the same frames go through the channel beside it.
    pub socket: &'static str,
    /// The frame's name.
    pub frame: &'static str,
    /// Who may send it.
    pub access: Access,
}

/// Which routes a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Those of `causette serve`.
    Serve,
    /// Those and the demo shop.
    Demo,
}

/// The visitor's socket.
pub const VISITOR_SOCKET: &str = "/api/v1/visitor/socket";
/// The desk's socket.
pub const DESK_SOCKET: &str = "/api/v1/desk/socket";
const DESK_SESSION: &str = "/api/v1/desk/session";
const CONTACTS: &str = "/api/v1/desk/contacts";
const CONTACT: &str = "/api/v1/desk/contacts/{id}";
const OUTBOX: &str = "/api/v1/desk/outbox";
const CONTACT_OF: &str = "/api/v1/desk/conversations/{id}/contact";

/// Returns every route of a server.
pub fn routes(surface: Surface) -> Vec<Route> {
    let route = |method, path, access, handler| Route { method, path, access, handler };
    let mut routes = vec![
        route("GET", "/healthz", Access::Public, get(health::live)),
        route("GET", "/readyz", Access::Public, get(health::ready)),
        route("GET", "/embed/{file}", Access::Public, get(embed::loader::loader)),
        route("GET", "/embed/causette.d.ts", Access::Public, get(embed::declarations::declarations)),
        route("GET", "/embed/{site}/panel.js", Access::Public, get(embed::panel::panel)),
        route("GET", "/embed/{site}/gtm.tpl", Access::Public, get(embed::gtm::template)),
        route("GET", "/embed/{site}/gtm.html", Access::Public, get(embed::gtm::custom_html)),
        route("GET", "/embed/{site}/{file}", Access::Public, get(embed::published::loader)),
        route("GET", "/widget/{site}", Access::Public, get(panel::document::panel)),
        route("GET", "/widget/assets/{name}", Access::Public, get(assets::widget)),
        route("GET", "/chat/{site}", Access::Public, get(panel::document::page)),
        route("GET", VISITOR_SOCKET, Access::OwnOrigin, get(panel::socket::open)),
        route("POST", "/api/v1/visitor/channel", Access::OwnOrigin, post(panel::channel::open)),
        route("POST", "/api/v1/visitor/channel/send", Access::OwnOrigin, post(panel::channel::send)),
        route("POST", "/api/v1/visitor/channel/receive", Access::OwnOrigin, post(panel::channel::receive)),
        route("POST", "/api/v1/visitor/resume", Access::OwnOrigin, post(panel::resume::claim)),
        route("POST", "/api/v1/visitor/resume/renew", Access::OwnOrigin, post(panel::resume::renew)),
        route("GET", "/mail/stop/{word}", Access::Public, get(mail::ask)),
        route("POST", "/mail/stop/{word}", Access::Public, post(mail::stop)),
        route("GET", "/api/v1/desk/inbound", Access::Agent, get(desk::inbound::left)),
        route("GET", "/api/v1/desk/files/{id}", Access::Agent, get(desk::inbound::file)),
        route(
            "GET",
            "/api/v1/desk/conversations/{id}/mails/{entry}",
            Access::Agent,
            get(desk::inbound::mail),
        ),
        route("GET", "/desk", Access::Public, get(|| async { Redirect::permanent("/desk/") })),
        route("GET", "/desk/", Access::Public, get(desk::document::document)),
        route("GET", "/desk/{*page}", Access::Public, get(desk::document::document)),
        route("GET", "/desk/assets/{name}", Access::Public, get(assets::desk)),
        route("POST", DESK_SESSION, Access::OwnOrigin, post(desk::session::sign_in)),
        route("GET", DESK_SESSION, Access::Public, get(desk::session::who)),
        route("DELETE", DESK_SESSION, Access::OwnOrigin, delete(desk::session::sign_out)),
        route("GET", DESK_SOCKET, Access::AgentFromOwnOrigin, get(desk::socket::open)),
        route("POST", "/api/v1/desk/channel", Access::AgentFromOwnOrigin, post(desk::channel::open)),
        route("POST", "/api/v1/desk/channel/send", Access::AgentFromOwnOrigin, post(desk::channel::send)),
        route(
            "POST",
            "/api/v1/desk/channel/receive",
            Access::AgentFromOwnOrigin,
            post(desk::channel::receive),
        ),
    ];
    routes.extend(contact_routes());
    routes.extend(outbox_routes());
    routes.extend(conversation_routes());
    routes.extend(site_routes());
    routes.extend(match surface {
        Surface::Serve => {
            vec![route("GET", "/", Access::Public, get(|| async { Redirect::temporary("/desk/") }))]
        }
        Surface::Demo => vec![
            route("GET", "/", Access::Public, get(|| async { Redirect::temporary("/demo/") })),
            route("GET", "/demo", Access::Public, get(|| async { Redirect::permanent("/demo/") })),
            route("GET", "/demo/", Access::Public, get(demo::home)),
            route("GET", "/demo/mailbox", Access::Public, get(demo_mailbox::list)),
            route("GET", "/demo/mailbox.json", Access::Public, get(demo_mailbox::json)),
            route("GET", "/demo/mailbox/{id}", Access::Public, get(demo_mailbox::show)),
            route("POST", "/demo/mailbox/{id}/reply", Access::OwnOrigin, post(demo_mailbox::answer::reply)),
            route("GET", "/demo/{*path}", Access::Public, get(demo::file)),
        ],
    });
    routes
}

fn contact_routes() -> Vec<Route> {
    let read = |path, handler| Route { method: "GET", path, access: Access::Agent, handler };
    let write = |method, path, handler| Route { method, path, access: Access::AgentFromOwnOrigin, handler };
    vec![
        read(CONTACTS, get(desk::contacts::list)),
        write("POST", CONTACTS, post(desk::contacts::create)),
        read("/api/v1/desk/contacts.csv", get(desk::contacts_export::csv)),
        read("/api/v1/desk/contacts.json", get(desk::contacts_export::json)),
        read(CONTACT, get(desk::contacts::find)),
        write("PATCH", CONTACT, patch(desk::contacts::change)),
        write("POST", "/api/v1/desk/contacts/{id}/merge", post(desk::contacts::merge)),
        write("POST", "/api/v1/desk/contact-merges/{id}/undo", post(desk::contacts::undo_merge)),
        write("PUT", CONTACT_OF, put(desk::contacts::attach)),
        write("DELETE", CONTACT_OF, delete(desk::contacts::detach)),
    ]
}

fn outbox_routes() -> Vec<Route> {
    let write = |path, handler| Route { method: "POST", path, access: Access::AgentFromOwnOrigin, handler };
    vec![
        Route { method: "GET", path: OUTBOX, access: Access::Agent, handler: get(desk::outbox::show) },
        write("/api/v1/desk/outbox/retry-all", post(desk::outbox::retry_all)),
        write("/api/v1/desk/outbox/{id}/retry", post(desk::outbox::retry)),
        write("/api/v1/desk/outbox/{id}/discard", post(desk::outbox::discard)),
    ]
}

fn conversation_routes() -> Vec<Route> {
    let write = |path, handler| Route { method: "POST", path, access: Access::AgentFromOwnOrigin, handler };
    vec![
        write("/api/v1/desk/conversations/{id}/follow-up", post(desk::conversation_mail::decide_follow_up)),
        write("/api/v1/desk/conversations/{id}/invite", post(desk::conversation_mail::invite)),
        write("/api/v1/desk/conversations/{id}/invite/preview", post(desk::conversation_mail::preview)),
        write(
            "/api/v1/desk/conversations/{id}/invite/preview/page",
            post(desk::conversation_mail::preview_page),
        ),
        write("/api/v1/desk/conversations/{id}/copy", post(desk::conversation_mail::copy)),
        write("/api/v1/desk/conversations/{id}/end", post(desk::conversation_mail::end)),
        write("/api/v1/desk/conversations/{id}/links/revoke", post(desk::conversation_mail::revoke_links)),
    ]
}

fn site_routes() -> [Route; 9] {
    let route = |method, path, access, handler| Route { method, path, access, handler };
    [
        route("GET", "/api/v1/desk/sites", Access::Agent, get(desk::sites::list)),
        route("PATCH", "/api/v1/desk/sites/{key}", Access::AgentFromOwnOrigin, patch(desk::sites::change)),
        route("GET", "/api/v1/desk/sites/{key}/snippet", Access::Agent, get(desk::sites::snippet)),
        route(
            "POST",
            "/api/v1/desk/sites/{key}/snippet/publish",
            Access::AgentFromOwnOrigin,
            post(desk::sites::publish),
        ),
        route("GET", "/api/v1/desk/sites/{key}/seen", Access::Agent, get(desk::seen::seen)),
        route(
            "PUT",
            "/api/v1/desk/sites/{key}/origins",
            Access::AgentFromOwnOrigin,
            put(desk::seen::set_origins),
        ),
        route("GET", "/api/v1/desk/sites/{key}/looks", Access::Agent, get(desk::looks::show)),
        route("PUT", "/api/v1/desk/sites/{key}/looks", Access::AgentFromOwnOrigin, put(desk::looks::change)),
        route("GET", "/desk/preview/{site}", Access::Agent, get(desk::preview::page)),
    ]
}

/// Returns every frame that clients may send. The matches make sure that a new frame is given its access.
pub fn frames() -> Vec<Frame> {
    let visitor = [
        "hello",
        "send",
        "resume",
        "earlier",
        "seen",
        "typing",
        "activity",
        "ping",
        "identify",
        "describe",
        "visited",
        "forget_pages",
    ]
    .map(|frame| Frame { socket: VISITOR_SOCKET, frame, access: visitor_access(frame) });
    let agent = ["watch", "unwatch", "earlier", "send", "seen", "typing", "list", "ping"]
        .map(|frame| Frame { socket: DESK_SOCKET, frame, access: Access::Agent });
    visitor.into_iter().chain(agent).collect()
}

fn visitor_access(frame: &str) -> Access {
    if matches!(frame, "hello" | "ping") { Access::Public } else { Access::Visitor }
}

/// The name of a visitor's frame.
#[must_use]
pub const fn visitor_frame_name(frame: &visitor::ClientFrame) -> &'static str {
    match frame {
        visitor::ClientFrame::Hello(_) => "hello",
        visitor::ClientFrame::Send { .. } => "send",
        visitor::ClientFrame::Resume { .. } => "resume",
        visitor::ClientFrame::Earlier { .. } => "earlier",
        visitor::ClientFrame::Seen { .. } => "seen",
        visitor::ClientFrame::Typing { .. } => "typing",
        visitor::ClientFrame::Activity(_) => "activity",
        visitor::ClientFrame::Ping => "ping",
        visitor::ClientFrame::Identify { .. } => "identify",
        visitor::ClientFrame::Describe(_) => "describe",
        visitor::ClientFrame::Visited { .. } => "visited",
        visitor::ClientFrame::ForgetPages => "forget_pages",
    }
}

/// The name of a desk's frame.
#[must_use]
pub const fn agent_frame_name(frame: &agent::ClientFrame) -> &'static str {
    match frame {
        agent::ClientFrame::Watch { .. } => "watch",
        agent::ClientFrame::Unwatch { .. } => "unwatch",
        agent::ClientFrame::Earlier { .. } => "earlier",
        agent::ClientFrame::Send { .. } => "send",
        agent::ClientFrame::Seen { .. } => "seen",
        agent::ClientFrame::Typing { .. } => "typing",
        agent::ClientFrame::List { .. } => "list",
        agent::ClientFrame::Ping => "ping",
    }
}

/// Returns the table as JSON, for people and for tools.
pub fn to_json(surface: Surface) -> String {
    #[derive(Serialize)]
    struct Row {
        method: &'static str,
        path: &'static str,
        access: Access,
    }
    #[derive(Serialize)]
    struct Table {
        routes: Vec<Row>,
        frames: Vec<Frame>,
    }
    let row = |Route { method, path, access, .. }| Row { method, path, access };
    let table = Table { routes: routes(surface).into_iter().map(row).collect(), frames: frames() };
    serde_json::to_string_pretty(&table).unwrap_or_default()
}
