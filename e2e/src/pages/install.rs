//! The desk's page of installing the chat.

use fantoccini::Locator;

use super::desk::Desk;
use super::view::{Role, View};
use crate::harness::{Problem, wait_for, wait_until};

/// The colour of the launcher on the page in the preview, as it is drawn, whichever way it is written.
const PREVIEW_COLOR: &str = "
  const page = document.querySelector('iframe[title^=Preview]')?.contentDocument;
  const launcher = page?.querySelector('causette-chat')?.shadowRoot.querySelector('[aria-expanded]');
  if (!launcher) return null;
  const painter = document.createElement('canvas').getContext('2d');
  painter.fillStyle = page.defaultView.getComputedStyle(launcher).backgroundColor;
  painter.fillRect(0, 0, 1, 1);
  return `rgb(${[...painter.getImageData(0, 0, 1, 1).data].slice(0, 3).join(', ')})`;
";

/// What the bubble says there, while it is shown.
const PREVIEW_BUBBLE: &str = "
  const page = document.querySelector('iframe[title^=Preview]')?.contentDocument;
  const bubble = page?.querySelector('causette-chat')?.shadowRoot.querySelector('.note');
  return bubble && !bubble.hidden ? bubble.querySelector('.text').textContent : '';
";

/// The page in a browser.
#[derive(Clone, Copy)]
pub struct Install<'a> {
    /// Its page.
    pub view: View<'a>,
}

impl<'a> Install<'a> {
    /// Goes there from the inbox, by the link in the bar, and chooses a site by its key.
    ///
    /// # Panics
    /// There is no such site.
    pub async fn enter(desk: Desk<'a>, site: &str) -> Self {
        let install = Self { view: desk.view };
        wait_for("the link “Install”", async || {
            let link = install.view.find_all(Role::Link, Some("Install")).await?.into_iter().next();
            link.ok_or("it is not there")?.click().await?;
            Ok(Some(()))
        })
        .await;
        wait_for("the site to be chosen", async || {
            install.view.browser.top().await?;
            let client = &install.view.browser.client;
            client.find(Locator::Css("select[aria-label=Site]")).await?.select_by_value(site).await?;
            Ok(Some(()))
        })
        .await;
        wait_until("the snippet of the site", async || {
            Ok(install.value("Snippet").await?.contains(&format!("/embed/{site}.js")))
        })
        .await;
        install
    }

    /// Unfolds the list of flows.
    ///
    /// # Panics
    /// There is none.
    pub async fn open_flows(self) {
        self.click("the flows", Locator::Css("details.flows > summary")).await;
    }

    /// Chooses the flow that the snippet is for.
    ///
    /// # Panics
    /// There is no such flow.
    pub async fn choose_flow(self, name: &str) {
        wait_for(&format!("the flow {name} to be chosen"), async || {
            self.view.browser.top().await?;
            let client = &self.view.browser.client;
            client.find(Locator::Css("#snippet-flow")).await?.select_by_value(name).await?;
            Ok(Some(()))
        })
        .await;
    }

    /// Chooses a way to install, by its name.
    ///
    /// # Panics
    /// There is no such way.
    pub async fn choose_way(self, name: &str) {
        let label = format!("//label[.='{name}']");
        self.click(&format!("the way “{name}”"), Locator::XPath(&label)).await;
    }

    async fn click(self, what: &str, locator: Locator<'_>) {
        wait_for(&format!("{what} to be pressed"), async || {
            self.view.browser.top().await?;
            self.view.browser.client.find(locator).await?.click().await?;
            Ok(Some(()))
        })
        .await;
    }

    /// The snippet, as it stands there now.
    pub async fn snippet(self) -> String {
        self.view.value_of("Snippet").await
    }

    async fn value(self, name: &str) -> Result<String, Problem> {
        let field = self.view.find_all(Role::Field, Some(name)).await?.into_iter().next();
        let value = field.ok_or("there is no such field")?.prop("value").await?;
        Ok(value.unwrap_or_default())
    }

    /// Waits until the launcher in the preview has a colour: `rgb(1, 2, 3)`.
    pub async fn wait_for_preview_color(self, color: &str) {
        self.wait_for_preview(PREVIEW_COLOR, color).await;
    }

    /// Waits until the bubble in the preview says something.
    pub async fn wait_for_preview_bubble(self, text: &str) {
        self.wait_for_preview(PREVIEW_BUBBLE, text).await;
    }

    async fn wait_for_preview(self, script: &str, wanted: &str) {
        wait_until(&format!("the preview to show {wanted}"), async || {
            let shown = self.view.evaluate(script).await?;
            if shown == wanted { Ok(true) } else { Err(format!("it shows {shown}").into()) }
        })
        .await;
    }

    /// Waits until the row of an origin says all of this.
    pub async fn wait_for_origin(self, origin: &str, wanted: &[&str]) {
        wait_until(&format!("the row of {origin} to say {wanted:?}"), async || {
            let list = self.view.find_all(Role::List, Some("Origins")).await?.into_iter().next();
            let Some(list) = list else { return Ok(false) };
            let row = self.view.find_inside(&list, Role::ListItem, Some(origin)).await?.into_iter().next();
            let text = row.ok_or("it is not in the list")?.text().await?;
            if wanted.iter().all(|part| text.contains(part)) { Ok(true) } else { Err(text.into()) }
        })
        .await;
    }
}
