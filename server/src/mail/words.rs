//! What mails say, in English and in French, and how they say when.
//!
//! The texts that people gave arrive here as they are and leave on one line (`one_line`). French has narrow no-break
//! spaces before `! ? : ;` and within « » (Imprimerie nationale, "Lexique des règles typographiques").

use causette_shared::calendar::{Civil, weekday};
use causette_shared::time::Timestamp;

use crate::mail::Answer;
use crate::mail::Language::{self, English, French};

/// Characters of a name within a sentence.
const NAME_CHARS: usize = 80;

/// Returns a text on one line of at most `max` characters: white space collapsed, control characters dropped, and with
/// them the marks that would turn what follows around (Unicode TR 36 §2.10.3: bidirectional spoofing). No-break spaces
/// stay, for French needs them.
#[must_use]
pub fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    let parts = |character: char| {
        character.is_control() || character.is_whitespace() && !matches!(character, '\u{a0}' | '\u{202f}')
    };
    for word in text.split(parts) {
        let mut word = word.chars().filter(|character| !turns_around(*character)).peekable();
        if word.peek().is_some() && !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    let line = line.trim();
    match line.char_indices().nth(max) {
        None => line.to_owned(),
        Some(_) => {
            let head: String = line.chars().take(max.saturating_sub(1)).collect();
            head.trim_end().to_owned() + "…"
        }
    }
}

/// Returns a name on one line, fit for a sentence.
pub(super) fn name(text: &str) -> String {
    one_line(text, NAME_CHARS)
}

/// Returns a text of at most `max` characters, cut after a word, with a sign where something is missing.
#[must_use]
pub fn cut(text: &str, max: usize) -> String {
    let text = text.trim();
    if text.chars().nth(max).is_none() {
        return text.to_owned();
    }
    let room = max.saturating_sub(1);
    let end = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
    let (head, rest) = text.split_at(end);
    let whole = if rest.starts_with(char::is_whitespace) {
        Some(head.len())
    } else {
        head.rfind(char::is_whitespace)
    };
    // One word that fills everything has no better place to be cut.
    let head = whole.map_or(head, |at| &head[..at]).trim_end();
    let head = if head.is_empty() { &text[..end] } else { head };
    format!("{head}…")
}

/// Drops what no one types from a text of several lines: control characters, and every end of a line but `\n`.
pub(super) fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n");
    let kept = |character: &char| matches!(character, '\n' | '\t') || !character.is_control();
    text.trim_end().trim_start_matches('\n').chars().filter(kept).collect()
}

const fn turns_around(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

const DAYS: [(&str, &str); 7] = [
    ("Sunday", "dimanche"),
    ("Monday", "lundi"),
    ("Tuesday", "mardi"),
    ("Wednesday", "mercredi"),
    ("Thursday", "jeudi"),
    ("Friday", "vendredi"),
    ("Saturday", "samedi"),
];
const MONTHS: [(&str, &str); 12] = [
    ("January", "janvier"),
    ("February", "février"),
    ("March", "mars"),
    ("April", "avril"),
    ("May", "mai"),
    ("June", "juin"),
    ("July", "juillet"),
    ("August", "août"),
    ("September", "septembre"),
    ("October", "octobre"),
    ("November", "novembre"),
    ("December", "décembre"),
];

/// Days and times, in a language and at a distance from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wall {
    /// The language.
    pub language: Language,
    /// Minutes that the site's clock stands before UTC (east, positive) or behind it, at the time of the mail.
    pub offset_min: i16,
}

impl Wall {
    /// "Saturday 21 November 2026", « samedi 21 novembre 2026 ».
    #[must_use]
    pub fn day(self, at: Timestamp) -> String {
        let Civil { year, month, day, .. } = Civil::of(at, self.offset_min);
        let weekday = self.pick(&DAYS, usize::from(weekday(at, self.offset_min)));
        let month = self.pick(&MONTHS, usize::from(month).saturating_sub(1));
        let first = if self.language == French && day == 1 { "er" } else { "" };
        // The day does not part from its month at the end of a line.
        format!("{weekday} {day}{first}\u{a0}{month} {year}")
    }

    /// "14:05", « 14 h 05 ».
    #[must_use]
    pub fn clock(self, at: Timestamp) -> String {
        let Civil { hour, minute, .. } = Civil::of(at, self.offset_min);
        match self.language {
            English => format!("{hour}:{minute:02}"),
            French => format!("{hour}\u{a0}h\u{a0}{minute:02}"),
        }
    }

    /// "Saturday 21 November 2026 at 14:05", « samedi 21 novembre 2026 à 14 h 05 ».
    #[must_use]
    pub fn moment(self, at: Timestamp) -> String {
        [self.day(at).as_str(), self.language.either(" at ", " à "), &self.clock(at)].concat()
    }

    /// The day as a heading: « Samedi 21 novembre 2026 ».
    pub(super) fn day_title(self, at: Timestamp) -> String {
        let day = self.day(at);
        let mut characters = day.chars();
        characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
    }

    /// "UTC", "UTC+1", "UTC−3:30".
    #[must_use]
    pub fn zone(self) -> String {
        let sign = if self.offset_min < 0 { '−' } else { '+' };
        match (self.offset_min.unsigned_abs() / 60, self.offset_min.unsigned_abs() % 60) {
            (0, 0) => "UTC".to_owned(),
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
        }
    }

    fn pick(self, names: &'static [(&'static str, &'static str)], at: usize) -> &'static str {
        names.get(at).map_or("", |(english, french)| self.language.either(english, french))
    }
}

/// What more than one kind of mail says.
impl Language {
    /// Returns one of two texts.
    pub(super) const fn either(self, english: &'static str, french: &'static str) -> &'static str {
        match self {
            English => english,
            French => french,
        }
    }

