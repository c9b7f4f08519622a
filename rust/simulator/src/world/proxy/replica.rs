//! One proxy process: its state, its configurations in use, and its clock.

use std::fmt::Write;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::rc::{Rc, Weak};

use doors_routing::{HostId, Limits, Options, Router, Source, State};

use crate::agenda::{MILLISECOND, SECOND, Time};
use crate::browser::ROLL;
use crate::random::Random;
use crate::scenario::{Bounds, Hosts, Scenario, Settings};
use crate::slab::Key;
use crate::world::keys::KEYS;

/// One configuration in use. Requests keep it until they end, even after a reload.
pub struct Bound {
    pub source: Source,
    pub settings: Settings,
    /// The upstreams of the world in the order of the configuration, and the hosts of each: first names, then
    /// addresses. Addresses are numbered after all names, in the order of their places.
    pub upstreams: Vec<usize>,
    hosts: Vec<Vec<usize>>,
    /// When it was loaded.
    pub loaded: Time,
    /// The keys that decrypt tokens.
    pub keys: RangeInclusive<usize>,
}

impl Bound {
    pub fn upstream(&self, index: u32) -> usize {
        self.upstreams[index as usize]
    }

    fn index(&self, upstream: usize) -> Option<u32> {
        let index = self.upstreams.iter().position(|one| *one == upstream)?;
        Some(index as u32)
    }

    /// The core's ID of an upstream of the world.
    pub fn number(&self, upstream: usize) -> Option<u64> {
        self.source.upstream_id(self.index(upstream)?)
    }

    /// The hosts of an upstream, by its index.
    pub fn hosts(&self, index: u32) -> &[usize] {
        &self.hosts[index as usize]
    }

    /// The hosts of an upstream of the world; empty if it is not configured.
    pub fn hosts_of(&self, upstream: usize) -> &[usize] {
        self.index(upstream).map_or(&[], |index| self.hosts(index))
    }

    pub fn all_hosts(&self) -> impl Iterator<Item = usize> {
        self.hosts.iter().flatten().copied()
    }
}

/// A proxy's idle connections to one pod.
#[derive(Clone, Copy, Default)]
pub struct Idle {
    pub process: u32,
    pub connections: u8,
    pub at: Time,
}

/// The time after which idle connections are closed, and their maximum number.
const KEPT: Time = 60 * SECOND;
const MOST: u8 = 8;
/// Upstreams with more addresses than this are not listed by address.
const MOST_LISTED: usize = 5;

pub struct Replica {
    pub up: bool,
    /// Counts the processes. Everything that belongs to an earlier one is invalid.
    pub boot: u32,
    pub state: State,
    pub current: Rc<Bound>,
    /// All configurations still used by requests and dials.
    pub in_use: Vec<Weak<Bound>>,
    /// The process's clock reading at its start, and the time of its start.
    start: u64,
    born: Time,
    skew: Time,
    /// When to check for due lookups.
    pub due: Option<Time>,
    pub waiting: Vec<Key>,
    /// How many of them certainly wait for a pod and not for DNS.
    pub awaiting_pod: usize,
    /// The core's IDs of the host names of the world, as of the last lookup of each.
    pub ids: Vec<Option<HostId>>,
    idle: Vec<Idle>,
    /// The addresses of all places.
    addresses: Rc<[IpAddr]>,
}

impl Replica {
    pub fn new(
        scenario: &Scenario,
        keys: RangeInclusive<usize>,
        addresses: &Rc<[IpAddr]>,
        now: Time,
        random: &mut Random,
    ) -> Self {
        let state = State::new(limits(&scenario.bounds));
        let current = Rc::new(bind(&state, scenario, addresses, false, keys, now, random));
        Replica {
            up: true,
            boot: 0,
            state,
            in_use: vec![Rc::downgrade(&current)],
            current,
            start: random.pick(&[0, 1, SECOND, 1 << 40, 1 << 60]),
            born: now,
            skew: scenario.skew,
            due: None,
            waiting: Vec::new(),
            awaiting_pod: 0,
            ids: vec![None; scenario.names()],
            idle: vec![Idle::default(); addresses.len()],
            addresses: addresses.clone(),
        }
    }

    /// Replaces the process.
    pub fn restart(&mut self, scenario: &Scenario, keys: RangeInclusive<usize>, now: Time, random: &mut Random) {
        let boot = self.boot + 1;
        *self = Replica { boot, ..Replica::new(scenario, keys, &self.addresses, now, random) };
    }

    /// Loads another configuration. With `changes`, some upstreams may be missing or have other hosts.
    pub fn reload(
        &mut self,
        scenario: &Scenario,
        changes: bool,
        keys: RangeInclusive<usize>,
        now: Time,
        random: &mut Random,
    ) {
        self.current = Rc::new(bind(&self.state, scenario, &self.addresses, changes, keys, now, random));
        self.in_use.push(Rc::downgrade(&self.current));
    }

    /// Removes unused configurations. Returns whether there were any.
    pub fn forget_bounds(&mut self) -> bool {
        let before = self.in_use.len();
        self.in_use.retain(|bound| bound.strong_count() > 0);
        self.in_use.len() < before
    }

    /// The shortest refresh interval of all configurations in use.
    pub fn least_refresh(&self) -> Time {
        self.in_use.iter().filter_map(Weak::upgrade).map(|bound| bound.settings.refresh).min().unwrap_or(0)
    }

    /// Whether a configuration in use has a host.
    pub fn uses_host(&self, host: usize) -> bool {
        self.in_use.iter().filter_map(Weak::upgrade).any(|bound| bound.all_hosts().any(|one| one == host))
    }

