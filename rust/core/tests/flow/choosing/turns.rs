//! Several upstreams, without a cookie.

use std::collections::{BTreeMap, BTreeSet};

use doors_routing::{Action, LookupFailure, Options, Outcome, SECOND};

use crate::world::*;

fn names(upstreams: usize) -> Vec<String> {
    (0..upstreams).map(|index| format!("app{index}")).collect()
}

/// Every pod soon gets the same share, however the pods are distributed over upstreams.
#[test]
fn pods_take_turns() {
    const EACH: u32 = 3000;
    let counts = [1, 4, 2, 0, 3, 1, 1];
    let mut world = World::new(counts.len(), Options::default());
    for (upstream, count) in (0..).zip(counts) {
        let pods: Vec<_> = (1..=count).map(|last| pod(upstream, last)).collect();
        world.dns(&format!("app{upstream}"), &pods);
    }
    world.know_all();
    let mut seen = BTreeMap::new();
    for _ in 0..12 * EACH {
        *seen.entry(dialled(world.ask(&page("", "")))).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 12);
    // An upstream can be ahead by its seats, and the choice between its pods is random.
    let ahead = 64 * 16 + 300;
    assert!(seen.values().all(|times| (EACH - ahead..EACH + ahead).contains(times)), "{seen:?}");
}

/// An upstream gets its next turn only after all others have had theirs. Few upstreams get requests at a
/// time, and they do not all change at once.
#[test]
fn few_upstreams_take_turns_at_a_time() {
    const UPSTREAMS: usize = 200;
    let names = names(UPSTREAMS);
    let mut world = World::with_hosts(&names.iter().map(String::as_str).collect::<Vec<_>>(), Options::default());
    for (upstream, name) in (0..).zip(&names) {
        world.dns(name, &[pod(upstream, 1)]);
    }
    for _ in 0..UPSTREAMS {
        world.ask(&page("", ""));
        world.pass(10 * MS);
    }
    let mut last = BTreeMap::new();
    for index in 0..3 * UPSTREAMS * 16 {
        last.insert(dialled(world.ask(&page("", ""))), index);
        if index % UPSTREAMS == 0 {
            let lately = last.values().filter(|at| index - **at < 4 * 64).count();
            assert!(lately <= 64 + 4 * 64 / 16 + 4, "{lately} upstreams in {} requests", 4 * 64);
        }
    }
    assert_eq!(last.len(), UPSTREAMS);
}

/// A pod that this request could not reach, or that recently failed, is avoided while there are others.
#[test]
fn failed_pods_are_not_drawn() {
    let mut world = World::new(2, Options { page_wait: 0, ..Options::default() });
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.dns("app1", &[pod(1, 1), pod(1, 2)]);
    world.know_all();
    world.tell(pod(1, 1), Outcome::Unreachable);
    for _ in 0..1000 {
        let (mut request, action) = world.request(&page("", ""));
        let mut seen = vec![dialled(action)];
        assert_ne!(seen[0], pod(1, 1));
        for _ in 0..2 {
            let random = world.random();
            // Not reported, so only this request knows.
            let step = world.source.next(&mut request, Outcome::Refused, world.now, random);
            let next = dialled(step.action);
            assert!(next != pod(1, 1) && !seen.contains(&next));
            seen.push(next);
        }
        let step = world.source.next(&mut request, Outcome::Refused, world.now, 0);
        assert_eq!(step.action, dial(1, 1), "with nothing else left");
        world.ended(request);
    }
}

/// A request causes lookups of only a few upstreams, however many there are. Each gets its turn.
#[test]
fn few_upstreams_are_looked_up_for_a_request() {
    const UPSTREAMS: usize = 5000;
    let names = names(UPSTREAMS);
    let mut world = World::with_hosts(&names.iter().map(String::as_str).collect::<Vec<_>>(), Options::default());
    for name in &names {
        world.no_dns(name, LookupFailure::NotFound, 10 * MS);
    }
    world.dns("app4999", &[doors_routing::Pod::new([10, 19, 135, 1].into(), 80)]);
    let mut seen = BTreeSet::new();
    for _ in 0..UPSTREAMS / 16 + 2 {
        world.looked_up.clear();
        let (request, _) = world.begin(&post("/"));
        world.pass(20 * MS);
        world.ended(request);
        let before = seen.len();
        seen.extend(world.looked_up.iter().cloned());
        assert!(seen.len() - before <= 18, "{} more looked up for one request", seen.len() - before);
        world.pass(SECOND / 2);
    }
    assert!(seen.len() > UPSTREAMS * 9 / 10, "{} were looked up", seen.len());
    assert!(matches!(world.ask(&page("", "")), Action::Dial { upstream: 4999, .. }));
}

/// A recently unused upstream is avoided while there are others, since its pods may have changed.
#[test]
fn recently_looked_up_upstreams_come_first() {
    let mut world = World::new(2, Options::default());
    world.dns("app0", &[pod(0, 1)]);
    world.dns("app1", &[pod(1, 1)]);
    world.know_all();
    world.pass(30 * SECOND);
    // Only the first upstream is in use again.
    world.ask(&page("", &cookie(pod(0, 1))));
    world.slow_dns("app1", &[pod(1, 1)], 3600 * SECOND);
    world.pass(SECOND / 2);
    assert_eq!(world.ask(&page("", "")), dial(0, 1));
}

/// When most upstreams leave DNS at once, the others take their seats at once.
#[test]
fn seats_of_departed_upstreams_are_free() {
    const UPSTREAMS: usize = 200;
    let names = names(UPSTREAMS);
    let mut world = World::with_hosts(&names.iter().map(String::as_str).collect::<Vec<_>>(), Options::default());
    for (upstream, name) in (0..).zip(&names) {
        world.dns(name, &[pod(upstream, 1)]);
    }
    for _ in 0..UPSTREAMS {
        world.ask(&page("", ""));
        world.pass(10 * MS);
    }
    for (upstream, name) in (20..).zip(&names[20..]) {
        world.no_dns(name, LookupFailure::NotFound, 0);
        world.ask(&page("", &cookie(pod(upstream, 1))));
    }
    world.pass(3 * SECOND);
    (20..UPSTREAMS as u8).for_each(|upstream| world.tell(pod(upstream, 1), Outcome::Refused));
    for _ in 0..200 {
        let (request, action) = world.begin(&page("", ""));
        assert!(matches!(action, Action::Dial { upstream, .. } if upstream < 20), "{action:?}");
        world.ended(request);
    }
}
