//! What the widget says: the texts of one language, and dates and times as that language writes them.
//!
//! The server renders the texts into the document, in the order of `causette_shared::texts::NAMES`. Numbers are written
//! by hand and dates by the browser: Rust's own formatting would cost 7 kB of the wasm.

use causette_shared::texts::Text;
use causette_shared::time::Timestamp;
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

const DAY: i64 = 24 * 60 * 60 * 1000;
const MINUTE: i64 = 60 * 1000;

/// The texts and the formats of the document's language.
#[derive(Debug)]
pub struct Words {
    texts: Vec<String>,
    time: Function,
    day: Function,
}

impl Words {
    /// Takes the texts as the document carries them, one a line, and the language as a BCP 47 tag.
    #[must_use]
    pub fn new(lines: &str, locale: &str) -> Self {
        let texts = lines.lines().map(unescape).collect();
        Self {
            texts,
            time: format(locale, &[("hour", "numeric"), ("minute", "2-digit")]),
            day: format(locale, &[("weekday", "long"), ("day", "numeric"), ("month", "long")]),
        }
    }

    /// The text; empty where the document lacks it, so that a broken document costs a word and not the chat.
    #[must_use]
    pub fn get(&self, text: Text) -> String {
        self.texts.get(text.index()).cloned().unwrap_or_default()
    }

    /// The text, with its one placeholder, such as `{name}`, filled in.
    #[must_use]
    pub fn fill(&self, text: Text, value: &str) -> String {
        let text = self.get(text);
        match text.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1))) {
            Some((before, after)) => [before, value, after].concat(),
            None => text,
        }
    }

    /// The time of day.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        call(&self.time, at)
    }

    /// The day: today, yesterday, or its date.
    #[must_use]
    pub fn day(&self, at: Timestamp, now: Timestamp) -> String {
        match local_day(now) - local_day(at) {
            0 => self.get(Text::Today),
            1 => self.get(Text::Yesterday),
            _ => call(&self.day, at),
        }
    }
}

/// The calendar day where the visitor is, as a number.
#[must_use]
pub fn local_day(at: Timestamp) -> i64 {
    local(at).div_euclid(DAY)
}

/// The minute where the visitor is, as a number.
#[must_use]
pub fn local_minute(at: Timestamp) -> i64 {
    at.0.div_euclid(MINUTE)
}

/// Writes a number in decimal.
#[must_use]
pub fn decimal(number: usize) -> String {
    let digit = char::from(b'0' + (number % 10) as u8);
    let mut text = if number < 10 { String::new() } else { decimal(number / 10) };
    text.push(digit);
    text
}

/// A text stands on one line of the document; its line breaks are written `\n`.
fn unescape(line: &str) -> String {
    let mut parts = line.split('\\');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.strip_prefix('n') {
            Some(rest) => {
                text.push('\n');
                text.push_str(rest);
            }
            None => text.push_str(part),
        }
    }
    text
}

fn local(at: Timestamp) -> i64 {
    let date = Date::new(&JsValue::from_f64(at.0 as f64));
    at.0 - date.get_timezone_offset() as i64 * MINUTE
}

fn format(locale: &str, options: &[(&str, &str)]) -> Function {
    let object = Object::new();
    for (key, value) in options {
        // Fails only for frozen objects.
        let _ = Reflect::set(&object, &(*key).into(), &(*value).into());
    }
    Intl::DateTimeFormat::new(&Array::of1(&locale.into()), &object).format()
}

fn call(format: &Function, at: Timestamp) -> String {
    let date = JsValue::from_f64(at.0 as f64);
    format.call1(&JsValue::UNDEFINED, &date).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
