//! What the page around the panel says of its visitor, and the rules that it keeps.
//!
//! Nobody has shown that any of it is true but the identity, which the site's own server has signed. Agents see all of it,
//! each for what it is; it joins no contacts and opens nothing.

use serde::{Deserialize, Serialize};

use crate::limits;
use crate::problem::Problem;
use crate::protocol::visitor::Description;
use crate::time::Timestamp;

/// What agents see beside a conversation. Unknown is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The host's id of the person, as the site's server has signed it.
    pub identity: Option<String>,
    /// The host's id of the person, unproven.
    pub client_id: Option<String>,
    /// ISO 3166-1 alpha-2, unproven.
    pub country: Option<String>,
    /// The name of the flow by which they came in last, unproven.
    pub flow: Option<String>,
    /// Facts about the person, unproven, in the order in which they were first named.
    pub attributes: Vec<Attribute>,
    /// The pages that the visitor was on, the last one first; told only with their consent.
    pub pages: Vec<Page>,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// What the page calls it.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

/// A page that the visitor was on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its address, without what stands behind `?` and `#`.
    pub url: String,
    /// Its title; empty where it has none.
    pub title: String,
    /// When they came to it.
    pub at: Timestamp,
}

impl Said {
    /// Takes what a page says. What it does not speak of stays.
    ///
    /// # Errors
    /// Something breaks its rule; then nothing is taken. The problem names the field.
    pub fn take(&mut self, said: &Description) -> Result<(), Problem> {
        let client_id = said.client_id.as_deref().map(|id| {
            parse(id, limits::SUBJECT_CHARS).ok_or_else(|| Problem::field("clientId", "is empty or too long"))
        });
        let country = said.country.as_deref().map(|code| {
            let fits = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
            let code = fits.then(|| code.to_ascii_uppercase());
            code.ok_or_else(|| Problem::field("country", "is not like FR"))
        });
        let flow = said
            .flow
            .as_deref()
            .map(|name| parse_flow(name).ok_or_else(|| Problem::field("flow", "is empty or too long")));
        let (client_id, country, flow) = (client_id.transpose()?, country.transpose()?, flow.transpose()?);
        let attributes = merge(&self.attributes, &said.attributes)?;
        self.client_id = client_id.or_else(|| self.client_id.take());
        self.country = country.or_else(|| self.country.take());
        self.flow = flow.or_else(|| self.flow.take());
        self.attributes = attributes;
        Ok(())
    }

    /// Notes that the visitor came to a page, and lets go of those that are too many. The same page again is no other.
    pub fn visit(&mut self, page: Page) {
        let title = page.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = title.chars().filter(|c| !c.is_control()).take(limits::PAGE_TITLE_CHARS).collect();
        if self.pages.first().is_some_and(|last| last.url == page.url) {
            self.pages.remove(0);
        }
        self.pages.insert(0, Page { title, ..page });
        // What was told late stands where it belongs.
        self.pages.sort_by_key(|page| std::cmp::Reverse(page.at));
        self.pages.truncate(limits::PAGES);
    }
}

fn merge(held: &[Attribute], said: &[(String, Option<String>)]) -> Result<Vec<Attribute>, Problem> {
    let refuse = |detail| Err(Problem::field("attributes", detail));
    let mut merged = held.to_vec();
    for (name, value) in said {
        let Some(name) = parse(name, limits::ATTRIBUTE_NAME_CHARS) else {
            return refuse("a name is empty or too long");
        };
        let place = merged.iter().position(|attribute| attribute.name == name);
        match (value, place) {
            (Some(value), _) if value.chars().count() > limits::ATTRIBUTE_VALUE_CHARS => {
                return refuse("a value is too long");
            }
            (Some(value), Some(place)) => merged[place].value = clean(value),
            (Some(value), None) => merged.push(Attribute { name, value: clean(value) }),
            (None, Some(place)) => drop(merged.remove(place)),
            (None, None) => {}
        }
    }
    let bytes: usize = merged.iter().map(|one| one.name.len() + one.value.len()).sum();
    if merged.len() > limits::ATTRIBUTES || bytes > limits::ATTRIBUTES_BYTES {
        return refuse("are too many");
    }
    Ok(merged)
}

/// Returns the host's id of a person as it is kept; `None` where it is none.
#[must_use]
pub fn parse_subject(raw: &str) -> Option<String> {
    // An id is compared byte by byte, so nothing of it is mended.
    parse(raw, limits::SUBJECT_CHARS).filter(|id| id == raw)
}

/// Returns the name of a flow as it is kept: one line. `None` where it is none.
#[must_use]
pub fn parse_flow(raw: &str) -> Option<String> {
    parse(raw, limits::FLOW_CHARS)
}

fn parse(raw: &str, chars: usize) -> Option<String> {
    let cleaned = clean(raw);
    let text = cleaned.trim();
    (!text.is_empty() && text.chars().count() <= chars).then(|| text.to_owned())
}

