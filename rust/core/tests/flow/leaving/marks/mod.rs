//! Pods whose responses signal that they are draining.

mod ends;
mod refusals;

use doors_routing::{Action, Incoming, Marks, Options, Outcome, Pod, Request};

use crate::world::*;

const NONE: Marks = Marks { draining: false, refused: false };
const DRAINING: Marks = Marks { draining: true, refused: false };
const REFUSED: Marks = Marks { draining: true, refused: true };

fn last_choice(upstream: u8, last: u8) -> Action {
    Action::Dial { upstream: upstream.into(), pod: pod(upstream, last), probe: false, last_choice: true }
}

impl World {
    /// Lets the pod respond to the request.
    fn answered(&mut self, request: &mut Request, marks: Marks) -> Action {
        let random = self.random();
        let step = self.source.answered(request, marks, self.now, random);
        self.obey(step.report);
        self.wait(request, step.action)
    }

    /// Makes a request that its pod answers with these marks.
    fn serve(&mut self, incoming: &Incoming<'_>, marks: Marks) -> Action {
        let (mut request, action) = self.request(incoming);
        assert_eq!(self.answered(&mut request, marks), Action::Done);
        self.ended(request);
        action
    }

    /// Makes a request of a page of this pod, answered with these marks.
    fn mark(&mut self, pod: Pod, marks: Marks) {
        let path = path(pod, 's');
        assert_eq!(dialled(self.serve(&page(&path, ""), marks)), pod);
    }

    /// Fails the attempt of a request. Returns the next action without waiting.
    fn failed_once(&mut self, request: &mut Request, outcome: Outcome) -> Action {
        let random = self.random();
        let step = self.source.failed(request, outcome, self.now, random);
        self.obey(step.report);
        step.action
    }

    fn marked_since(&self, wanted: Pod) -> Option<u64> {
        self.state.pods(None, usize::MAX).iter().find(|known| known.pod == wanted)?.marked_since
    }

    /// The reports about marks since the last call.
    fn told(&mut self) -> Vec<(Pod, bool)> {
        self.take_reports().iter().filter_map(|report| report.draining).map(|(_, pod, drains)| (pod, drains)).collect()
    }
}

fn world(upstreams: usize, options: Options) -> World {
    let mut world = World::new(upstreams, options);
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.dns("app1", &[pod(1, 1)]);
    world.know_all();
    world
}
