//! Tests of waiting for DNS.

use doors_routing::{Action, Cause, LookupFailure, Options, Outcome, SECOND};

use crate::world::*;

const NEVER: u64 = 3600 * SECOND;

fn no_holding() -> Options {
    Options { page_wait: 0, ..Options::default() }
}

/// How long a request waits, and which action follows.
fn waits(world: &mut World, cookies: &str) -> (u64, Action) {
    let began = world.now;
    let action = world.ask(&page("", cookies));
    (world.now - began, action)
}

/// How long a request waits for first lookups, whichever way it looks for a pod.
#[test]
fn first_lookups() {
    const NOWHERE: Action = Action::Done;
    let fails = |failure| Err(failure);
    let found = |last| Ok(last);
    for (name, first, names, takes, goes_to) in [
        ("DNS is slow", 3000, &[("app0", 1200, found(1))][..], 1200, dial(0, 1)),
        ("DNS is too slow", 1000, &[("app0", 1500, found(1))], 1000, NOWHERE),
        ("no time for first lookups", 1, &[("app0", 1500, found(1))], 500, NOWHERE),
        ("a failure is an answer", 3000, &[("app0", 700, fails(LookupFailure::NotFound))], 700, NOWHERE),
        ("the first answer is enough", 3000, &[("app0", 9000, found(1)), ("app1", 100, found(1))], 100, dial(1, 1)),
        (
            "even if it is late",
            3000,
            &[("app0", 9000, found(1)), ("app1", 900, found(1)), ("app2", 0, fails(LookupFailure::ServerFailure))],
            900,
            dial(1, 1),
        ),
        ("all are silent", 2000, &[("app0", 9000, found(1)), ("app1", 9000, found(1))], 2000, NOWHERE),
        (
            "all fail",
            3000,
            &[("app0", 10, fails(LookupFailure::ServerFailure)), ("app1", 20, fails(LookupFailure::NotFound))],
            20,
            NOWHERE,
        ),
    ] {
        let mut world = World::new(names.len(), Options { first_lookup: first * MS, ..no_holding() });
        for (index, (host, takes, answer)) in (0..).zip(names) {
            match answer {
                Ok(last) => world.slow_dns(host, &[pod(index, *last)], takes * MS),
                Err(failure) => world.no_dns(host, *failure, takes * MS),
            }
        }
        let goes_to = if goes_to == NOWHERE { unavailable(Cause::NoFreshPod, true) } else { goes_to };
        assert_eq!(waits(&mut world, ""), (takes * MS, goes_to), "{name}");
    }
}

/// If DNS does not answer for a browser's own upstream, the browser gets a page of another one. This holds
/// for the very first request too.
#[test]
fn others_are_looked_up_while_dns_is_silent() {
    let mut world = World::new(2, no_holding());
    world.slow_dns("app0", &[pod(0, 1)], NEVER);
    world.slow_dns("app1", &[pod(1, 1)], 100 * MS);
    assert_eq!(waits(&mut world, &cookie(pod(0, 1))), (500 * MS, dial(1, 1)));
    assert_eq!(world.looked_up, ["app0", "app1"]);
    // If DNS answers soon for its own upstream, the others stay unused.
    let mut world = World::new(2, no_holding());
    world.slow_dns("app0", &[pod(0, 1)], 99 * MS);
    assert_eq!(waits(&mut world, &cookie(pod(0, 1))), (99 * MS, dial(0, 1)));
    assert_eq!(world.looked_up, ["app0"]);
}

/// While lookups continue and fail, the next one would only fail too.
#[test]
fn requests_do_not_wait_for_failing_lookups() {
    let mut world = World::new(1, no_holding());
    world.no_dns("app0", LookupFailure::Timeout, 400 * MS);
    assert_eq!(waits(&mut world, "").0, 400 * MS);
    for _ in 0..100 {
        assert_eq!(waits(&mut world, ""), (0, unavailable(Cause::NoFreshPod, true)));
        world.pass(70 * MS);
    }
}

