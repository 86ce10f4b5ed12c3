//! What stands in a message in place of what could not be taken. Agents and visitors read it, so it speaks the language of
//! the conversation; in brackets, since the visitor did not write it.

use super::Notice;
use crate::site::supported_locale;

/// Stands in for a mail that cannot be shown.
pub(super) fn notice(notice: Notice, locale: &str) -> String {
    let is_french = supported_locale(locale) == "fr";
    match notice {
        Notice::TooLarge(bytes) => {
            let megabytes = bytes.div_ceil(1024 * 1024);
            if is_french {
                format!(
                    "[Un e-mail de {megabytes} Mo est arrivé\u{202f}: il est trop volumineux pour être lu ici.]"
                )
            } else {
                format!("[A mail of {megabytes} MB came: it is too large to be read here.]")
            }
        }
        Notice::Encrypted if is_french => {
            "[Un e-mail chiffré est arrivé\u{202f}: il ne peut pas être lu ici.]".to_owned()
        }
        Notice::Encrypted => "[An encrypted mail came: it cannot be read here.]".to_owned(),
        Notice::Unreadable if is_french => "[Un e-mail est arrivé, mais il n’a pas pu être lu.]".to_owned(),
        Notice::Unreadable => "[A mail came, and could not be read.]".to_owned(),
    }
}

/// Says that files were left out.
pub(super) fn left_out(count: usize, locale: &str) -> String {
    match (supported_locale(locale) == "fr", count) {
        (true, 1) => "[Une pièce jointe n’a pas pu être prise.]".to_owned(),
        (true, _) => format!("[{count} pièces jointes n’ont pas pu être prises.]"),
        (false, 1) => "[One attached file could not be taken.]".to_owned(),
        (false, _) => format!("[{count} attached files could not be taken.]"),
    }
}
