//! Evictions: where new pages go, and which pages must reload.

use doors_routing::{Action, Cause, Options, Outcome, SECOND, Target};

use super::*;
use crate::world::*;

#[test]
fn an_evicted_pod_gets_pages_only_as_the_last_choice() {
    for is_known in [true, false] {
        let mut world = World::new(1, Options::default());
        world.dns("app0", &[pod(0, 1), pod(0, 2)]);
        if is_known {
            world.know_all();
        }
        world.evict(at(pod(0, 1)), 0, false);
        world.know_all();
        for _ in 0..30 {
            world.now += SECOND;
            assert_eq!(world.ask(&page("", "")), dial(0, 2));
            assert_eq!(world.ask(&page("", &cookie(pod(0, 1)))), dial(0, 2));
            assert_eq!(world.ask(&post("/form")), dial(0, 2));
        }
        assert_eq!(world.known_pod(pod(0, 1)).is_some(), is_known);
        let (mut request, _) = world.request(&page("", ""));
        let last = Action::Dial { upstream: 0, pod: pod(0, 1), probe: false, last_choice: true };
        assert_eq!(world.failed(&mut request, Outcome::Refused), last);
        world.ended(request);
    }
}

#[test]
fn pages_reload_at_the_rate_and_only_through_streams() {
    // The rate of the eviction, or that of the source.
    for (rate, gone_rate) in [(2, 100), (0, 2)] {
        let mut world = world(Options { gone_rate, ..Options::default() });
        let mut pages: Vec<Page> = (0..60).map(|instance| world.open(pod(0, 1), instance)).collect();
        let since = world.now;
        world.evict(at(pod(0, 1)), rate, false);
        (0..60).for_each(|instance| world.hooks(pod(0, 1), instance));
        let told = world.roll_all(&mut pages, 10 * ROLL, pod(0, 2), Cause::Evicted);
        assert_eq!((told.len(), pages.len()), (60, 0));
        for (at, _) in &told {
            let within = told.iter().filter(|(other, _)| (*at..at + SECOND).contains(other)).count();
            assert!(within <= 4, "{within} in one second");
        }
        let (first, last) = (told[0].0, told[59].0);
        assert!(last - first >= 28 * SECOND, "{} s", (last - first) / SECOND);
        (0..60).for_each(|instance| world.hooks(pod(0, 1), instance));
        let [known] = world.state.evictions()[..] else { panic!("{:?}", world.state.evictions()) };
        assert_eq!((known.since, known.told, known.rate), (since, 60, rate));
        let evicted = world.known_pod(pod(0, 1)).unwrap();
        assert_eq!((evicted.evicted_since, evicted.draining_since, evicted.streams), (Some(since), Some(since), 0));
        assert_eq!(evicted.drained_since, Some(evicted.last_seen + 20 * SECOND));
    }
}

/// An evicted pod serves a page if there is no other pod.
#[test]
fn a_page_of_a_dead_pod_reloads_onto_an_evicted_one_if_there_is_no_other() {
    let mut world = world(Options::default());
    world.evict(at(pod(0, 2)), 0, false);
    world.tell(pod(0, 2), Outcome::Connected);
    world.tell(pod(0, 1), Outcome::Refused);
    let path = page_path(pod(0, 1), 's', 1);
    assert_eq!(world.ask(&page(&path, "")), gone(Cause::PodGone));
    let last = Action::Dial { upstream: 0, pod: pod(0, 2), probe: false, last_choice: true };
    let (mut request, mut action) = world.request(&page("", ""));
    if dialled(action) == pod(0, 1) {
        action = world.failed(&mut request, Outcome::Refused);
    }
    assert_eq!(action, last);
    world.ended(request);
}

/// All visitors may be on the evicted pod. The others then had no recent request.
#[test]
fn background_dials_find_a_pod_for_pages_to_reload() {
    let mut world = world(Options::default());
    let mut open = world.open(pod(0, 1), 1);
    world.now += 70 * SECOND;
    world.take_background();
    world.evict(at(pod(0, 1)), 0, false);
    assert_eq!(world.roll(&mut open), dial(0, 1));
    assert_eq!(world.take_background(), [pod(0, 2)]);
    world.tell(pod(0, 2), Outcome::Connected);
    world.now += ROLL;
    assert_eq!(world.roll(&mut open), gone(Cause::Evicted));
    assert!(world.take_background().is_empty());
}

#[test]
fn no_page_reloads_while_no_other_pod_takes_pages() {
    let mut world = world(Options::default());
    let mut open = world.open(pod(0, 1), 1);
    world.evict(at(pod(0, 1)), 0, false);
    let told = |world: &mut World, open: &mut Page| {
        world.tell(pod(0, 2), Outcome::Connected);
        world.now += 2 * SECOND;
        world.roll(open) != dial(0, 1)
    };
    // The other pod has no known sign of life.
    world.now += 70 * SECOND;
    assert_eq!(world.roll(&mut open), dial(0, 1));
    world.says(pod(0, 2), DRAINING);
    assert!(!told(&mut world, &mut open), "marked");
    world.says(pod(0, 2), NONE);
    world.evict(at(pod(0, 2)), 0, false);
    assert!(!told(&mut world, &mut open), "evicted");
    assert!(world.state.undo(&at(pod(0, 2)), world.now));
    world.tell(pod(0, 2), Outcome::Refused);
    world.now += SECOND;
    assert_eq!(world.roll(&mut open), dial(0, 1), "dead");
    world.dns("app0", &[pod(0, 1)]);
    let _ = world.ask(&page("", ""));
    world.pass(2 * SECOND);
    assert!(!told(&mut world, &mut open), "not in DNS");
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    let _ = world.ask(&page("", ""));
    world.pass(2 * SECOND);
    assert!(told(&mut world, &mut open));
}

