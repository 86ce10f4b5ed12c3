//! Several wires that fail by chance.

use std::net::SocketAddr;
use std::time::Duration;

use causette_e2e::harness::{Chance, Damage, Delay, Proxy, Way, Wire};

/// The wires of a crowd, in front of one server.
pub struct Wires {
    proxies: Vec<Proxy>,
    chance: Chance,
}

impl Wires {
    pub async fn start(target: SocketAddr, count: usize, chance: Chance) -> Self {
        let mut proxies = Vec::new();
        for number in 0..count {
            proxies.push(Proxy::start_by_chance(target, &chance.fork(number as u64)).await);
        }
        Self { proxies, chance }
    }

    /// Where a client connects.
    pub fn address(&self, number: usize) -> SocketAddr {
        self.proxies[number % self.proxies.len()].address
    }

    /// Everything passes again.
    pub fn heal(&self) {
        for proxy in &self.proxies {
            proxy.set(Wire::Passes);
        }
    }

    /// Lets one of them do something else; says which, and what.
    pub fn change(&mut self) -> String {
        let number = self.chance.below(self.proxies.len());
        let wire = self.draw();
        self.proxies[number].set(wire);
        format!("wire {number}: {wire:?}")
    }

    /// What they have done together.
    pub fn damage(&self) -> Damage {
        self.proxies.iter().map(Proxy::damage).fold(Damage::default(), |sum, one| Damage {
            connections: sum.connections + one.connections,
            acknowledgements: sum.acknowledgements + one.acknowledgements,
            cut_frames: sum.cut_frames + one.cut_frames,
            closed: sum.closed + one.closed,
            held: sum.held + one.held,
        })
    }

    fn draw(&mut self) -> Wire {
        let chance = &mut self.chance;
        match chance.below(9) {
            0 => Wire::Passes,
            1 => Wire::Cut,
            2 => Wire::SwallowsAnswers,
            3 => Wire::SwallowsRequests,
            4 | 5 => Wire::SwallowsAcknowledgements,
            6 => Wire::CutsInsideFrames { once_in: 1 + chance.below(8) },
            7 => {
                let mut delay = || Delay { at_least: chance.millis(0..=40), jitter: chance.millis(0..=60) };
                Wire::Delays { to_server: delay(), to_client: delay() }
            }
            _ => {
                let way = if chance.once_in(2) { Way::ToServer } else { Way::ToClient };
                Wire::ClosesAfter { way, bytes: chance.draw() % 3000 }
            }
        }
    }

    /// A moment in which things may happen.
    pub fn moment(&mut self) -> Duration {
        self.chance.millis(5..=90)
    }
}
