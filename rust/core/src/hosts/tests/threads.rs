//! Real threads: requests, joining and leaving users, the driver, and readers, all at once.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::super::{HostId, LookupFailure, Missing};
use super::world::{STALE_MAX, World};
use super::{MINUTE, Numbers, two};
use crate::SECOND;

#[test]
fn everything_at_once() {
    let hosts = World::new().hosts;
    // Each event advances time a little: timers keep expiring, but no lookup counts as lost, however rarely
    // the driver runs.
    let clock = AtomicU64::new(0);
    let tick = || clock.fetch_add(SECOND / 100_000, Ordering::Relaxed);
    let running = Mutex::new(BTreeSet::<HostId>::new());
    let ended = AtomicBool::new(false);
    let lookups = AtomicU64::new(0);
    let list = two();

    let drive = |seed: u64| {
        let mut random = Numbers(seed);
        while !ended.load(Ordering::Relaxed) {
            hosts.due(tick(), random.next(), |lookup| {
                assert!(running.lock().unwrap().insert(lookup.host), "two lookups of one host at once");
                assert!(lookup.name.starts_with("app"));
                lookups.fetch_add(1, Ordering::Relaxed);
            });
            while random.below(3) > 0 {
                let Some(id) = running.lock().unwrap().pop_first() else { break };
                // The lookup's slot is free from now on, so the host may be looked up again during the
                // report.
                match random.below(4) {
                    0 => hosts.lookup_failed(id, LookupFailure::NotFound, tick(), random.next()),
                    1 => hosts.resolved(id, &list[..1], Missing::default(), tick(), random.next()),
                    _ => hosts.resolved(id, &list, Missing::default(), tick(), random.next()),
                };
            }
        }
    };
    let use_them = |seed: u64| {
        let mut random = Numbers(seed);
        let mut rounds = 0;
        while rounds < 2000 || lookups.load(Ordering::Relaxed) < 100 {
            rounds += 1;
            let host = hosts.join(&format!("app{}", random.below(3)), 0, SECOND / 100);
            let mut generation = 0;
            for _ in 0..random.below(100) {
                let touch = host.touch(tick(), STALE_MAX, random.below(2) == 0);
                assert!(!touch.first || touch.pending);
                if let Some(addresses) = host.peek().as_ref() {
                    assert!(addresses.list().is_sorted() && !addresses.list().is_empty());
                    assert!(addresses.generation() >= generation, "an older list after a newer one");
                    generation = addresses.generation();
                }
                if random.below(20) == 0 {
                    hosts.drop_refused(&host, list[random.below(2) as usize]);
                }
            }
            assert!(hosts.known(host.id(), tick()).is_some_and(|known| known.users > 0));
            hosts.leave(&host, SECOND / 100);
            host.touch(tick(), STALE_MAX, true);
        }
    };
    thread::scope(|scope| {
        let driver = scope.spawn(|| drive(1));
        let use_them = &use_them;
        let users: Vec<_> = (2..5).map(|seed| scope.spawn(move || use_them(seed))).collect();
        let results: Vec<_> = users.into_iter().map(|user| user.join()).collect();
        ended.store(true, Ordering::Relaxed);
        driver.join().unwrap();
        results.into_iter().for_each(|result| result.unwrap());
    });
    // Without users everything ends: running lookups are reported or lost, and a minute later the hosts are
    // forgotten.
    let mut now = tick() + MINUTE;
    let mut looks = 0;
    while let Some(next) = hosts.due(now, 0, |lookup| panic!("{lookup:?} without a user")) {
        now = now.max(next);
        looks += 1;
        assert!(looks < 1000, "the driver finds no rest");
    }
    for number in 0..10_000 {
        assert!(hosts.find(HostId::new(number)).is_none());
    }
}