    /// "conversation #1042".
    pub(super) fn conversation(self, number: u32) -> String {
        match self {
            English => format!("conversation #{number}"),
            French => format!("conversation n°\u{a0}{number}"),
        }
    }

    /// The title of the footer's line: "Conversation #1042".
    pub(super) fn conversation_title(self, number: u32) -> String {
        self.conversation(number).replacen('c', "C", 1)
    }

    pub(super) const fn you(self) -> &'static str {
        self.either("You", "Vous")
    }

    pub(super) const fn automatic(self) -> &'static str {
        self.either("Automatic answer", "Réponse automatique")
    }

    pub(super) const fn continue_conversation(self) -> &'static str {
        self.either("Continue the conversation", "Poursuivre la conversation")
    }

    /// What stands below the button of a mail that can be answered.
    pub(super) fn answer_notes(self, answer: Answer) -> Vec<String> {
        let by_mail = self.either(
            "You can also simply answer this e-mail.",
            "Vous pouvez aussi répondre simplement à cet e-mail.",
        );
        if answer == Answer::ByMail { vec![by_mail.to_owned()] } else { Vec::new() }
    }

    pub(super) const fn no_more_mail(self) -> &'static str {
        self.either(
            "No more e-mails about this conversation",
            "Ne plus recevoir d’e-mails au sujet de cette conversation",
        )
    }

    /// "Opening hours: …".
    pub(super) fn hours(self, hours: &str) -> String {
        match self {
            English => format!("Opening hours: {hours}"),
            French => format!("Horaires d’ouverture\u{202f}: {hours}"),
        }
    }

    /// "File: …".
    pub(super) fn file(self, name: &str) -> String {
        match self {
            English => format!("File: {name}"),
            French => format!("Fichier\u{202f}: {name}"),
        }
    }

    /// How many messages a mail leaves out.
    pub(super) fn left_out(self, count: usize) -> String {
        match (self, count) {
            (English, 1) => {
                "One earlier message is left out here. You find it in the conversation.".to_owned()
            }
            (English, _) => {
                format!("{count} earlier messages are left out here. You find them in the conversation.")
            }
            (French, 1) => {
                "Un message plus ancien n’est pas repris ici. Vous le retrouverez dans la conversation."
                    .to_owned()
            }
            (French, _) => format!(
                "{count} messages plus anciens ne sont pas repris ici. Vous les retrouverez dans la conversation."
            ),
        }
    }

    /// How long a link works.
    pub(super) fn valid_days(self, days: u32) -> String {
        match (self, days) {
            (English, 0 | 1) => "The link works for one day.".to_owned(),
            (English, _) => format!("The link works for {days} days."),
            (French, 0 | 1) => "Ce lien est valable une journée.".to_owned(),
            (French, _) => format!("Ce lien est valable {days}\u{a0}jours."),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_holds_nothing_that_breaks_or_turns_it() {
        assert_eq!(one_line(" Maison \r\n\tLumen\0 ", 80), "Maison Lumen");
        assert_eq!(one_line("evil\u{202e}gpj.exe\u{2028}x", 80), "evilgpj.exe x");
        assert_eq!(one_line("\u{202e} \u{2066}", 80), "");
        assert_eq!(one_line(" \u{a0} de 9\u{a0}h\u{202f}! \u{a0}", 80), "de 9\u{a0}h\u{202f}!");
        assert_eq!(one_line("one two three", 8), "one two…");
        assert_eq!(one_line("one two", 7), "one two");
    }

    #[test]
    fn a_text_is_cut_after_a_word() {
        assert_eq!(cut(" one two ", 7), "one two");
        assert_eq!(cut("one two three", 9), "one two…");
        assert_eq!(cut("one two three", 8), "one two…");
        assert_eq!(cut("one two three", 7), "one…");
        assert_eq!(cut("Zürich-Altstetten", 7), "Zürich…");
        assert_eq!(cut("日本語日本語", 3), "日本…");
    }

    #[test]
    fn days_and_times_are_said_plainly() {
        let at = Timestamp(1_795_269_900_000);
        let (english, french) =
            (Wall { language: English, offset_min: 0 }, Wall { language: French, offset_min: 60 });
        assert_eq!(english.moment(at), "Saturday 21\u{a0}November 2026 at 14:05");
        assert_eq!(french.moment(at), "samedi 21\u{a0}novembre 2026 à 15\u{a0}h\u{a0}05");
        assert_eq!(french.day(Timestamp(1_798_758_000_000)), "vendredi 1er\u{a0}janvier 2027");
        assert_eq!(french.day_title(at), "Samedi 21\u{a0}novembre 2026");
        assert_eq!(english.clock(Timestamp(0)), "0:00");
    }

    #[test]
    fn the_distance_from_utc_is_named() {
        let zone = |offset_min| Wall { language: English, offset_min }.zone();
        assert_eq!([0, 60, -210, 345].map(zone), ["UTC", "UTC+1", "UTC−3:30", "UTC+5:45"]);
    }

    proptest! {
        #[test]
        fn lines_and_cuts_keep_their_length(text in any::<String>(), max in 1_usize..60) {
            let line = one_line(&text, max);
            prop_assert!(line.chars().count() <= max);
            prop_assert!(!line.chars().any(char::is_control));
            prop_assert_eq!(one_line(&line, max), line);
            let cut = cut(&text, max);
            prop_assert!(cut.chars().count() <= max);
            let kept = cut.strip_suffix('…').unwrap_or(&cut);
            prop_assert!(text.trim().starts_with(kept));
        }
    }
}
