//! The chat as a tag of Google Tag Manager: what is downloaded, that its parts are what Tag Manager reads, and that it knows
//! every option of the loader. That its code works is shown in a browser (`e2e/tests/stories/gtm.rs`).

use std::collections::{BTreeMap, BTreeSet};

use causette_server::config::Config;
use causette_server::http::embed::loader;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::embed_names::{loader_options, loader_rules};
use crate::harness::app::config;
use crate::harness::builders::site;
use crate::harness::{TestServer, within};

async fn get(server: &TestServer, path: &str) -> Response {
    within("the answer", Client::new().get(server.url(path)).send()).await.expect("the server answers")
}

async fn server() -> TestServer {
    let public_url = Some("https://chat.example.com".to_owned());
    let server = TestServer::with(Config { public_url, ..config() }).await;
    server.add_shop().await;
    server
}

async fn template() -> String {
    let server = server().await;
    get(&server, "/embed/shop/gtm.tpl").await.text().await.expect("it is text")
}

/// The sections of a template by their names.
fn sections(template: &str) -> BTreeMap<&str, &str> {
    let mut sections = BTreeMap::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once("___") {
        let (name, after) = after.split_once("___\n").expect("a heading ends on its line");
        let end = after.find("\n___").unwrap_or(after.len());
        assert!(sections.insert(name, after[..end].trim()).is_none(), "{name} stands twice");
        rest = &after[end..];
    }
    sections
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Every field, those in groups included.
fn fields(parameters: &Value) -> Vec<Value> {
    let list = parameters.as_array().expect("a list of fields");
    list.iter()
        .flat_map(|field| match field["type"].as_str() {
            Some("GROUP") => fields(&field["subParams"]),
            _ => vec![field.clone()],
        })
        .collect()
}

fn texts(value: &Value, name: &str) -> BTreeSet<String> {
    let items = value.as_array().expect("a list").iter();
    items
        .map(|item| item[name].as_str().expect("a text").to_owned())
        .filter(|text| !text.is_empty())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_tags_are_files_to_download() {
    let server = server().await;
    for (path, name) in
        [("/embed/shop/gtm.tpl", "causette-shop.tpl"), ("/embed/shop/gtm.html", "causette-shop.html")]
    {
        let response = get(&server, path).await;
        assert_eq!(response.status(), 200, "{path}");
        let header = |name: &str| response.headers()[name].to_str().expect("it is ASCII").to_owned();
        assert_eq!(header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(header("content-disposition"), format!("attachment; filename=\"{name}\""));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "public, max-age=300, stale-while-revalidate=86400");
        let text = response.text().await.expect("it is text");
        assert!(!text.contains("__CAUSETTE_"), "a place was not filled: {text}");
        assert!(text.contains("https://chat.example.com") && !text.contains("127.0.0.1"));
        let again = Client::new().get(server.url(path)).header("accept-encoding", "br").send();
        let again = within("the answer", again).await.expect("the server answers");
        assert_eq!(again.headers()["content-encoding"], "br");
        for key in ["nobody", "SHOP", "%22", "shop.js"] {
            let unknown = get(&server, &path.replace("shop", key)).await;
            assert_eq!(unknown.status(), 404, "{key}");
            let problem: Value = unknown.json().await.expect("a problem");
            assert_eq!(problem["kind"], "unknown_site");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tags_are_those_that_were_looked_through() {
    let server = server().await;
    for (path, name) in [("/embed/shop/gtm.tpl", "template"), ("/embed/shop/gtm.html", "custom_html")] {
        let text = get(&server, path).await.text().await.expect("it is text");
        insta::assert_snapshot!(name, text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_section_is_there_and_can_be_read() {
    let template = template().await;
    let sections = sections(&template);
    let names: Vec<&str> = sections.keys().copied().collect();
    assert_eq!(
        names,
        [
            "INFO",
            "NOTES",
            "SANDBOXED_JS_FOR_WEB_TEMPLATE",
            "TEMPLATE_PARAMETERS",
            "TERMS_OF_SERVICE",
            "TESTS",
            "WEB_PERMISSIONS"
        ]
    );
    let info = parse(sections["INFO"]);
    assert_eq!((&info["type"], &info["containerContexts"]), (&json!("TAG"), &json!(["WEB"])));
    let mut names = BTreeSet::new();
    for field in fields(&parse(sections["TEMPLATE_PARAMETERS"])) {
        let name = field["name"].as_str().expect("a field has a name").to_owned();
        let kind = field["type"].as_str().expect("a field has a type");
        assert!(["TEXT", "SELECT", "RADIO", "CHECKBOX", "LABEL"].contains(&kind), "{name}: {kind}");
        assert!(field["displayName"].is_string() || field["checkboxText"].is_string(), "{name} has no label");
        for validator in field["valueValidators"].as_array().into_iter().flatten() {
            let kind = validator["type"].as_str().expect("a validator has a type");
            assert!(kind == "NON_EMPTY" || (kind == "REGEX" && validator["args"][0].is_string()), "{name}");
            // What is filled only where somebody wants it may be empty.
            assert!(kind != "NON_EMPTY" || name == "site", "{name}");
        }
        assert!(names.insert(name.clone()), "{name} stands twice");
    }
    for field in fields(&parse(sections["TEMPLATE_PARAMETERS"])) {
        for condition in field["enablingConditions"].as_array().into_iter().flatten() {
            let other = condition["paramName"].as_str().expect("a condition is about a field");
            assert!(names.contains(other), "{other} is no field");
        }
    }
    assert!(
        sections["TESTS"].starts_with("scenarios:\n- name: ") && sections["TESTS"].contains("\nsetup: |-\n")
    );
    assert!(sections["NOTES"].contains("MIT OR Apache-2.0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_option_is_a_field_that_is_passed_on_with_its_values() {
    let template = template().await;
    let sections = sections(&template);
    let fields = fields(&parse(sections["TEMPLATE_PARAMETERS"]));
    let field = |name: &str| {
        let found = fields.iter().find(|field| field["name"] == name);
        found.unwrap_or_else(|| panic!("{name} has no field"))
    };
    let code = sections["SANDBOXED_JS_FOR_WEB_TEMPLATE"];
    let (_, passed) = code.split_once("const OPTIONS = [").expect("the options are listed");
    let (passed, _) = passed.split_once(']').expect("the list ends");
    let mut passed: BTreeSet<&str> = passed.split(',').map(|name| name.trim().trim_matches('\'')).collect();
    // It stands apart: what Google says can take its place.
    passed.insert("consent");
    let options = loader_options(&loader::settings(&site("shop")));
    assert_eq!(passed.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), options);
    for option in &options {
        field(option);
    }
    let mut compared = 0;
    for (option, values) in loader_rules() {
        if let Some(items) = field(&option).get("selectItems") {
            assert_eq!(texts(items, "value"), values, "{option}");
            compared += 1;
        }
    }
    assert_eq!(compared, 4, "state, theme, position and consent are chosen");
    assert_eq!(field("site")["defaultValue"], "shop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_template_may_do_no_more_than_it_does() {
    let template = template().await;
    let sections = sections(&template);
    let permissions = parse(sections["WEB_PERMISSIONS"]);
    let mut granted = BTreeMap::new();
    for permission in permissions.as_array().expect("a list") {
        let instance = &permission["instance"];
        let values = instance["param"].as_array().expect("a list").iter().map(|one| simple(&one["value"]));
        granted.insert(
            instance["key"]["publicId"].as_str().expect("a permission has a name"),
            values.collect::<Vec<_>>(),
        );
    }
    let wanted = BTreeMap::from([
        (
            "access_globals",
            vec![json!([
                {"key": "causette", "read": true, "write": true, "execute": true},
                {"key": "causette.q", "read": true, "write": true, "execute": false},
                {"key": "causette.version", "read": true, "write": false, "execute": false},
            ])],
        ),
        ("inject_script", vec![json!(["https://chat.example.com/embed/*"])]),
        (
            "access_consent",
            vec![json!([
                {"consentType": "functionality_storage", "read": true, "write": false},
                {"consentType": "personalization_storage", "read": true, "write": false},
                {"consentType": "analytics_storage", "read": true, "write": false},
            ])],
        ),
        ("access_template_storage", vec![]),
        ("logging", vec![json!("debug")]),
    ]);
    assert_eq!(granted, wanted);
    // The sandbox speaks ECMAScript 5.1 with `const`, `let` and arrow functions, and compiles nothing else.
    let code = sections["SANDBOXED_JS_FOR_WEB_TEMPLATE"];
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    for word in [
        "`",
        "...",
        "new ",
        "this.",
        "class ",
        "for (",
        "async ",
        "await ",
        "function(",
        "function ",
        "?.",
        "??",
        "window.",
    ] {
        assert!(!code.contains(word), "the sandbox has no {word}");
    }
}

/// A permission's value without the notation of its types: 1 a text, 2 a list, 3 a map, 8 a truth value.
fn simple(value: &Value) -> Value {
    match value["type"].as_u64() {
        Some(2) => value["listItem"].as_array().expect("a list").iter().map(simple).collect(),
        Some(3) => {
            let keys = value["mapKey"].as_array().expect("keys").iter();
            let values = value["mapValue"].as_array().expect("values").iter();
            let pairs = keys.zip(values).map(|(key, value)| {
                (simple(key).as_str().expect("a key is a text").to_owned(), simple(value))
            });
            Value::Object(pairs.collect())
        }
        Some(8) => value["boolean"].clone(),
        _ => value["string"].clone(),
    }
}
