//! New pages go to the pods with the fewest: a steady flow of visitors with lasting pages, in virtual time.

use std::collections::BTreeMap;

use doors_routing::{Marks, Options, Pod, Request, SECOND};

use crate::world::*;

/// Pages per second, and the shortest and longest lifetime of a page in seconds.
const RATE: u64 = 50;
const SHORTEST: u64 = 10;
const LONGEST: u64 = 110;
const ROLL: u64 = 15 * SECOND;

/// An open page.
struct Page {
    pod: Pod,
    closes: u64,
    /// When its next stream opens, and the stream that is open.
    rolls: u64,
    stream: Option<Request>,
}

struct Flow {
    world: World,
    pages: Vec<Page>,
}

impl Flow {
    fn new(pods: u8) -> Self {
        let world = World::new(1, Options::default());
        let mut flow = Flow { world, pages: Vec::new() };
        flow.scale(pods);
        flow.world.know_all();
        flow
    }

    fn scale(&mut self, pods: u8) {
        self.world.dns("app0", &(1..=pods).map(|last| pod(0, last)).collect::<Vec<_>>());
    }

    /// Makes a request that is answered and continues.
    fn open(&mut self, path: &str) -> (Pod, Request) {
        let (mut request, action) = self.world.request(&page(path, ""));
        let step = self.world.source.answered(&mut request, Marks::default(), self.world.now, 1);
        self.world.obey(step.report);
        (dialled(action), request)
    }

    /// Advances time while visitors come, stay and leave. Returns how many new pages each pod got.
    fn run(&mut self, seconds: u64) -> BTreeMap<Pod, u64> {
        let mut got = BTreeMap::new();
        for _ in 0..seconds * RATE {
            self.world.pass(SECOND / RATE);
            let now = self.world.now;
            let (pod, request) = self.open("");
            self.world.ended(request);
            *got.entry(pod).or_insert(0) += 1;
            // Its script opens the first stream a little later.
            let lasts = SECOND * (SHORTEST + self.world.random() % (LONGEST - SHORTEST));
            self.pages.push(Page { pod, closes: now + lasts, rolls: now + SECOND / 2, stream: None });
            for closed in self.pages.extract_if(.., |page| page.closes <= now) {
                closed.stream.into_iter().for_each(|stream| self.world.ended(stream));
            }
            for index in 0..self.pages.len() {
                if self.pages[index].rolls <= now {
                    let path = path(self.pages[index].pod, 's');
                    let (_, stream) = self.open(&path);
                    self.pages[index].rolls += ROLL;
                    self.pages[index].stream.replace(stream).into_iter().for_each(|old| self.world.ended(old));
                }
            }
        }
        got
    }

    /// The number of pages of each pod.
    fn open_pages(&self) -> BTreeMap<Pod, u64> {
        let mut open = BTreeMap::new();
        self.pages.iter().for_each(|page| *open.entry(page.pod).or_insert(0) += 1);
        open
    }

    fn assert_even(&self, pods: usize) {
        let open = self.open_pages();
        let mean = open.values().sum::<u64>() / pods as u64;
        let even = open.values().all(|count| count.abs_diff(mean) * 10 <= mean);
        assert!(open.len() == pods && even, "{open:?}");
    }
}

#[test]
fn all_pods_have_equal_pages_after_a_while() {
    let mut flow = Flow::new(2);
    flow.run(LONGEST + 10);
    flow.assert_even(2);
    flow.scale(4);
    flow.world.pass(2 * SECOND);
    flow.run(LONGEST);
    flow.assert_even(4);
    flow.run(30);
    flow.assert_even(4);
}

/// A new or returning pod has no pages, but does not get all requests.
#[test]
fn a_pod_that_is_back_gets_at_most_twice_the_share_of_the_others() {
    for (before, after) in [(1, 2), (2, 3), (2, 4), (3, 4), (7, 8)] {
        let mut flow = Flow::new(before);
        flow.run(60);
        flow.scale(after);
        flow.world.pass(2 * SECOND);
        let got = flow.run(9);
        let share = |pods: std::ops::RangeInclusive<u8>| {
            let count = pods.clone().count() as u64;
            pods.map(|last| got.get(&pod(0, last)).copied().unwrap_or(0)).sum::<u64>() * 1000 / count
        };
        let (new, old) = (share(before + 1..=after), share(1..=before));

        assert!(2 * new > old && new <= 2 * old, "{before} to {after}: {got:?}");
    }
}

/// Page loads that arrive faster than streams open are counted as well.
#[test]
fn a_burst_of_page_loads_is_spread() {
    let mut flow = Flow::new(4);
    flow.world.pass(40 * SECOND);
    let mut got: BTreeMap<Pod, u64> = BTreeMap::new();
    for _ in 0..400 {
        let (pod, request) = flow.open("");
        flow.world.ended(request);
        *got.entry(pod).or_default() += 1;
    }
    assert!(got.len() == 4 && got.values().all(|count| (95..=105).contains(count)), "{got:?}");
}
