//! Derives the properties of a world from a seed: sizes, options, and kinds of faults. Reports print it
//! first.

use std::fmt;

use crate::agenda::{HOUR, MILLISECOND, MINUTE, SECOND, Time};
use crate::random::Random;

/// Faults, and actions of operators. Each seed has some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A process ends at once; its host refuses connections, and another process starts there.
    Crash,
    /// A machine is gone: its address no longer answers.
    Vanish,
    /// A process hangs: it accepts connections but does not respond.
    Freeze,
    /// Packets to one pod are lost.
    Swallow,
    /// A process accepts connections and closes them.
    Wedge,
    /// One proxy cannot reach the pods of one upstream.
    Partition,
    /// One proxy cannot reach anything.
    Cut,
    /// Dials are lost now and then.
    Lossy,
    /// A proxy has run out of ports or files.
    OwnFault,
    /// A name server does not answer, reports a failure, or reports that the name does not exist.
    DnsSilent,
    DnsFails,
    DnsDenies,
    /// It lists only some of the addresses, different ones each time.
    DnsParts,
    /// Its answers for one IP version are lost or late.
    DnsHalf,
    DnsLate,
    /// The host resolves to an address outside its networks.
    Stray,
    /// An upstream has no pods for a while.
    Empty,
    /// A proxy process ends and is replaced by another.
    ReplicaEnds,
    /// There are no visitors for a while.
    Night,
}

impl Fault {
    /// Whether name servers may give partial answers.
    pub fn is_partial(self) -> bool {
        matches!(self, Fault::DnsParts | Fault::DnsHalf | Fault::DnsLate)
    }
}

const FAULTS: [Fault; 19] = [
    Fault::Crash,
    Fault::Vanish,
    Fault::Freeze,
    Fault::Swallow,
    Fault::Wedge,
    Fault::Partition,
    Fault::Cut,
    Fault::Lossy,
    Fault::OwnFault,
    Fault::DnsSilent,
    Fault::DnsFails,
    Fault::DnsDenies,
    Fault::DnsParts,
    Fault::DnsHalf,
    Fault::DnsLate,
    Fault::Stray,
    Fault::Empty,
    Fault::ReplicaEnds,
    Fault::Night,
];

/// How a configuration lists the hosts of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    Name,
    /// Two names.
    Names,
    /// A name, and the addresses of two pods.
    Mixed,
    /// The addresses of all possible pods, without a name.
    Addresses,
}

/// The pods that the host names of the first two upstreams resolve to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// Each resolves to the pods in the networks of its upstream.
    No,
    /// Both resolve to the pods of both.
    Both,
    /// Both resolve to the pods of the first. The second has no pods in its networks.
    First,
}

/// The options of the configurations. Times are in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub gone_after: Time,
    pub gone_rate: u32,
    pub drain_max: Time,
    pub page_wait: Time,
    pub refresh: Time,
    pub stale_max: Time,
    pub first_lookup: Time,
    pub user_chooses: bool,
    pub user_retries: bool,
}

/// The limits of each proxy process.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub max_pods: u32,
    pub max_waiting: u32,
    pub max_lookups: u32,
    pub max_slow_lookups: u32,
    pub refreshes_per_second: u32,
}

#[derive(Debug)]
pub struct Scenario {
    pub seed: u64,
    pub replicas: usize,
    pub upstreams: usize,
    /// Whether two host names resolve to the same pods.
    pub shared: Shared,
    pub hosts: Hosts,
    /// The number of pods of each upstream, and the number of spare addresses. There are few, so that new
    /// pods get used addresses.
    pub pods: usize,
    pub spare: usize,
    /// Whether every second pod has an IPv6 address, and whether all do.
    pub ipv6: bool,
    pub dual: bool,
    pub visitors: usize,
    /// How long each name server caches answers.
    pub caches: Vec<Time>,
    pub settings: Settings,
    pub bounds: Bounds,
    pub faults: Vec<Fault>,
    /// How long faults occur, and the longest interval between them.
    pub chaos: Time,
    pub pause: Time,
    /// The intervals between deployments, reloads and key rotations; 0 for none.
    pub rollouts: Time,
    pub reloads: Time,
    pub rotations: Time,
    /// The interval between evictions; 0 for none.
    pub evictions: Time,
    /// Whether reloads also remove upstreams, restore them, and move them to another host name.
    pub changes: bool,
    /// How many of a thousand pods signal that they are draining, and then take no new pages.
    pub marks: u32,
    /// The time between telling a pod to stop and killing it.
    pub grace: Time,
    /// Whether pods use a new key before all proxies have it.
    pub hasty: bool,
    /// Whether requests of one visitor go to any proxy rather than always to the same one.
    pub spread: bool,
    /// How many of a thousand responses are lost on the way to the client.
    pub client_loss: u32,
    /// The maximum difference between the clocks of threads of one process.
    pub skew: Time,
    /// The longest time that a visitor looks at a page before the next click.
    pub think: Time,
    /// Whether the outcome of a dial and the next step are two calls rather than one.
    pub two_calls: bool,
    /// If not 0, very many visitors come and go, and each stays about this long. The number of pods changes,
    /// but there are no faults.
    pub crowd: Time,
}

