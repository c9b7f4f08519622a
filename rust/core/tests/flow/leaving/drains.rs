//! Drains with a time limit: when they begin and end, and which pages must reload.

use doors_routing::{Cause, Options, Outcome, Pod, SECOND};

use super::*;
use crate::world::*;

#[test]
fn pages_reload_drain_max_after_the_mark_or_dns() {
    let options = Options { drain_max: 60 * SECOND, ..Options::default() };
    for by_mark in [true, false] {
        let mut world = world(options);
        let mut pages: Vec<Page> = (0..15).map(|instance| world.open(pod(0, 1), instance)).collect();
        // A fresh pod keeps its pages, even after that time.
        assert_eq!(world.roll_all(&mut pages, 20 * ROLL, pod(0, 2), Cause::DrainMax), []);
        if by_mark {
            world.says(pod(0, 1), DRAINING);
        } else {
            world.dns("app0", &[pod(0, 2)]);
            let _ = world.ask(&page("", ""));
            world.pass(2 * SECOND);
        }
        let since = world.draining_since(pod(0, 1)).unwrap();
        assert!(world.now - since <= 2 * SECOND);
        let told = world.roll_all(&mut pages, 10 * ROLL, pod(0, 2), Cause::DrainMax);
        assert_eq!(told.len(), 15);
        assert!((60 * SECOND..62 * SECOND).contains(&(told[0].0 - since)), "{}", (told[0].0 - since) / SECOND);
        world.hooks(pod(0, 1), 1);
    }
    // Without the option, pages stay.
    let mut world = world(Options::default());
    let mut pages = vec![world.open(pod(0, 1), 1)];
    world.says(pod(0, 1), DRAINING);
    assert_eq!(world.roll_all(&mut pages, 40 * ROLL, pod(0, 2), Cause::DrainMax), []);
}

#[test]
fn a_pod_back_in_dns_no_longer_drains() {
    let mut world = world(Options { drain_max: 60 * SECOND, ..Options::default() });
    let mut pages: Vec<Page> = (0..15).map(|instance| world.open(pod(0, 1), instance)).collect();
    let mut set = |world: &mut World, pods: &[Pod]| {
        world.dns("app0", pods);
        let _ = world.ask(&page("", ""));
        world.pass(2 * SECOND);
        let told = world.roll_all(&mut pages, 3 * ROLL, pod(0, 2), Cause::DrainMax);
        (world.draining_since(pod(0, 1)).is_some(), told)
    };
    for _ in 0..3 {
        assert_eq!(set(&mut world, &[pod(0, 2)]), (true, vec![]));
        assert_eq!(set(&mut world, &[pod(0, 1), pod(0, 2)]), (false, vec![]));
    }
}

/// The first page of a pod may arrive before DNS was queried, or when the answer is old.
#[test]
fn a_fresh_pod_not_yet_in_dns_does_not_drain() {
    let mut world = World::new(1, Options { drain_max: SECOND, ..Options::default() });
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    let mut open = world.open(pod(0, 1), 1);
    assert_eq!(world.draining_since(pod(0, 1)), None);
    world.pass(SECOND);
    assert!(!world.looked_up.is_empty(), "a pod that DNS does not list causes a lookup");
    let _ = world.roll(&mut open);
    assert_eq!(world.draining_since(pod(0, 1)), None);
    // DNS is no longer queried. A pod appears that DNS lists only now.
    world.pass(600 * SECOND);
    world.dns("app0", &[pod(0, 2), pod(0, 3)]);
    let mut open = world.open(pod(0, 3), 1);
    world.pass(5 * SECOND);
    world.tell(pod(0, 2), Outcome::Connected);
    assert_eq!((world.roll(&mut open), world.draining_since(pod(0, 3))), (dial(0, 3), None));
    // If a drain has no limit, open pages cause no lookups.
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1)]);
    let mut open = world.open(pod(0, 1), 1);
    for _ in 0..10 {
        world.pass(ROLL);
        let _ = world.roll(&mut open);
    }
    assert_eq!(world.looked_up.len(), 0);
}
