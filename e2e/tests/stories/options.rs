//! The loader's options: from where they are taken, and what becomes of a value that is none (DESIGN 5, "Snippet").

use causette_e2e::harness::{Browser, HostSite, Policy, Server};
use causette_e2e::pages::HostPage;
use serde_json::{Map, Value, json};

/// An option, its name on `#hdAttributes`, and its values: the site's own, there, in the snippet, and given to `boot`. What
/// an attribute says is a text, which the loader makes what the option is.
type Row = (&'static str, &'static str, Value, [(&'static str, Value); 2], Value);

fn rows() -> Vec<Row> {
    let number = |text: &'static str, value: i64| (text, json!(value));
    let word = |text: &'static str| (text, json!(text));
    let flag = |text: &'static str, value: bool| (text, json!(value));
    vec![
        ("clientId", "external_id", Value::Null, [word("h-1"), word("d-1")], json!("b-1")),
        ("country", "country", Value::Null, [word("BE"), word("FR")], json!("CH")),
        ("flow", "ref", Value::Null, [word("old"), word("sale")], json!("support")),
        (
            "greeting",
            "welcome_message",
            json!("Hello! Any questions?"),
            [word("Old hello"), word("Hi <b>there</b>")],
            json!("Bon|jour"),
        ),
        ("closeDelay", "delay_close", json!(15), [number("20", 20), number("0", 0)], json!(30)),
        ("greetingDelay", "greetingDelay", json!(1), [number("2", 2), number("3", 3)], json!(0)),
        ("minimizable", "minimizable", json!(true), [flag("false", false), flag("true", true)], json!(false)),
        ("cookieTtl", "cookie_ttl", json!(180), [number("30", 30), number("0", 0)], json!(7)),
        ("consent", "cookie_consent", json!(0), [number("3", 3), number("1", 1)], json!(2)),
        (
            "position",
            "position",
            json!("bottom-right"),
            [word("bottom-left"), word("bottom-right")],
            json!("bottom-left"),
        ),
        ("offsetX", "offsetX", json!(20), [number("31", 31), number("42", 42)], json!(53)),
        ("offsetY", "offsetY", json!(20), [number("32", 32), number("43", 43)], json!(54)),
        ("theme", "theme", json!("auto"), [word("dark"), word("light")], json!("dark")),
        (
            "color",
            "color",
            json!("rgb(67,56,202)"),
            [("#f00", json!("rgb(255,0,0)")), ("rebeccapurple", json!("rgb(102,51,153)"))],
            json!("rgb(1,2,3)"),
        ),
        ("zIndex", "zIndex", json!(2_147_483_000), [number("31", 31), number("42", 42)], json!(53)),
        ("dataLayer", "dataLayer", json!(false), [flag("true", true), flag("0", false)], json!(true)),
        (
            "cookieDomain",
            "cookieDomain",
            Value::Null,
            [word("h.example"), word("d.example")],
            json!("b.example"),
        ),
    ]
}

/// `closeDelay` as the name of an attribute: `close-delay`.
fn dashed(name: &str) -> String {
    let mut dashed = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            dashed.push('-');
        }
        dashed.push(letter.to_ascii_lowercase());
    }
    dashed
}

/// What an option is, with a colour's channels as whole bytes, as they are drawn.
fn plain(config: &Value, option: &str) -> Value {
    let Some(channels) = config[option].as_str().and_then(|text| text.strip_prefix("rgb(")) else {
        return config[option].clone();
    };
    let channels =
        channels.trim_end_matches(')').split(',').filter_map(|channel| channel.parse::<f64>().ok());
    json!(format!("rgb({})", channels.map(|channel| format!("{channel:.0}")).collect::<Vec<_>>().join(",")))
}

fn loader(server: &Server) -> String {
    format!("{}/embed/shop.js", server.origin)
}

async fn visit<'a>(browser: &'a Browser, site: &HostSite, server: &Server, sources: Value) -> HostPage<'a> {
    let page = HostPage::visit(browser, site, "bare").await;
    assert!(page.add_snippet(&loader(server), sources).await, "the loader comes");
    page
}