    /// The reading of its clock.
    pub fn clock(&self, now: Time) -> u64 {
        self.start + (now - self.born)
    }

    /// An earlier reading, as used by a thread that is late with its call.
    pub fn late_clock(&self, now: Time, random: &mut Random) -> u64 {
        let late = if self.skew == 0 { 0 } else { random.between(0, self.skew) };
        self.clock(now).saturating_sub(late)
    }

    /// The time in the world for a reading of its clock.
    pub fn world_time(&self, clock: u64) -> Time {
        clock.saturating_sub(self.start).saturating_add(self.born)
    }

    /// Takes an idle connection to a process.
    pub fn take_idle(&mut self, place: usize, process: Option<u32>, now: Time) -> bool {
        let idle = &mut self.idle[place];
        let usable = Some(idle.process) == process && idle.connections > 0 && now - idle.at < KEPT;
        if usable {
            idle.connections -= 1;
        }
        usable
    }

    pub fn put_idle(&mut self, place: usize, process: u32, now: Time) {
        let idle = &mut self.idle[place];
        if idle.process != process || now - idle.at >= KEPT {
            idle.connections = 0;
        }
        *idle = Idle { process, connections: (idle.connections + 1).min(MOST), at: now };
    }
}

fn limits(bounds: &Bounds) -> Limits {
    let some = |number| NonZeroU32::new(number).expect("no limit is 0");
    Limits {
        max_pods: some(bounds.max_pods),
        max_waiting: bounds.max_waiting,
        max_lookups: some(bounds.max_lookups),
        max_slow_lookups: bounds.max_slow_lookups,
        refreshes_per_second: some(bounds.refreshes_per_second),
    }
}

/// Creates a configuration with the upstreams in random order.
fn bind(
    state: &State,
    scenario: &Scenario,
    addresses: &[IpAddr],
    changes: bool,
    keys: RangeInclusive<usize>,
    now: Time,
    random: &mut Random,
) -> Bound {
    let mut upstreams: Vec<usize> = (0..scenario.upstreams).collect();
    random.shuffle(&mut upstreams);
    if changes {
        upstreams.truncate(1 + random.below(scenario.upstreams));
    }
    let hosts: Vec<Vec<usize>> = upstreams.iter().map(|one| hosts(scenario, *one, changes, random)).collect();
    let json = json(scenario, &upstreams, &hosts, addresses, keys.clone());
    let router = Router::from_json(json.as_bytes()).expect("the configuration is valid");
    // A reload changes some options; the first configuration has those of the scenario.
    let mut settings = scenario.settings;
    if random.permille(200) {
        settings.gone_rate = random.pick(&[0, 2, 100]);
        settings.page_wait = random.pick(&[1, 10]) * SECOND;
        settings.refresh = random.pick(&[500, 1000]) * MILLISECOND;
    }
    let options = Options {
        gone_after: settings.gone_after,
        gone_rate: settings.gone_rate,
        drain_max: settings.drain_max,
        roll_time: ROLL,
        page_wait: settings.page_wait,
        refresh: settings.refresh,
        stale_max: settings.stale_max,
        first_lookup: settings.first_lookup,
        resolver: 0,
        user_chooses: settings.user_chooses,
        user_retries: settings.user_retries,
    };
    Bound { source: Source::new(state, router, options), settings, upstreams, hosts, loaded: now, keys }
}

/// The hosts of an upstream: those of the scenario or, with `changes`, different ones.
fn hosts(scenario: &Scenario, upstream: usize, changes: bool, random: &mut Random) -> Vec<usize> {
    let (mut kind, mut first) = (scenario.hosts, 0);
    if changes {
        first = random.pick(&[0, 1]);
        if kind != Hosts::Name {
            kind = random.pick(&[Hosts::Name, Hosts::Names, Hosts::Mixed, Hosts::Addresses]);
        }
    }
    let names = [first, 1 - first].map(|name| upstream + name * scenario.upstreams);
    let each = scenario.pods + scenario.spare;
    // Few of very many addresses are in use, and a page load would try the others first.
    let most = if each <= MOST_LISTED { each } else { 0 };
    let listed = |most: usize| {
        let places = scenario.led_to(upstream).flat_map(move |one| one * each..one * each + most);
        places.map(|place| scenario.names() + place)
    };
    match kind {
        Hosts::Addresses if most > 0 => listed(most).collect(),
        Hosts::Mixed => names[..1].iter().copied().chain(listed(most.min(2))).collect(),
        Hosts::Names => names.to_vec(),
        Hosts::Name | Hosts::Addresses => names[..1].to_vec(),
    }
}

fn json(
    scenario: &Scenario,
    upstreams: &[usize],
    hosts: &[Vec<usize>],
    addresses: &[IpAddr],
    keys: RangeInclusive<usize>,
) -> String {
    let host = |host: &usize| match host.checked_sub(scenario.names()) {
        Some(place) => format!(r#""{}""#, addresses[place]),
        None => format!(r#""u{host}.test""#),
    };
    let mut text = format!(r#"{{"secret": "{}", "cookie_name": "up", "upstreams": ["#, KEYS[keys].join(" "));
    for (index, (upstream, hosts)) in upstreams.iter().zip(hosts).enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let port = scenario.port(*upstream);
        let hosts: Vec<String> = hosts.iter().map(host).collect();
        let hosts = hosts.join(", ");
        write!(
            text,
            r#"{comma}{{"cidrs": ["10.{upstream}.0.0/24", "fd00:{upstream:x}::/64"], "hosts": [{hosts}], "port": {port}}}"#
        )
        .expect("writing to a string cannot fail");
    }
    text + "]}"
}
