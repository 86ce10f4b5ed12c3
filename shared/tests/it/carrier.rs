//! `Carriers` and `Link` as the browser's driver runs them, over networks that let WebSockets and HTTP through or not.

use std::time::Duration;

use causette_shared::sync::{Carrier, CarrierEffect, Carriers, Link, LinkEffect, LinkState};
use causette_shared::time::Timestamp;
use proptest::prelude::*;

/// What a network does with a kind of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lets {
    Through,
    /// It cannot be opened.
    Refuses,
    /// It opens, and no frame comes back.
    Swallows,
}

#[derive(Clone, Copy, Debug)]
struct Network {
    socket: Lets,
    http: Lets,
}

impl Network {
    const FREE: Self = Self { socket: Lets::Through, http: Lets::Through };

    fn lets(self, carrier: Carrier) -> Lets {
        match carrier {
            Carrier::Socket => self.socket,
            Carrier::Http => self.http,
        }
    }
}

/// The driver in `client::live`, over a network that answers at once.
struct Driver {
    link: Link,
    carriers: Carriers,
    network: Network,
    now: Timestamp,
    /// What the open connection runs over.
    connection: Option<Carrier>,
    is_probing: bool,
    /// Every attempt to connect, and what over.
    attempts: Vec<Carrier>,
    probes: Vec<Timestamp>,
}

impl Driver {
    fn start(network: Network) -> Self {
        let mut driver = Self {
            link: Link::new(),
            carriers: Carriers::new(),
            network,
            now: Timestamp(1_000_000),
            connection: None,
            is_probing: false,
            attempts: Vec::new(),
            probes: Vec::new(),
        };
        driver.link.start(driver.now);
        driver.drive();
        driver
    }

    /// Changes the link, and tells the carriers when that ended a connection or an attempt.
    fn change(&mut self, act: impl FnOnce(&mut Link, Timestamp)) {
        let is_busy =
            |link: &Link| matches!(link.state(), LinkState::Connecting { .. } | LinkState::Open { .. });
        let was_busy = is_busy(&self.link);
        act(&mut self.link, self.now);
        if was_busy && !is_busy(&self.link) {
            let effect = self.carriers.lost();
            self.carry_out(effect);
        }
        self.drive();
    }

    fn drive(&mut self) {
        while let Some(effect) = self.link.poll_effect() {
            match effect {
                LinkEffect::Connect => self.connect(),
                LinkEffect::Ping => self.answer(),
                LinkEffect::Disconnect => self.connection = None,
            }
        }
    }

    fn connect(&mut self) {
        let carrier = self.carriers.carrier();
        self.attempts.push(carrier);
        if self.network.lets(carrier) == Lets::Refuses {
            self.change(|link, now| link.closed(now, u32::MAX));
            return;
        }
        self.connection = Some(carrier);
        self.link.opened(self.now);
        self.carriers.opened(self.now);
        self.answer();
    }

    /// Answers the greeting or a ping, where the network lets the answer through.
    fn answer(&mut self) {
        if let Some(carrier) = self.connection
            && self.network.lets(carrier) == Lets::Through
        {
            self.link.heard(self.now);
            self.carriers.heard(self.now);
        }
    }

    fn carry_out(&mut self, effect: Option<CarrierEffect>) {
        match effect {
            None => {}
            Some(CarrierEffect::Probe) => {
                assert!(!std::mem::replace(&mut self.is_probing, true), "one probe at a time");
                assert_eq!(self.connection, Some(Carrier::Http), "only a connection over HTTP has a probe");
                self.probes.push(self.now);
                match self.network.socket {
                    Lets::Through => {
                        let effect = self.carriers.probe_heard();
                        self.is_probing = false;
                        assert_eq!(effect, Some(CarrierEffect::Move));
                        self.carry_out(effect);
                    }
                    Lets::Refuses => {
                        self.is_probing = false;
                        self.carriers.probe_lost(self.now);
                    }
                    Lets::Swallows => {}
                }
            }
            Some(CarrierEffect::EndProbe) => {
                assert!(std::mem::take(&mut self.is_probing), "there is a probe to end");
            }
            Some(CarrierEffect::Move) => {
                self.change(|link, now| link.postpone(now, Duration::ZERO, 0));
                self.change(|link, now| link.wake(now));
            }
            Some(CarrierEffect::Switch) => self.link.wake(self.now),
            Some(CarrierEffect::GiveUp) => {
                self.connection = None;
                self.change(|link, now| link.closed(now, u32::MAX));
            }
        }
    }

    /// Lives through `span`.
    fn pass(&mut self, span: Duration) {
        let end = self.now.after(span);
        while let Some(next) = self.link.next_timeout().into_iter().chain(self.carriers.next_timeout()).min()
            && next <= end
        {
            assert!(next >= self.now, "a timeout that has passed would be asked for again and again");
            self.now = next;
            let effect = self.carriers.timeout(self.now);
            self.carry_out(effect);
            self.change(|link, now| link.timeout(now, u32::MAX));
        }
        self.now = end;
    }

    /// The browser says that the network has changed.
    fn wake(&mut self) {
        let effect = self.carriers.wake(self.now);
        self.carry_out(effect);
        self.change(|link, now| link.wake(now));
    }

    /// Changes the network. What runs over it and is refused now breaks; what is swallowed hangs.
    fn enter(&mut self, network: Network) {
        self.network = network;
        if let Some(carrier) = self.connection
            && network.lets(carrier) == Lets::Refuses
        {
            self.connection = None;
            self.change(|link, now| link.closed(now, u32::MAX));
        }
    }

