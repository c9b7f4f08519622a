//! In: a seed. Out: what the world is made of: sizes, options, and which faults there are. Printed before the first event of a
//! seed that is looked at.

use std::fmt;

use crate::agenda::{HOUR, MILLISECOND, MINUTE, SECOND, Time};
use crate::random::Random;

/// What may go wrong, and what operators do. Each seed has some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A process ends at once; its host refuses connections, and another process starts there.
    Crash,
    /// A machine is gone: nothing answers at its address any more.
    Vanish,
    /// A process stands still: connections are accepted, and nothing is answered.
    Freeze,
    /// Packets to one pod are lost.
    Swallow,
    /// A process accepts connections and closes them.
    Wedge,
    /// One proxy cannot reach the pods of one upstream.
    Partition,
    /// One proxy reaches nothing at all.
    Cut,
    /// Dials are lost now and then.
    Lossy,
    /// A proxy has no ports or files left.
    OwnFault,
    /// A name server answers nothing, says that it failed, or says that there is no such name.
    DnsSilent,
    DnsFails,
    DnsDenies,
    /// It names some of the addresses, others each time.
    DnsParts,
    /// Its answers for one IP version are lost, or come late.
    DnsHalf,
    DnsLate,
    /// The host names an address outside of its networks.
    Stray,
    /// An upstream has no pod for a while.
    Empty,
    /// A proxy process ends, and another one takes its place.
    ReplicaEnds,
    /// Nobody is there for a while.
    Night,
}

impl Fault {
    /// Answers of name servers may be parts of the truth.
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

/// What a configuration has as the hosts of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    Name,
    /// Two names.
    Names,
    /// A name, and the addresses of two pods.
    Mixed,
    /// The addresses of all pods that there may be, and no name.
    Addresses,
}

/// Which pods the host names of the first two upstreams lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// Each to those in the networks of its upstream.
    No,
    /// Both to the pods of both.
    Both,
    /// Both to those of the first. The second has none in its networks.
    First,
}

/// The options of the configurations, in nanoseconds where they are times.
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

/// The bounds of each proxy process.
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
    /// Whether two host names lead to the same pods.
    pub shared: Shared,
    pub hosts: Hosts,
    /// Pods of each upstream, and addresses of each beside those: few, and new pods get old addresses.
    pub pods: usize,
    pub spare: usize,
    /// The addresses are IPv6 ones; of every second pod, or of all.
    pub ipv6: bool,
    pub dual: bool,
    pub visitors: usize,
    /// How long each name server repeats what it once knew.
    pub caches: Vec<Time>,
    pub settings: Settings,
    pub bounds: Bounds,
    pub faults: Vec<Fault>,
    /// For how long there are faults, and how far they are apart at most.
    pub chaos: Time,
    pub pause: Time,
    /// How far deployments, reloads and changes of keys are apart; 0 for none.
    pub rollouts: Time,
    pub reloads: Time,
    pub rotations: Time,
    /// How far apart an operator evicts pods; 0 for never.
    pub evictions: Time,
    /// Reloads also take upstreams away, bring them back, and find them under another host name.
    pub changes: bool,
    /// How many of a thousand pods say with their answers that they drain, and take no new pages then.
    pub marks: u32,
    /// A pod is killed so long after it was told to stop.
    pub grace: Time,
    /// Pods use a new key before all proxies have it.
    pub hasty: bool,
    /// Requests of one visitor go to any proxy, and not to the same one.
    pub spread: bool,
    /// How many of a thousand answers are lost on the way to the client.
    pub client_loss: u32,
    /// How far apart the clocks of the threads of one process are.
    pub skew: Time,
    /// How long a visitor looks at a page before something is clicked, at most.
    pub think: Time,
    /// What a dial is told and what comes next are two calls, not one.
    pub two_calls: bool,
    /// Very many visitors come and go, each stays about that long, and nothing goes wrong; but the number of pods changes. 0: another kind of world.
    pub crowd: Time,
}

impl Scenario {
    pub fn draw(seed: u64) -> Self {
        let random = &mut Random::new(seed, "scenario");
        let visitors = random.pick(&[1, 1, 2, 5, 20, 100]);
        let upstreams = random.pick(&[1, 1, 2, 3]);
        // Some seeds have one or two kinds, most have many, one in ten has none.
        let share = random.pick(&[0, 100, 200, 400, 400, 600, 600, 800, 800, 1000]);
        let faults = FAULTS.into_iter().filter(|_| random.permille(share)).collect();
        // What came later draws numbers of its own, so that the rest of a world stays as it was.
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

    /// Makes it the world of a crowd.
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

    /// How many host names there are: two for each upstream.
    pub fn names(&self) -> usize {
        2 * self.upstreams
    }

    /// The upstreams in whose networks the pods are that a host name leads to.
    pub fn led_to(&self, host: usize) -> impl Iterator<Item = usize> + use<> {
        let own = host % self.upstreams;
        let (first, last) = match self.shared {
            Shared::Both if own < 2 => (0, 1),
            Shared::First if own < 2 => (0, 0),
            _ => (own, own),
        };
        first..=last
    }

    /// How many pods are to be in the networks of an upstream.
    pub fn pods_in(&self, upstream: usize) -> usize {
        if self.shared == Shared::First && upstream == 1 { 0 } else { self.pods }
    }

    pub fn port(&self, upstream: usize) -> u16 {
        let shares = self.shared != Shared::No && upstream == 1;
        8000 + if shares { 0 } else { upstream as u16 }
    }

    /// One configuration has the same upstreams and hosts as the next, and each pod belongs to one of them.
    pub fn is_plain(&self) -> bool {
        !self.changes && self.shared == Shared::No
    }

    /// How old what a name server says may be.
    pub fn cache(&self) -> Time {
        self.caches.iter().copied().max().unwrap_or(0)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:#?}")
    }
}
