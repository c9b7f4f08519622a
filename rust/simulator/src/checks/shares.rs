//! Checks that with very many visitors, all pods eventually have about the same number of pages.

use super::World;
use crate::agenda::{SECOND, Time};
use crate::browser::{Page, State};
use crate::journal::Subject;
use crate::world::app::deploy::{NAMED, STARTS};

/// A lookup is due at least every 5 s and lasts 3 s.
const LOOKED_UP: Time = 8 * SECOND;

impl World {
    /// Checks the number of pages per pod, a while after the number of pods has changed. The necessary steps
    /// are:
    ///
    /// - New pods start and get into DNS, name servers' caches expire, and replicas find the pods.
    /// - All earlier visitors leave: nobody stays longer than one and a half times the average. The same
    ///   again, since a new pod gets only its share at first.
    ///
    /// Each replica sends a new page to the better of two pods, by the pages that it knows. When many balls
    /// are each placed in the emptier of two random boxes, no box exceeds the mean by more than two or three.
    /// So a few pages per replica, plus a tenth, are allowed. With a single random box the difference would
    /// be three times as large.
    pub fn check_shares(&mut self) {
        let stays = 3 * self.scenario.crowd / 2;
        let changed = self.deployments[0].scaled + STARTS + NAMED + self.scenario.cache() + LOOKED_UP;
        if stays == 0 || self.now() >= self.calm || self.now() < changed + 2 * stays {
            return;
        }
        let pods = self.running(0);
        let pages = |process: u32| {
            let lives =
                |page: &&Page| page.state == State::Live && page.home.is_some_and(|home| home.process == process);
            self.visitors.iter().filter_map(|visitor| visitor.pages.first()).filter(lives).count()
        };
        let pages: Vec<usize> = pods.iter().map(|process| pages(*process)).collect();
        let (most, least) = (pages.iter().max().copied().unwrap_or(0), pages.iter().min().copied().unwrap_or(0));
        let allowed = most / 10 + 5 * self.replicas.len();
        if most - least > allowed {
            let what = format!("the numbers of pages are {pages:?}");
            self.blame("all pods have about the same number of pages", Subject::ALL, what);
        }
    }
}