/// One line: what moves the cursor or hides from the eye of a terminal is a space.
fn clean(raw: &str) -> String {
    raw.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attributes(said: &[(&str, Option<&str>)]) -> Description {
        let owned = |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
        Description { attributes: said.iter().map(owned).collect(), ..Description::default() }
    }

    fn told(said: &Said) -> Vec<(&str, &str)> {
        said.attributes.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect()
    }

    #[test]
    fn the_last_value_of_a_name_holds_and_none_takes_it_away() {
        let mut said = Said::default();
        said.take(&attributes(&[("plan", Some("pro")), ("seats", Some("4"))])).expect("they fit");
        said.take(&attributes(&[("plan", Some("team")), ("new", Some("true")), ("gone", None)]))
            .expect("they fit");
        assert_eq!(told(&said), [("plan", "team"), ("seats", "4"), ("new", "true")]);
        said.take(&attributes(&[("plan", None)])).expect("it fits");
        assert_eq!(told(&said), [("seats", "4"), ("new", "true")]);
    }

    #[test]
    fn what_breaks_a_rule_changes_nothing() {
        let mut said = Said::default();
        said.take(&attributes(&[("plan", Some("pro"))])).expect("it fits");
        let before = said.clone();
        let (long_name, long_value) = ("n".repeat(41), "v".repeat(201));
        let many: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let too_many: Vec<_> = many.iter().map(|name| (name.as_str(), Some("x"))).collect();
        let wide = "v".repeat(200);
        let too_large: Vec<_> = many[..19].iter().map(|name| (name.as_str(), Some(wide.as_str()))).collect();
        assert!(said.clone().take(&attributes(&too_large)).is_ok(), "3,8 kB fit");
        let wider = "é".repeat(120);
        let too_wide: Vec<_> = many[..19].iter().map(|name| (name.as_str(), Some(wider.as_str()))).collect();
        for (wrong, field) in [
            (attributes(&[("new", Some("x")), ("", Some("x"))]), "attributes"),
            (attributes(&[("new", Some("x")), (&long_name, Some("x"))]), "attributes"),
            (attributes(&[("new", Some("x")), ("note", Some(&long_value))]), "attributes"),
            (attributes(&too_many), "attributes"),
            (attributes(&too_wide), "attributes"),
            (Description { client_id: Some("x".repeat(129)), ..attributes(&[("a", Some("b"))]) }, "clientId"),
            (Description { country: Some("FRA".to_owned()), ..attributes(&[("a", Some("b"))]) }, "country"),
            (Description { flow: Some("f".repeat(41)), ..attributes(&[("a", Some("b"))]) }, "flow"),
        ] {
            assert_eq!(said.take(&wrong).map_err(|problem| problem.field), Err(Some(field.to_owned())));
            assert_eq!(said, before);
        }
        let good = Description {
            client_id: Some(" 42 ".to_owned()),
            country: Some("fr".to_owned()),
            flow: Some("sales".to_owned()),
            attributes: vec![],
        };
        said.take(&good).expect("it fits");
        assert_eq!((said.client_id.as_deref(), said.country.as_deref()), (Some("42"), Some("FR")));
        said.take(&Description::default()).expect("it says nothing");
        assert_eq!(
            (said.client_id.as_deref(), said.flow.as_deref()),
            (Some("42"), Some("sales")),
            "it stays"
        );
    }

    #[test]
    fn the_last_pages_are_kept_and_the_same_one_once_in_a_row() {
        let mut said = Said::default();
        let page = |number: i64, title: &str| Page {
            url: format!("https://shop.example/{number}"),
            title: title.to_owned(),
            at: Timestamp(number),
        };
        for number in 1..=25 {
            said.visit(page(number, "  A\n page\u{7} "));
        }
        said.visit(Page { at: Timestamp(30), ..page(25, &"t".repeat(300)) });
        let at: Vec<i64> = said.pages.iter().map(|page| page.at.0).collect();
        assert_eq!(at, [vec![30], (6..=24).rev().collect()].concat());
        assert_eq!((said.pages[0].title.len(), said.pages[1].title.as_str()), (200, "A page"));
    }

    #[test]
    fn an_id_is_taken_as_it_is_or_not_at_all() {
        assert_eq!(parse_subject("user-42|ä"), Some("user-42|ä".to_owned()));
        for wrong in ["", " 42", "42\n", "4\u{0}2", &"x".repeat(129)] {
            assert_eq!(parse_subject(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_said_stays_within_the_limits(
            rounds in prop::collection::vec(prop::collection::vec((any::<String>(), any::<Option<String>>()), 0..30), 0..4)
        ) {
            let mut said = Said::default();
            for attributes in rounds {
                let _ = said.take(&Description { attributes, ..Description::default() });
                let bytes: usize = said.attributes.iter().map(|one| one.name.len() + one.value.len()).sum();
                prop_assert!(said.attributes.len() <= limits::ATTRIBUTES && bytes <= limits::ATTRIBUTES_BYTES);
                prop_assert!(said.attributes.iter().all(|one| !one.value.contains(char::is_control)));
            }
        }
    }
}
