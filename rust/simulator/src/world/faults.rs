//! The faults of a scenario. Each begins at a random time and lasts for a while. In the end there are none.

use super::World;
use super::app::deploy::{NAMED, STARTS};
use super::app::pods::Life;
use super::keys::KEYS;
use crate::agenda::{MILLISECOND, MINUTE, SECOND, Time};
use crate::event::{Deploy, Event, PodEvent, ReplicaEvent, VisitorEvent};
use crate::journal::Subject;
use crate::scenario::Fault;

/// The longest duration of a fault.
const LASTS: Time = 10 * MINUTE;

impl World {
    pub fn begin_faults(&mut self) {
        self.agenda.at(self.calm, Event::Calm);
        if !self.scenario.faults.is_empty() {
            self.plan(self.scenario.pause, Event::Fault);
        }
        if self.scenario.rotations > 0 {
            self.plan(self.scenario.rotations, Event::Rotate);
        }
        for replica in 0..self.replicas.len() {
            if self.scenario.reloads > 0 {
                self.plan(self.scenario.reloads, Event::Replica(replica as u8, ReplicaEvent::Reload));
            }
        }
    }

    /// Plans an event that recurs while there are faults.
    fn plan(&mut self, most: Time, event: Event) {
        let at = self.now() + self.chances.faults.between(most / 4, most);
        if at < self.calm {
            self.agenda.at(at, event);
        }
    }

    /// When a fault that begins now ends. No fault outlasts the beginning of the calm.
    fn until(&mut self) -> Time {
        (self.now() + self.chances.faults.magnitude(50 * MILLISECOND, LASTS)).min(self.calm)
    }

    pub fn next_fault(&mut self) {
        self.plan(self.scenario.pause, Event::Fault);
        let fault = self.chances.faults.pick(&self.scenario.faults);
        let (upstream, replica, server) = (
            self.chances.faults.below(self.scenario.upstreams),
            self.chances.faults.below(self.replicas.len()),
            self.chances.faults.below(self.dns.servers.len()),
        );
        let until = self.until();
        self.tally.faults += 1;
        self.note(Subject::ALL, || {
            let until = crate::journal::clock(until);
            format!("fault: {fault:?} until {until} (upstream {upstream}, replica {replica}, name server {server})")
        });
        match fault {
            Fault::Crash | Fault::Vanish | Fault::Freeze | Fault::Swallow | Fault::Wedge => {
                self.pod_fault(fault, upstream, until);
            }
            Fault::Partition => self.links.part(replica, upstream, until),
            Fault::Cut => self.links.cut(replica, self.now(), until),
            Fault::Lossy => {
                let permille = self.chances.faults.pick(&[10, 100, 300]);
                self.links.lose(permille, until);
                self.links.slow_down(until);
            }
            Fault::OwnFault => self.faulty[replica] = until,
            Fault::DnsSilent => self.dns.servers[server].silent = until,
            Fault::DnsFails => self.dns.servers[server].fails = until,
            Fault::DnsDenies => self.dns.servers[server].denies = until,
            Fault::DnsParts => self.dns.servers[server].parts = until,
            Fault::DnsHalf => self.dns.servers[server].half = until,
            Fault::DnsLate => self.dns.servers[server].late = until,
            Fault::Stray => self.stray(upstream, until),
            Fault::Empty => self.empty(upstream, until),
            Fault::ReplicaEnds => self.end_replica(replica, until),
            Fault::Night => self.night(until),
        }
    }

    /// Whether a replica has had its own fault within this time.
    pub fn is_faulty(&self, replica: usize, within: Time) -> bool {
        self.now() < self.faulty[replica] + within
    }

    fn pod_fault(&mut self, fault: Fault, upstream: usize, until: Time) {
        let places = self.pods.places_of(upstream);
        let there: Vec<u32> = places.filter_map(|place| self.pods.places[place].process).collect();
        if there.is_empty() {
            return;
        }
        let process = self.chances.faults.pick(&there);
        let place = self.pods.process(process).place;
        self.note(Subject::place(place), || format!("it is process {process} at place {place}"));
        let reconcile = Event::Deploy(upstream as u8, Deploy::Reconcile);
        match fault {
            Fault::Crash => {
                self.end_process(process, true);
                if self.chances.faults.coin() {
                    // The same machine restarts the process. DNS may not notice.
                    self.start_at(place);
                } else {
                    self.agenda.after(SECOND, reconcile);
                }
                if self.chances.faults.coin() {
                    let delay = self.chances.faults.between(0, 5 * SECOND);
                    self.agenda.after(delay, Event::Pod(process, PodEvent::Unnamed));
                }
            }
            Fault::Vanish => {
                self.end_process(process, false);
                let delay = self.chances.faults.between(5 * SECOND, 40 * SECOND);
                self.agenda.after(delay, Event::Pod(process, PodEvent::Unnamed));
                self.agenda.after(delay, reconcile);
            }
            Fault::Freeze => self.pods.process_mut(process).frozen = until,
            Fault::Wedge => self.pods.process_mut(process).wedged = until,
            _ => self.links.swallow(place, until),
        }
    }

