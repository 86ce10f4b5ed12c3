//! Finding things by role and accessible name, in the page or in a part of it.

use fantoccini::elements::{Element, ElementRef};
use serde_json::{Value, json};

use crate::harness::{Browser, Problem, wait_for, wait_until};

/// The key under which WebDriver passes elements (W3C WebDriver §12.1).
pub(super) const ELEMENT_KEY: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The roles that stories look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Says something urgent.
    Alert,
    /// Does something.
    Button,
    /// Stands over everything until it is answered.
    Dialog,
    /// Takes text: a text box, or a password's field, which has no role of its own.
    Field,
    /// Belongs together and is sent together.
    Form,
    /// Another document.
    Frame,
    /// Belongs together under one name.
    Group,
    /// A heading of any level.
    Heading,
    /// Leads somewhere.
    Link,
    /// Several of a kind.
    List,
    /// One of them.
    ListItem,
    /// What was said.
    Log,
    /// What can be chosen.
    Menu,
    /// One choice.
    MenuItem,
    /// A named part of the page.
    Region,
    /// Says something quietly.
    Status,
    /// Counts down.
    Timer,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Button => "button",
            Self::Dialog => "dialog",
            Self::Field => "field",
            Self::Form => "form",
            Self::Frame => "frame",
            Self::Group => "group",
            Self::Heading => "heading",
            Self::Link => "link",
            Self::List => "list",
            Self::ListItem => "listitem",
            Self::Log => "log",
            Self::Menu => "menu",
            Self::MenuItem => "menuitem",
            Self::Region => "region",
            Self::Status => "status",
            Self::Timer => "timer",
        }
    }
}

/// Where the driver has to look before it looks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The page itself.
    Page,
    /// What the loader draws in the page: the shadow root of our element.
    Launcher,
    /// The panel's document, in its iframe.
    Panel,
}

/// A browser and a place in its page.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The browser.
    pub browser: &'a Browser,
    place: Place,
}

impl<'a> View<'a> {
    /// Looks at a place of whatever page the browser shows.
    #[must_use]
    pub const fn new(browser: &'a Browser, place: Place) -> Self {
        Self { browser, place }
    }

    /// Goes to the place; what the driver looked at before does not matter. Returns the root to look below.
    async fn enter(self) -> Result<Value, Problem> {
        self.browser.top().await?;
        if self.place == Place::Page {
            return Ok(Value::Null);
        }
        let root = self.run(
            "return document.querySelector('causette-chat')?.shadowRoot?.querySelector('aside')",
            vec![],
        );
        let root = root.await?;
        if root.is_null() {
            return Err("there is no chat on this page".into());
        }
        if self.place == Place::Launcher {
            return Ok(root);
        }
        let frames = self.find_below(root, Role::Frame, Some("Chat"), false).await?;
        let frame = frames.into_iter().next().ok_or("there is no panel")?;
        frame.enter_frame().await?;
        Ok(Value::Null)
    }

    /// Everything of a role with exactly this name.
    ///
    /// # Errors
    /// The place is not there.
    pub async fn find_all(self, role: Role, name: Option<&str>) -> Result<Vec<Element>, Problem> {
        let root = self.enter().await?;
        self.find_below(root, role, name, false).await
    }

    /// Everything of a role inside an element, which `find_all` or `wait_for` gave just before.
    ///
    /// # Errors
    /// The element is gone.
    pub async fn find_inside(
        self,
        within: &Element,
        role: Role,
        name: Option<&str>,
    ) -> Result<Vec<Element>, Problem> {
        let within = json!({ ELEMENT_KEY: within.element_id().to_string() });
        self.find_below(within, role, name, true).await
    }

    async fn find_below(
        self,
        root: Value,
        role: Role,
        name: Option<&str>,
        loosely: bool,
    ) -> Result<Vec<Element>, Problem> {
        let arguments = vec![root, json!(role.name()), json!(name), json!(loosely)];
        let found = self.run(include_str!("roles.js"), arguments).await?;
        let elements = found.as_array().map(Vec::as_slice).unwrap_or_default();
        let client = &self.browser.client;
        let element = |found: &Value| {
            let id = ElementRef::from(found[ELEMENT_KEY].as_str()?.to_owned());
            Some(Element::from_element_id(client.clone(), id))
        };
        Ok(elements.iter().filter_map(element).collect())
    }

