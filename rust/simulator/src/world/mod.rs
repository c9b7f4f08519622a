//! The world: replicas of a proxy, pods, name servers, links and visitors, with one agenda for all of them.
//!
//! ```text
//! app       processes at addresses, and their pages
//!           pods       what is where
//!           deploy     starts and stops processes
//!           serving    responds to requests
//! proxy     replicas
//!           replica    one process: the core, its configurations, its clock
//!           lookups    its lookups
//!           ask        clients' requests and replies
//!           exchange   one request on its way to a pod and back; follows the core's steps
//!           dialling   the dials of requests, and those in the background
//! dns       the answers of name servers
//! links     which packets get through
//! faults    when each fault occurs
//! operator  which pods are evicted
//! keys      the keys for tokens
//! ```

pub mod app;
pub mod dns;
mod faults;
mod keys;
mod links;
pub mod operator;
pub mod proxy;

use std::ops::RangeInclusive;

use crate::agenda::{Agenda, SECOND, Time};
use crate::browser::Visitor;
use crate::checks::{Checks, Violation};
use crate::event::{Event, ReplicaEvent};
use crate::journal::{Journal, Subject};
use crate::random::Random;
use crate::scenario::Scenario;
use crate::slab::Slab;
use crate::tally::Tally;
use app::deploy::Deployment;
use app::pods::Pods;
use dns::Dns;
use links::Links;
use operator::Order;
pub use proxy::RETRIES;
use proxy::ask::Exchange;
use proxy::replica::Replica;
use proxy::{Dial, Lookup};

/// The random numbers of each part.
pub struct Chances {
    pub core: Random,
    pub net: Random,
    pub dns: Random,
    pub pods: Random,
    pub visitors: Random,
    pub faults: Random,
    pub operator: Random,
}

pub struct World {
    pub scenario: Scenario,
    pub agenda: Agenda,
    pub journal: Journal,
    pub tally: Tally,
    pub chances: Chances,
    pub pods: Pods,
    pub dns: Dns,
    pub links: Links,
    pub replicas: Vec<Replica>,
    pub exchanges: Slab<Exchange>,
    pub dials: Slab<Dial>,
    pub lookups: Slab<Lookup>,
    pub visitors: Vec<Visitor>,
    pub checks: Checks,
    /// The keys that replicas decrypt with after a reload, and the key that new pods encrypt with.
    keys: RangeInclusive<usize>,
    sealing: usize,
    rotation: u32,
    pub deployments: Vec<Deployment>,
    /// The active evictions, oldest first.
    pub orders: Vec<Order>,
    /// The time until which each replica has a fault of its own.
    pub faulty: Vec<Time>,
    /// When all faults have ended.
    pub calm: Time,
    /// The path and text buffer for all requests.
    path: String,
}

impl World {
    pub fn new(scenario: Scenario, journal: Journal) -> Self {
        let part = |name| Random::new(scenario.seed, name);
        let mut chances = Chances {
            core: part("core"),
            net: part("net"),
            dns: part("dns"),
            pods: part("pods"),
            visitors: part("visitors"),
            faults: part("faults"),
            operator: part("operator"),
        };
        let pods = Pods::new(&scenario);
        let addresses = pods.places.iter().map(|place| place.address).collect();
        let replica = |_| Replica::new(&scenario, 0..=0, &addresses, 0, &mut chances.faults);
        let replicas = (0..scenario.replicas).map(replica).collect();
        World {
            agenda: Agenda::default(),
            journal,
            tally: Tally::default(),
            dns: Dns::new(&scenario),
            links: Links::new(&scenario, pods.places.len()),
            replicas,
            exchanges: Slab::default(),
            dials: Slab::default(),
            lookups: Slab::default(),
            visitors: Vec::new(),
            checks: Checks::new(&scenario, pods.places.len()),
            keys: 0..=0,
            sealing: 0,
            rotation: 0,
            deployments: Deployment::all(&scenario),
            orders: Vec::new(),
            faulty: vec![0; scenario.replicas],
            calm: scenario.chaos,
            path: String::new(),
            chances,
            pods,
            scenario,
        }
    }

    /// Runs the world until its end or the first violation.
    pub fn run(&mut self) -> Result<(), Violation> {
        self.begin_deployments();
        self.begin_visitors();
        self.begin_faults();
        self.begin_evictions();
        self.agenda.at(SECOND, Event::Look);
        while let Some(event) = self.agenda.advance() {
            if matches!(event, Event::End) {
                break;
            }
            self.happens(event);
            self.check_busy(event);
            self.check_memory();
            if let Some(violation) = self.checks.violation.take() {
                self.tally.over(self.agenda.now(), self.agenda.planned());
                return Err(violation);
            }
        }
        self.tally.over(self.agenda.now(), self.agenda.planned());
        Ok(())
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Dial(dial, tries) => self.dial_sent(dial, tries),
            Event::DialEnds(dial, outcome) => self.dial_ended(dial, outcome),
            Event::Arrives(exchange) => self.arrives(exchange),
            Event::Answers(exchange) => self.answers(exchange),
            Event::StreamEnds(exchange) => self.stream_ends(exchange),
            Event::Resume(exchange) => self.resume(exchange),
            Event::GivesUp(exchange) => self.client_gives_up(exchange),
            Event::Delivered(exchange) => self.delivered(exchange),
            Event::Due(replica) => self.look_up(usize::from(replica)),
            Event::LookupEnds(lookup) => self.lookup_ends(lookup),
            Event::Pod(process, event) => self.pod_event(process, event),
            Event::Deploy(upstream, event) => self.deploy_event(usize::from(upstream), event),
            Event::Replica(replica, ReplicaEvent::Reload) => self.reload(usize::from(replica)),
            Event::Replica(replica, ReplicaEvent::Starts) => self.replica_starts(usize::from(replica)),
            Event::Page(page, event) => self.page_event(page, event),
            Event::Visitor(visitor, event) => self.visitor_event(visitor, event),
            Event::Fault => self.next_fault(),
            Event::Rotate => self.rotate(),
            Event::Evict => self.evict(),
            Event::Undo(aim) => self.undo(aim),
            Event::Look => self.look_over(),
            Event::Calm => self.calm_down(),
            Event::Settled(looks) => self.check_settled(looks),
            Event::End => (),
        }
    }

    pub fn now(&self) -> Time {
        self.agenda.now()
    }

    pub fn note(&mut self, about: Subject, text: impl FnOnce() -> String) {
        self.journal.note(self.agenda.now(), about, text);
    }
}
