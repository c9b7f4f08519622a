//! Deployments: processes start, get into DNS, leave it, drain and end.

use super::pods::{Empty, Life};
use crate::agenda::{MILLISECOND, SECOND, Time};
use crate::event::{Deploy, Event, PodEvent};
use crate::journal::Subject;
use crate::scenario::Scenario;
use crate::world::World;

/// The longest time that a process takes to start, and that DNS takes to list it.
pub const STARTS: Time = 10 * SECOND;
pub const NAMED: Time = 2 * SECOND;
/// How often to check whether a draining pod has pages, and whether there is room for a missing pod.
const LOOKS: Time = 10 * SECOND;

/// The intended pods of one upstream.
#[derive(Default)]
pub struct Deployment {
    /// The pods that a rollout has yet to replace.
    old: Vec<u32>,
    /// The intended number of pods, and when this number last changed.
    pub wanted: usize,
    pub scaled: Time,
    /// The time until which there are no pods.
    pub empty: Time,
}

impl Deployment {
    pub fn all(scenario: &Scenario) -> Vec<Self> {
        let wanted = |upstream| Deployment { wanted: scenario.pods_in(upstream), ..Deployment::default() };
        (0..scenario.upstreams).map(wanted).collect()
    }
}

impl World {
    pub fn begin_deployments(&mut self) {
        for upstream in 0..self.scenario.upstreams {
            self.agenda.at(0, Event::Deploy(upstream as u8, Deploy::Reconcile));
            self.plan_rollout(upstream);
        }
        if self.scenario.crowd > 0 {
            // Twice as many in the second third of the time, and one less in the last.
            let (pods, third) = (self.scenario.pods as u8, self.calm / 3);
            self.agenda.at(third, Event::Deploy(0, Deploy::Scale(2 * pods)));
            self.agenda.at(2 * third, Event::Deploy(0, Deploy::Scale(2 * pods - 1)));
        }
    }

    fn plan_rollout(&mut self, upstream: usize) {
        let most = self.scenario.rollouts;
        if most > 0 {
            let at = self.now() + self.chances.pods.between(most / 4, most);
            if at < self.calm {
                self.agenda.at(at, Event::Deploy(upstream as u8, Deploy::Rollout));
            }
        }
    }

    pub fn deploy_event(&mut self, upstream: usize, event: Deploy) {
        match event {
            Deploy::Reconcile => self.reconcile(upstream),
            Deploy::Rollout => {
                self.note(Subject::ALL, || format!("a rollout of upstream {upstream} begins"));
                self.deployments[upstream].old = self.running(upstream);
                if self.scenario.pods_in(upstream) > 0 {
                    self.start_one(upstream);
                }
                self.plan_rollout(upstream);
            }
            Deploy::Scale(wanted) => {
                let deployment = &mut self.deployments[upstream];
                (deployment.wanted, deployment.scaled) = (usize::from(wanted), self.agenda.now());
                self.note(Subject::ALL, || format!("upstream {upstream} must have {wanted} pods"));
                for surplus in self.running(upstream).into_iter().skip(usize::from(wanted)) {
                    self.drain(surplus);
                }
                self.reconcile(upstream);
            }
            Deploy::Replace => {
                if let Some(old) = self.deployments[upstream].old.pop() {
                    self.drain(old);
                    if !self.deployments[upstream].old.is_empty() {
                        self.start_one(upstream);
                    }
                }
                self.reconcile(upstream);
            }
        }
    }

    /// The processes that are to stay, including those still starting.
    pub fn running(&self, upstream: usize) -> Vec<u32> {
        let places = self.pods.places_of(upstream);
        let processes = self.pods.places[places].iter().filter_map(|place| place.process);
        processes.filter(|process| matches!(self.pods.process(*process).life, Life::Starts | Life::Runs)).collect()
    }

    fn reconcile(&mut self, upstream: usize) {
        if self.now() < self.deployments[upstream].empty {
            return;
        }
        for _ in self.running(upstream).len()..self.deployments[upstream].wanted {
            if !self.start_one(upstream) {
                // Draining pods occupy all addresses.
                return self.agenda.after(LOOKS, Event::Deploy(upstream as u8, Deploy::Reconcile));
            }
        }
    }

    fn start_one(&mut self, upstream: usize) -> bool {
        let free: Vec<usize> =
            self.pods.places_of(upstream).filter(|place| self.pods.places[*place].process.is_none()).collect();
        if free.is_empty() {
            return false;
        }
        let place = self.chances.pods.pick(&free);
        self.start_at(place);
        true
    }

