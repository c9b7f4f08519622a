//! The processes of the app, the addresses where they listen, and their pages.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use doors_routing::TokenCipher;

use crate::agenda::{MINUTE, SECOND, Time};
use crate::scenario::Scenario;
use crate::slab::Key;
use crate::world::keys;

/// What happens to a dial of an address without a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    Refuses,
    /// There is no answer, and the dial times out.
    Silent,
    /// A router reports that there is no such host.
    NoRoute,
}

pub struct Place {
    pub address: IpAddr,
    /// The upstream whose networks contain it or, for a stray address, whose host resolves to it.
    pub upstream: usize,
    /// Outside the networks of all upstreams.
    pub stray: bool,
    pub process: Option<u32>,
    pub empty: Empty,
    /// When it left DNS; `None` while it is listed.
    pub unnamed: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Starts,
    Runs,
    Drains,
    Ended,
}

/// A process of the app. Its number is never reused.
pub struct Process {
    pub place: usize,
    pub upstream: usize,
    pub life: Life,
    /// Whether its responses signal that it is draining.
    pub marks: bool,
    /// When it began to listen.
    pub ready: Time,
    /// The key that encrypted its token.
    pub key: usize,
    pub token: Box<str>,
    /// The times until which it hangs, and until which it closes new connections.
    pub frozen: Time,
    pub wedged: Time,
    pub instances: Vec<u32>,
}

/// One page, as its pod knows it.
pub struct Instance {
    pub process: u32,
    pub alive: bool,
    /// When the instance ends unless its page makes another request.
    pub until: Time,
    /// Its receiver stream.
    pub stream: Option<Key>,
}

/// How long an instance waits for its first stream, and between two streams.
const FIRST: Time = 30 * SECOND;
const LASTS: Time = 40 * MINUTE;

pub struct Pods {
    pub places: Vec<Place>,
    pub processes: Vec<Process>,
    pub instances: Vec<Instance>,
    /// The number of addresses per upstream, without the stray one.
    each: usize,
    upstreams: usize,
}

impl Pods {
    pub fn new(scenario: &Scenario) -> Self {
        let (each, upstreams) = (scenario.pods + scenario.spare, scenario.upstreams);
        let mut places = Vec::new();
        let place = |upstream, number: usize, stray| Place {
            address: address(scenario, upstream, number, stray),
            upstream,
            stray,
            process: None,
            empty: Empty::Refuses,
            unnamed: Some(0),
        };
        for upstream in 0..upstreams {
            places.extend((0..each).map(|number| place(upstream, number, false)));
        }
        places.extend((0..upstreams).map(|upstream| place(upstream, 0, true)));
        Pods { places, processes: Vec::new(), instances: Vec::new(), each, upstreams }
    }

    /// The place of an address.
    pub fn at(&self, address: IpAddr) -> Option<usize> {
        let (upstream, number) = match address {
            IpAddr::V4(address) => (address.octets()[1], address.octets()[3]),
            IpAddr::V6(address) => ((address.segments()[1] & 0xff) as u8, (address.segments()[7] & 0xff) as u8),
        };
        let (upstream, number) = (usize::from(upstream), usize::from(number).checked_sub(1)?);
        let place = if upstream >= STRAY {
            self.each * self.upstreams + upstream - STRAY
        } else {
            upstream * self.each + number
        };
        (self.places.get(place)?.address == address).then_some(place)
    }

    pub fn stray(&self, upstream: usize) -> usize {
        self.each * self.upstreams + upstream
    }

    /// Whether a place is in the networks of an upstream, so that tokens of its pages lead to that upstream.
    pub fn is_inside(&self, place: usize, upstream: usize) -> bool {
        !self.places[place].stray && self.places[place].upstream == upstream
    }

    /// The places in the networks of an upstream.
    pub fn places_of(&self, upstream: usize) -> std::ops::Range<usize> {
        upstream * self.each..(upstream + 1) * self.each
    }

    pub fn process(&self, process: u32) -> &Process {
        &self.processes[process as usize]
    }

    pub fn process_mut(&mut self, process: u32) -> &mut Process {
        &mut self.processes[process as usize]
    }

    /// Creates a process. It starts at a free place.
    pub fn start(&mut self, place: usize, key: usize, marks: bool) -> u32 {
        let cipher = TokenCipher::new(keys::KEYS[key].as_bytes()).expect("the keys are valid");
        let token = cipher.encode(self.places[place].address).expect("the system has random numbers");
        let process = self.processes.len() as u32;
        self.processes.push(Process {
            place,
            upstream: self.places[place].upstream,
            life: Life::Starts,
            marks,
            ready: 0,
            key,
            token: token.as_str().into(),
            frozen: 0,
            wedged: 0,
            instances: Vec::new(),
        });
        self.places[place].process = Some(process);
        process
    }

    pub fn create_instance(&mut self, process: u32, now: Time) -> u32 {
        let instance = self.instances.len() as u32;
        self.instances.push(Instance { process, alive: true, until: now + FIRST, stream: None });
        self.process_mut(process).instances.push(instance);
        instance
    }

    /// Handles a request of a page. Returns whether the process has the page.
    pub fn touch(&mut self, process: u32, instance: u32, sync: bool, now: Time) -> bool {
        let known = &mut self.instances[instance as usize];
        let lives = known.process == process && known.alive && known.until >= now;
        if lives && sync {
            known.until = now + LASTS;
        }
        lives
    }

    pub fn end_instance(&mut self, instance: u32) {
        let known = &mut self.instances[instance as usize];
        known.alive = false;
        let process = known.process;
        self.process_mut(process).instances.retain(|one| *one != instance);
    }

    /// Removes expired instances. Returns how many remain.
    pub fn pages(&mut self, process: u32, now: Time) -> usize {
        let Pods { processes, instances, .. } = self;
        let known = &mut processes[process as usize].instances;
        known.retain(|instance| {
            let instance = &mut instances[*instance as usize];
            instance.alive &= instance.until >= now;
            instance.alive
        });
        known.len()
    }

    /// Whether a page's pod is alive and knows the page.
    pub fn lives(&self, instance: u32, now: Time) -> bool {
        let known = &self.instances[instance as usize];
        known.alive && known.until >= now && self.listens(known.process)
    }

    /// Whether its responses signal that it is draining.
    pub fn is_marked(&self, process: u32) -> bool {
        let process = self.process(process);
        process.marks && process.life == Life::Drains
    }

    pub fn listens(&self, process: u32) -> bool {
        matches!(self.process(process).life, Life::Runs | Life::Drains)
    }
}

/// The first value of the second byte of stray addresses.
const STRAY: usize = 200;

fn address(scenario: &Scenario, upstream: usize, number: usize, stray: bool) -> IpAddr {
    let upstream = if stray { STRAY + upstream } else { upstream } as u8;
    let ipv6 = if scenario.dual { number % 2 == 1 } else { scenario.ipv6 };
    if ipv6 {
        Ipv6Addr::new(0xfd00, u16::from(upstream), 0, 0, 0, 0, 0, number as u16 + 1).into()
    } else {
        Ipv4Addr::new(10, upstream, 0, number as u8 + 1).into()
    }
}
