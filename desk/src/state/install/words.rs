//! What the page says of pages where the chat was seen.

use causette_shared::protocol::install::{SeenOrigin, SeenState, SeenStep};
use causette_shared::time::Timestamp;

use crate::state::calendar::{self, Local};

/// The state in a word or two, beside its colour.
#[must_use]
pub const fn state(state: SeenState) -> &'static str {
    match state {
        SeenState::Works => "Works",
        SeenState::Loaded => "Snippet found",
        SeenState::Opening => "Opening…",
        SeenState::Blocked => "Blocked",
        SeenState::Unseen => "Not seen yet",
    }
}

/// What else is known: what was asked for last, and when.
#[must_use]
pub fn facts(seen: &SeenOrigin, now: Timestamp) -> String {
    let Some((last, at)) = seen.last.zip(seen.last_at) else {
        return match seen.state {
            SeenState::Blocked => String::new(),
            _ => "Put the snippet on a page and open it.".to_owned(),
        };
    };
    let what = match last {
        SeenStep::Loader => "Loaded",
        SeenStep::Panel => "Opened",
        SeenStep::Connection => "Connected",
    };
    let when = match calendar::ago(now, at, Local::of(now), Local::of(at)) {
        now if now == "now" => "just now".to_owned(),
        span if span.ends_with(" min") || span.ends_with(" h") => [&span, " ago"].concat(),
        day => day,
    };
    let hint = match seen.state {
        SeenState::Loaded => ". Open the chat there once to see that it works.",
        _ => "",
    };
    [what, " ", &when, hint].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(state: SeenState, last: Option<SeenStep>, at: i64) -> SeenOrigin {
        SeenOrigin {
            origin: "https://shop.example".to_owned(),
            is_listed: true,
            state,
            page: None,
            first_at: None,
            last_at: last.map(|_| Timestamp(at)),
            last,
            advice: None,
        }
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn it_is_told_what_came_last_and_what_to_do_next() {
        let now = Timestamp(1_790_000_000_000);
        let ago = |minutes: i64| now.0 - minutes * 60_000;
        let works = seen(SeenState::Works, Some(SeenStep::Connection), ago(0));
        assert_eq!(facts(&works, now), "Connected just now");
        let loaded = seen(SeenState::Loaded, Some(SeenStep::Loader), ago(5));
        assert_eq!(facts(&loaded, now), "Loaded 5 min ago. Open the chat there once to see that it works.");
        let unseen = seen(SeenState::Unseen, None, 0);
        assert_eq!(facts(&unseen, now), "Put the snippet on a page and open it.");
        assert_eq!(facts(&seen(SeenState::Blocked, None, 0), now), "");
    }
}