    /// What frames travel over now.
    fn travels_over(&self) -> Option<Carrier> {
        self.connection.filter(|carrier| self.network.lets(*carrier) == Lets::Through)
    }
}

const MINUTE: Duration = Duration::from_secs(60);

fn blocked(socket: Lets) -> Network {
    Network { socket, http: Lets::Through }
}

#[test]
fn a_free_network_is_never_asked_for_http() {
    let mut driver = Driver::start(Network::FREE);
    driver.pass(60 * MINUTE);
    driver.enter(Network { socket: Lets::Refuses, ..Network::FREE });
    driver.pass(Duration::from_secs(1));
    driver.enter(Network::FREE);
    driver.pass(MINUTE);
    assert_eq!(driver.attempts, [Carrier::Socket; 3], "one loss and one failure are no sign of a block");
    assert_eq!(driver.probes, []);
}

#[test]
fn websockets_that_bring_nothing_are_followed_by_http() {
    let (socket, http) = (Carrier::Socket, Carrier::Http);
    for (lets, seconds, attempts) in
        [(Lets::Refuses, 1, vec![socket, socket, http]), (Lets::Swallows, 10, vec![socket, http])]
    {
        let mut driver = Driver::start(blocked(lets));
        driver.pass(Duration::from_secs(seconds));
        assert_eq!(driver.attempts, attempts, "{lets:?}");
        assert_eq!(driver.travels_over(), Some(http));
        driver.enter(Network { http: Lets::Refuses, ..driver.network });
        driver.enter(blocked(lets));
        driver.pass(Duration::from_secs(4));
        assert_eq!(driver.attempts[attempts.len()..], [http], "what has worked is tried first");
        assert_eq!(driver.travels_over(), Some(http));
    }
}

#[test]
fn probes_become_rare_and_end_with_the_block() {
    for socket in [Lets::Refuses, Lets::Swallows] {
        let mut driver = Driver::start(blocked(socket));
        driver.pass(60 * MINUTE);
        let attempts = driver.attempts.len();
        let waits: Vec<u64> = driver.probes.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect();
        // A probe that is swallowed takes ten seconds more.
        let took = if socket == Lets::Swallows { 10 } else { 0 };
        let expected = [60, 120, 240, 480, 600, 600, 600, 600].map(|wait| wait + took);
        assert_eq!(waits[..], expected[..waits.len()]);
        assert!(waits.len() >= 7, "{waits:?}");
        assert!(attempts <= 3, "the connection stood all the time: {:?}", driver.attempts);

        driver.enter(Network::FREE);
        driver.pass(11 * MINUTE);
        assert_eq!(driver.travels_over(), Some(Carrier::Socket));
        assert_eq!(driver.attempts.len(), attempts + 1);
        let probes = driver.probes.len();
        driver.pass(60 * MINUTE);
        assert_eq!(driver.probes.len(), probes, "a WebSocket needs no probe");
    }
}

#[test]
fn the_browsers_word_that_the_network_has_changed_is_used_at_once() {
    let mut driver = Driver::start(blocked(Lets::Refuses));
    driver.pass(20 * MINUTE);
    driver.enter(Network::FREE);
    driver.wake();
    assert_eq!(driver.travels_over(), Some(Carrier::Socket));
}

#[test]
fn a_server_that_was_away_pins_nobody_to_http() {
    for away in 0..120 {
        let mut driver = Driver::start(Network::FREE);
        driver.enter(Network { socket: Lets::Refuses, http: Lets::Refuses });
        driver.pass(Duration::from_secs(away));
        driver.enter(Network::FREE);
        // The longest wait between two attempts, and that before the first probe.
        driver.pass(Duration::from_secs(15));
        assert_eq!(driver.travels_over(), Some(Carrier::Socket), "after {away} s");
    }
}

fn any_lets() -> impl Strategy<Value = Lets> {
    prop_oneof![Just(Lets::Through), Just(Lets::Refuses), Just(Lets::Swallows)]
}

proptest! {
    #[test]
    fn whatever_came_before_the_way_that_is_open_is_found(
        before in proptest::collection::vec((any_lets(), any_lets(), 0..400u64, any::<bool>()), 0..12),
        socket in any_lets(),
        http in any_lets(),
    ) {
        let mut driver = Driver::start(Network::FREE);
        for (socket, http, seconds, wakes) in before {
            driver.enter(Network { socket, http });
            if wakes {
                driver.wake();
            }
            driver.pass(Duration::from_secs(seconds));
        }
        driver.enter(Network { socket, http });
        let attempts = driver.attempts.len();
        // At most: 35 s until a half-dead link is noticed, four attempts that are swallowed, the waits between them.
        driver.pass(2 * MINUTE);
        let open = [socket, http].contains(&Lets::Through);
        prop_assert_eq!(driver.travels_over().is_some(), open);
        if open {
            prop_assert!(driver.attempts.len() - attempts <= 5, "{:?}", &driver.attempts[attempts..]);
        } else {
            let later = &driver.attempts[attempts..];
            prop_assert!(later.contains(&Carrier::Socket) && later.contains(&Carrier::Http), "{:?}", later);
        }
        driver.pass(11 * MINUTE);
        if socket == Lets::Through {
            prop_assert_eq!(driver.travels_over(), Some(Carrier::Socket), "and HTTP is left where it need not be");
        }
    }
}
