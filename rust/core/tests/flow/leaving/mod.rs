//! Pods that are evicted or draining: where new pages go, and which of their pages must reload.

mod drains;
mod events;
mod evictions;
mod marks;

use doors_routing::{
    Action, Cause, EventKind, KnownPod, LookupFailure, Marks, Options, Outcome, Pod, Request, SECOND, Subject, Target,
};

use crate::world::*;

const DRAINING: Marks = Marks { draining: true, refused: false };
const NONE: Marks = Marks { draining: false, refused: false };
const ROLL: u64 = 15 * SECOND;

fn at(pod: Pod) -> Target {
    Target::new(Some((pod.address(), 32)), None).unwrap()
}

/// A path of one of a pod's pages.
fn page_path(pod: Pod, kind: char, instance: usize) -> String {
    format!("/~/{}/{kind}/page{instance}/7?t=1", token(pod))
}

/// An open page with a receiver stream. It opens the next one once per roll.
struct Page {
    pod: Pod,
    instance: usize,
    stream: Option<Request>,
}

impl World {
    fn evict(&self, target: Target, rate: u32, idle_first: bool) {
        assert!(self.state.evict(target, rate, idle_first, self.now));
    }

    fn known_pod(&self, wanted: Pod) -> Option<KnownPod> {
        self.state.pods(None, usize::MAX).into_iter().find(|known| known.pod == wanted)
    }

    fn draining_since(&self, pod: Pod) -> Option<u64> {
        self.known_pod(pod)?.draining_since
    }

    /// A pod responds with these marks.
    fn says(&mut self, pod: Pod, marks: Marks) {
        let path = page_path(pod, 'h', 999);
        let (mut request, action) = self.request(&post(&path));
        assert_eq!(dialled(action), pod);
        let random = self.random();
        let step = self.source.answered(&mut request, marks, self.now, random);
        self.obey(step.report);
        self.ended(request);
    }

    fn open(&mut self, pod: Pod, instance: usize) -> Page {
        let mut page = Page { pod, instance, stream: None };
        assert_eq!(dialled(self.roll(&mut page)), pod);
        page
    }

    /// Opens the next stream of a page; then the previous one ends.
    fn roll(&mut self, page: &mut Page) -> Action {
        let path = page_path(page.pod, 's', page.instance);
        let (request, action) = self.begin(&crate::world::page(&path, ""));
        let is_open = matches!(action, Action::Dial { .. });
        let before = std::mem::replace(&mut page.stream, is_open.then_some(request));
        before.into_iter().for_each(|before| self.ended(before));
        if !is_open {
            self.ended(request);
        }
        action
    }

    /// Checks that all requests of a page go to its pod, except its receiver stream.
    fn hooks(&mut self, pod: Pod, instance: usize) {
        for kind in ['h', 'u', 's', 'r'] {
            let path = page_path(pod, kind, instance);
            let action = if kind == 'r' { self.ask(&page(&path, "")) } else { self.ask(&post(&path)) };
            assert_eq!(dialled(action), pod, "{kind}");
        }
    }

    /// Lets all pages roll for `time`, one after another, while `takes` takes pages. Returns which were told
    /// to reload, and when.
    fn roll_all(&mut self, pages: &mut Vec<Page>, time: u64, takes: Pod, cause: Cause) -> Vec<(u64, usize)> {
        let (mut told, start) = (Vec::new(), self.now);
        while self.now < start + time && !pages.is_empty() {
            let every = ROLL / pages.len() as u64;
            for index in (0..pages.len()).rev() {
                self.now += every;
                self.tell(takes, Outcome::Connected);
                let mut page = pages.remove(index);
                match self.roll(&mut page) {
                    action if action == gone(cause) => told.push((self.now, page.instance)),
                    action => {
                        assert_eq!(dialled(action), page.pod);
                        pages.insert(index, page);
                    }
                }
            }
        }
        told
    }

    fn events(&self) -> Vec<(EventKind, Option<Pod>)> {
        let of = |subject| match subject {
            Subject::Pod(pod, _) => Some(pod),
            Subject::Target(_) => None,
        };
        self.state.events(0).into_iter().map(|event| (event.kind, of(event.subject))).collect()
    }
}

fn world(options: Options) -> World {
    let mut world = World::new(2, options);
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.no_dns("app1", LookupFailure::NotFound, 0);
    world.know_all();
    world
}
