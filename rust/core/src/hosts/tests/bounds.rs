use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::{Host, LookupFailure, Missing};
use super::world::{Answer, LOOKUP_TIMEOUT, STALE_MAX, World, list};
use super::{HOUR, MILLISECOND, MINUTE, one};
use crate::SECOND;

fn join_many(world: &mut World, prefix: &str, count: usize) -> Vec<Arc<Host>> {
    let hosts: Vec<_> = (0..count).map(|n| world.hosts.join(&format!("{prefix}{n}"), 0, SECOND)).collect();
    world.look();
    hosts
}

fn touch_all(world: &mut World, hosts: &[Arc<Host>]) {
    for host in hosts {
        host.touch(world.now, STALE_MAX, false);
    }
    world.look();
}

/// First all hosts need an answer, then each needs a refresh every second.
#[test]
fn lookups_are_bounded() {
    let mut world = World::new();
    world.answers(&one(), 100 * MILLISECOND);
    let hosts = join_many(&mut world, "app", 1000);
    touch_all(&mut world, &hosts);
    assert_eq!(world.asked.len(), 64);
    world.pass(2 * SECOND);
    assert!(hosts.iter().all(|host| list(host) == one()), "64 at once, and some of them are refreshes");
    for _ in 0..200 {
        touch_all(&mut world, &hosts);
        world.pass(100 * MILLISECOND);
    }
    for host in &hosts {
        let age = world.hosts.known(host.id(), world.now).unwrap().age.unwrap();
        assert!(age <= 10 * SECOND + 200 * MILLISECOND, "{}: age {age}", host.name());
    }
    assert_eq!(world.most_at_once, 64);
    let refreshes = world.asked.len() - hosts.len();
    let most = (world.now / SECOND + 1) as usize * 100;
    assert!(refreshes <= most && refreshes >= most * 8 / 10, "{refreshes} refreshes, {most} may be");
    // No host is refreshed more often than the others.
    let mut lookups: BTreeMap<&str, u32> = BTreeMap::new();
    world.asked.iter().for_each(|asked| *lookups.entry(&asked.1).or_default() += 1);
    let (least, most) = (lookups.values().min().unwrap(), lookups.values().max().unwrap());
    assert!(most - least <= 1, "{least} to {most} lookups");
}

/// A silent name server delays only the hosts that it serves.
#[test]
fn silent_lookups_make_room() {
    let mut world = World::new();
    world.answers(&[], LOOKUP_TIMEOUT);
    world.special("well", Some(Answer { addresses: one(), missing: Missing::default(), failure: None, takes: 0 }));
    let hosts = join_many(&mut world, "silent", 200);
    touch_all(&mut world, &hosts);
    assert_eq!(world.asked.len(), 64);
    let well = world.join("well");
    world.touch(&well);
    world.pass(3 * SECOND - 1);
    assert!(list(&well).is_empty());
    world.pass(1);
    assert_eq!(list(&well), one(), "after 64 and 64 and 64 silent ones");
    let more = join_many(&mut world, "more", 500);
    touch_all(&mut world, &more);
    world.pass(5 * SECOND);
    assert_eq!(world.most_at_once, 64 + 256);
    let asked = world.asked.len();
    world.pass(10 * SECOND);
    assert_eq!(world.asked.len(), asked, "more lookups than may run at once");
    // Once they have failed and are no longer used, no lookup starts.
    world.pass(10 * MINUTE);
    let (asked, looks) = (world.asked.len(), world.looks);
    world.pass(HOUR);
    assert_eq!((world.asked.len(), world.looks), (asked, looks));
    world.answers(&one(), 0);
    touch_all(&mut world, &more[..64]);
    assert!(more[..64].iter().all(|host| list(host) == one()), "places that nobody gave back");
}

/// The greatest delay that a silent name server causes others: one second for each 64 of its hosts until its
/// lookups occupy all slots, then the duration of one lookup.
#[test]
fn a_first_answer_while_all_slots_are_taken() {
    let mut world = World::with_bounds(4, 8, 100);
    world.answers(&[], LOOKUP_TIMEOUT);
    let hosts = join_many(&mut world, "silent", 40);
    touch_all(&mut world, &hosts);
    world.special("well", Some(Answer { addresses: one(), missing: Missing::default(), failure: None, takes: 0 }));
    world.pass(10 * SECOND);
    assert_eq!(world.most_at_once, 12);
    let well = world.join("well");
    world.touch(&well);
    world.pass(5 * LOOKUP_TIMEOUT);
    assert_eq!(list(&well), one());
}

#[test]
fn first_lookups_do_not_wait_for_refreshes() {
    let mut world = World::new();
    world.answers(&one(), 0);
    let hosts = join_many(&mut world, "old", 2000);
    touch_all(&mut world, &hosts);
    world.answers(&one(), 100 * MILLISECOND); // from now on refreshes always queue
    for _ in 0..30 {
        touch_all(&mut world, &hosts);
        world.pass(100 * MILLISECOND);
    }
    let late = world.join("late");
    world.expect(&late, &one(), 100 * MILLISECOND);
}