    pub fn start_at(&mut self, place: usize) {
        let marks = self.scenario.marks > 0 && self.chances.pods.permille(self.scenario.marks);
        let process = self.pods.start(place, self.sealing, marks);
        self.note(Subject::place(place), || format!("process {process} starts at place {place}"));
        let delay = self.chances.pods.between(200 * MILLISECOND, STARTS);
        self.agenda.after(delay, Event::Pod(process, PodEvent::Ready));
    }

    pub fn pod_event(&mut self, process: u32, event: PodEvent) {
        let now = self.now();
        let &crate::world::app::pods::Process { place, upstream, life, .. } = self.pods.process(process);
        // Another process may have the address by now.
        let is_there = self.pods.places[place].process == Some(process);
        match event {
            PodEvent::Ready if life == Life::Starts && is_there => {
                let pod = self.pods.process_mut(process);
                (pod.life, pod.ready) = (Life::Runs, now);
                self.note(Subject::place(place), || format!("process {process} listens at place {place}"));
                let delay = self.chances.pods.between(0, NAMED);
                self.agenda.after(delay, Event::Pod(process, PodEvent::Named));
                if !self.deployments[upstream].old.is_empty() {
                    self.agenda.after(delay + SECOND, Event::Deploy(upstream as u8, Deploy::Replace));
                }
            }
            PodEvent::Named if life == Life::Runs && is_there => self.name(place),
            PodEvent::Unnamed if !is_there || life != Life::Runs => {
                // A new process at the address has become ready and is listed.
                let named_again = !is_there
                    && self.pods.places[place]
                        .process
                        .is_some_and(|process| self.pods.process(process).life == Life::Runs);
                if !named_again {
                    self.unname(place);
                }
            }
            PodEvent::Drained if life == Life::Drains => {
                if self.pods.pages(process, now) == 0 {
                    self.end_process(process, true);
                } else {
                    self.agenda.after(self.looks_after(process), Event::Pod(process, PodEvent::Drained));
                }
            }
            PodEvent::Deadline if life != Life::Ended && now < self.calm => self.end_process(process, true),
            _ => (),
        }
    }

    pub fn name(&mut self, place: usize) {
        let upstream = self.pods.places[place].upstream;
        self.note(Subject::place(place), || format!("place {place} is in DNS"));
        self.pods.places[place].unnamed = None;
        if !self.dns.named[upstream].contains(&place) {
            self.dns.named[upstream].push(place);
        }
    }

    pub fn unname(&mut self, place: usize) {
        let now = self.now();
        let known = &mut self.pods.places[place];
        let upstream = known.upstream;
        known.unnamed.get_or_insert(now);
        self.dns.named[upstream].retain(|one| *one != place);
        self.note(Subject::place(place), || format!("place {place} leaves DNS"));
    }

    /// Tells a pod to stop.
    fn drain(&mut self, process: u32) {
        if self.pods.process(process).life != Life::Runs {
            return;
        }
        let place = self.pods.process(process).place;
        self.note(Subject::place(place), || format!("process {process} at place {place} drains"));
        self.pods.process_mut(process).life = Life::Drains;
        let delay = self.chances.pods.between(0, SECOND);
        self.agenda.after(delay, Event::Pod(process, PodEvent::Unnamed));
        self.agenda.after(self.looks_after(process), Event::Pod(process, PodEvent::Drained));
        self.agenda.after(self.scenario.grace, Event::Pod(process, PodEvent::Deadline));
    }

    /// How often to check whether a draining pod has pages. A pod that takes no new pages ends as soon as it
    /// has none. Any other waits until DNS caches have expired.
    fn looks_after(&self, process: u32) -> Time {
        if self.pods.process(process).marks { SECOND } else { LOOKS }
    }

    /// Ends a process. Its connections are closed, unless its machine is gone too.
    pub fn end_process(&mut self, process: u32, closes: bool) {
        let place = self.pods.process(process).place;
        self.note(Subject::place(place), || format!("process {process} at place {place} ends"));
        let pod = self.pods.process_mut(process);
        if pod.life == Life::Ended {
            return;
        }
        pod.life = Life::Ended;
        for instance in std::mem::take(&mut pod.instances) {
            self.pods.instances[instance as usize].alive = false;
        }
        let silent = [Empty::Silent, Empty::NoRoute];
        let known = &mut self.pods.places[place];
        known.process = None;
        known.empty = if closes && self.chances.pods.coin() { Empty::Refuses } else { self.chances.pods.pick(&silent) };
        self.connections_end(process, closes);
    }
}
