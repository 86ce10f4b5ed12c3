//! How much of what each may do. Counted in memory: a restart forgives.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use causette_shared::problem::{Problem, ProblemKind};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Config;
use crate::secret::SecretHash;

/// The limits of one server. Each forgets keys that have not been seen for a while (`forget_idle`).
pub struct Limiters {
    /// Messages and forms, by the visitor's session.
    messages: DefaultKeyedRateLimiter<SecretHash>,
    /// What pages say of a visitor, by the visitor's session: as much as messages, and counted apart, so that a page that says
    /// too much takes nobody's word away.
    sayings: DefaultKeyedRateLimiter<SecretHash>,
    /// Identities given, by the visitor's address: an office opens many pages from one.
    identities: DefaultKeyedRateLimiter<IpAddr>,
    /// Conversations begun, by the visitor's address.
    beginnings: DefaultKeyedRateLimiter<IpAddr>,
    /// Sign-ins tried, by the address they come from.
    sign_ins_from: DefaultKeyedRateLimiter<IpAddr>,
    /// Sign-ins tried, by the account, which may not exist.
    sign_ins_for: DefaultKeyedRateLimiter<SecretHash>,
}

impl Limiters {
    /// Makes the limits that the configuration asks for.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let at_least_one = |count: u32| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let messages = Quota::per_second(at_least_one(config.messages_per_second))
            .allow_burst(at_least_one(config.message_burst));
        let beginnings = Quota::per_minute(at_least_one(config.conversations_per_minute));
        let identities = Quota::per_minute(at_least_one(config.identities_per_minute));
        let tries = at_least_one(config.sign_ins_per_five_minutes);
        let sign_ins = Quota::with_period(Duration::from_secs(300) / tries.get())
            .unwrap_or(Quota::per_minute(NonZeroU32::MIN))
            .allow_burst(tries);
        Self {
            messages: RateLimiter::keyed(messages),
            sayings: RateLimiter::keyed(messages),
            identities: RateLimiter::keyed(identities),
            beginnings: RateLimiter::keyed(beginnings),
            sign_ins_from: RateLimiter::keyed(sign_ins),
            sign_ins_for: RateLimiter::keyed(sign_ins),
        }
    }

    /// Counts something that a visitor adds to a log.
    ///
    /// # Errors
    /// It is too much; the problem tells when to come back.
    pub fn count_message(&self, session: SecretHash) -> Result<(), Problem> {
        check(&self.messages, &session)
    }

    /// Counts something that a page says of a visitor.
    ///
    /// # Errors
    /// It is too much; the problem tells when to come back.
    pub fn count_saying(&self, session: SecretHash) -> Result<(), Problem> {
        check(&self.sayings, &session)
    }

    /// Counts an identity that a page gives.
    ///
    /// # Errors
    /// It is too much; the problem tells when to come back.
    pub fn count_identity(&self, from: IpAddr) -> Result<(), Problem> {
        check(&self.identities, &network_of(from))
    }

    /// Counts a conversation that begins.
    ///
    /// # Errors
    /// It is too much; the problem tells when to come back.
    pub fn count_beginning(&self, from: IpAddr) -> Result<(), Problem> {
        check(&self.beginnings, &network_of(from))
    }

    /// Counts a try to sign in, both for the account and for where it comes from.
    ///
    /// # Errors
    /// It is too much of either; the problem tells when to come back.
    pub fn count_sign_in(&self, from: IpAddr, email: &str) -> Result<(), Problem> {
        check(&self.sign_ins_from, &network_of(from))?;
        check(&self.sign_ins_for, &SecretHash::of(&email.to_lowercase()))
    }

    /// Drops the keys that are no nearer to their limit than unseen ones.
    pub fn forget_idle(&self) {
        self.messages.retain_recent();
        self.sayings.retain_recent();
        self.identities.retain_recent();
        self.beginnings.retain_recent();
        self.sign_ins_from.retain_recent();
        self.sign_ins_for.retain_recent();
    }
}

/// The network that an address is counted for: an IPv6 customer holds a /64 at least, so addresses inside one count as
/// one.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let mut segments = v6.segments();
            segments[4..].fill(0);
            IpAddr::V6(segments.into())
        }
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|wait| {
        let wait = wait.wait_time_from(DefaultClock::default().now());
        let millis = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(100);
        Problem::new(ProblemKind::RateLimited).retry_after_ms(millis)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_ins_are_counted_for_the_account_and_for_the_address() {
        let limiters = Limiters::new(&Config { sign_ins_per_five_minutes: 2, ..Config::default() });
        let from = |last| IpAddr::from([192, 0, 2, last]);
        assert!(limiters.count_sign_in(from(1), "a@x.example").is_ok());
        assert!(limiters.count_sign_in(from(2), "A@x.example").is_ok());
        let refused = limiters.count_sign_in(from(3), "a@x.example").expect_err("two were allowed");
        assert_eq!(refused.kind, ProblemKind::RateLimited);
        assert!(refused.retry_after_ms.is_some_and(|wait| wait > 60_000));
        assert!(limiters.count_sign_in(from(1), "b@x.example").is_ok());
        assert!(limiters.count_sign_in(from(1), "c@x.example").is_err());
    }

    #[test]
    fn one_ipv6_network_counts_as_one() {
        let limiters = Limiters::new(&Config { conversations_per_minute: 1, ..Config::default() });
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(limiters.count_beginning(address("2001:db8::1")).is_ok());
        assert!(limiters.count_beginning(address("2001:db8::2")).is_err());
        assert!(limiters.count_beginning(address("2001:db8:0:1::1")).is_ok());
    }
}