/// Conversely, refreshes do not wait for first lookups.
#[test]
fn refreshes_do_not_wait_for_first_lookups() {
    let mut world = World::with_bounds(1, 0, 100);
    world.answers(&one(), 100 * MILLISECOND);
    let host = world.join("app");
    world.expect(&host, &one(), 100 * MILLISECOND);
    let many = join_many(&mut world, "new", 1000);
    touch_all(&mut world, &many);
    world.pass(10 * SECOND); // each new host needs refreshes from now on, and there are new hosts for minutes
    let known: BTreeSet<&String> = world.asked.iter().map(|asked| &asked.1).collect();
    let refreshes = world.asked.len() - known.len();
    assert!((99..=102).contains(&world.asked.len()), "{} lookups in 10 s", world.asked.len());
    assert!((40..=50).contains(&refreshes), "{refreshes} of them refreshes");
}

/// If the driver loses a lookup or the caller's thread dies, the slot is released.
#[test]
fn an_unreported_lookup() {
    let mut world = World::with_bounds(1, 0, 100);
    let (lost, other) = (world.join("lost"), world.join("other"));
    lost.touch(0, STALE_MAX, false);
    let mut begun = Vec::new();
    let next = world.hosts.due(0, 0, |lookup| begun.push(lookup.host));
    assert_eq!((begun, next), (vec![lost.id()], Some(MINUTE)));
    other.touch(0, STALE_MAX, false);
    assert_eq!(world.hosts.due(MINUTE - 1, 0, |lookup| panic!("{lookup:?}")), Some(MINUTE));
    let mut begun = Vec::new();
    let next = world.hosts.due(MINUTE, 0, |lookup| begun.push(lookup.host));
    assert_eq!(begun, [other.id()]);
    assert!(
        next.is_some_and(|next| next > MINUTE && next <= MINUTE + SECOND),
        "lookups of the lost host continue: {next:?}"
    );
    let known = world.hosts.known(lost.id(), MINUTE + 5).unwrap();
    assert_eq!((known.failure, known.failing_for), (Some(LookupFailure::Timeout), Some(5)));
    assert_eq!(lost.lookups_ended(), 1);

    // A late report brings the next lookup forward. It finds the address.
    let learned = world.hosts.resolved(lost.id(), &one(), Missing::default(), MINUTE, 0);
    assert!(!learned.addresses_changed && list(&lost).is_empty());
    world.hosts.resolved(other.id(), &one(), Missing::default(), MINUTE, 0);
    let mut begun = Vec::new();
    world.hosts.due(MINUTE, 0, |lookup| begun.push(lookup.host));
    assert_eq!(begun, [lost.id()]);
    let learned = world.hosts.resolved(lost.id(), &one(), Missing::default(), MINUTE, 0);
    assert!(learned.addresses_changed);
}

/// Each host is used all the time, and DNS is healthy.
#[test]
fn a_hundred_thousand_hosts() {
    let mut world = World::new();
    world.answers(&one(), 10 * MILLISECOND);
    let hosts = join_many(&mut world, "app", 100_000);
    let looks = world.looks;
    world.pass(HOUR);
    assert_eq!((world.asked.len(), world.looks), (0, looks), "nobody has used them");
    let used = &hosts[..10];
    touch_all(&mut world, used);
    world.pass(MINUTE);
    let lookups = world.asked.len();
    assert!((100..=140).contains(&lookups), "{lookups} for one request to each of ten hosts");
    assert!(world.looks - looks < 5 * lookups, "{} looks for {lookups} lookups", world.looks - looks);

    touch_all(&mut world, &hosts);
    world.pass(20 * SECOND);
    assert!(hosts.iter().all(|host| list(host) == one()), "64 at once, 10 ms each");
    let asked = world.asked.len();
    for _ in 0..20 {
        touch_all(&mut world, &hosts);
        world.pass(SECOND);
    }
    let refreshes = world.asked.len() - asked;
    assert!((1990..=2101).contains(&refreshes), "{refreshes} refreshes in 20 s");
    // A request that could reach no pod still gets newer addresses.
    let took = world.wait(&hosts[70_000], 2 * SECOND, SECOND);
    assert!(took <= 20 * MILLISECOND, "{took}");
    world.pass(HOUR);
    let looks = world.looks;
    world.pass(HOUR);
    assert_eq!(world.looks, looks, "nobody uses them any more");
}

/// A driver that takes one lookup at a time gets one after another at the same moment.
#[test]
fn a_driver_with_little_room() {
    let mut world = World::with_bounds(64, 0, 100);
    let hosts = ["a", "b", "c"].map(|name| world.join(name));
    for host in &hosts {
        host.touch(0, STALE_MAX, false);
    }
    let mut begun = Vec::new();
    for _ in 0..3 {
        let before = begun.len();
        let next = world.hosts.due_at_most(1, 0, 0, |lookup| begun.push(lookup.host));
        assert_eq!(begun.len(), before + 1);
        assert_eq!(next == Some(0), begun.len() < 3, "{next:?} after {}", begun.len());
    }
    assert_eq!(world.hosts.due_at_most(1, 0, 0, |lookup| panic!("{lookup:?}")), Some(MINUTE));
    begun.sort();
    assert_eq!(begun, hosts.map(|host| host.id()));
}
