//! What we know of a person, and the rules that a name, an address and a number keep.
//!
//! The rules are lenient where people differ and strict where a mail or a call would fail. The widget applies them as
//! people type, the server again before it stores anything.

mod suggest;

pub use suggest::suggest_email;

use serde::{Deserialize, Serialize};

use crate::limits;

/// What we know of a person. Unknown is `None`, never an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The name as they gave it.
    pub name: Option<String>,
    /// The address as they gave it; see `email_verified`.
    pub email: Option<String>,
    /// Whether the person has shown that the address is theirs.
    pub email_verified: bool,
    /// The number as they gave it.
    pub phone: Option<String>,
}

/// Why a field cannot be taken. Each kind has its own sentence in the widget's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidField {
    /// Nothing was given.
    #[error("is missing")]
    Missing,
    /// Longer than its limit.
    #[error("is too long")]
    TooLong,
    /// Not of the right shape.
    #[error("does not have the right form")]
    WrongForm,
}

/// Returns a name: white space collapsed, control characters dropped.
///
/// # Errors
/// It is empty or longer than `limits::NAME_CHARS`.
pub fn parse_name(raw: &str) -> Result<String, InvalidField> {
    let mut name = String::new();
    for word in raw.split(|character: char| character.is_whitespace() || character.is_control()) {
        if !word.is_empty() {
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(word);
        }
    }
    match name.chars().count() {
        0 => Err(InvalidField::Missing),
        count if count > limits::NAME_CHARS => Err(InvalidField::TooLong),
        _ => Ok(name),
    }
}

/// Returns an e-mail address, its domain in lower case: its ASCII letters, the only ones that DNS compares regardless of
/// case (RFC 4343), and without the table of all scripts' letters, which is 12 kB of the widget.
///
/// The form is the dot-atom of RFC 5321 §4.1.2, with letters of any script (RFC 6531), and a domain of two labels or
/// more; quoted local parts and address literals, which no one types, are refused.
///
/// # Errors
/// It is empty, too long, or not of that form.
pub fn parse_email(raw: &str) -> Result<String, InvalidField> {
    let raw = raw.trim();
    if raw.is_empty() {
        return Err(InvalidField::Missing);
    }
    if raw.len() > limits::EMAIL_CHARS {
        return Err(InvalidField::TooLong);
    }
    let (local, domain) = raw.rsplit_once('@').ok_or(InvalidField::WrongForm)?;
    let in_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let dots_stand_between = |part: &str| !part.split('.').any(str::is_empty);
    let is_label = |label: &str| {
        label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let top = domain.rsplit('.').next().unwrap_or("");
    let fits = local.len() <= 64
        && local.chars().all(in_local)
        && dots_stand_between(local)
        && domain.contains('.')
        && dots_stand_between(domain)
        && domain.split('.').all(is_label)
        && top.chars().count() >= 2
        && !top.chars().all(|c| c.is_ascii_digit());
    if fits { Ok([local, "@", &domain.to_ascii_lowercase()].concat()) } else { Err(InvalidField::WrongForm) }
}

/// The address in what somebody pasted: that of `Name <address>` or `mailto:address`, else the text itself.
#[must_use]
pub fn bare_email(raw: &str) -> &str {
    let raw = raw.trim();
    let inner = match raw.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((_, address)) => address,
        None => raw,
    };
    inner.strip_prefix("mailto:").unwrap_or(inner)
}

/// Returns a telephone number as it was written, white space collapsed.
///
/// # Errors
/// It is empty, too long, holds anything but digits, a leading `+` and the usual separators, or its digits are too few
/// or too many (`limits::PHONE_DIGITS`).
pub fn parse_phone(raw: &str) -> Result<String, InvalidField> {
    let mut phone = String::new();
    for part in raw.split_whitespace() {
        if !phone.is_empty() {
            phone.push(' ');
        }
        phone.push_str(part);
    }
    if phone.is_empty() {
        return Err(InvalidField::Missing);
    }
    if phone.len() > limits::PHONE_CHARS {
        return Err(InvalidField::TooLong);
    }
    let body = phone.strip_prefix('+').unwrap_or(&phone);
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let shape = body.chars().all(|c| c.is_ascii_digit() || " .-/()".contains(c));
    if shape && limits::PHONE_DIGITS.contains(&digits) { Ok(phone) } else { Err(InvalidField::WrongForm) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_people_are_taken_as_they_are() {
        assert_eq!(parse_name("  Zoë   O’Brien-Łuk "), Ok("Zoë O’Brien-Łuk".to_owned()));
        assert_eq!(parse_name("李\n小龍"), Ok("李 小龍".to_owned()));
        assert_eq!(parse_name(" \t"), Err(InvalidField::Missing));
        assert_eq!(parse_name(&"x".repeat(101)), Err(InvalidField::TooLong));
    }

    #[test]
    fn addresses_that_can_receive_mail_are_taken() {
        for good in ["a@b.co", "first.last+tag@sub.shop.example", "jörg@köln.example", "o'hara@x-y.example"]
        {
            assert!(parse_email(good).is_ok(), "{good}");
        }
        assert_eq!(parse_email(" Me@Shop.Example "), Ok("Me@shop.example".to_owned()));
    }

    #[test]
    fn other_addresses_are_refused() {
        for bad in [
            "a",
            "a@b",
            "@b.co",
            "a@",
            "a@b..co",
            ".a@b.co",
            "a.@b.co",
            "a b@c.co",
            "a@-b.co",
            "a@b.c",
            "a@1.2.3.4",
            "a@b.co\r\nBcc: x@y.co",
            "<a@b.co>",
            "a@b.co,c@d.co",
            "\"a b\"@c.co",
        ] {
            assert_eq!(parse_email(bad), Err(InvalidField::WrongForm), "{bad:?}");
        }
        assert_eq!(parse_email(""), Err(InvalidField::Missing));
        assert_eq!(parse_email(&format!("{}@b.co", "a".repeat(260))), Err(InvalidField::TooLong));
    }

    #[test]
    fn phone_numbers_keep_how_they_are_written() {
        for good in ["+33 1 23 45 67 89", "(020) 7946-0958", "01.23.45.67.89", "12345"] {
            assert_eq!(parse_phone(good), Ok(good.to_owned()));
        }
        for bad in ["1234", "+1234567890123456", "call me", "12+345678", "+"] {
            assert_eq!(parse_phone(bad), Err(InvalidField::WrongForm), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_once_is_taken_again_unchanged(raw in any::<String>()) {
            for parse in [parse_name, parse_email, parse_phone] {
                if let Ok(value) = parse(&raw) {
                    prop_assert!(!value.contains(['\r', '\n', '\0']));
                    prop_assert_eq!(parse(&value), Ok(value));
                }
            }
        }
    }
}