/// Every source gives every option; each time one more source is there, and its values hold.
#[tokio::test(flavor = "multi_thread")]
async fn boot_goes_before_attributes_before_those_of_heyday_before_the_site() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let browser = Browser::open("visitor").await;
    let rows = rows();
    let mut sources = json!({});
    for source in 0..4 {
        let values: Map<String, Value> = rows
            .iter()
            .map(|(option, heyday, _, texts, boot)| match source {
                0 | 1 => ((*heyday).to_owned(), json!(texts[0].0)),
                2 => (dashed(option), json!(texts[1].0)),
                _ => ((*option).to_owned(), boot.clone()),
            })
            .collect();
        match source {
            0 => {}
            1 => sources["heyday"] = json!(values),
            2 => sources["data"] = json!(values),
            _ => sources["boot"] = json!(values),
        }
        let page = visit(&browser, &site, &server, sources.clone()).await;
        let side = "Math.round(box(launcher).left) < 100";
        let drawn =
            page.ask(&format!("[{side}, looks(chat).zIndex, drawn(looks(launcher).backgroundColor)]")).await;
        page.act("causette('open')").await;
        let config = page.config().await;
        for (option, _, own, texts, boot) in &rows {
            let wanted = [own, &texts[0].1, &texts[1].1, boot][source];
            assert_eq!(&plain(&config, option), wanted, "{option}, from source {source}");
        }
        let wanted = |value: &Value| value.to_string().trim_matches('"').to_owned();
        assert_eq!(drawn[0], config["position"] == "bottom-left", "{drawn}");
        assert_eq!(drawn[1], wanted(&config["zIndex"]));
        assert_eq!(wanted(&drawn[2]).replace(' ', ""), wanted(&plain(&config, "color")));
    }
    // The state is that of the nearest source too, before anybody opens the chat.
    sources["heyday"] = json!({ "widget_state": "chat" });
    sources["data"] = json!({ "state": "close" });
    sources["boot"] = json!({});
    let page = visit(&browser, &site, &server, sources.clone()).await;
    assert_eq!(page.ask("causette('get', 'state')").await, "close");
    sources["boot"] = json!({ "state": "welcome" });
    let page = visit(&browser, &site, &server, sources.clone()).await;
    assert_eq!(page.ask("causette('get', 'state')").await, "welcome");
    sources["data"] = json!({});
    sources["boot"] = json!({});
    let page = visit(&browser, &site, &server, sources).await;
    assert_eq!(page.ask("causette('get', 'state')").await, "chat");
    // A browser may remark that the domains of this story are not the page's.
    let said = browser.console().await.into_iter().filter(|line| line.contains("Causette"));
    assert_eq!(said.collect::<Vec<_>>(), Vec::<String>::new(), "good values are not remarked on");
}

