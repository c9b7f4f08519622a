use super::super::{HostChange, LookupFailure, Touch};
use super::world::{LOOKUP_TIMEOUT, MAX_WAIT, STALE_MAX, World, list};
use super::{MILLISECOND, MINUTE, one, two};
use crate::SECOND;
use HostChange::{Changed, Resolved};
use LookupFailure::ServerFailure;

/// The maximum age of an answer for a request that could reach none of its addresses.
const NEWER: u64 = 2 * SECOND;

#[test]
fn the_first_request_waits_and_later_ones_do_not() {
    let mut world = World::new();
    world.answers(&one(), 100 * MILLISECOND);
    let host = world.join("app");
    let touch = host.touch(world.now, STALE_MAX, true);
    assert_eq!(touch, Touch { pending: true, first: true, stale: true, lookups_due: true, ready: false });
    for n in 0..50 {
        let touch = host.touch(world.now, STALE_MAX, true);
        assert_eq!(touch, Touch { pending: true, first: true, ..Touch::default() }, "request {n}");
    }
    world.look();
    world.expect(&host, &one(), 100 * MILLISECOND);
    assert_eq!((world.asked.len(), world.wakes), (1, 1));
    assert_eq!(host.touch(world.now, STALE_MAX, true), Touch::default());
    world.answers(&two(), 100 * MILLISECOND);
    world.expect(&host, &one(), 0);
    world.ask(&host, 50 * MILLISECOND, 1200 * MILLISECOND);
    world.expect(&host, &two(), 0);
    assert_eq!(world.changes, [Resolved, Changed]);
    assert_eq!(world.wakes, 2, "new addresses are news, the same ones are not");
}

#[test]
fn a_request_may_wait_again_after_a_timeout() {
    let mut world = World::new();
    world.answers(&one(), 1200 * MILLISECOND);
    let host = world.join("app");
    world.expect(&host, &[], MAX_WAIT);
    world.expect(&host, &[], MAX_WAIT);
    world.expect(&host, &one(), 200 * MILLISECOND);
}

/// A request that could reach none of the known addresses waits for newer ones only if lookups had stopped.
#[test]
fn newer_addresses_after_a_quiet_time() {
    let mut world = World::new();
    world.answers(&one(), 50 * MILLISECOND);
    let host = world.join("app");
    let newer = |world: &mut World, want, takes| {
        let took = world.wait(&host, NEWER, MAX_WAIT);
        assert_eq!((list(&host), took), (want, takes));
    };
    world.expect(&host, &one(), 50 * MILLISECOND);
    world.answers(&two(), 100 * MILLISECOND);
    newer(&mut world, one(), 0); // looked up a moment ago
    while world.asked.len() == 1 {
        world.ask(&host, MILLISECOND, MILLISECOND);
    }
    newer(&mut world, one(), 0); // the pending answer is just another refresh
    world.pass(MINUTE);
    world.answers(&one(), 100 * MILLISECOND);
    world.expect(&host, &two(), 0);
    newer(&mut world, one(), 100 * MILLISECOND);
    world.pass(MINUTE);
    world.answers(&two(), 2 * MAX_WAIT);
    world.expect(&host, &one(), 0);
    newer(&mut world, one(), MAX_WAIT);
}

