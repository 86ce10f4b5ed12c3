//! A customer's page that gets its snippet from the story, so that one page stands for many.

use serde_json::{Value, json};

use super::panel::Panel;
use super::shop::Shop;
use crate::harness::{Browser, HostSite, wait_until};

/// Names for what the loader draws, for the expressions of a story.
const NAMES: &str = "
  const chat = document.querySelector('causette-chat');
  const inside = (selector) => chat && chat.shadowRoot.querySelector(selector);
  const launcher = inside('[aria-expanded]');
  const frame = inside('iframe');
  const bubble = inside('.note');
  const looks = (node) => getComputedStyle(node);
  // A colour as it is drawn, whichever way it is written.
  const drawn = (color) => {
    const painter = document.createElement('canvas').getContext('2d');
    painter.fillStyle = color;
    painter.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = painter.getImageData(0, 0, 1, 1).data;
    return alpha == 255 ? `rgb(${red}, ${green}, ${blue})` : 'none, for something shines through';
  };
  const box = (node) => node.getBoundingClientRect();
  const shown = (node) => !!node && node.checkVisibility({ visibilityProperty: true });
";

/// Puts the snippet into the page as its owner would, and answers when the loader has run or could not.
const ADD: &str = "
  const { lang, dir, heyday, data, boot, src } = arguments[0];
  if (lang) document.documentElement.lang = lang;
  if (dir) document.documentElement.dir = dir;
  if (heyday) {
    const old = document.body.appendChild(document.createElement('div'));
    old.id = 'hdAttributes';
    Object.entries(heyday).forEach(([name, value]) => old.setAttribute(name, value));
  }
  window.causette = window.causette || function () { (causette.q = causette.q || []).push(arguments); };
  if (boot) causette('boot', boot);
  const script = document.createElement('script');
  Object.entries(data || {}).forEach(([name, value]) => script.setAttribute('data-' + name, value));
  script.src = src;
  return new Promise((resolve) => {
    script.onload = () => resolve(true);
    script.onerror = () => resolve(false);
    document.head.append(script);
  });
";

/// A page of a customer. It is told what to do by script, which is how a page's own scripts meet the loader.
#[derive(Clone, Copy)]
pub struct HostPage<'a> {
    /// The browser that shows it.
    pub browser: &'a Browser,
}

impl<'a> HostPage<'a> {
    /// Goes to a page of the site, which may have a snippet of its own: `bare` has none.
    pub async fn visit(browser: &'a Browser, site: &HostSite, name: &str) -> Self {
        browser.goto(&site.page(name)).await;
        Self { browser }
    }

    /// Adds the snippet: `data` are its attributes without `data-`, `heyday` the attributes of `#hdAttributes`, `boot` what
    /// is given to that command before, `lang` and `dir` the page's own. Returns whether a script came.
    ///
    /// # Panics
    /// The page cannot be reached.
    pub async fn add_snippet(self, address: &str, mut sources: Value) -> bool {
        sources["src"] = json!(address);
        self.run(ADD, vec![sources]).await == true
    }

    /// What an expression comes to. It may name `chat`, `launcher`, `frame`, `bubble` and `inside(selector)`, and ask
    /// for the `looks` or the `box` of a node, and whether it is `shown`.
    ///
    /// # Panics
    /// It throws.
    pub async fn ask(self, expression: &str) -> Value {
        self.run(&format!("{NAMES} return ({expression});"), vec![]).await
    }

    /// Runs statements.
    ///
    /// # Panics
    /// They throw.
    pub async fn act(self, statements: &str) {
        self.run(&format!("{NAMES} {statements}"), vec![]).await;
    }

    /// Waits until an expression comes to a value.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_for(self, expression: &str, wanted: impl Into<Value>) {
        let wanted = wanted.into();
        let script = format!("{NAMES} return ({expression});");
        wait_until(&format!("{expression} to be {wanted}"), async || {
            self.browser.top().await?;
            Ok(self.browser.run(&script, vec![]).await? == wanted)
        })
        .await;
    }

    /// Asserts that neither an error nor a rejected promise has reached the page's own handlers.
    ///
    /// # Panics
    /// One has.
    pub async fn assert_unharmed(self) {
        // As text, for pages that have changed how arrays are written.
        assert_eq!(self.ask("[...window.violations, ...window.failures].join('; ')").await, "");
    }

    /// What the panel was told at its start, when it was.
    ///
    /// # Panics
    /// It never was.
    pub async fn config(self) -> Value {
        let script = "return window.causettePanel.then((init) => JSON.stringify(init.config))";
        let panel = Panel::new(self.browser);
        let mut config = Value::Null;
        wait_until("the panel to be told how it is to look", async || {
            let answer = panel.view.evaluate(script).await?;
            config = serde_json::from_str(answer.as_str().unwrap_or_default())?;
            Ok(config.is_object())
        })
        .await;
        config
    }

    /// The same page as a visitor uses it.
    #[must_use]
    pub const fn shop(self) -> Shop<'a> {
        Shop::shown(self.browser)
    }

    async fn run(self, script: &str, arguments: Vec<Value>) -> Value {
        self.browser.top().await.unwrap_or_else(|error| panic!("{error}"));
        self.browser.run(script, arguments).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }
}
