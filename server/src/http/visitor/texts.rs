//! The panel's texts of one language, in the order in which the widget reads them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use causette_shared::texts::NAMES;
use figment::Figment;
use figment::providers::{Format as _, Toml};

use crate::site::LOCALES;

/// What the document itself says, before and without the widget.
pub struct DocumentTexts {
    /// Shown when the widget cannot be loaded.
    pub failed: &'static str,
    /// The button beside it.
    pub retry: &'static str,
    /// The document's title.
    pub title: &'static str,
    /// Shown when the link in a mail is of no use any more.
    pub spent: &'static str,
    /// The button that asks for a new link.
    pub renew: &'static str,
    /// Shown once a new link is on its way.
    pub renewed: &'static str,
    /// Shown when there is no such link.
    pub unknown: &'static str,
    /// The button that takes the notice about a link away.
    pub dismiss: &'static str,
}

/// Returns the document's own texts.
pub fn document_texts(locale: &str) -> DocumentTexts {
    match locale {
        "fr" => DocumentTexts {
            failed: "La messagerie n’a pas pu être chargée.",
            retry: "Réessayer",
            title: "Messagerie",
            spent: "Ce lien a déjà servi ou a expiré. Nous pouvons vous en envoyer un nouveau, à la même adresse.",
            renew: "Envoyer un nouveau lien",
            renewed: "C’est fait : un nouveau lien est en route vers votre boîte de réception.",
            unknown: "Ce lien n’est plus valable. Vous pouvez nous écrire ici.",
            dismiss: "Fermer cet avis",
        },
        _ => DocumentTexts {
            failed: "The chat could not be loaded.",
            retry: "Try again",
            title: "Chat",
            spent: "This link has been used already or has expired. We can send a new one to the same address.",
            renew: "Send a new link",
            renewed: "Done: a new link is on its way to your inbox.",
            unknown: "This link is not valid any more. You can write to us here.",
            dismiss: "Dismiss this notice",
        },
    }
}

static LINES: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    LOCALES
        .iter()
        .map(|locale| {
            let texts = read(locale).expect("the texts of every language are checked by a test");
            let line = |name: &&str| texts.get(*name).map_or(String::new(), |text| text.replace('\n', "\\n"));
            (*locale, NAMES.iter().map(line).collect::<Vec<_>>().join("\n"))
        })
        .collect()
});

fn read(locale: &str) -> Result<BTreeMap<String, String>, Box<figment::Error>> {
    let source = match locale {
        "fr" => include_str!("../../../../widget/texts/fr.toml"),
        _ => include_str!("../../../../widget/texts/en.toml"),
    };
    Figment::from(Toml::string(source)).extract().map_err(Box::new)
}

/// Returns the texts of a language that the panel has, one on a line.
pub fn lines(locale: &str) -> &'static str {
    LINES.get(locale).or_else(|| LINES.get(LOCALES[0])).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text_and_no_other() {
        for locale in LOCALES {
            let texts = read(locale).expect("it is valid TOML of texts");
            let missing: Vec<_> = NAMES.iter().filter(|name| !texts.contains_key(**name)).collect();
            assert!(missing.is_empty(), "{locale} lacks {missing:?}");
            let unknown: Vec<_> = texts.keys().filter(|name| !NAMES.contains(&name.as_str())).collect();
            assert!(unknown.is_empty(), "{locale} has {unknown:?}");
            assert_eq!(lines(locale).lines().count(), NAMES.len());
            assert!(texts.values().all(|text| !text.trim().is_empty()), "{locale} has an empty text");
        }
    }

    #[test]
    fn places_for_values_are_the_same_in_every_language() {
        let places = |text: &str| {
            let mut places: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split('}').next())
                .map(str::to_owned)
                .collect();
            places.sort();
            places
        };
        let (en, fr) = (read("en").expect("valid"), read("fr").expect("valid"));
        for name in NAMES {
            assert_eq!(places(&en[*name]), places(&fr[*name]), "{name}");
        }
    }
}
