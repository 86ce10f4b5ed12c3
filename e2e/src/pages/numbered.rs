//! Bursts: texts that carry a number, to be found again in a log, each once and in order.

use super::view::View;
use crate::harness::wait_until;

/// Waits until the log holds exactly these texts of the form `prefix` and number, in this order.
///
/// # Panics
/// It never does; the message says where it first differs.
pub(super) async fn wait_for_numbered(view: View<'_>, prefix: &str, wanted: &[String]) {
    let what = format!("{} texts “{prefix}…” in order", wanted.len());
    wait_until(&what, async || {
        let held = numbered(&view.log().await?, prefix);
        if held == wanted { Ok(true) } else { Err(difference(&held, wanted).into()) }
    })
    .await;
}

/// The words of a text that begin with `prefix` and go on with digits, in order.
fn numbered(text: &str, prefix: &str) -> Vec<String> {
    let is_it = |word: &&str| {
        word.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    text.split_whitespace().filter(is_it).map(str::to_owned).collect()
}

/// Says in one line how two lists differ.
fn difference(held: &[String], wanted: &[String]) -> String {
    let at = held
        .iter()
        .zip(wanted)
        .position(|(held, wanted)| held != wanted)
        .unwrap_or(held.len().min(wanted.len()));
    format!(
        "{} of {} are there; from place {at} on there is {:?} where {:?} is wanted",
        held.len(),
        wanted.len(),
        held.get(at),
        wanted.get(at)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_with_a_number_count() {
        let text = "burst-01 and burst- or burst-x\nburst-02 12:30 burst-02";
        assert_eq!(numbered(text, "burst-"), ["burst-01", "burst-02", "burst-02"]);
    }

    #[test]
    fn the_first_difference_is_told() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let told = difference(&list(&["a", "c"]), &list(&["a", "b", "c"]));
        assert!(told.contains("2 of 3") && told.contains("place 1"), "{told}");
    }
}
