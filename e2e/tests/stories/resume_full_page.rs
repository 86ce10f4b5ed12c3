//! A site without pages, such as an app's: its mails lead to the chat as a page of its own, on another device, where that
//! page is open already, and in the app's webview.

use std::time::Duration;

use causette_e2e::harness::{AgentSocket, Browser, Mail, Server, wait_for_at_most, wait_until};
use causette_e2e::pages::{Panel, Place, Role, View};
use serde_json::{Value, json};

use crate::native_bridge::{App, ENDS};

const EMAIL: &str = "ada@mail.example";
const ASKED: &str = "Where is my parcel?";
const ANSWERED: &str = "At the harbour.";
/// Twenty seconds by the site's setting, and as long again for a machine that is busy.
const MAILED_WITHIN: Duration = Duration::from_secs(40);
const SPENT: &str = "has been used already or has expired";

/// A conversation whose visitor has closed the page, and the link that was mailed to them.
struct Left {
    server: Server,
    agent: AgentSocket,
    number: u32,
    /// What the link adds to the address of the chat.
    fragment: String,
}

impl Left {
    async fn begin() -> Self {
        let server = Server::start().await;
        server.add_site("shop", &[]).await;
        server.allow_apps("shop", true).await;
        let mut agent = AgentSocket::sign_in(&server.origin).await;
        let visitor = Browser::open("visitor").await;
        visitor.goto(&chat(&server)).await;
        let panel = panel(&visitor);
        panel.say(ASKED).await;
        let row = agent.follow_conversation_with("my parcel").await;
        panel.introduce("Ada", EMAIL).await;
        let number = panel.number().await;
        drop(visitor);
        agent.reply(row.id, ANSWERED).await;
        let mail = wait_for_at_most(MAILED_WITHIN, "the mail", async || {
            Ok(server.mails().await.into_iter().find(|mail| mail.to == EMAIL))
        })
        .await;
        let link = link_of(&mail);
        let fragment =
            link.strip_prefix(&chat(&server)).unwrap_or_else(|| panic!("it leads to {link}")).to_owned();
        assert!(fragment.starts_with("#causette="), "{link}");
        Self { server, agent, number, fragment }
    }

    fn chat(&self) -> String {
        chat(&self.server)
    }

    fn link(&self) -> String {
        [self.chat(), self.fragment.clone()].concat()
    }

    /// Asserts that a page shows the conversation, and that its address has nothing of the link.
    async fn assert_goes_on(&self, browser: &Browser) {
        let panel = panel(browser);
        panel.wait_for_message(ASKED).await;
        panel.wait_for_message(ANSWERED).await;
        assert_eq!(panel.number().await, self.number);
        assert_eq!(ask(browser, "return location.href.split('?')[0]").await, self.chat().as_str());
    }
}

/// The page of the chat.
fn chat(server: &Server) -> String {
    format!("{}/chat/shop", server.origin)
}

/// The link of a mail that is written in plain letters (RFC 2045 §6.7).
fn link_of(mail: &Mail) -> String {
    let text = mail.raw.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    let link = text.split_whitespace().find(|word| word.starts_with("http") && word.contains("#causette="));
    link.unwrap_or_else(|| panic!("it has no link:\n{text}")).to_owned()
}

fn panel(browser: &Browser) -> Panel<'_> {
    Panel { view: View::new(browser, Place::Page) }
}