#[test]
fn a_stale_answer_is_waited_for_and_then_used() {
    let mut world = World::new();
    world.answers(&one(), 100 * MILLISECOND);
    let host = world.join("app");
    world.expect(&host, &one(), 100 * MILLISECOND);
    world.answers(&two(), 100 * MILLISECOND);
    world.pass(4 * MINUTE); // lookups have stopped long ago, but the answer is still valid
    let asked = world.asked.len();
    world.expect(&host, &two(), 0); // the last lookups of the busy period saw the change
    world.pass(4 * MINUTE);
    world.answers(&one(), 100 * MILLISECOND);
    world.expect(&host, &two(), 0);
    world.pass(SECOND);
    world.expect(&host, &one(), 0);
    assert!(world.asked.len() > asked, "lookups did not start again");

    world.answers(&two(), 100 * MILLISECOND);
    world.pass(6 * MINUTE);
    world.answers(&one(), 200 * MILLISECOND);
    world.expect(&host, &one(), 200 * MILLISECOND);

    world.pass(6 * MINUTE);
    world.answers(&[], LOOKUP_TIMEOUT); // never answers
    world.expect(&host, &one(), MAX_WAIT);
    world.pass(LOOKUP_TIMEOUT); // the lookup has failed, and the next one will probably fail too
    world.expect(&host, &one(), 0);
    world.ask(&host, SECOND, 10 * MINUTE);
    world.expect(&host, &one(), 0);

    world.pass(MINUTE); // idle, and the answer is older than before
    world.answers(&two(), 0);
    world.expect(&host, &two(), 0);
}

/// The flags that `touch` returns, step by step.
#[test]
fn what_touch_returns() {
    let mut world = World::new();
    world.fails(ServerFailure, 100 * MILLISECOND);
    let host = world.join("app");
    let touched = |pending, first, stale| Touch { pending, first, stale, ..Touch::default() };
    assert_eq!(host.touch(0, STALE_MAX, false), Touch { lookups_due: true, stale: true, ..Touch::default() });
    world.look();
    assert_eq!(host.touch(0, STALE_MAX, true), touched(true, true, false));
    world.pass(100 * MILLISECOND);
    assert_eq!(host.touch(world.now, STALE_MAX, true), touched(false, false, false), "the failure is new");
    world.pass(950 * MILLISECOND);
    assert_eq!(world.asked.len(), 2);
    assert_eq!(host.touch(world.now, STALE_MAX, true), touched(false, false, false), "lookups continue and fail");
    world.pass(MINUTE);
    let touch = host.touch(world.now, STALE_MAX, true);
    assert_eq!(touch, Touch { lookups_due: true, ..touched(true, false, true) }, "that they failed is known");
    world.answers(&one(), 0);
    world.look();
    assert_eq!(host.touch(world.now, STALE_MAX, true), touched(false, false, false));
    world.pass(MINUTE);
    assert!(world.touch(&host).stale);
    world.leave(&host);
    let touch = host.touch(world.now, 0, false);
    assert_eq!(touch, touched(false, false, true), "nobody follows it any more");
}

/// A lookup without a waiting request may be queued behind refreshes; once a request waits for it, it may
/// not.
#[test]
fn waiting_requests_go_before_refreshes() {
    let mut world = World::with_bounds(1, 0, 1);
    world.answers(&one(), 0);
    let hosts: Vec<_> = (0..20).map(|n| world.join(&format!("app{n}"))).collect();
    for host in &hosts {
        world.expect(host, &one(), 0);
    }
    let asking = |world: &mut World| hosts.iter().for_each(|host| _ = host.touch(world.now, STALE_MAX, false));
    for _ in 0..100 {
        asking(&mut world);
        world.pass(100 * MILLISECOND);
    }
    // At one refresh per second, most of them wait longer than two intervals.
    let asked = world.asked.len();
    for host in &hosts {
        let touch = host.touch(world.now, NEWER, true);
        assert!(!touch.pending || touch.lookups_due);
    }
    world.look();
    assert!(world.asked.len() - asked >= 15, "{}", world.asked.len() - asked);
}

/// Requests with earlier times than others are harmless.
#[test]
fn times_that_are_out_of_order() {
    let mut world = World::new();
    world.answers(&one(), 0);
    world.now = MINUTE;
    let host = world.join("app");
    world.expect(&host, &one(), 0);
    for now in [0, 59 * SECOND, u64::MAX, 0] {
        assert!(!host.touch(now, STALE_MAX, false).stale);
        world.hosts.due(now.min(MINUTE), 0, |_| panic!("a lookup"));
    }
    assert_eq!(world.hosts.known(host.id(), 0).unwrap().age, Some(0));
}