    /// Waits for the one thing of this role and name.
    ///
    /// # Panics
    /// It does not come.
    pub async fn wait_for(self, role: Role, name: &str) -> Element {
        wait_for(&format!("{} “{name}” in {:?}", role.name(), self.place), async || {
            Ok(self.find_all(role, Some(name)).await?.into_iter().next())
        })
        .await
    }

    /// Waits until nothing of this role and name is there any more.
    ///
    /// # Panics
    /// It stays.
    pub async fn wait_until_gone(self, role: Role, name: &str) {
        wait_until(&format!("{} “{name}” in {:?} to go", role.name(), self.place), async || {
            Ok(self.find_all(role, Some(name)).await?.is_empty())
        })
        .await;
    }

    /// Whether there is something of this role and name now.
    pub async fn has(self, role: Role, name: &str) -> bool {
        self.find_all(role, Some(name)).await.is_ok_and(|found| !found.is_empty())
    }

    /// What the things of this role and name say, as it is shown.
    ///
    /// # Errors
    /// The place is not there.
    pub async fn texts(self, role: Role, name: Option<&str>) -> Result<Vec<String>, Problem> {
        let mut texts = Vec::new();
        for element in self.find_all(role, name).await? {
            texts.push(self.text_of(&element).await?);
        }
        Ok(texts)
    }

    /// What an element says, to screen readers too. Drivers have a word of their own for it, and differ in what they
    /// leave out.
    ///
    /// # Errors
    /// The element is gone.
    pub async fn text_of(self, element: &Element) -> Result<String, Problem> {
        let element = json!({ ELEMENT_KEY: element.element_id().to_string() });
        let text = self.run("return arguments[0].innerText", vec![element]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Scrolls until an element can be seen, as a person would before pressing it.
    ///
    /// # Errors
    /// The element is gone.
    pub async fn scroll_to(self, element: &Element) -> Result<(), Problem> {
        let element = json!({ ELEMENT_KEY: element.element_id().to_string() });
        self.run("arguments[0].scrollIntoView({ block: 'center' })", vec![element]).await?;
        Ok(())
    }

    /// Everything that is shown in this place.
    ///
    /// # Errors
    /// The place is not there.
    pub async fn text(self) -> Result<String, Problem> {
        let root = self.enter().await?;
        let text = self.run("return (arguments[0] || document.body).innerText", vec![root]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until this text is shown.
    ///
    /// # Panics
    /// It never is.
    pub async fn wait_for_text(self, text: &str) {
        let what = format!("the text “{text}” in {:?}", self.place);
        wait_until(&what, async || Ok(self.text().await?.contains(text))).await;
    }

    /// Waits until this text is no longer shown.
    ///
    /// # Panics
    /// It stays.
    pub async fn wait_until_text_gone(self, text: &str) {
        let what = format!("the text “{text}” in {:?} to go", self.place);
        wait_until(&what, async || Ok(!self.text().await?.contains(text))).await;
    }

    /// What the log says, as it is shown.
    ///
    /// # Errors
    /// There is no log.
    pub async fn log(self) -> Result<String, Problem> {
        Ok(self.texts(Role::Log, Some("Conversation")).await?.pop().ok_or("there is no log")?)
    }

    /// Waits until the log says something.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_for_log(self, what: &str, is_right: impl Fn(&str) -> bool) {
        wait_until(&format!("the log to say {what}"), async || Ok(is_right(&self.log().await?))).await;
    }

    /// Runs a function's body in the place itself, with nothing looked for.
    ///
    /// # Errors
    /// The place is not there, or the script throws.
    pub async fn evaluate(self, script: &str) -> Result<Value, Problem> {
        self.enter().await?;
        self.run(script, vec![]).await
    }

    pub(super) async fn run(self, script: &str, arguments: Vec<Value>) -> Result<Value, Problem> {
        self.browser.run(script, arguments).await
    }
}
