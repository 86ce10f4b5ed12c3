//! When unseen replies go out by e-mail (DESIGN 3). Asked when a reply is written, and again at the moment of sending:
//! whatever was seen by then is not mailed.

use std::time::Duration;

use crate::time::Timestamp;

/// The delays of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// From a reply that is not seen, while the visitor is on the page.
    pub unseen: Duration,
    /// From the moment when the visitor left, or from a reply to a visitor who had left before.
    pub left: Duration,
    /// Between two follow-ups of one conversation.
    pub between: Duration,
}

/// What is known of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When the first reply was written that the visitor has not seen; `None` where they have seen all.
    pub unseen_since: Option<Timestamp>,
    /// When the last of them was written.
    pub last_reply_at: Option<Timestamp>,
    /// When the visitor left; `None` while they are on the page.
    pub left_at: Option<Timestamp>,
    /// When the last follow-up was sent.
    pub mailed_at: Option<Timestamp>,
    /// Whether a mail can reach them, and may.
    pub is_reachable: bool,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send everything that is unseen.
    Send,
    /// Ask again then.
    Wait(Timestamp),
    /// There is nothing to send, or no way to.
    Cancel,
}

/// Decides about a conversation's follow-up.
#[must_use]
pub fn decide(facts: &Facts, rules: &Rules, now: Timestamp) -> Decision {
    match due_at(facts, rules) {
        None => Decision::Cancel,
        Some(due) if due <= now => Decision::Send,
        Some(due) => Decision::Wait(due),
    }
}

/// When the follow-up is due; `None` where there is nothing to send, or no way to.
#[must_use]
pub fn due_at(facts: &Facts, rules: &Rules) -> Option<Timestamp> {
    let since = facts.unseen_since.filter(|_| facts.is_reachable)?;
    let unseen = since.after(rules.unseen);
    let due = match facts.left_at {
        None => unseen,
        // Who had left before gets the replies a little later than the last of them: an agent writes several.
        Some(left) => left.max(facts.last_reply_at.unwrap_or(since)).after(rules.left).min(unseen),
    };
    Some(facts.mailed_at.map_or(due, |mailed| due.max(mailed.after(rules.between))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        unseen: Duration::from_secs(60),
        left: Duration::from_secs(20),
        between: Duration::from_secs(600),
    };

    fn second(number: i64) -> Timestamp {
        Timestamp(number * 1_000)
    }

    fn unseen() -> Facts {
        Facts {
            unseen_since: Some(second(100)),
            last_reply_at: Some(second(100)),
            left_at: None,
            mailed_at: None,
            is_reachable: true,
        }
    }

    #[test]
    fn who_stays_is_given_a_minute() {
        assert_eq!(decide(&unseen(), &RULES, second(159)), Decision::Wait(second(160)));
        assert_eq!(decide(&unseen(), &RULES, second(160)), Decision::Send);
    }

    #[test]
    fn who_leaves_is_written_to_twenty_seconds_later_and_never_later_than_who_stays() {
        let left = |at| Facts { left_at: Some(second(at)), ..unseen() };
        assert_eq!(decide(&left(110), &RULES, second(111)), Decision::Wait(second(130)));
        assert_eq!(decide(&left(155), &RULES, second(156)), Decision::Wait(second(160)));
    }

    #[test]
    fn who_had_left_before_gets_all_that_is_written_in_one_go() {
        let gone = Facts { left_at: Some(second(10)), ..unseen() };
        assert_eq!(decide(&gone, &RULES, second(101)), Decision::Wait(second(120)));
        let more = Facts { last_reply_at: Some(second(115)), ..gone };
        assert_eq!(decide(&more, &RULES, second(120)), Decision::Wait(second(135)));
        let many = Facts { last_reply_at: Some(second(159)), ..gone };
        assert_eq!(decide(&many, &RULES, second(159)), Decision::Wait(second(160)));
    }

    #[test]
    fn not_again_within_ten_minutes() {
        let again = Facts { mailed_at: Some(second(90)), ..unseen() };
        assert_eq!(decide(&again, &RULES, second(600)), Decision::Wait(second(690)));
        assert_eq!(decide(&again, &RULES, second(690)), Decision::Send);
    }

    #[test]
    fn what_is_seen_or_cannot_be_sent_is_not_sent() {
        let seen = Facts { unseen_since: None, ..unseen() };
        let unreachable = Facts { is_reachable: false, ..unseen() };
        for facts in [seen, unreachable] {
            assert_eq!(decide(&facts, &RULES, second(9_999)), Decision::Cancel);
        }
    }

    proptest! {
        #[test]
        fn waiting_until_the_time_that_is_told_sends(
            since in 0_i64..1_000, more in 0_i64..100, left in prop::option::of(0_i64..2_000),
            mailed in prop::option::of(0_i64..2_000), now in 0_i64..3_000,
        ) {
            let facts = Facts {
                unseen_since: Some(second(since)),
                last_reply_at: Some(second(since + more)),
                left_at: left.map(second),
                mailed_at: mailed.map(second),
                is_reachable: true,
            };
            if let Decision::Wait(until) = decide(&facts, &RULES, second(now)) {
                prop_assert!(until > second(now));
                prop_assert_eq!(decide(&facts, &RULES, until), Decision::Send);
            }
        }
    }
}