async fn ask(browser: &Browser, script: &str) -> Value {
    browser.run(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
}

/// Opens a link in the page that is there, as an app or a bookmark does.
async fn follow(browser: &Browser, fragment: &str) {
    ask(browser, &format!("location.hash = '{fragment}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_in_a_mail_leads_to_the_chat_itself_where_a_site_has_no_pages() {
    let mut left = Left::begin().await;
    let reader = Browser::open("reader").await;
    reader.goto(&left.link()).await;
    left.assert_goes_on(&reader).await;
    panel(&reader).say("Which one?").await;
    left.agent.wait_for_message("Which one?").await;
    assert_eq!(reader.console_errors().await, Vec::<String>::new());
    // The session stays, and neither the history nor the storage has the token.
    reader.goto("about:blank").await;
    reader.goto(&left.chat()).await;
    left.assert_goes_on(&reader).await;
    reader.client.back().await.expect("there is a page to go back to");
    reader.client.back().await.expect("and one before");
    left.assert_goes_on(&reader).await;
    let token = left.fragment.trim_start_matches("#causette=");
    let kept = ask(&reader, "return JSON.stringify([localStorage, sessionStorage])").await.to_string();
    assert!(kept.contains("causette.shop.session") && !kept.contains(token), "{kept}");

    // A second device, where the page is open already.
    let other = Browser::open("other").await;
    other.goto(&left.chat()).await;
    panel(&other).view.wait_for(Role::Field, "Message").await;
    follow(&other, &left.fragment).await;
    left.assert_goes_on(&other).await;
    panel(&other).say("I see it here too").await;
    left.agent.wait_for_message("I see it here too").await;

    // One that is none any more says so, there and where it has led to, and the chat goes on.
    let spent = format!("#causette={}", "A".repeat(43));
    follow(&other, &spent).await;
    panel(&other).view.wait_for_text(SPENT).await;
    left.assert_goes_on(&other).await;
    let stranger = Browser::open("stranger").await;
    stranger.goto(&format!("{}{spent}", left.chat())).await;
    panel(&stranger).view.wait_for_text(SPENT).await;
    assert_eq!(ask(&stranger, "return location.href").await, left.chat().as_str());
    panel(&stranger).say("Is this a chat?").await;
    panel(&stranger).wait_until_sent().await;

    // A fragment that is none of ours stays.
    stranger.goto(&format!("{}#causette=short", left.chat())).await;
    panel(&stranger).wait_for_message("Is this a chat?").await;
    assert_eq!(ask(&stranger, "return location.hash").await, "#causette=short");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_app_the_link_gives_the_session_that_the_app_keeps() {
    if crate::engines::is_left_out(
        "resume_full_page::in_an_app_the_link_gives_the_session_that_the_app_keeps",
    ) {
        return;
    }
    let left = Left::begin().await;
    let own = "B".repeat(43);
    let browser = Browser::open("app").await;
    let app = App::open_at(&browser, &left.link(), ENDS[3]).await;
    app.hear_of("needSession").await;
    assert_eq!(
        app.ask("return location.href").await,
        left.chat().as_str(),
        "it is out of the address at once"
    );
    // A document in another language takes the place of this one, and the link's.
    app.say_text(r#"{"v":1,"type":"setLocale","data":{"locale":"fr"}}"#).await;
    wait_until("the document to be French", async || {
        Ok(browser.run("return document.documentElement.lang", vec![]).await? == "fr")
    })
    .await;
    app.begin(Some(&own)).await;
    let session = app.hear_of("session").await;
    let secret = session["secret"].as_str().expect("it is a text").to_owned();
    assert!(secret.len() == 43 && secret != own);
    app.panel().wait_for_message(ANSWERED).await;
    app.panel().view.wait_for_text(&format!("n°\u{a0}{}", left.number)).await;
    let address = format!("{}?locale=fr", left.chat());
    assert_eq!(app.ask("return location.href").await, address.as_str());
    let kept = app.ask("return JSON.stringify([localStorage, sessionStorage])").await.to_string();
    assert!(!kept.contains(&secret), "the app alone keeps it: {kept}");

    // While the page is open: the app hears of the session before the page begins anew and asks for it.
    let phone = Browser::open("phone").await;
    let app = App::open_at(&phone, &left.chat(), ENDS[1]).await;
    app.begin(None).await;
    app.ask(
        "said.push = (...heard) => {
           heard.filter(({ type }) => type == 'session').forEach(({ data }) => (sessionStorage.heard = data.secret));
           return Array.prototype.push.apply(said, heard);
         };
         window.old = true;",
    )
    .await;
    follow(&phone, &left.fragment).await;
    let fresh = "return !window.old && said.some(({ type }) => type == 'needSession')";
    wait_until("a new document", async || Ok(phone.run(fresh, vec![]).await? == true)).await;
    let heard = app.ask("return sessionStorage.heard").await;
    app.begin(heard.as_str()).await;
    left.assert_goes_on(&phone).await;

    // A link that is none any more leaves the app with the session that it has.
    app.ask("said.length = 0").await;
    follow(&phone, &format!("#causette={}", "A".repeat(43))).await;
    app.panel().view.wait_for_text(SPENT).await;
    assert_eq!(app.ask("return said").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_keeps_nothing_goes_on_as_long_as_the_page_is_there() {
    if crate::engines::is_left_out(
        "resume_full_page::a_browser_that_keeps_nothing_goes_on_as_long_as_the_page_is_there",
    ) {
        return;
    }
    let mut left = Left::begin().await;
    let reader = Browser::open("reader").await;
    let refuse = "Storage.prototype.setItem = () => { throw new Error('nothing is kept here') };";
    reader.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": refuse })).await;
    reader.goto(&left.link()).await;
    left.assert_goes_on(&reader).await;
    panel(&reader).say("Which one?").await;
    left.agent.wait_for_message("Which one?").await;
    // Opened once more where the page is there: the document begins anew with it.
    ask(&reader, "window.old = true").await;
    follow(&reader, &left.fragment).await;
    wait_until("a new document", async || Ok(reader.run("return !window.old", vec![]).await? == true)).await;
    left.assert_goes_on(&reader).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_cannot_be_used_now_is_there_when_it_is_tried_again() {
    if crate::engines::is_left_out(
        "resume_full_page::a_link_that_cannot_be_used_now_is_there_when_it_is_tried_again",
    ) {
        return;
    }
    let left = Left::begin().await;
    let reader = Browser::open("reader").await;
    reader.devtools("Network.enable", json!({})).await;
    reader.devtools("Network.setBlockedURLs", json!({ "urls": ["*/visitor/resume"] })).await;
    reader.goto(&left.link()).await;
    // It has been tried several times by then.
    panel(&reader).view.wait_for(Role::Button, "Try again").await;
    assert_eq!(ask(&reader, "return location.href").await, left.chat().as_str());
    reader.devtools("Network.setBlockedURLs", json!({ "urls": [] })).await;
    panel(&reader).view.press("Try again").await;
    left.assert_goes_on(&reader).await;
}
