//! What an agent types about a person, the rules it is held to while they type, and what a merge will make.

use causette_shared::contact::{InvalidField, bare_email, parse_email, parse_name, parse_phone};
use causette_shared::problem::Problem;
use causette_shared::protocol::contacts::{ContactCard, EditContact, NewContact};
use causette_shared::time::Timestamp;

/// The fields as they stand in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The number.
    pub phone: String,
    /// The company.
    pub company: String,
}

/// What is wrong with each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors {
    /// With the name, or with all being empty.
    pub name: Option<String>,
    /// With the address.
    pub email: Option<String>,
    /// With the number.
    pub phone: Option<String>,
    /// With the company.
    pub company: Option<String>,
}

impl Errors {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What the server found wrong with a field; `None` where it is about no field of the form.
    #[must_use]
    pub fn told(problem: &Problem) -> Option<Self> {
        let text = Some(super::super::words::sentence(&problem.detail));
        let mut errors = Self::default();
        match problem.field.as_deref()? {
            "name" => errors.name = text,
            "email" => errors.email = text,
            "phone" => errors.phone = text,
            "company" => errors.company = text,
            _ => return None,
        }
        Some(errors)
    }
}

impl Draft {
    /// What is known of a contact.
    #[must_use]
    pub fn of(card: &ContactCard) -> Self {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Self {
            name: text(&card.name),
            email: text(&card.email),
            phone: text(&card.phone),
            company: text(&card.company),
        }
    }

    /// Holds the fields to the rules that the server has too.
    #[must_use]
    pub fn check(&self) -> Errors {
        let rule = |result: Result<String, InvalidField>, wrong: &str| match result {
            Err(InvalidField::TooLong) => Some("This is too long.".to_owned()),
            Err(InvalidField::WrongForm) => Some(wrong.to_owned()),
            Ok(_) | Err(InvalidField::Missing) => None,
        };
        let mut errors = Errors {
            name: rule(parse_name(&self.name), ""),
            email: rule(parse_email(bare_email(&self.email)), "This does not look like an e-mail address."),
            phone: rule(parse_phone(&self.phone), "Please enter a phone number."),
            company: rule(parse_name(&self.company), ""),
        };
        let fields = [&self.name, &self.email, &self.phone, &self.company];
        if fields.into_iter().all(|field| field.trim().is_empty()) {
            errors.name = Some("Please enter a name or another way to know this contact.".to_owned());
        }
        errors
    }

    /// As a new contact.
    #[must_use]
    pub fn created(&self) -> NewContact {
        let Self { name, email, phone, company } = self.clone();
        NewContact { name: Some(name), email: Some(email), phone: Some(phone), company: Some(company) }
    }

    /// As a change of the contact that was last changed at `updated_at`.
    #[must_use]
    pub fn edited(&self, updated_at: Timestamp) -> EditContact {
        let Self { name, email, phone, company } = self.clone();
        EditContact {
            updated_at,
            name: Some(name),
            email: Some(email),
            phone: Some(phone),
            company: Some(company),
        }
    }
}

/// What a merge will make of the one that is kept: its empty fields filled from the other.
#[must_use]
pub fn joined(kept: &ContactCard, merged: &ContactCard) -> ContactCard {
    let fill = |kept: &Option<String>, merged: &Option<String>| kept.clone().or_else(|| merged.clone());
    let lower = |card: &ContactCard| card.email.as_ref().map(|email| email.to_lowercase());
    let takes_email = kept.email.is_none() || lower(kept) == lower(merged);
    ContactCard {
        name: fill(&kept.name, &merged.name),
        email: fill(&kept.email, &merged.email),
        email_verified: kept.email_verified || (takes_email && merged.email_verified),
        phone: fill(&kept.phone, &merged.phone),
        company: fill(&kept.company, &merged.company),
        ..kept.clone()
    }
}

#[cfg(test)]
mod tests {
    use causette_shared::id::ContactId;
    use uuid::Uuid;

    use super::*;

    fn card(name: Option<&str>, email: Option<&str>, verified: bool) -> ContactCard {
        ContactCard {
            id: ContactId(Uuid::nil()),
            name: name.map(ToOwned::to_owned),
            email: email.map(ToOwned::to_owned),
            email_verified: verified,
            phone: None,
            company: None,
            unreachable: None,
            unreachable_detail: None,
            created_at: Timestamp(1),
            updated_at: Timestamp(2),
        }
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn fields_are_judged_one_by_one_and_not_all_are_empty() {
        let draft = |email: &str, phone: &str| Draft {
            email: email.to_owned(),
            phone: phone.to_owned(),
            ..Draft::default()
        };
        assert!(draft("Ada <ada@x.example>", "+33 1 23 45").check().is_empty());
        let errors = draft("ada@", "call me").check();
        assert!(errors.email.is_some() && errors.phone.is_some() && errors.name.is_none());
        assert!(draft(" ", "").check().name.is_some());
        let long = Draft { name: "x".repeat(101), ..Draft::default() };
        assert_eq!(long.check().name.as_deref(), Some("This is too long."));
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn what_the_server_says_of_a_field_stands_at_the_field() {
        let told = Errors::told(&Problem::field("phone", "is too long"));
        assert_eq!(told.and_then(|errors| errors.phone).as_deref(), Some("Is too long."));
        assert_eq!(Errors::told(&Problem::field("merged", "x")), None);
        assert_eq!(Errors::told(&Problem::new(causette_shared::problem::ProblemKind::NotFound)), None);
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_merge_fills_and_never_replaces() {
        let kept = card(Some("Ada"), None, false);
        let merged = card(Some("A."), Some("ada@x.example"), true);
        let both = joined(&kept, &merged);
        assert_eq!(
            (both.name, both.email, both.email_verified),
            (kept.name.clone(), merged.email.clone(), true)
        );
        let other = card(None, Some("other@x.example"), false);
        assert!(!joined(&other, &merged).email_verified, "the proof was of another address");
        let same = card(None, Some("ADA@x.example"), false);
        assert!(joined(&same, &merged).email_verified);
        assert_eq!(Draft::of(&kept).edited(Timestamp(2)).name, kept.name);
    }
}
