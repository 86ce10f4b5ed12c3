//! The names that a page may use, told in several files: the loader's code is what counts, and the TypeScript declarations
//! and the tag template are kept to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use causette_server::http::embed::declarations::DECLARATIONS;
use causette_server::http::embed::loader;
use serde_json::Value;

use crate::harness::builders::site;
use crate::harness::{TestServer, within};

const LOADER: &str = include_str!("../../../snippet/loader.js");
const PANEL: &str = include_str!("../../../snippet/panel.js");
const GUIDE: &str = include_str!("../../../docs/embedding.md");

type Names = BTreeSet<String>;

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("“{from}” is missing"));
    rest.split_once(to).unwrap_or_else(|| panic!("“{to}” is missing behind “{from}”")).0
}

/// The name that a line begins with behind `indent`, if it does.
fn name_in<'a>(line: &'a str, indent: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(indent)?.trim_start_matches('\'');
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != ':').unwrap_or(rest.len());
    let name = rest[..end].trim_end_matches(':');
    name.starts_with(|c: char| c.is_ascii_lowercase()).then_some(name)
}

/// The names that the lines of a block begin with.
fn names(block: &str, indent: &str) -> Names {
    block.lines().filter_map(|line| name_in(line, indent)).map(str::to_owned).collect()
}

/// The members of an interface of the declarations.
fn members(interface: &str) -> Names {
    names(between(DECLARATIONS, &format!("interface {interface} {{\n"), "\n}"), "  ")
}

/// Texts in single or double quotes.
fn quoted(text: &str, quote: char) -> Vec<&str> {
    text.split(quote).skip(1).step_by(2).collect()
}

/// Every option of the loader: those that stand in it, and those that come with the site's settings.
pub fn loader_options(settings: &Value) -> Names {
    let mut options = names(between(LOADER, "const settings = {\n", "...__CAUSETTE_SETTINGS__"), "    ");
    assert!(options.len() > 5, "{options:?}");
    let of_site = settings.as_object().expect("an object").keys().cloned();
    // Which site it is and what its texts are is no page's to say.
    options.extend(of_site.filter(|key| !["site", "texts"].contains(&key.as_str())));
    options
}

/// What options must be one of, by their names.
pub fn loader_rules() -> BTreeMap<String, Names> {
    let rules = between(LOADER, "const RULES = {\n", "\n  };");
    let rules = rules.lines().filter_map(|line| Some((name_in(line, "    ")?, *quoted(line, '\'').first()?)));
    // A rule that is one word says what kind of text it is.
    let chosen = rules.filter(|(_, rule)| rule.contains('|') && !rule.contains('['));
    let names = |rule: &str| rule.split('|').map(str::to_owned).collect();
    chosen.map(|(key, rule)| (key.to_owned(), names(rule))).collect()
}

/// The names in the first cells of a section's table in the guide for site owners.
fn told(section: &str) -> Names {
    let section = between(GUIDE, &format!("\n## {section}\n"), "\n## ");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| quoted(row.split('|').nth(1).unwrap_or_default(), '`')).map(str::to_owned).collect()
}

fn rust_files(directory: &Path, found: &mut String) {
    for entry in fs::read_dir(directory).expect("the sources are there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push_str(&fs::read_to_string(path).expect("it is text"));
        }
    }
}

/// The names of events: those that both halves emit themselves, and those that the panel sends them.
fn events() -> Names {
    let mut events = Names::new();
    for half in [LOADER, PANEL] {
        for call in half.split("emit(").skip(1) {
            let end = call.find([',', ')']).unwrap_or(call.len());
            events.extend(quoted(&call[..end], '\'').into_iter().map(str::to_owned));
        }
    }
    let mut panel = String::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../widget/src"), &mut panel);
    let is_name = |text: &&str| {
        let parts: Vec<&str> = text.split(':').collect();
        let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
        parts.len() == 2 && parts.iter().all(is_word)
    };
    events.extend(panel.split('"').filter(is_name).map(str::to_owned));
    for call in panel.split("host.event(").skip(1) {
        events.extend(call.strip_prefix('"').and_then(|name| name.split('"').next()).map(str::to_owned));
    }
    events
}

#[test]
fn the_declarations_name_every_option_and_no_other() {
    assert_eq!(members("CausetteOptions"), loader_options(&loader::settings(&site("shop"))));
    for (option, values) in loader_rules() {
        let line = DECLARATIONS.lines().find(|line| line.starts_with(&format!("  {option}?: ")));
        let line = line.unwrap_or_else(|| panic!("{option} is not declared"));
        let named = line.rsplit(' ').next().unwrap_or_default().trim_end_matches(';');
        let declared = if named.starts_with("Causette") {
            between(DECLARATIONS, &format!("type {named} = "), ";")
        } else {
            between(line, ": ", ";")
        };
        let declared: Names =
            declared.split('|').map(|value| value.trim().trim_matches('\'').to_owned()).collect();
        assert_eq!(declared, values, "{option}");
    }
}

#[test]
fn the_declarations_name_every_command_and_no_other() {
    let mut commands = names(between(LOADER, "const commands = {\n", "\n  };"), "    ");
    let of_panel = between(LOADER, "// What the panel alone can do.\n", "forEach");
    commands.extend(quoted(of_panel, '\'').into_iter().map(str::to_owned));
    assert!(commands.contains("boot") && commands.contains("newConversation"), "{commands:?}");
    assert_eq!(members("CausetteCommands"), commands);
    let values = between(LOADER, "get: (key) => ({ ", " })[key]");
    let values: Names =
        values.split(", ").filter_map(|value| value.split(':').next()).map(str::to_owned).collect();
    assert_eq!(members("CausetteValues"), values);
}

#[test]
fn the_declarations_name_every_event_and_no_other() {
    let events = events();
    assert!(events.contains("ready") && events.contains("message:sent"), "{events:?}");
    assert_eq!(members("CausetteEvents"), events);
}

#[test]
fn the_guide_names_every_option_command_and_event_and_no_other() {
    assert_eq!(told("Options"), members("CausetteOptions"));
    assert_eq!(told("Commands"), members("CausetteCommands"));
    assert_eq!(told("Events"), members("CausetteEvents"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_declarations_can_be_fetched() {
    let server = TestServer::start().await;
    let answer = within("the answer", reqwest::get(server.url("/embed/causette.d.ts"))).await;
    let answer = answer.expect("the server answers");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.text().await.expect("it is text"), DECLARATIONS);
}
