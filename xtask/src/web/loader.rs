//! The loader's two halves: `loader.js`, which every page loads, and `panel.js`, which is fetched when the panel is first
//! needed. A page that pins what it runs by its hash (SRI) takes both in one file.

use anyhow::{Context, Result, bail};

use crate::web::script::{self, Kind};

/// The first half, relative to the checkout.
pub const LOADER: &str = "snippet/loader.js";
/// The second half, relative to the checkout.
pub const PANEL: &str = "snippet/panel.js";

/// What stands in the first half for a site's settings.
const SETTINGS: &str = "__CAUSETTE_SETTINGS__";
/// What stands in the first half for the promise of the second.
const SECOND: &str = "__CAUSETTE_PANEL__";
/// What stands in the second half for its texts.
const TEXTS: &str = "__CAUSETTE_PANEL_TEXTS__";
/// How the second half begins, which is a module.
const EXPORT: &str = "export default ";

/// The sources.
pub struct Halves {
    /// That of the first.
    pub loader: String,
    /// That of the second.
    pub panel: String,
}

impl Halves {
    /// The first half, which imports the second.
    ///
    /// # Errors
    ///
    /// When it is no JavaScript, or has not the places that the server fills.
    pub fn split(&self) -> Result<String> {
        self.first("import(`${origin}/embed/${settings.site}/panel.js${again}`)", &[SETTINGS])
    }

    /// The second half.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn second(&self) -> Result<String> {
        let code = script::minify(PANEL, &self.panel, Kind::Module)?;
        check_places(PANEL, code, &[TEXTS])
    }

    /// Both in one classic script.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn whole(&self) -> Result<String> {
        let (_, function) =
            self.panel.split_once(EXPORT).with_context(|| format!("{PANEL} has no `{EXPORT}`"))?;
        let function = function.trim_end().trim_end_matches(';');
        self.first(&format!("Promise.resolve({{ default: {function} }})"), &[SETTINGS, TEXTS])
    }

    fn first(&self, second: &str, places: &[&str]) -> Result<String> {
        if self.loader.matches(SECOND).count() != 1 {
            bail!("{LOADER} has to hold {SECOND} once");
        }
        let code = script::minify(LOADER, &self.loader.replace(SECOND, second), Kind::Classic)?;
        check_places(LOADER, code, places)
    }
}

/// Sees that the places that the server fills are still there, each once.
fn check_places(file: &str, code: String, places: &[&str]) -> Result<String> {
    for place in places {
        let count = code.matches(place).count();
        if count != 1 {
            bail!("{file} holds {place} {count} times after minifying, and has to hold it once");
        }
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::Halves;

    fn halves(loader: &str) -> Halves {
        let panel = "// what it is\nexport default (chat) => {\n  chat.say(__CAUSETTE_PANEL_TEXTS__);\n};\n";
        Halves { loader: loader.to_owned(), panel: panel.to_owned() }
    }

    const LOADER: &str = "(() => { const settings = __CAUSETTE_SETTINGS__, origin = location.origin; \
                          __CAUSETTE_PANEL__.then((half) => half.default(settings, origin, settings)) })()";

    #[test]
    fn each_file_has_its_places() {
        let halves = halves(LOADER);
        let split = halves.split().expect("is a script");
        assert!(split.contains("__CAUSETTE_SETTINGS__") && split.contains("/panel.js"), "{split}");
        assert!(!split.contains("__CAUSETTE_PANEL"), "{split}");
        let second = halves.second().expect("is a module");
        assert!(second.contains("export default") && second.contains("__CAUSETTE_PANEL_TEXTS__"), "{second}");
        let whole = halves.whole().expect("is a script");
        assert!(whole.contains("__CAUSETTE_SETTINGS__") && whole.contains("__CAUSETTE_PANEL_TEXTS__"));
        assert!(!whole.contains("import(") && !whole.contains("export"), "{whole}");
    }

    #[test]
    fn a_loader_without_its_places_is_refused() {
        assert!(halves("start({})").split().is_err());
        assert!(halves("__CAUSETTE_PANEL__.then(start)").split().is_err());
        let nothing = Halves { loader: LOADER.to_owned(), panel: "start()".to_owned() };
        assert!(nothing.second().is_err() && nothing.whole().is_err());
    }
}
