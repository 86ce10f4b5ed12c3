//! What a person does with what they have found: press, type, paste, empty, read back.

use fantoccini::elements::Element;
use serde_json::json;

use super::view::{ELEMENT_KEY, Role, View};
use crate::harness::{Problem, wait_for, wait_until};

impl View<'_> {
    /// Presses a button, as soon as there is one that can be pressed.
    ///
    /// # Panics
    /// There is none.
    pub async fn press(self, name: &str) {
        self.act(&format!("button “{name}” to be pressed"), Role::Button, name, async |button| {
            button.click().await?;
            Ok(())
        })
        .await;
    }

    /// Types into a field, after what stands there.
    ///
    /// # Panics
    /// There is none.
    pub async fn type_into(self, name: &str, text: &str) {
        self.wait_until_usable(name).await;
        // Some drivers enter only what can be seen already. Tried again: what is said about the field before it may move it away
        // from under the pointer.
        self.act(&format!("field “{name}” to be entered"), Role::Field, name, async |field| {
            let entered = field.click().await;
            if entered.is_err() {
                self.scroll_to(&field).await?;
            }
            entered?;
            Ok(())
        })
        .await;
        let field = self.wait_for(Role::Field, name).await;
        field.send_keys(text).await.unwrap_or_else(|error| panic!("“{name}” takes no keys: {error}"));
    }

    /// Puts text where the cursor stands in a field, in one go, as pasting does.
    ///
    /// # Panics
    /// There is no such field.
    pub async fn paste_into(self, name: &str, text: &str) {
        let field = self.wait_for(Role::Field, name).await;
        field.click().await.unwrap_or_else(|error| panic!("the field “{name}” cannot be entered: {error}"));
        let pasted = self
            .run("return document.execCommand('insertText', false, arguments[0])", vec![json!(text)])
            .await;
        assert_eq!(pasted.ok(), Some(json!(true)), "nothing could be pasted into “{name}”");
    }

    /// Empties a field as a person does: everything is selected and deleted.
    ///
    /// # Panics
    /// There is no such field.
    pub async fn empty(self, name: &str) {
        let field = self.wait_for(Role::Field, name).await;
        let script = "arguments[0].focus(); arguments[0].select(); document.execCommand('delete')";
        let element = json!({ ELEMENT_KEY: field.element_id().to_string() });
        self.run(script, vec![element])
            .await
            .unwrap_or_else(|error| panic!("“{name}” cannot be emptied: {error}"));
    }

    /// What stands in a field.
    ///
    /// # Panics
    /// There is no such field.
    pub async fn value_of(self, name: &str) -> String {
        wait_for(&format!("the field “{name}”"), async || {
            let field =
                self.find_all(Role::Field, Some(name)).await?.into_iter().next().ok_or("it is not there")?;
            Ok(field.prop("value").await?)
        })
        .await
    }

    /// Waits until a field can be typed into.
    async fn wait_until_usable(self, name: &str) {
        wait_until(&format!("the field “{name}” to be usable"), async || {
            let field =
                self.find_all(Role::Field, Some(name)).await?.into_iter().next().ok_or("it is not there")?;
            Ok(field.is_enabled().await?)
        })
        .await;
    }

    async fn act(
        self,
        what: &str,
        role: Role,
        name: &str,
        act: impl AsyncFn(Element) -> Result<(), Problem>,
    ) {
        wait_for(what, async || {
            let element =
                self.find_all(role, Some(name)).await?.into_iter().next().ok_or("it is not there")?;
            act(element).await?;
            Ok(Some(()))
        })
        .await;
    }
}
