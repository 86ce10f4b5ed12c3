//! From what a mail says to its text and HTML: the templates of `templates/email`, compiled once.
//!
//! Templates hold the form and no sentence; `words` and the kinds of mail hold the sentences. In `.html` every value is
//! escaped. What people wrote comes as stretches of text and links, which `shared::message::segments` finds.

use std::fmt::Write as _;
use std::sync::LazyLock;

use causette_shared::message::{Segment, segments};
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, context};

use crate::mail::brand::Brand;
use crate::mail::words::{self, Wall, cut, name, one_line};
use crate::mail::{Author, Cause, Language, Link, Message, RenderError, Rendered};

/// Characters of the line that mailboxes show beside the subject.
const PREHEADER_CHARS: usize = 140;
/// Fills the rest of that line with nothing, where mailboxes would go on with the mail's beginning: a space as wide as a
/// digit, a mark that joins and shows nothing, and a place to break.
const FILLER: &str = "\u{2007}\u{34f} ";
/// Characters of an attachment's name.
const FILE_NAME_CHARS: usize = 120;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../templates/email/", $name)))),+]
    };
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
    });
    environment.set_formatter(write_value);
    for (name, source) in templates![
        "layout.html",
        "parts.html",
        "footer.txt",
        "parts.txt",
        "follow_up/subject.txt",
        "follow_up/body.txt",
        "follow_up/body.html",
        "transcript/subject.txt",
        "transcript/body.txt",
        "transcript/body.html",
        "confirm/subject.txt",
        "confirm/body.txt",
        "confirm/body.html",
        "new_link/subject.txt",
        "new_link/body.txt",
        "new_link/body.html",
    ] {
        environment.add_template(name, source).expect("it compiles: tests/it/mail_render.rs renders all");
    }
    environment
});

/// Escapes for HTML text and quoted attributes. minijinja's own writes `/` as a reference too, which addresses in
/// attributes do not need and some filters of mail do not undo.
fn write_value(out: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    if state.auto_escape() != AutoEscape::Html || value.is_safe() {
        return write!(out, "{value}").map_err(Error::from);
    }
    for character in value.to_string().chars() {
        match character {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            _ => out.write_char(character),
        }?;
    }
    Ok(())
}

/// What every mail has around its content.
pub(super) struct Frame<'a> {
    /// The folder of its templates.
    pub(super) mail: &'static str,
    pub(super) language: Language,
    pub(super) brand: &'a Brand,
    /// The agent who speaks, if one does.
    pub(super) agent: Option<&'a str>,
    pub(super) cause: Cause,
    /// What the subject begins with.
    pub(super) headline: String,
    pub(super) heading: String,
    /// What mailboxes show beside the subject; empty is nothing.
    pub(super) preheader: String,
    pub(super) number: u32,
    /// Why the mail came.
    pub(super) reason: String,
    pub(super) button: &'static str,
    pub(super) link: &'a Link,
    /// What stands below the button, one paragraph each.
    pub(super) notes: Vec<String>,
    /// Where such mails are stopped.
    pub(super) stop: Option<&'a Link>,
}

impl Frame<'_> {
    /// Renders subject, text and HTML around `content`.
    pub(super) fn render(&self, content: Value) -> Result<Rendered, RenderError> {
        let Self { language, brand, .. } = *self;
        let subject = self.template(
            "subject.txt",
            context! {
                headline => self.headline,
                conversation => language.conversation(self.number),
            },
        )?;
        let subject = one_line(&subject, 200);
        let all = context! {
            lang => language.tag(),
            brand => brand.to_value(),
            subject => subject,
            preheader => one_line(&self.preheader, PREHEADER_CHARS),
            filler => FILLER.repeat(60),
            heading => self.heading,
            content => content,
            button_label => self.button,
            link => self.link.as_str(),
            notes => self.notes,
            reason => self.reason,
            conversation => language.conversation_title(self.number),
            hours => brand.hours.as_deref().map(|hours| language.hours(hours)),
            stop => self.stop.map(|link| context! { href => link.as_str(), label => language.no_more_mail() }),
        };
        Ok(Rendered {
            from_name: from_name(self.agent, &brand.name),
            subject,
            text: self.template("body.txt", all.clone())?,
            html: self.template("body.html", all)?,
            cause: self.cause,
        })
    }

    fn template(&self, part: &str, values: Value) -> Result<String, RenderError> {
        Ok(TEMPLATES.get_template(&format!("{}/{part}", self.mail))?.render(values)?)
    }
}

/// "Alice – Maison Lumen", or the site's name alone.
fn from_name(agent: Option<&str>, site: &str) -> String {
    match agent.map(name) {
        Some(agent) if !agent.is_empty() => format!("{agent} – {site}"),
        _ => site.to_owned(),
    }
}

/// How a message says when it was written.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// Day and time.
    Moment,
    /// The time alone: the day stands above.
    Clock,
    /// Not at all: it is written by this mail.
    Now,
}

/// Returns a message as the templates show it.
pub(super) fn message(message: &Message<'_>, when: When, wall: Wall, brand: &Brand) -> Value {
    let (kind, author) = match message.author {
        Author::Visitor => ("visitor", wall.language.you().to_owned()),
        Author::Agent(agent) => ("agent", name(agent)),
        Author::Automatic => ("automatic", wall.language.automatic().to_owned()),
    };
    let author = if author.is_empty() { brand.name.clone() } else { author };
    let shown = if kind == "automatic" { &brand.name } else { &author };
    let initial = shown.chars().find(|character| character.is_alphanumeric());
    let text = words::lines(message.text);
    let files: Vec<String> =
        message.files.iter().map(|file| wall.language.file(&one_line(file, FILE_NAME_CHARS))).collect();
    context! {
        kind => kind,
        author => author,
        initial => initial.map_or_else(|| "•".to_owned(), |initial| initial.to_uppercase().to_string()),
        when => match when {
            When::Moment => Some(wall.moment(message.at)),
            When::Clock => Some(wall.clock(message.at)),
            When::Now => None,
        },
        lines => text.lines().map(stretches).collect::<Vec<_>>(),
        text => text,
        files => files,
    }
}

/// Splits a line into text and links to the web. Addresses of mail stay text: mailboxes link them by themselves.
fn stretches(line: &str) -> Value {
    segments(line)
        .into_iter()
        .map(|segment| match segment {
            Segment::Link { text, href } if !href.starts_with("mailto:") => {
                context! { text => text, href => Some(href) }
            }
            Segment::Text(text) | Segment::Link { text, .. } => {
                context! { text => text, href => None::<String> }
            }
        })
        .collect()
}

/// Returns the visitor's last words as plain lines of at most `max` characters in all, or `None` where there are none.
pub(super) fn quotation(text: &str, max: usize) -> Option<Vec<String>> {
    let text = cut(&words::lines(text), max);
    (!text.is_empty()).then(|| text.lines().map(str::to_owned).collect())
}

/// Returns the newest messages that fit, and how many are left out before them. The newest one always fits.
pub(super) fn newest<'a, 'm>(
    messages: &'a [Message<'m>],
    chars_max: usize,
    count_max: usize,
) -> (&'a [Message<'m>], usize) {
    let mut chars = 0;
    let fitting = messages.iter().rev().take(count_max).take_while(|message| {
        let first = chars == 0;
        chars += message.text.len().max(1);
        first || chars <= chars_max
    });
    let left_out = messages.len() - fitting.count();
    (&messages[left_out..], left_out)
}
