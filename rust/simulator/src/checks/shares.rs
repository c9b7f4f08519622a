//! Where very many visitors come and go each pod has as many pages as the others, once there has been time for that.

use super::World;
use crate::agenda::{SECOND, Time};
use crate::browser::{Page, State};
use crate::journal::Subject;
use crate::world::app::deploy::{NAMED, STARTS};

/// A lookup is due each 5 s at most, and lasts 3 s.
const LOOKED_UP: Time = 8 * SECOND;

impl World {
    /// A while after the number of pods has changed, all have about as many pages as the others:
    ///
    /// - the new ones start, DNS gets to know them, name servers forget what they knew, and replicas ask them;
    /// - all visitors who were there leave: nobody stays longer than one and a half times as long as people stay. The same again, since a new
    ///   pod is to get no more than its share at first.
    ///
    /// Each replica sends a new page to the better of two pods, by the pages that it knows of. Of many balls that fall into the emptier of two boxes
    /// drawn at random, no box has more than two or three above the mean: a few for each replica, and a tenth, are allowed. With one box drawn
    /// for each the difference is three times as much.
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
            let what = format!("they have {pages:?}");
            self.blame("each pod has as many pages as the others", Subject::ALL, what);
        }
    }
}
