//! What people write into the fields of a contact, and what is kept of it.

use causette_shared::contact::{InvalidField, bare_email, parse_email, parse_name, parse_phone};
use causette_shared::problem::Problem;
use email_address::{EmailAddress, Options};
use phonenumber::Mode;
use phonenumber::country::Id as Country;

use crate::service::UseCaseError;

/// What is to become of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stays as it is.
    Keep,
    /// It is emptied.
    Clear,
    /// It becomes this.
    Set(String),
}

impl Change {
    /// The field after it.
    pub(super) fn apply(self, held: Option<String>) -> Option<String> {
        match self {
            Self::Keep => held,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// Reads a name.
///
/// # Errors
/// It breaks its rule.
pub fn name(typed: Option<&str>) -> Result<Change, UseCaseError> {
    read("name", typed, parse_name)
}

/// Reads an address.
///
/// # Errors
/// It breaks its rule.
pub fn email(typed: Option<&str>) -> Result<Change, UseCaseError> {
    read("email", typed, parse_address)
}

/// Reads a number; `locale` tells in which country one without a prefix is looked for.
///
/// # Errors
/// It breaks its rule.
pub fn phone(typed: Option<&str>, locale: Option<&str>) -> Result<Change, UseCaseError> {
    read("phone", typed, |raw| parse_phone(raw).map(|phone| normalise_phone(&phone, locale)))
}

/// Reads a company, which keeps the rule of names.
///
/// # Errors
/// It breaks its rule.
pub fn company(typed: Option<&str>) -> Result<Change, UseCaseError> {
    read("company", typed, parse_name)
}

fn read(
    field: &'static str,
    typed: Option<&str>,
    parse: impl Fn(&str) -> Result<String, InvalidField>,
) -> Result<Change, UseCaseError> {
    match typed.map(parse) {
        None => Ok(Change::Keep),
        Some(Ok(value)) => Ok(Change::Set(value)),
        Some(Err(InvalidField::Missing)) => Ok(Change::Clear),
        Some(Err(error)) => Err(UseCaseError::Refused(Problem::field(field, &error.to_string()))),
    }
}

/// Returns the address in what somebody typed or pasted: itself, `Name <address>` or `mailto:address`. Beside our own
/// rule, which the browser applies too, the library's must hold.
///
/// # Errors
/// There is none, or it is of no use.
pub fn parse_address(raw: &str) -> Result<String, InvalidField> {
    let email = parse_email(bare_email(raw))?;
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    match EmailAddress::parse_with_options(&email, options) {
        Ok(_) => Ok(email),
        Err(_) => Err(InvalidField::WrongForm),
    }
}

/// Returns a number as E.164 (`+33123456789`) where it is a valid one, by itself or in the country that the language
/// hints at; else as it was typed: better a number that a person can read than none.
#[must_use]
pub fn normalise_phone(typed: &str, locale: Option<&str>) -> String {
    let country = locale.and_then(guess_country);
    match phonenumber::parse(country, typed) {
        Ok(number) if number.extension().is_none() && phonenumber::is_valid(&number) => {
            number.format().mode(Mode::E164).to_string()
        }
        _ => typed.to_owned(),
    }
}

/// The country that a locale names, `FR` in `fr-FR`; else the one where most who speak the language live, unless they are
/// spread over many, as with English, Spanish or Arabic.
fn guess_country(locale: &str) -> Option<Country> {
    let mut parts = locale.split(['-', '_']);
    let language = parts.next()?.to_ascii_lowercase();
    let region = parts.find(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let code = match region {
        Some(region) => region.to_ascii_uppercase(),
        None => match language.as_str() {
            "fr" | "it" | "nl" | "pl" | "tr" => language.to_ascii_uppercase(),
            "de" => "DE".to_owned(),
            "cs" => "CZ".to_owned(),
            "da" => "DK".to_owned(),
            "el" => "GR".to_owned(),
            "he" => "IL".to_owned(),
            "ja" => "JP".to_owned(),
            "ko" => "KR".to_owned(),
            "sv" => "SE".to_owned(),
            "uk" => "UA".to_owned(),
            _ => return None,
        },
    };
    code.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_taken_as_people_write_and_paste_them() {
        for (typed, kept) in [
            (" ada@x.example ", "ada@x.example"),
            ("Ada Lovelace <ada@X.example>", "ada@x.example"),
            ("\"Lovelace, Ada\" <ada@x.example>", "ada@x.example"),
            ("<ada@x.example>", "ada@x.example"),
            ("mailto:ada@x.example", "ada@x.example"),
            ("jörg@köln.example", "jörg@köln.example"),
            ("用户@例子.公司", "用户@例子.公司"),
            ("иван@почта.рф", "иван@почта.рф"),
            ("डेटा@डेटामेल.भारत", "डेटा@डेटामेल.भारत"),
            ("first.o'hara+tag@sub.x-y.example", "first.o'hara+tag@sub.x-y.example"),
        ] {
            assert_eq!(parse_address(typed).as_deref(), Ok(kept), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in [
            "ada",
            "Ada <ada>",
            "ada@x",
            "a@b.co, c@d.co",
            "a@b.co\r\nBcc: c@d.co",
            "Ada <a@b.co> x",
            "a@[1.2.3.4]",
        ] {
            assert_eq!(parse_address(typed), Err(InvalidField::WrongForm), "{typed}");
        }
        assert_eq!(parse_address("  "), Err(InvalidField::Missing));
        assert_eq!(parse_address("Ada <>"), Err(InvalidField::Missing));
    }

    #[test]
    fn numbers_become_international_where_that_is_certain() {
        for (typed, locale, kept) in [
            ("+33 1 23 45 67 89", None, "+33123456789"),
            ("+44 (0)20 7946 0958", Some("fr"), "+442079460958"),
            ("01 23 45 67 89", Some("fr"), "+33123456789"),
            ("01 23 45 67 89", Some("fr-CA"), "01 23 45 67 89"),
            ("(212) 736-5000", Some("en-US"), "+12127365000"),
            ("(212) 736-5000", Some("en"), "(212) 736-5000"),
            ("030 901820", Some("de_DE"), "+4930901820"),
            ("12345", Some("fr"), "12345"),
            ("+999 12345678", None, "+999 12345678"),
            ("01 23 45 67 89", Some("zz-ZZ"), "01 23 45 67 89"),
        ] {
            assert_eq!(normalise_phone(typed, locale), kept, "{typed} in {locale:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_that_was_normalised_stays_and_is_one(raw in "[+0-9 ./()-]{0,32}", locale in "(fr|en-US|de|xx|)") {
            if let Ok(phone) = parse_phone(&raw) {
                let kept = normalise_phone(&phone, Some(&locale));
                prop_assert_eq!(parse_phone(&kept), Ok(kept.clone()));
                if kept != phone {
                    prop_assert_eq!(normalise_phone(&kept, None), kept);
                }
            }
        }

        #[test]
        fn no_text_breaks_the_fields(raw in any::<String>(), locale in any::<String>()) {
            if let Ok(email) = parse_address(&raw) {
                prop_assert!(!email.contains(['<', '>', '\r', '\n', ' ', ',', ';', '"']), "{}", email);
            }
            let _ = normalise_phone(&raw, Some(&locale));
        }
    }
}
