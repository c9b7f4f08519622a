//! Name servers. Their answers may be old, partial or missing.

use doors_routing::LookupFailure;

use crate::agenda::{MILLISECOND, SECOND, Time};
use crate::random::Random;
use crate::scenario::Scenario;

/// A name server's cache and faults. A fault is stored as the time when it ends.
#[derive(Clone, Default)]
pub struct NameServer {
    /// How long answers are cached.
    cache: Time,
    known: Vec<Option<(Time, Vec<usize>)>>,
    pub silent: Time,
    pub fails: Time,
    pub denies: Time,
    pub parts: Time,
    /// The times until which answers for one IP version are lost, and are late.
    pub half: Time,
    pub late: Time,
}

/// The result of a lookup.
#[derive(Clone, Debug)]
pub enum Found {
    /// Addresses, by place.
    Addresses {
        places: Vec<usize>,
        /// Set if the addresses of one IP version are missing. With `late`, they arrive later.
        half: Option<Half>,
    },
    Failed(LookupFailure),
}

#[derive(Clone, Debug)]
pub struct Half {
    pub ipv6: bool,
    pub late: Option<Vec<usize>>,
}

pub struct Dns {
    /// The listed pods of each upstream, by place.
    pub named: Vec<Vec<usize>>,
    /// The upstreams whose pods each host resolves to.
    leads: Vec<Vec<usize>>,
    pub servers: Vec<NameServer>,
}

impl Dns {
    pub fn new(scenario: &Scenario) -> Self {
        let server =
            |cache: &Time| NameServer { cache: *cache, known: vec![None; scenario.names()], ..NameServer::default() };
        Dns {
            named: vec![Vec::new(); scenario.upstreams],
            leads: (0..scenario.names()).map(|host| scenario.led_to(host).collect()).collect(),
            servers: scenario.caches.iter().map(server).collect(),
        }
    }

    /// The answer of a name server, and its delay. `is_ipv6` returns the IP version of a place.
    pub fn ask(
        &mut self,
        server: usize,
        host: usize,
        is_ipv6: impl Fn(usize) -> bool,
        random: &mut Random,
        now: Time,
    ) -> (Time, Found) {
        let Dns { named, leads, servers } = self;
        let server = &mut servers[server];
        let quick = random.between(MILLISECOND / 5, 20 * MILLISECOND);
        if now < server.silent {
            return (random.between(2 * SECOND, 5 * SECOND), Found::Failed(LookupFailure::Timeout));
        }
        if now < server.fails {
            let failure =
                random.pick(&[LookupFailure::ServerFailure, LookupFailure::ServerFailure, LookupFailure::Failed]);
            return (quick, Found::Failed(failure));
        }
        if now < server.denies {
            return (quick, Found::Failed(LookupFailure::NotFound));
        }
        if server.known[host].as_ref().is_none_or(|(at, _)| now - at >= server.cache) {
            server.known[host] =
                Some((now, leads[host].iter().flat_map(|upstream| &named[*upstream]).copied().collect()));
        }
        let all = server.known[host].as_ref().map_or(&[][..], |(_, places)| places);
        if all.is_empty() {
            return (quick, Found::Failed(LookupFailure::NotFound));
        }
        let mut places = all.to_vec();
        if now < server.parts && places.len() > 2 {
            random.shuffle(&mut places);
            places.truncate(places.len() / 2 + 1);
        }
        let mut half = None;
        if now < server.half.max(server.late) {
            let ipv6 = random.coin();
            let (lost, kept): (Vec<usize>, Vec<usize>) = places.iter().partition(|place| is_ipv6(**place) == ipv6);
            if kept.is_empty() {
                return (random.between(2 * SECOND, 5 * SECOND), Found::Failed(LookupFailure::Timeout));
            }
            places = kept;
            half = Some(Half { ipv6, late: (now < server.late && !lost.is_empty()).then_some(lost) });
        }
        (quick, Found::Addresses { places, half })
    }

    /// Ends all faults.
    pub fn calm(&mut self) {
        for server in &mut self.servers {
            *server =
                NameServer { cache: server.cache, known: std::mem::take(&mut server.known), ..NameServer::default() };
        }
    }
}