impl Scenario {
    pub fn draw(seed: u64) -> Self {
        let random = &mut Random::new(seed, "scenario");
        let visitors = random.pick(&[1, 1, 2, 5, 20, 100]);
        let upstreams = random.pick(&[1, 1, 2, 3]);
        // Some seeds have one or two kinds, most have many, and one in ten has none.
        let share = random.pick(&[0, 100, 200, 400, 400, 600, 600, 800, 800, 1000]);
        let faults = FAULTS.into_iter().filter(|_| random.permille(share)).collect();
        // Later additions draw from their own numbers, so that the rest of a world stays the same.
        let later = &mut Random::new(seed, "later");
        let shared = later.pick(&[Shared::No, Shared::No, Shared::No, Shared::Both, Shared::First]);
        let latest = &mut Random::new(seed, "evictions");
        let often = |random: &mut Random, most| if random.permille(700) { random.between(most / 4, most) } else { 0 };
        let mut scenario = Scenario {
            seed,
            replicas: random.pick(&[1, 1, 2, 3]),
            upstreams,
            shared: if upstreams > 1 { shared } else { Shared::No },
            hosts: later.pick(&[Hosts::Name, Hosts::Name, Hosts::Names, Hosts::Mixed, Hosts::Addresses]),
            pods: random.pick(&[1, 2, 2, 3, 5]),
            spare: random.pick(&[1, 2, 8]),
            ipv6: random.permille(250),
            dual: random.permille(200),
            visitors,
            caches: (0..random.pick(&[1, 2, 3])).map(|_| random.pick(&[0, 1, 5, 15, 30, 60]) * SECOND).collect(),
            settings: Settings {
                gone_after: random.pick(&[0, 1, 10, 10, 10, 30]) * SECOND,
                gone_rate: random.pick(&[0, 1, 5, 100, 100]),
                drain_max: latest.pick(&[0, 0, 0, 5, 60, 600]) * SECOND,
                page_wait: random.pick(&[0, 2, 10, 10]) * SECOND,
                refresh: random.pick(&[500, 1000, 1000, 1000, 5000]) * MILLISECOND,
                stale_max: random.pick(&[5, 10, 300, 300]) * SECOND,
                first_lookup: random.pick(&[500, 3000, 3000]) * MILLISECOND,
                user_chooses: random.permille(150),
                user_retries: random.permille(100),
            },
            bounds: Bounds {
                max_pods: random.pick(&[6, 1_000, 10_000, 10_000]),
                max_waiting: random.pick(&[0, 2, 4096, 4096]),
                max_lookups: random.pick(&[1, 2, 64, 64]),
                max_slow_lookups: random.pick(&[0, 1, 256, 256]),
                refreshes_per_second: random.pick(&[5, 100, 100]),
            },
            faults,
            chaos: random.magnitude(10 * MINUTE, if visitors > 5 { HOUR } else { 12 * HOUR }),
            pause: random.magnitude(2 * SECOND, 4 * MINUTE),
            rollouts: often(random, 30 * MINUTE),
            reloads: often(random, 20 * MINUTE),
            rotations: often(random, 2 * HOUR),
            evictions: if latest.permille(400) { latest.magnitude(30 * SECOND, 20 * MINUTE) } else { 0 },
            changes: later.permille(400),
            marks: later.pick(&[0, 0, 500, 1000]),
            grace: random.pick(&[5, 30, 300, 3600]) * SECOND,
            hasty: random.permille(150),
            spread: random.coin(),
            client_loss: random.pick(&[0, 0, 1, 20]),
            skew: random.pick(&[0, 0, 1, 50]) * MILLISECOND,
            think: random.magnitude(5 * SECOND, 5 * MINUTE),
            two_calls: random.coin(),
            crowd: 0,
        };
        if later.permille(30) {
            scenario.gather();
        }
        scenario
    }

    /// Turns the scenario into one with a crowd.
    fn gather(&mut self) {
        (self.crowd, self.visitors, self.think) = (MINUTE, 400, 5 * MINUTE);
        (self.upstreams, self.shared, self.hosts, self.changes) = (1, Shared::No, Hosts::Name, false);
        (self.pods, self.spare, self.chaos) = (2, 8, 16 * MINUTE);
        (self.rollouts, self.reloads, self.rotations, self.hasty, self.client_loss) = (0, 0, 0, false, 0);
        self.faults.clear();
        (self.evictions, self.settings.drain_max) = (0, 0);
        (self.settings.user_chooses, self.settings.user_retries) = (false, false);
        (self.bounds.max_pods, self.bounds.max_waiting) = (1_000, 4096);
    }

    /// The number of host names: two per upstream.
    pub fn names(&self) -> usize {
        2 * self.upstreams
    }

    /// The upstreams whose networks contain the pods of a host name.
    pub fn led_to(&self, host: usize) -> impl Iterator<Item = usize> + use<> {
        let own = host % self.upstreams;
        let (first, last) = match self.shared {
            Shared::Both if own < 2 => (0, 1),
            Shared::First if own < 2 => (0, 0),
            _ => (own, own),
        };
        first..=last
    }

    /// The intended number of pods in the networks of an upstream.
    pub fn pods_in(&self, upstream: usize) -> usize {
        if self.shared == Shared::First && upstream == 1 { 0 } else { self.pods }
    }

    pub fn port(&self, upstream: usize) -> u16 {
        let shares = self.shared != Shared::No && upstream == 1;
        8000 + if shares { 0 } else { upstream as u16 }
    }

    /// Whether all configurations have the same upstreams and hosts, and each pod belongs to one upstream.
    pub fn is_plain(&self) -> bool {
        !self.changes && self.shared == Shared::No
    }

    /// The maximum age of name servers' answers.
    pub fn cache(&self) -> Time {
        self.caches.iter().copied().max().unwrap_or(0)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:#?}")
    }
}
