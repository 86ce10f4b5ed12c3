//! Slips of the finger in the domains that most people's addresses end in: gmial.com, gmail.con, yaho.fr. What is found
//! is offered, never imposed: the other domain may exist.

/// Domains that are offered instead of one that is a slip away from them. Names of four letters and less are left out:
/// too many others lie beside them.
const OFFERED: [&str; 20] = [
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.fr",
    "hotmail.co.uk",
    "outlook.com",
    "outlook.fr",
    "yahoo.com",
    "yahoo.fr",
    "yahoo.co.uk",
    "icloud.com",
    "protonmail.com",
    "proton.me",
    "orange.fr",
    "wanadoo.fr",
    "laposte.net",
    "t-online.de",
    "freenet.de",
    "libero.it",
    "btinternet.com",
];

/// Domains that exist and lie a slip away from one of those.
const RIGHT: [&str; 6] = ["mail.com", "email.com", "ymail.com", "yahoo.gr", "hotmail.gr", "outlook.kr"];

/// Returns the address that was probably meant, where the domain is one slip (a letter too many, missing, wrong, or two in
/// the wrong order: Damerau, 1964) away from a well-known one. The text need not be a valid address: `ada@orange.f` is
/// none. The part before the `@` is never touched.
#[must_use]
pub fn suggest_email(typed: &str) -> Option<String> {
    let (local, domain) = typed.trim().rsplit_once('@')?;
    if local.is_empty() || local.contains(|c: char| c.is_whitespace() || c == '<') {
        return None;
    }
    let domain = domain.to_ascii_lowercase();
    if OFFERED.contains(&&*domain) || RIGHT.contains(&&*domain) {
        return None;
    }
    let meant = OFFERED.into_iter().find(|known| is_one_slip(known.as_bytes(), domain.as_bytes()))?;
    Some([local, "@", meant].concat())
}

/// Whether two texts differ by one insertion, deletion, substitution or exchange of neighbours.
fn is_one_slip(one: &[u8], other: &[u8]) -> bool {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    match (&one[same..], &other[same..]) {
        ([], [_]) | ([_], []) => true,
        ([a, rest @ ..], [b, others @ ..]) => {
            let exchanged = match (rest, others) {
                ([c, rest @ ..], [d, others @ ..]) => a == d && b == c && rest == others,
                _ => false,
            };
            exchanged || rest == others || rest == &other[same..] || &one[same..] == others
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contact::parse_email;

    #[test]
    fn common_slips_are_noticed() {
        for (typed, meant) in [
            ("ada@gmial.com", "ada@gmail.com"),
            ("ada@gmail.con", "ada@gmail.com"),
            ("ada@gmail.co", "ada@gmail.com"),
            ("ada@gmaill.com", "ada@gmail.com"),
            ("ada@GMIAL.com", "ada@gmail.com"),
            ("Ada.L+x@hotnail.com", "Ada.L+x@hotmail.com"),
            ("ada@yaho.fr", "ada@yahoo.fr"),
            (" ada@orange.f ", "ada@orange.fr"),
            ("ada@laposte.nte", "ada@laposte.net"),
        ] {
            assert_eq!(suggest_email(typed).as_deref(), Some(meant), "{typed}");
        }
    }

    #[test]
    fn other_addresses_are_left_alone() {
        for typed in [
            "",
            "ada",
            "@gmial.com",
            "ada lovelace@gmial.com",
            "Ada <ada@gmial.com>",
            "ada@gmail.com",
            "ada@GMAIL.com",
            "ada@mail.com",
            "ada@email.com",
            "ada@ymail.com",
            "ada@gmx.de",
            "ada@free.fr",
            "ada@fre.fr",
            "ada@analytical.example",
            "ada@gmail.com.example",
        ] {
            assert_eq!(suggest_email(typed), None, "{typed}");
        }
    }

    /// The distance as it is defined, slowly (optimal string alignment).
    fn distance(one: &[u8], other: &[u8]) -> usize {
        let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
        for i in 0..=one.len() {
            for j in 0..=other.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let cost = usize::from(one[i - 1] != other[j - 1]);
                    let mut least =
                        (table[i - 1][j] + 1).min(table[i][j - 1] + 1).min(table[i - 1][j - 1] + cost);
                    if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                        least = least.min(table[i - 2][j - 2] + 1);
                    }
                    least
                };
            }
        }
        table[one.len()][other.len()]
    }

    proptest! {
        #[test]
        fn a_slip_is_a_distance_of_one(one in "[abc.]{0,6}", other in "[abc.]{0,6}") {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            prop_assert_eq!(is_one_slip(one, other), distance(one, other) == 1);
        }

        #[test]
        fn what_is_suggested_is_an_address_and_final(
            local in "[a-z0-9]{1,12}", which in 0..OFFERED.len(), at in 0..20_usize, letter in "[a-z]"
        ) {
            let domain = OFFERED[which];
            let at = at % domain.len();
            let typed = format!("{local}@{}{letter}{}", &domain[..at], &domain[at..]);
            if let Some(meant) = suggest_email(&typed) {
                prop_assert!(parse_email(&meant).is_ok(), "{}", meant);
                let kept = format!("{}@", local);
                prop_assert!(meant.starts_with(&kept));
                prop_assert_eq!(suggest_email(&meant), None);
            }
        }

        #[test]
        fn no_text_breaks_it(typed in any::<String>()) {
            let _ = suggest_email(&typed);
        }
    }
}
