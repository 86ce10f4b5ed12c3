//! `/api/v1/desk/sites/{key}/looks`: how the chat of a site looks and behaves on its pages, where they do not say otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use causette_shared::limits::{FLOW_CHARS, FLOWS};
use causette_shared::problem::Problem;
use causette_shared::protocol::install::Looks;
use causette_shared::said::parse_flow;

use super::sites::{admin, private};
use crate::app::App;
use crate::http::auth::{OwnOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::embed;
use crate::http::error::ApiError;
use crate::mail::color::Rgb;
use crate::service::change_site::{Change, ChangeSite};
use crate::site::LOCALES;

/// A launcher further from the edge stands in the middle of a phone.
const OFFSET_MAX: u16 = 400;
/// A greeting that comes or goes later is none; an hour, in seconds.
const DELAY_MAX: u16 = 3600;
/// What fits a bubble beside the launcher.
const GREETING_CHARS: usize = 300;

/// Tells how it looks.
pub async fn show(
    State(app): State<Arc<App>>,
    _: SignedIn,
    Path(key): Path<String>,
) -> Result<Response, ApiError> {
    let site = embed::find(&app, &key).await?;
    Ok(private(Json(site.settings.looks())))
}

/// Sets how it looks, all of it: for admins.
pub async fn change(
    State(app): State<Arc<App>>,
    _: OwnOrigin,
    SignedIn { agent, .. }: SignedIn,
    Path(key): Path<String>,
    Body(looks): Body<Looks>,
) -> Result<Response, ApiError> {
    admin(&agent)?;
    let site = embed::find(&app, &key).await?.key;
    let change = Change::Looks(check(looks)?);
    let site = app.perform(ChangeSite { site, change }).await?;
    tracing::info!(agent = %agent.id, site = key, "looks changed");
    Ok(private(Json(site.settings.looks())))
}

/// Brings looks into the form in which they are stored, or names the field that cannot be so.
fn check(mut looks: Looks) -> Result<Looks, Problem> {
    // One form for pages, panel and mails; what follows a colour could end the rule that it stands in.
    looks.color = Rgb::parse(&looks.color).map(|color| color.to_string()).ok_or_else(|| {
        Problem::field("color", "the colour must be like #4338ca, rgb(67 56 202), hsl(245 57% 51%) or a name")
    })?;
    let words = [
        ("theme", &looks.theme, ["auto", "light", "dark"].as_slice()),
        ("position", &looks.position, &["bottom-right", "bottom-left"]),
        ("state", &looks.state, &["welcome", "chat", "close"]),
    ];
    for (field, word, allowed) in words {
        if !allowed.contains(&word.as_str()) {
            return Err(Problem::field(field, &format!("the {field} must be one of {}", allowed.join(", "))));
        }
    }
    let numbers = [
        ("offset_x", looks.offset_x, OFFSET_MAX, "the distance from the side", "pixels"),
        ("offset_y", looks.offset_y, OFFSET_MAX, "the distance from the bottom", "pixels"),
        ("greeting_delay_s", looks.greeting_delay_s, DELAY_MAX, "the wait before the greeting", "seconds"),
        ("close_delay_s", looks.close_delay_s, DELAY_MAX, "the time that the greeting stays", "seconds"),
        ("consent", u16::from(looks.consent), 3, "the consent", "for both of its bits"),
    ];
    for (field, number, most, what, unit) in numbers {
        if number > most {
            return Err(Problem::field(field, &format!("{what} is at most {most} {unit}")));
        }
    }
    looks.greeting = check_greeting("greeting", looks.greeting)?;
    looks.flows = check_flows(looks.flows)?;
    Ok(looks)
}

/// A greeting for each flow. Their texts travel with the loader, before any click: there are few.
fn check_flows(
    flows: BTreeMap<String, BTreeMap<String, String>>,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, Problem> {
    if flows.len() > FLOWS {
        return Err(Problem::field("flows", &format!("a site has at most {FLOWS} flows")));
    }
    let wrong = |detail: String| Problem::field("flows", &detail);
    let mut checked = BTreeMap::new();
    for (raw, texts) in flows {
        // The loader of a page without a flow asks for this one.
        let name = parse_flow(&raw).filter(|name| name != "null").ok_or_else(|| {
            wrong(format!("the name of a flow is one line of at most {FLOW_CHARS} characters, and not null"))
        })?;
        let texts = check_greeting("flows", texts)?;
        if checked.insert(name, texts).is_some() {
            return Err(wrong("two flows have the same name".to_owned()));
        }
    }
    Ok(checked)
}

/// A text for each language of the panel, English always: it stands in for those that are missing.
fn check_greeting(field: &str, texts: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Problem> {
    let wrong = |detail: &str| Err(Problem::field(field, detail));
    let mut checked = BTreeMap::new();
    for (locale, text) in texts {
        if !LOCALES.contains(&locale.as_str()) {
            return wrong("the greeting is in English (en) and French (fr)");
        }
        let text = text.trim();
        if text.chars().count() > GREETING_CHARS {
            return wrong(&format!("a greeting has at most {GREETING_CHARS} characters"));
        }
        if text.chars().any(char::is_control) {
            return wrong("a greeting is one line of text");
        }
        if !text.is_empty() {
            checked.insert(locale, text.to_owned());
        }
    }
    if checked.contains_key(LOCALES[0]) { Ok(checked) } else { wrong("the English greeting is missing") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::SiteSettings;

    fn looks(change: impl Fn(&mut Looks)) -> Result<Looks, Option<String>> {
        let mut looks = SiteSettings::default().looks();
        change(&mut looks);
        check(looks).map_err(|problem| problem.field)
    }

    #[test]
    fn the_defaults_are_good_and_a_colour_gets_one_form() {
        assert_eq!(looks(|_| {}), Ok(SiteSettings::default().looks()));
        for (given, stored) in [(" #ABC ", "#aabbcc"), ("rgb(1 2 3 / 50%)", "#010203"), ("Teal", "#008080")] {
            let changed = looks(|looks| given.clone_into(&mut looks.color));
            assert_eq!(changed.map(|looks| looks.color), Ok(stored.to_owned()));
        }
        let greeting = looks(|looks| {
            looks.greeting.insert("en".to_owned(), "  Hi! ".to_owned());
            looks.greeting.insert("fr".to_owned(), " ".to_owned());
        });
        let greeting = greeting.expect("it is good").greeting;
        assert_eq!(greeting, BTreeMap::from([("en".to_owned(), "Hi!".to_owned())]));
    }

    #[test]
    fn what_cannot_be_names_its_field() {
        let set = |field: &'static str, value: &'static str| {
            looks(move |looks| {
                let place = match field {
                    "color" => &mut looks.color,
                    "theme" => &mut looks.theme,
                    "position" => &mut looks.position,
                    "state" => &mut looks.state,
                    _ => looks.greeting.entry("en".to_owned()).or_default(),
                };
                value.clone_into(place);
            })
        };
        for (field, value) in [
            ("color", ""),
            ("color", "oklch(1 0 0)"),
            ("color", "red;position:static"),
            ("color", "var(--x)"),
            ("theme", "blue"),
            ("position", "inline"),
            ("state", "open"),
            ("greeting", " "),
            ("greeting", "a\nb"),
        ] {
            assert_eq!(set(field, value), Err(Some(field.to_owned())), "{value}");
        }
        assert_eq!(looks(|looks| looks.consent = 4), Err(Some("consent".to_owned())));
        assert_eq!(looks(|looks| looks.offset_x = 401), Err(Some("offset_x".to_owned())));
        assert_eq!(looks(|looks| looks.close_delay_s = 3601), Err(Some("close_delay_s".to_owned())));
        let long = "é".repeat(GREETING_CHARS + 1);
        let long = looks(|looks| drop(looks.greeting.insert("fr".to_owned(), long.clone())));
        assert_eq!(long, Err(Some("greeting".to_owned())));
        let german = looks(|looks| drop(looks.greeting.insert("de".to_owned(), "Hallo".to_owned())));
        assert_eq!(german, Err(Some("greeting".to_owned())));
    }
}
