//! Flows as they are being written: a list, not a map by names, so that names may be empty or alike for a while and nothing
//! that was typed is lost.

use std::collections::BTreeMap;

use causette_shared::limits::FLOW_CHARS;
use causette_shared::said::parse_flow;
use leptos::prelude::*;

use super::room::Install;

const TOO_LONG: &str = "A name has at most 40 characters.";
const _: () = assert!(FLOW_CHARS == 40, "the sentence says how many");

/// A greeting by language.
type Texts = BTreeMap<String, String>;

/// A flow that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Tells it from the others of the list while its name is being typed.
    pub id: u32,
    /// What pages choose it by.
    pub name: String,
    /// What the bubble says on them, by language.
    pub texts: Texts,
}

impl Flow {
    /// What the bubble says to a visitor of a language, as far as it is written.
    #[must_use]
    pub fn greeting(&self, locale: &str) -> Option<&str> {
        greeting(&self.texts, locale)
    }
}

fn greeting<'a>(texts: &'a Texts, locale: &str) -> Option<&'a str> {
    let texts = [locale, "en"].into_iter().filter_map(|locale| texts.get(locale));
    texts.map(String::as_str).find(|text| !text.trim().is_empty())
}

/// A part of a flow that can be at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its name.
    Name,
    /// Its greeting in English.
    English,
}

/// Why a list cannot be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which flow, by its id.
    pub flow: u32,
    /// What of it.
    pub part: Part,
    /// What to do.
    pub text: &'static str,
}

/// The flows of a site, to begin with.
#[must_use]
pub fn list(flows: &BTreeMap<String, Texts>) -> Vec<Flow> {
    let flows = (0..).zip(flows);
    flows.map(|(id, (name, texts))| Flow { id, name: name.clone(), texts: texts.clone() }).collect()
}

/// The list as a site keeps it: without the space around what was written, and without what was not.
///
/// # Errors
/// The first flow that lacks something, or is named like one before it.
pub fn check(flows: &[Flow]) -> Result<BTreeMap<String, Texts>, Fault> {
    let mut checked = BTreeMap::new();
    for flow in flows {
        let fault = |part, text| Err(Fault { flow: flow.id, part, text });
        let Some(name) = parse_flow(&flow.name) else {
            let is_empty = flow.name.trim().is_empty();
            return fault(Part::Name, if is_empty { "Please name this flow." } else { TOO_LONG });
        };
        let mut texts = flow.texts.clone();
        texts.retain(|_, text| {
            *text = text.trim().to_owned();
            !text.is_empty()
        });
        if checked.contains_key(&name) {
            return fault(Part::Name, "Another flow has this name.");
        }
        if !texts.contains_key("en") {
            return fault(Part::English, "Please write its greeting in English.");
        }
        checked.insert(name, texts);
    }
    Ok(checked)
}

/// Takes into a list what has become of it: it stays in its order, and rows stay what they are.
pub fn settle(flows: &mut [Flow], saved: &BTreeMap<String, Texts>) {
    for flow in flows {
        if let Some((name, texts)) = parse_flow(&flow.name).and_then(|name| saved.get_key_value(&name)) {
            flow.name.clone_from(name);
            flow.texts.clone_from(texts);
        }
    }
}

impl Install {
    /// Adds a flow that says nothing yet, and shows it.
    pub fn add_flow(self) {
        let id = self.flows.with_untracked(|flows| flows.iter().map(|flow| flow.id + 1).max().unwrap_or(0));
        self.flows.update(|flows| flows.push(Flow { id, name: String::new(), texts: Texts::new() }));
        self.shown_flow.set(Some(id));
    }

    /// Changes one.
    pub fn change_flow(self, id: u32, change: impl FnOnce(&mut Flow)) {
        self.flows.update(|flows| flows.iter_mut().find(|flow| flow.id == id).map_or((), change));
        self.forget_refusal();
    }

    /// Takes one away.
    pub fn remove_flow(self, id: u32) {
        self.flows.update(|flows| flows.retain(|flow| flow.id != id));
        self.hide_flow(id);
        self.forget_refusal();
    }

    /// Shows the site's greeting again, where it is this one's that is shown.
    pub fn hide_flow(self, id: u32) {
        if self.shown_flow.get_untracked() == Some(id) {
            self.shown_flow.set(None);
        }
    }

    /// What the bubble says to a visitor of a language, and the name of the flow whose greeting that is: the one that is
    /// shown, as far as it is written; else the site's. Tracked.
    #[must_use]
    pub fn greeting(self, locale: &str) -> (String, Option<String>) {
        let shown = self.shown_flow.get();
        let of_flow = self.flows.with(|flows| {
            let flow = flows.iter().find(|flow| Some(flow.id) == shown)?;
            Some((flow.greeting(locale)?.to_owned(), Some(flow.name.clone())))
        });
        of_flow.unwrap_or_else(|| {
            let text =
                self.draft.with(|draft| greeting(&draft.as_ref()?.greeting, locale).map(str::to_owned));
            (text.unwrap_or_default(), None)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(id: u32, name: &str, english: &str) -> Flow {
        let texts = [("en", english), ("fr", " ")].map(|(locale, text)| (locale.to_owned(), text.to_owned()));
        Flow { id, name: name.to_owned(), texts: texts.into() }
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_list_is_kept_as_it_will_be_stored_and_its_first_fault_is_told() {
        let good = [flow(3, " sales ", " Buy? "), flow(1, "Sales", "Sure?")];
        let checked = check(&good).expect("they differ");
        assert_eq!(checked.keys().collect::<Vec<_>>(), ["Sales", "sales"]);
        assert_eq!(checked["sales"], Texts::from([("en".to_owned(), "Buy?".to_owned())]));
        let mut list = good.to_vec();
        settle(&mut list, &checked);
        assert_eq!((list[0].id, list[0].name.as_str(), list[1].id), (3, "sales", 1), "in its order");
        assert_eq!(check(&list), Ok(checked));
        let long = "n".repeat(41);
        for (name, english, part, text) in [
            ("\t", "Hi", Part::Name, "Please name this flow."),
            (long.as_str(), "Hi", Part::Name, TOO_LONG),
            ("sales ", "Hi", Part::Name, "Another flow has this name."),
            ("support", " ", Part::English, "Please write its greeting in English."),
        ] {
            let fault = check(&[flow(3, "sales", "Buy?"), flow(7, name, english)]);
            assert_eq!(fault, Err(Fault { flow: 7, part, text }));
        }
    }
}
