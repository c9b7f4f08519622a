use super::super::{HostChange, LookupFailure};
use super::world::{MAX_WAIT, STALE_MAX, World, list};
use super::{HOUR, MILLISECOND, MINUTE, one, two};
use crate::SECOND;
use HostChange::{Changed, Failing, Resolved};
use LookupFailure::ServerFailure;

#[test]
fn users_with_the_same_name_share_one_answer() {
    let mut world = World::new();
    world.answers(&one(), 100 * MILLISECOND);
    let a = world.join_with("app", 7, MINUTE);
    let b = world.join_with("APP", 7, SECOND);
    world.expect(&a, &one(), 100 * MILLISECOND);
    world.expect(&b, &one(), 0);
    let known = world.hosts.known(a.id(), world.now).unwrap();
    assert_eq!((a.id(), world.asked.len(), known.users, known.refresh), (b.id(), 1, 2, SECOND));
    assert_eq!((&*known.name, known.resolver, known.active), ("app", 7, true));
    world.leave_with(&b, SECOND);
    assert_eq!(world.hosts.known(a.id(), world.now).unwrap().refresh, MINUTE);
}

#[test]
fn users_with_different_names_or_resolvers_do_not_share() {
    let mut world = World::new();
    world.answers(&one(), 0);
    for (n, (name, resolver)) in [("app", 0), ("app", 1), ("app.", 0), ("other", 0)].into_iter().enumerate() {
        let host = world.join_with(name, resolver, SECOND);
        world.expect(&host, &one(), 0);
        assert_eq!((world.asked.len(), host.id().number(), host.resolver()), (n + 1, n as u64 + 1, resolver));
    }
}

#[test]
fn a_reload_keeps_what_is_known() {
    let mut world = World::new();
    world.answers(&one(), 100 * MILLISECOND);
    let mut host = world.join("app");
    world.expect(&host, &one(), 100 * MILLISECOND);
    world.fails(ServerFailure, 100 * MILLISECOND); // the name server is down from here on
    for _ in 0..50 {
        let next = world.join("app");
        world.leave(&host);
        world.expect(&next, &one(), 0);
        world.expect(&host, &one(), 0); // a request of the old configuration
        host = next;
        world.pass(100 * MILLISECOND);
    }
    world.leave(&host);
    world.pass(50 * SECOND);
    host = world.join("app");
    world.expect(&host, &one(), 0);
    world.leave(&host);
    world.pass(MINUTE + SECOND);
    assert_eq!(world.hosts.known(host.id(), world.now), None, "a minute after the last user");
    world.expect(&host, &one(), 0);
    let next = world.join("app");
    assert_ne!(next.id(), host.id());
    world.expect(&next, &[], 100 * MILLISECOND);
    assert_eq!(world.changes, [Resolved, Failing, Failing]);
}

/// The same if the driver is late, since joining and leaving do not know the time.
#[test]
fn the_minute_begins_when_the_driver_notices() {
    let mut world = World::new();
    world.answers(&one(), 0);
    let host = world.join("app");
    world.expect(&host, &one(), 0);
    world.pass(HOUR);
    world.hosts.leave(&host, SECOND);
    world.now += HOUR;
    world.pass(50 * SECOND);
    let next = world.hosts.join("app", 0, SECOND);
    assert_eq!(next.id(), host.id());
    world.hosts.leave(&next, SECOND);
    world.look();
    world.pass(59 * SECOND);
    assert!(world.hosts.find(host.id()).is_some());
    world.pass(SECOND);
    assert!(world.hosts.find(host.id()).is_none());
}

#[test]
fn a_host_that_is_used_again_is_not_forgotten() {
    let mut world = World::new();
    world.answers(&one(), 0);
    let host = world.join("app");
    world.expect(&host, &one(), 0);
    world.leave(&host);
    let host = world.join("app");
    world.pass(2 * MINUTE);
    let next = world.join("app");
    let known = world.hosts.known(next.id(), world.now).unwrap();
    assert_eq!((next.id(), known.users), (host.id(), 2));
}