/// 20 of 60 pages are in use. 15 may reload per roll.
#[test]
fn unused_pages_go_first() {
    let first_told = |idle_first| {
        let mut world = world(Options::default());
        let mut pages: Vec<Page> = (0..60).map(|instance| world.open(pod(0, 1), instance)).collect();
        let since = world.now;
        world.evict(at(pod(0, 1)), 1, idle_first);
        let mut told = Vec::new();
        while told.len() < 60 {
            for instance in (0..60).step_by(3) {
                if pages.iter().any(|page| page.instance == instance) {
                    world.hooks(pod(0, 1), instance);
                }
            }
            told.extend(world.roll_all(&mut pages, ROLL / 2, pod(0, 2), Cause::Evicted));
            assert!(world.now < since + 1000 * SECOND, "{} are left", pages.len());
        }
        (told[0].0 - since, told.iter().take(25).filter(|(_, instance)| instance % 3 == 0).count())
    };
    let (after, used) = first_told(true);
    assert!((ROLL..2 * ROLL).contains(&after), "{after}");
    assert_eq!(used, 0);
    let (after, used) = first_told(false);
    assert!(after < 2 * SECOND && used > 0, "{used} after {after}");
}

#[test]
fn an_eviction_is_cancelled() {
    let mut world = world(Options::default());
    let mut open = world.open(pod(0, 1), 1);
    world.evict(at(pod(0, 1)), 0, false);
    assert!(world.state.undo(&at(pod(0, 1)), world.now) && !world.state.undo(&at(pod(0, 1)), world.now));
    world.tell(pod(0, 2), Outcome::Connected);
    world.now += SECOND;
    assert_eq!(world.roll(&mut open), dial(0, 1));
    assert_eq!((world.draining_since(pod(0, 1)), world.state.evictions()), (None, vec![]));
    assert_eq!(world.ask(&page("", &cookie(pod(0, 1)))), dial(0, 1));
}

#[test]
fn an_evicted_dead_pod_is_gone() {
    let mut world = world(Options::default());
    let mut open = world.open(pod(0, 1), 1);
    world.evict(at(pod(0, 1)), 0, false);
    world.tell(pod(0, 2), Outcome::Connected);
    world.tell(pod(0, 1), Outcome::Refused);
    assert_eq!(world.roll(&mut open), gone(Cause::PodGone));
    let path = page_path(pod(0, 1), 'h', 1);
    assert_eq!(world.ask(&post(&path)), gone(Cause::PodGone));
}

/// All pods of an upstream are evicted. The pods of another take the pages.
#[test]
fn an_upstream_is_evicted() {
    let mut world = World::new(2, Options::default());
    world.dns("app0", &[pod(0, 1)]);
    world.dns("app1", &[pod(1, 1)]);
    world.know_all();
    let mut open = world.open(pod(0, 1), 1);
    world.evict(Target::new(None, world.source.upstream_id(0)).unwrap(), 0, false);
    world.tell(pod(1, 1), Outcome::Connected);
    assert!((0..20).all(|_| world.ask(&page("", &cookie(pod(0, 1)))) == dial(1, 1)));
    assert_eq!(world.roll(&mut open), gone(Cause::Evicted));
    // This includes pods that appear later.
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.pass(2 * SECOND);
    assert!((0..20).all(|_| world.ask(&page("", "")) == dial(1, 1)));
}

#[test]
fn evictions_outlive_configurations() {
    let mut world = world(Options::default());
    let mut open = world.open(pod(0, 1), 1);
    world.evict(at(pod(0, 1)), 0, false);
    for _ in 0..3 {
        world.reload(&["app0", "app1"], Options::default());
        world.know_all();
        assert!((0..20).all(|_| world.ask(&page("", "")) == dial(0, 2)));
    }
    world.tell(pod(0, 2), Outcome::Connected);
    assert_eq!(world.roll(&mut open), gone(Cause::Evicted));
}

#[test]
fn there_may_be_256_evictions() {
    let world = world(Options::default());
    for last in 0..=255 {
        world.evict(at(pod(0, last)), 1, false);
    }
    assert!(!world.state.evict(at(pod(1, 1)), 1, false, world.now));
    // The eviction with the same target is changed and keeps its position.
    assert!(world.state.evict(at(pod(0, 0)), 7, true, world.now + 5));
    let list = world.state.evictions();
    assert_eq!((list.len(), list[0].rate, list[0].idle_first, list[0].since), (256, 7, true, world.now));
    assert_eq!(list.iter().filter(|eviction| eviction.rate == 7).count(), 1);
}
