//! The lookups of a replica.

use doors_routing::{HostId, LookupFailure, Missing};

use crate::agenda::{MILLISECOND, SECOND};
use crate::event::Event;
use crate::journal::Subject;
use crate::slab::Key;
use crate::world::World;
use crate::world::dns::{Found, Half};

pub struct Lookup {
    replica: usize,
    boot: u32,
    host: HostId,
    /// The number of the host in the world.
    number: usize,
    found: Found,
    /// The lookup has been reported, and these addresses arrive late.
    late: bool,
}

impl Lookup {
    /// Whether it is a current lookup of a replica.
    pub fn counts(&self, replica: usize, boot: u32) -> bool {
        (self.replica, self.boot) == (replica, boot) && !self.late
    }
}

impl World {
    /// Starts the due lookups of a replica and plans the next check.
    pub fn look_up(&mut self, replica: usize) {
        let now = self.now();
        if !self.replicas[replica].up {
            return;
        }
        let (clock, random) = self.timer_clock(replica);
        let mut due = Vec::new();
        let state = self.replicas[replica].state.clone();
        let next = state.due(clock, random, |lookup| due.push((lookup.host, host_number(lookup.name))));
        for (host, number) in due {
            self.start_lookup(replica, host, number);
        }
        let Some(next) = next else { return };
        let next = self.replicas[replica].world_time(next).max(now + 1);
        let known = &mut self.replicas[replica].due;
        if known.is_none_or(|known| next < known || known <= now) {
            *known = Some(next);
            self.agenda.at(next, Event::Due(replica as u8));
        }
    }

    fn start_lookup(&mut self, replica: usize, host: HostId, number: usize) {
        let now = self.now();
        self.tally.lookups += 1;
        let server = self.chances.dns.below(self.dns.servers.len());
        let places = &self.pods.places;
        let is_ipv6 = |place: usize| places[place].address.is_ipv6();
        let (delay, found) = self.dns.ask(server, number, is_ipv6, &mut self.chances.dns, now);
        self.replicas[replica].ids[number] = Some(host);
        self.check_lookup(replica, number);
        let boot = self.replicas[replica].boot;
        let lookup = self.lookups.insert(Lookup { replica, boot, host, number, found, late: false });
        self.agenda.after(delay, Event::LookupEnds(lookup));
    }

    pub fn lookup_ends(&mut self, key: Key) {
        let now = self.now();
        let Some(Lookup { replica, boot, host, number, found, late }) = self.lookups.remove(key) else { return };
        if self.replicas[replica].boot != boot || !self.replicas[replica].up {
            return;
        }
        let (clock, random) = self.clock(replica);
        let state = self.replicas[replica].state.clone();
        for upstream in self.scenario.led_to(number) {
            for place in self.pods.places_of(upstream) {
                self.journal
                    .note(now, Subject::place(place), || format!("replica {replica} hears of u{number}: {found:?}"));
            }
        }
        let report = match found {
            Found::Failed(failure) => {
                self.checks.lookup_failed(replica, number, failure == LookupFailure::NotFound);
                state.lookup_failed(host, failure, clock, random)
            }
            Found::Addresses { places, half } => {
                let mut addresses: Vec<_> = places.iter().map(|place| self.pods.places[*place].address).collect();
                if late {
                    let report = state.resolved_late(host, &addresses, clock);
                    return self.host_reported(replica, &report);
                }
                let known = &self.pods.places;
                let silent =
                    |place: usize| half.as_ref().is_some_and(|half| half.ipv6 == known[place].address.is_ipv6());
                self.checks.told_addresses(replica, number, &places, silent, now);
                // In any order, with duplicates.
                addresses.extend(addresses.first().copied());
                let missing = Missing {
                    v4: half.as_ref().is_some_and(|half| !half.ipv6),
                    v6: half.as_ref().is_some_and(|half| half.ipv6),
                    failure: half.as_ref().filter(|half| half.late.is_none()).map(|_| LookupFailure::Timeout),
                };
                if let Some(Half { late: Some(places), .. }) = half {
                    let found = Found::Addresses { places, half: None };
                    let lookup = self.lookups.insert(Lookup { replica, boot, host, number, found, late: true });
                    let delay = self.chances.dns.between(10 * MILLISECOND, 3 * SECOND);
                    self.agenda.after(delay, Event::LookupEnds(lookup));
                }
                state.resolved(host, &addresses, missing, clock, random)
            }
        };
        self.host_reported(replica, &report);
    }

    fn host_reported(&mut self, replica: usize, report: &doors_routing::HostReport) {
        if report.wake {
            self.wake(replica);
        }
        if report.lookups_due {
            self.look_up(replica);
        }
    }
}

/// The number in a host name: hosts are called u0.test, u1.test and so on.
fn host_number(name: &str) -> usize {
    name.bytes().filter(u8::is_ascii_digit).fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
}