/// A host that was never looked up is forgotten at once, so that a series of configurations leaves nothing
/// behind even if `due` is never called.
#[test]
fn a_host_that_was_never_looked_up_is_forgotten_at_once() {
    let hosts = World::new().hosts;
    for n in 0..1000 {
        let host = hosts.join(&format!("app{n}"), 0, SECOND);
        host.touch(n, STALE_MAX, false);
        hosts.leave(&host, SECOND);
        assert!(hosts.find(host.id()).is_none());
        assert!(!host.touch(n, STALE_MAX, true).pending);
    }
    hosts.due(0, 0, |lookup| panic!("{lookup:?}"));
}

#[test]
fn leaving_ends_lookups() {
    let mut world = World::new();
    world.answers(&one(), 20 * SECOND);
    let host = world.join("app");
    world.expect(&host, &[], MAX_WAIT);
    world.leave(&host);
    assert!(host.touch(world.now, STALE_MAX, true).pending, "a lookup with a waiting request must continue");
    world.pass(20 * SECOND);
    // The lookup ended after the last request had stopped waiting.
    assert_eq!((list(&host), world.changes.len()), (Vec::new(), 0));
    assert!(!world.hosts.known(host.id(), world.now).unwrap().active);
    world.answers(&one(), MINUTE);
    world.expect(&host, &[], MAX_WAIT); // a request of the old configuration may cause one more lookup, but no others
    world.pass(10 * SECOND);
    assert_eq!(world.asked.len(), 2);
    world.pass(HOUR);
    assert_eq!(world.asked.len(), 2, "a lookup that nobody waits for");
    assert!(world.hosts.find(host.id()).is_none());
    assert_eq!(host.touch(world.now, STALE_MAX, true), super::super::Touch { stale: true, ..Default::default() });
}

/// The next user gets the result of a lookup that started for the previous one.
#[test]
fn the_next_user_of_a_lookup() {
    let mut world = World::new();
    world.answers(&one(), 0);
    let host = world.join("app");
    world.expect(&host, &one(), 0);
    world.pass(10 * MINUTE);
    world.answers(&two(), 100 * MILLISECOND);
    world.touch(&host); // starts a lookup without waiting for it
    world.pass(50 * MILLISECOND);
    world.leave(&host);
    let next = world.join("app");
    world.expect(&next, &two(), 50 * MILLISECOND);
    assert_eq!(world.changes, [Resolved, Changed]);
    world.ask(&next, 100 * MILLISECOND, 5 * SECOND);
    assert!(world.asked.len() > 15, "lookups stopped");
}

/// A reload does not affect requests of the old configuration, whether they wait already or start waiting
/// now.
#[test]
fn a_reload_keeps_lookups_with_waiting_requests() {
    for queued in [false, true] {
        let mut world = World::new();
        world.answers(&one(), 400 * MILLISECOND);
        let mut want = 400 * MILLISECOND;
        if queued {
            // All slots are taken for a while.
            for n in 0..64 {
                let other = world.join(&format!("other{n}"));
                world.touch(&other);
            }
            world.answers(&one(), 50 * MILLISECOND);
            want = 450 * MILLISECOND;
        }
        let old = world.join("app");
        assert!(old.touch(0, STALE_MAX, true).pending);
        world.look();
        world.pass(100 * MILLISECOND);
        world.leave(&old);
        world.expect(&old, &one(), want - 100 * MILLISECOND);
        assert!(!world.hosts.known(old.id(), world.now).unwrap().active);
        world.answers(&two(), 100 * MILLISECOND);
        let late = world.join("late");
        world.expect(&late, &two(), 100 * MILLISECOND);
        world.leave(&late);
        world.pass(30 * SECOND);
        world.answers(&one(), 100 * MILLISECOND);
        world.wait(&late, 0, MAX_WAIT);
        assert_eq!(list(&late), one(), "who waits has a lookup without a user too");
    }
}

/// Users with other intervals join and leave while lookups continue.
#[test]
fn a_shorter_interval_counts_from_now_on() {
    let mut world = World::new();
    world.answers(&one(), 0);
    let slow = world.join_with("app", 0, HOUR);
    world.expect(&slow, &one(), 0);
    world.pass(MINUTE);
    let fast = world.join("app");
    world.ask(&fast, 100 * MILLISECOND, 10 * SECOND);
    assert!((10..=14).contains(&world.asked.len()), "{}", world.asked.len());
    world.leave_with(&fast, HOUR);
    world.ask(&slow, 100 * MILLISECOND, 5 * SECOND);
    assert!((15..=21).contains(&world.asked.len()), "the one that is left asks for a second: {}", world.asked.len());
}
