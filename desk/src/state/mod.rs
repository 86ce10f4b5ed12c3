//! What the desk knows, apart from how it is drawn.
//!
//! `conversations`, `timeline`, `opened`, `typing`, `words`, `countdown` and `calendar` are plain data and rules, tested on the host.
//! `desk` puts them behind signals and drives them with frames; `session`, `kept` and `theme` touch the browser.
//! `contacts` is what HTTP brings about people, `mail` about mail, `conversation_mail` what it does about a conversation's mail
//! and its end. `install` is what HTTP brings about sites and their snippets.
//! `json` reads what the server says.
//! Components read from here and call its verbs; they neither fetch nor parse.

pub mod calendar;
pub mod contacts;
pub mod conversation_mail;
pub mod conversations;
pub mod countdown;
pub mod desk;
mod drive;
mod frames;
pub mod install;
pub mod json;
pub mod kept;
pub mod line;
pub mod mail;
pub mod opened;
pub mod session;
pub mod theme;
pub mod timeline;
pub mod typing;
mod verbs;
pub mod words;
