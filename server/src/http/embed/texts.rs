//! The loader's own texts: each half gets one line for each language, since the names would travel with every language
//! otherwise.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The texts of the first half, in the order in which `snippet/loader.js` reads them from one line.
const OF_LOADER: [&str; 4] = ["close", "dismiss", "failed", "open"];
/// Those of the second half, in the order of `snippet/panel.js`.
const OF_PANEL: [&str; 2] = ["panel", "unread"];
/// Stands between two texts.
const SEPARATOR: &str = "|";

/// A line of texts for each language.
pub type Lines = BTreeMap<String, String>;

/// What the first half says.
pub static LOADER: LazyLock<Lines> = LazyLock::new(|| lines(&OF_LOADER));
/// What the second half says.
pub static PANEL: LazyLock<Lines> = LazyLock::new(|| lines(&OF_PANEL));

fn languages() -> BTreeMap<String, BTreeMap<String, String>> {
    serde_json::from_str(include_str!("../../../../snippet/texts.json"))
        .expect("the texts are checked by a test")
}

fn lines(names: &[&str]) -> Lines {
    let line = |texts: BTreeMap<String, String>| {
        let texts = names.iter().map(|name| texts.get(*name).map_or("", String::as_str));
        texts.collect::<Vec<_>>().join(SEPARATOR)
    };
    languages().into_iter().map(|(locale, texts)| (locale, line(texts))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::LOCALES;

    #[test]
    fn every_language_has_the_texts_that_the_halves_read() {
        for locale in LOCALES {
            let names: Vec<String> = languages()[*locale].keys().cloned().collect();
            let mut expected = [OF_LOADER.as_slice(), &OF_PANEL].concat();
            expected.sort_unstable();
            assert_eq!(names, expected, "{locale}");
            for (lines, expected) in [(&*LOADER, OF_LOADER.len()), (&*PANEL, OF_PANEL.len())] {
                let parts: Vec<&str> = lines[*locale].split(SEPARATOR).collect();
                assert_eq!(parts.len(), expected, "{locale}: a text holds the separator");
                assert!(parts.iter().all(|text| !text.is_empty()), "{locale}");
            }
        }
        assert!(LOADER["en"].starts_with("Close chat|Dismiss|"), "{}", LOADER["en"]);
        assert!(PANEL["en"].starts_with("Chat|"), "{}", PANEL["en"]);
    }

    #[test]
    fn the_loader_reads_the_texts_in_their_order() {
        let places = OF_LOADER.iter().enumerate();
        let places = places.map(|(place, name)| format!("{} = {place}", name.to_uppercase()));
        let line = format!("const {};", places.collect::<Vec<_>>().join(", "));
        assert!(include_str!("../../../../snippet/loader.js").contains(&line), "{line}");
    }
}