    /// Makes a host resolve to an address outside its networks, where a process may or may not listen.
    fn stray(&mut self, upstream: usize, until: Time) {
        let place = self.pods.stray(upstream);
        if self.pods.places[place].process.is_some() {
            return;
        }
        let process = self.pods.start(place, self.sealing, false);
        if self.chances.faults.coin() {
            self.pods.process_mut(process).life = Life::Runs;
        }
        self.name(place);
        self.agenda.at(until.min(self.calm - 1), Event::Pod(process, PodEvent::Deadline));
        self.agenda.at(until.min(self.calm - 1), Event::Pod(process, PodEvent::Unnamed));
    }

    /// Ends all pods of an upstream and starts none for a while.
    fn empty(&mut self, upstream: usize, until: Time) {
        self.deployments[upstream].empty = until;
        for place in self.pods.places_of(upstream) {
            if let Some(process) = self.pods.places[place].process {
                self.end_process(process, true);
            }
            self.unname(place);
        }
        self.agenda.at(until, Event::Deploy(upstream as u8, Deploy::Reconcile));
    }

    fn end_replica(&mut self, replica: usize, until: Time) {
        if !self.replicas[replica].up {
            return;
        }
        self.replicas[replica].up = false;
        self.forget_exchanges(replica);
        let back = until.min(self.now() + 20 * SECOND);
        self.agenda.at(back, Event::Replica(replica as u8, ReplicaEvent::Starts));
    }

    pub fn replica_starts(&mut self, replica: usize) {
        let now = self.now();
        if self.replicas[replica].up {
            return;
        }
        self.replicas[replica].restart(&self.scenario, self.keys.clone(), now, &mut self.chances.faults);
        self.checks.forget(replica);
        if self.chances.operator.coin() {
            self.evict_again(replica);
        }
        self.note(Subject::ALL, || format!("replica {replica} has started again"));
    }

    pub fn reload(&mut self, replica: usize) {
        self.plan(self.scenario.reloads.max(MINUTE), Event::Replica(replica as u8, ReplicaEvent::Reload));
        self.configure(replica);
    }

    fn configure(&mut self, replica: usize) {
        if self.replicas[replica].up {
            self.note(Subject::ALL, || format!("replica {replica} loads its configuration again"));
            let (now, changes) = (self.now(), self.scenario.changes && self.now() < self.calm);
            let random = &mut self.chances.faults;
            self.replicas[replica].reload(&self.scenario, changes, self.keys.clone(), now, random);
            self.checks.configured(replica, self.replicas[replica].current.all_hosts(), now);
            self.look_up(replica);
        }
    }

    /// Rotates the keys: the proxies get the new one, then pods use it, then the proxies lose the old one.
    pub fn rotate(&mut self) {
        let newest = *self.keys.end();
        let step = self.rotation % 3;
        // With `hasty`, pods use it before the proxies have it.
        let order = if self.scenario.hasty { [1, 0, 2] } else { [0, 1, 2] };
        match order[step as usize] {
            0 if newest + 1 < KEYS.len() => self.keys = *self.keys.start()..=newest + 1,
            1 if self.sealing + 1 < KEYS.len() => self.sealing += 1,
            2 => {
                let used = (0..self.pods.processes.len() as u32).filter(|process| self.pods.listens(*process));
                let oldest = used.map(|process| self.pods.process(process).key).min().unwrap_or(self.sealing);
                let kept = if self.scenario.hasty { self.sealing } else { oldest };
                self.keys = kept.min(newest)..=newest;
            }
            _ => return,
        }
        self.rotation += 1;
        self.note(Subject::ALL, || format!("keys: step {step}"));
        for replica in 0..self.replicas.len() {
            self.configure(replica);
        }
        self.plan(self.scenario.rotations, Event::Rotate);
    }

    fn night(&mut self, until: Time) {
        // A night is long, and is followed by at least a minute of day.
        let until = (self.now() + 30 * (until - self.now())).min(self.calm.saturating_sub(MINUTE));
        for visitor in 0..self.visitors.len() as u16 {
            self.visitor_event(visitor, VisitorEvent::Leaves);
            let delay = self.chances.faults.between(0, MINUTE);
            self.agenda.at(until + delay, Event::Visitor(visitor, VisitorEvent::Opens));
        }
    }

    /// Ends all faults, and makes each visitor look at a page.
    pub fn calm_down(&mut self) {
        let now = self.now();
        self.note(Subject::ALL, || "it is calm".into());
        self.dns.calm();
        self.keys = 0..=self.sealing.max(*self.keys.end());
        for replica in 0..self.replicas.len() {
            if self.replicas[replica].up {
                self.configure(replica);
            } else {
                self.replica_starts(replica);
            }
        }
        self.calm_operator();
        for upstream in 0..self.scenario.upstreams {
            self.deployments[upstream].empty = now;
            self.deploy_event(upstream, Deploy::Reconcile);
        }
        for visitor in 0..self.visitors.len() as u16 {
            self.visitor_event(visitor, VisitorEvent::Opens);
        }
        let bound = self.settles_within(STARTS + NAMED);
        self.tally.bound = bound;
        self.agenda.after(bound, Event::Settled(0));
        self.agenda.after(bound + MINUTE, Event::End);
    }
}