/// What no option can be, and a piece of the sentence that says so.
const BAD: &[(&str, &str, &str)] = &[
    ("state", "'opened'", "welcome|chat|close"),
    ("theme", "'Dark'", "auto|light|dark"),
    ("position", "'top'", "bottom-right|bottom-left|inline"),
    ("consent", "'yes'", "0|1|2|3"),
    ("country", "'France'", "[A-Z]{2}"),
    ("color", "'#12'", "CSS colour"),
    ("closeDelay", "'soon'", "number"),
    ("greetingDelay", "-1", "number"),
    ("offsetX", "'1.2.3'", "number"),
    ("offsetY", "'20px'", "number"),
    ("zIndex", "{}", "number"),
    ("cookieTtl", "Infinity", "number"),
    ("minimizable", "'no'", "boolean"),
    ("dataLayer", "'dataLayer'", "boolean"),
    ("launcher", "'<button>'", "selector"),
    ("target", "'#1'", "selector"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_none_is_reported_once_and_the_default_taken() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let browser = Browser::open("visitor").await;
    let given: Vec<String> = BAD.iter().map(|(option, value, _)| format!("{option}: {value}")).collect();
    let given = given.join(", ");
    let page = HostPage::visit(&browser, &site, "bare").await;
    let stub = "window.causette = function () { (causette.q = causette.q || []).push(arguments); };";
    page.act(&format!("{stub} causette('boot', {{ {given}, locale: 7, prefill: 1 }})")).await;
    assert!(page.add_snippet(&loader(&server), json!({})).await);
    page.act(&format!("causette('update', {{ {given} }}); causette('dance'); causette('dance', 2)")).await;
    let said = browser.console().await;
    for (option, _, expected) in BAD {
        let lines: Vec<&String> =
            said.iter().filter(|line| line.contains(&format!("\"{option}\""))).collect();
        assert_eq!(lines.len(), 1, "{option}: {said:#?}");
        assert!(lines[0].contains("\"must be a\"") && lines[0].contains(expected), "{}", lines[0]);
        assert!(lines[0].starts_with("WARNING"), "{}", lines[0]);
    }
    let unknown: Vec<&String> = said.iter().filter(|line| line.contains("dance")).collect();
    assert_eq!(unknown.len(), 1, "{said:#?}");
    assert!(unknown[0].contains("\"Causette:\" \"dance\" \"is no command\""), "{}", unknown[0]);
    assert_eq!(said.len(), BAD.len() + 1, "{said:#?}");

    assert_eq!(page.ask("[causette('get', 'state'), shown(launcher)]").await, json!(["welcome", true]));
    page.shop().open_chat().await;
    let config = page.config().await;
    for (option, _, own, ..) in rows() {
        assert_eq!(plain(&config, option), own, "{option}");
    }
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_that_of_the_key_the_page_or_the_browser_in_this_order() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let browser = Browser::open("visitor").await;
    let rows = [
        (
            json!({ "lang": "en", "data": { "locale": "fr-CA" }, "heyday": { "locale": "en" } }),
            "en-US",
            "Ouvrir le chat",
        ),
        (
            json!({ "lang": "fr", "boot": { "locale": "EN" }, "data": { "locale": "fr" } }),
            "fr-FR",
            "Open chat",
        ),
        (json!({ "lang": "FR-be" }), "en-US", "Ouvrir le chat"),
        // No language that we speak is passed over, and so is what is none at all.
        (json!({ "lang": "de", "boot": { "locale": "nl" } }), "fr-CH", "Ouvrir le chat"),
        (json!({ "lang": "toString", "boot": { "locale": "constructor" } }), "fr", "Ouvrir le chat"),
        // Somebody may read several languages, and the site speaks the second of them.
        (json!({ "lang": "de" }), "de-CH,fr-CH", "Ouvrir le chat"),
        (json!({ "lang": "de" }), "ja", "Open chat"),
    ];
    for (sources, languages, label) in rows {
        let page = HostPage::visit(&browser, &site, "bare").await;
        page.act(&format!(
            "const languages = '{languages}'.split(',');
             Object.defineProperty(navigator, 'languages', {{ get: () => languages }});
             Object.defineProperty(navigator, 'language', {{ get: () => languages[0] }});"
        ))
        .await;
        assert!(page.add_snippet(&loader(&server), sources.clone()).await);
        assert_eq!(page.ask("launcher.ariaLabel").await, label, "{sources}, {languages}");
        page.assert_unharmed().await;
    }
    // At run time, too: what is drawn at once, the panel anew.
    let page = HostPage { browser: &browser };
    page.shop().open_chat().await.view.wait_for_text("How can we help?").await;
    page.act("causette('setLocale', 'fr')").await;
    page.shop().in_french().panel().view.wait_for_text("Comment pouvons-nous vous aider").await;
    assert_eq!(
        page.ask("[launcher.ariaLabel, frame.src.split('=')[1]]").await,
        json!(["Fermer le chat", "fr"])
    );
}