/// After a quiet time the known addresses may be old. A request that can reach none of them waits for new
/// ones.
#[test]
fn old_addresses_are_tried_before_waiting_for_new_ones() {
    let mut world = World::new(1, no_holding());
    world.dns("app0", &[pod(0, 1)]);
    assert_eq!(waits(&mut world, ""), (0, dial(0, 1)));
    world.pass(60 * SECOND);
    world.slow_dns("app0", &[pod(0, 2)], 300 * MS);
    let (mut request, action) = world.request(&page("", ""));
    assert_eq!(action, dial(0, 1));
    let began = world.now;
    assert_eq!(world.failed(&mut request, Outcome::Refused), dial(0, 2));
    assert_eq!(world.now - began, 300 * MS);
    world.ended(request);
    // While lookups continue, it does not wait.
    let (mut request, action) = world.request(&page("", ""));
    assert_eq!(action, dial(0, 2));
    let began = world.now;
    assert_eq!(world.failed(&mut request, Outcome::Refused), unavailable(Cause::NoPod, true));
    assert_eq!(world.now, began);
    world.ended(request);
    // For very old addresses it waits at once.
    world.pass(400 * SECOND);
    world.slow_dns("app0", &[pod(0, 3)], 300 * MS);
    assert_eq!(waits(&mut world, ""), (300 * MS, dial(0, 3)));
}

#[test]
fn a_reload_knows_what_was_known() {
    let mut world = World::new(1, no_holding());
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.know_all();
    world.tell(pod(0, 1), Outcome::Refused);
    world.slow_dns("app0", &[pod(0, 1), pod(0, 2)], NEVER);
    let lookups = world.looked_up.len();
    world.reload(&["APP0"], no_holding());
    for _ in 0..20 {
        assert_eq!(waits(&mut world, ""), (0, dial(0, 2)));
    }
    assert_eq!(world.looked_up.len(), lookups);
}

#[test]
fn showing_an_upstream_keeps_its_lookups_going() {
    let mut world = World::new(1, no_holding());
    world.dns("app0", &[pod(0, 1)]);
    for _ in 0..60 {
        let report = world.source.use_upstream(0, world.now);
        world.obey(report);
        world.pass(SECOND);
    }
    assert!(world.looked_up.len() >= 60, "{} lookups in a minute", world.looked_up.len());
    assert_eq!(world.source.fresh(0).unwrap().inside(), [pod(0, 1)]);
    assert_eq!(world.source.use_upstream(1, world.now), Default::default());
}

/// An address that refuses and is no longer in DNS is dropped; one that is in DNS is not.
#[test]
fn refused_addresses_are_dropped_if_not_in_dns() {
    let mut world = World::new(2, no_holding());
    world.dns("app0", &[pod(0, 1)]);
    world.dns("app1", &[pod(1, 1)]);
    world.know_all();
    world.tell(pod(0, 1), Outcome::Refused);
    assert!(world.take_reports().iter().all(|report| report.dropped.is_none()));
    world.no_dns("app0", LookupFailure::NotFound, 0);
    world.pass(2 * SECOND);
    assert!(world.source.fresh(0).is_some());
    world.tell(pod(0, 1), Outcome::Refused);
    let dropped = world.take_reports().iter().find_map(|report| report.dropped);
    assert_eq!(dropped, Some((world.source.upstream_host(0).unwrap(), pod(0, 1).address())));
    assert!(world.source.fresh(0).is_none());
    // The other upstream takes its seats.
    for _ in 0..200 {
        assert_eq!(world.ask(&page("", "")), dial(1, 1));
    }
    // An address that is back in DNS has no fault.
    world.dns("app0", &[pod(0, 1)]);
    world.pass(2 * SECOND);
    assert_eq!(world.state.verdict(pod(0, 1)), doors_routing::Verdict::None);
    assert_eq!(world.ask(&page("", &cookie(pod(0, 1)))), dial(0, 1));
}

/// What was learned before the first lookup of an upstream ended still counts.
#[test]
fn first_addresses_clear_nothing() {
    let mut world = World::new(1, no_holding());
    world.tell(pod(0, 1), Outcome::Refused);
    world.slow_dns("app0", &[pod(0, 1)], SECOND / 10);
    world.pass(SECOND);
    assert_eq!(world.state.verdict(pod(0, 1)), doors_routing::Verdict::Gone);
    world.dns("app0", &[pod(0, 2)]);
    world.pass(2 * SECOND);
    world.dns("app0", &[pod(0, 1)]);
    world.pass(2 * SECOND);
    assert_eq!(world.state.verdict(pod(0, 1)), doors_routing::Verdict::None);
}
