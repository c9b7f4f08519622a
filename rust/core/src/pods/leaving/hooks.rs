//! Ranks the pages of one pod by how long they have been idle, from their hooks and receiver streams.

use crate::SECOND;

/// The maximum number of remembered pages. Above it, the page that has been idle longest is forgotten.
const MOST: usize = 1024;

/// A page without a receiver stream for this many rolls no longer exists.
const ROLLS: u64 = 2;

/// The recently used pages of one pod.
#[derive(Clone, Debug)]
pub(super) struct Hooks {
    /// When tracking began.
    pub(super) since: u64,
    pages: Vec<Page>,
}

#[derive(Clone, Copy, Debug)]
struct Page {
    /// A hash of the page's ID.
    number: u64,
    /// When its last hook and its last receiver stream arrived.
    hook: u64,
    stream: Option<u64>,
}

impl Hooks {
    pub(super) fn new(now: u64) -> Self {
        Hooks { since: now, pages: Vec::new() }
    }

    fn find(&mut self, number: u64) -> Option<&mut Page> {
        self.pages.iter_mut().find(|page| page.number == number)
    }

    /// Records the use of a page.
    pub(super) fn used(&mut self, number: u64, now: u64) {
        if let Some(page) = self.find(number) {
            page.hook = page.hook.max(now);
            return;
        }
        let page = Page { number, hook: now, stream: None };
        if self.pages.len() < MOST {
            self.pages.push(page);
        } else if let Some(idle) = self.pages.iter_mut().min_by_key(|page| page.hook) {
            *idle = page;
        }
    }

    /// Handles a new receiver stream of a page. Returns how many of the pod's `pages` pages have been idle
    /// longer and must reload first. Pages that are not remembered count as idle the longest.
    pub(super) fn rank(&mut self, number: u64, pages: u32, roll: u64, now: u64) -> u64 {
        let oldest = now.saturating_sub(roll.saturating_mul(ROLLS));
        self.pages.retain(|page| page.hook.max(page.stream.unwrap_or(0)) >= oldest);
        let Some(page) = self.find(number) else { return 0 };
        page.stream = page.stream.max(Some(now));
        let hook = page.hook;
        let here = || self.pages.iter().filter(|page| page.stream.is_some_and(|at| at >= oldest));
        let idle = u64::from(pages).saturating_sub(here().count() as u64);
        idle + here().filter(|page| page.hook < hook).count() as u64
    }

    /// Removes a page that was told to reload.
    pub(super) fn forget(&mut self, number: u64) {
        self.pages.retain(|page| page.number != number);
    }
}

/// How many pages may reload in one roll, at least one.
pub(super) fn room(rate: u32, roll: u64) -> u64 {
    let room = u128::from(rate) * u128::from(roll) / u128::from(SECOND);
    u64::try_from(room).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLL: u64 = 15 * SECOND;

    #[test]
    fn the_longest_idle_pages_go_first() {
        let mut hooks = Hooks::new(0);
        let at = |second: u64| (100 + second) * SECOND;
        for (number, second) in [(1, 3), (2, 1), (3, 2)] {
            hooks.used(number, at(second));
        }
        // Seven of ten pages were not used; none of the other three has opened a stream since.
        assert_eq!(hooks.rank(1, 10, ROLL, at(4)), 9);
        assert_eq!(hooks.rank(2, 10, ROLL, at(5)), 8);
        assert_eq!(hooks.rank(3, 10, ROLL, at(6)), 8);
        assert_eq!([1, 2, 3, 4].map(|number| hooks.rank(number, 10, ROLL, at(7))), [9, 7, 8, 0]);
        hooks.used(2, at(8));
        assert_eq!([1, 2, 3].map(|number| hooks.rank(number, 10, ROLL, at(8))), [8, 9, 7]);
        hooks.forget(3);
        assert_eq!([1, 2, 3].map(|number| hooks.rank(number, 9, ROLL, at(8))), [7, 8, 0]);
        // More pages are remembered than are counted.
        assert_eq!([1, 2].map(|number| hooks.rank(number, 1, ROLL, at(8))), [0, 1]);
    }

    /// Otherwise pages that end unnoticed would keep others from reloading for ever.
    #[test]
    fn a_page_without_a_stream_for_two_rolls_is_not_counted() {
        let mut hooks = Hooks::new(0);
        let at = |second: u64| (100 + second) * SECOND;
        for number in 0..50 {
            hooks.used(number, at(0));
            hooks.rank(number, 60, ROLL, at(0));
        }
        hooks.used(50, at(10));
        assert_eq!(hooks.rank(50, 60, ROLL, at(30)), 59);
        assert_eq!(hooks.rank(50, 60, ROLL, at(31)), 59, "nobody knows whether the others are there");
        assert_eq!(hooks.rank(50, 1, ROLL, at(31)), 0);
        assert_eq!(hooks.pages.len(), 1);
    }

    #[test]
    fn the_number_of_remembered_pods_is_limited() {
        let mut hooks = Hooks::new(0);
        (0..2000).for_each(|number| hooks.used(number, number));
        assert_eq!(hooks.pages.len(), MOST);
        let found = |hooks: &mut Hooks, number| hooks.find(number).is_some();
        assert!([976, 1999].into_iter().all(|number| found(&mut hooks, number)) && !found(&mut hooks, 975));
    }

    #[test]
    fn room_for_one_page_at_least() {
        assert_eq!([(0, ROLL), (1, 0), (1, ROLL), (100, ROLL)].map(|(rate, roll)| room(rate, roll)), [1, 1, 15, 1500]);
        assert_eq!(room(u32::MAX, u64::MAX), u64::MAX);
    }
}
