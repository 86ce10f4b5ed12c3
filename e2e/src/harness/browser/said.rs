//! What browsers tell of themselves, in each engine's way: consoles, requests, cookies.

use serde_json::{Value, json};

use super::{Browser, Engine, chromium, webkit};
use crate::harness::driver::Command;

/// A cookie as the browser keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host that it is for, with a point in front where it is for a whole domain.
    pub domain: String,
    /// When it goes, seconds since 1970; `None` with the browser's session.
    pub expires: Option<f64>,
    /// `Lax`, `Strict` or `None`.
    pub same_site: String,
}

impl Browser {
    /// Everything on the console since this was asked last, with its level: `WARNING http://… "text"`. Chromium tells
    /// what it has to say itself as well, of what could not be loaded, and Firefox some of it; WebKit tells of the page
    /// alone, not of the panel in it.
    ///
    /// # Panics
    /// The driver keeps no log.
    pub async fn console(&self) -> Vec<String> {
        match (self.engine, &self.bidi) {
            (Engine::Firefox, Some(bidi)) => {
                // An answer that comes after what was said before it was asked for.
                bidi.call("browsingContext.getTree", json!({})).await.expect("the browser answers");
                bidi.take_events("log.entryAdded").iter().map(line).collect()
            }
            (Engine::WebKit, _) => {
                self.note_console().await;
                std::mem::take(&mut *self.noted())
            }
            _ => {
                let entries = self.log("browser").await;
                let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
                let line = |entry| format!("{} {}", text(entry, "level"), text(entry, "message"));
                entries.iter().map(line).collect()
            }
        }
    }

    /// The errors on the console since this was asked last: in Chromium those of frames of other sites only in a browser
    /// that is observed.
    ///
    /// # Panics
    /// The driver keeps no log.
    pub async fn console_errors(&self) -> Vec<String> {
        let lines = self.console().await.into_iter();
        lines.filter_map(|line| line.strip_prefix("SEVERE ").map(str::to_owned)).collect()
    }

    /// The cookies that the browser keeps, of all sites; in WebKit those of the page that it shows.
    ///
    /// # Panics
    /// The window is gone.
    pub async fn cookies(&self) -> Vec<Cookie> {
        self.top().await.expect("the window is there");
        let kept = match (self.engine, &self.bidi) {
            (Engine::Firefox, Some(bidi)) => bidi.call("storage.getCookies", json!({})).await,
            (Engine::WebKit, _) => {
                let kept = self.client.issue_cmd(Command::get("cookie")).await;
                kept.map(|cookies| json!({ "cookies": cookies })).map_err(Into::into)
            }
            _ => Ok(chromium::devtools(&self.client, "Storage.getCookies", json!({})).await),
        };
        let kept = kept.expect("the browser tells its cookies");
        kept["cookies"].as_array().into_iter().flatten().map(cookie).collect()
    }

    /// The events of the DevTools protocol's `Network` domain since this was asked last.
    ///
    /// # Panics
    /// It is not Chromium, or was opened without `is_observed`.
    pub async fn network_events(&self) -> Vec<Value> {
        let entries = self.log("performance").await;
        let parse = |entry: &Value| serde_json::from_str::<Value>(entry["message"].as_str()?).ok();
        entries.iter().filter_map(parse).map(|mut event| event["message"].take()).collect()
    }

    /// Has a page of WebKit note what comes to its console, and takes what it has noted: before it goes.
    pub(super) async fn note_console(&self) {
        if self.engine != Engine::WebKit || self.top().await.is_err() {
            return;
        }
        // A page that is going already has nothing to tell; the next one is asked anew.
        let _ = self.run(webkit::NOTE_CONSOLE, vec![]).await;
        let Ok(Value::String(notes)) = self.run(webkit::TAKE_NOTES, vec![]).await else { return };
        let notes: Vec<String> = serde_json::from_str(&notes).unwrap_or_default();
        self.noted().extend(notes);
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let asked = self.client.issue_cmd(Command::post("se/log", json!({ "type": kind }))).await;
        match asked.expect("the driver keeps this log") {
            Value::Array(entries) => entries,
            _ => Vec::new(),
        }
    }
}

/// A line of the console as Chromium's driver writes it, from an event of WebDriver BiDi (`log.LogEntry`).
fn line(entry: &Value) -> String {
    let level = match entry["level"].as_str() {
        Some("error") => "SEVERE",
        Some("warn") => "WARNING",
        Some("debug") => "DEBUG",
        _ => "INFO",
    };
    let place = entry["stackTrace"]["callFrames"][0]["url"].as_str().unwrap_or("-");
    let text = match entry["args"].as_array() {
        Some(words) => words.iter().map(|word| word["value"].to_string()).collect::<Vec<_>>().join(" "),
        None => entry["text"].as_str().unwrap_or_default().to_owned(),
    };
    format!("{level} {place} {text}")
}

/// A cookie from what the three protocols say of it: they differ in the names of its end and in how they write its value.
fn cookie(from: &Value) -> Cookie {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let value = if from["value"].is_object() { &from["value"]["value"] } else { &from["value"] };
    let same_site = text(&from["sameSite"]);
    let expires = from["expires"].as_f64().or_else(|| from["expiry"].as_f64());
    Cookie {
        name: text(&from["name"]),
        value: text(value),
        domain: text(&from["domain"]),
        expires: expires.filter(|expires| *expires > 0.0),
        same_site: same_site[..1.min(same_site.len())].to_uppercase()
            + same_site.get(1..).unwrap_or_default(),
    }
}
