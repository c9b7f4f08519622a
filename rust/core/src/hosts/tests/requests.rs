use std::collections::BTreeSet;

use super::super::{HostChange, HostId, LookupFailure, Missing, Touch};
use super::world::{LOOKUP_TIMEOUT, World, list};
use super::{HOUR, MILLISECOND, MINUTE, addresses, one, two};
use crate::SECOND;
use HostChange::{Changed, Failing, Recovered, Resolved};
use LookupFailure::{Failed, NotFound, ServerFailure, Timeout};

#[test]
fn refresh_is_an_upper_bound_and_jittered() {
    let mut world = World::new();
    world.answers(&one(), 0);
    let host = world.join("app");
    world.ask(&host, 10 * MILLISECOND, 100 * SECOND);
    let gaps: Vec<u64> = world.asked.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(gaps.iter().all(|gap| (800 * MILLISECOND - 1..=SECOND).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().collect::<BTreeSet<_>>().len() > 90, "{gaps:?}");
}

#[test]
fn an_unused_host_is_not_looked_up() {
    let mut world = World::new();
    world.answers(&one(), 0);
    let host = world.join("app");
    world.pass(HOUR);
    assert_eq!(world.asked.len(), 0, "a lookup before the first request");
    world.expect(&host, &one(), 0);
    world.pass(HOUR);
    assert!((10..=13).contains(&world.asked.len()), "{} lookups for one request", world.asked.len());
    let known = world.hosts.known(host.id(), world.now).unwrap();
    assert!(!known.active && known.users == 1);
    let looks = world.looks;
    world.pass(HOUR);
    assert_eq!(world.looks, looks, "the driver has nothing to do");
}

#[test]
fn an_outage_keeps_the_addresses() {
    for (name, failure, takes, drops) in [
        ("servfail", Some(ServerFailure), 0, false),
        ("timeout", Some(Timeout), LOOKUP_TIMEOUT, false),
        ("unreachable", Some(Failed), 0, false),
        ("nxdomain", Some(NotFound), 0, true),
        ("empty", None, 0, true),
    ] {
        let mut world = World::new();
        world.answers(&two(), 0);
        let host = world.join("app");
        world.expect(&host, &two(), 0);
        match failure {
            Some(failure) => world.fails(failure, takes),
            None => world.answers(&addresses(&["0.0.0.0"]), 0),
        }
        world.ask(&host, 100 * MILLISECOND, 20 * MINUTE);
        world.expect(&host, &two(), 0);
        let known = world.hosts.known(host.id(), world.now).unwrap();
        assert_eq!(known.failure, Some(failure.unwrap_or(NotFound)), "{name}");
        assert!(known.age > Some(19 * MINUTE) && known.failing_for > Some(19 * MINUTE) && known.active, "{known:?}");
        assert_eq!(world.hosts.drop_refused(&host, two()[1]).is_some(), drops, "{name}");
        if drops {
            world.expect(&host, &one(), 0);
            assert_eq!(world.hosts.drop_refused(&host, "::ffff:127.0.1.1".parse().unwrap()), Some(host.id()));
            world.expect(&host, &[], 0);
        }
        world.answers(&two(), 0);
        world.pass(4 * SECOND + takes);
        world.expect(&host, &two(), 0);
        assert_eq!(world.changes, [Resolved, Failing, Recovered], "{name}");
    }
}

#[test]
fn a_host_that_never_resolves() {
    let mut world = World::new();
    world.fails(NotFound, 50 * MILLISECOND);
    let host = world.join("app");
    world.expect(&host, &[], 50 * MILLISECOND);
    world.asked.clear();
    for _ in 0..6000 {
        world.expect(&host, &[], 0); // no request waits while lookups continue and fail
        world.pass(10 * MILLISECOND);
    }
    assert!((55..=80).contains(&world.asked.len()), "{} lookups in a minute", world.asked.len());
    assert_eq!(world.changes, [Failing]);
    let known = world.hosts.known(host.id(), world.now).unwrap();
    assert_eq!((known.age, known.failure, known.generation, known.addresses), (None, Some(NotFound), 0, None));
}

#[test]
fn later_requests_do_not_notice_an_outage() {
    let mut world = World::new();
    world.fails(NotFound, 50 * MILLISECOND);
    let host = world.join("app");
    world.expect(&host, &[], 50 * MILLISECOND);
    world.pass(MINUTE); // lookups have stopped, so the next one may succeed
    world.answers(&one(), 50 * MILLISECOND);
    world.expect(&host, &one(), 50 * MILLISECOND);
    assert_eq!(world.changes, [Failing, Resolved]);
}

#[test]
fn a_literal_address_is_never_looked_up() {
    let mut world = World::new();
    for (text, want) in [
        ("127.0.1.1", "127.0.1.1"),
        ("::1", "::1"),
        ("[fd00::1]", "fd00::1"),
        ("::ffff:127.0.1.1", "127.0.1.1"),
        ("FD00::2", "fd00::2"),
    ] {
        let want = addresses(&[want]);
        let host = world.join_with(text, 7, SECOND);
        for _ in 0..3 {
            world.expect(&host, &want, 0);
            assert_eq!(world.touch(&host), Touch::default());
            world.pass(HOUR);
        }
        assert_eq!(world.hosts.drop_refused(&host, want[0]), None, "{text} was dropped");
        let known = world.hosts.known(host.id(), world.now).unwrap();
        assert_eq!((known.name.to_string(), known.resolver, known.users), (want[0].to_string(), 0, 1));
        assert_eq!((known.age, known.generation, known.active), (None, 1, false));
        let same = world.join_with(&want[0].to_string(), 8, SECOND);
        assert_eq!(same.id(), host.id());
        world.leave(&host);
        world.leave(&same);
        world.expect(&host, &want, 0);
        assert_eq!(world.hosts.known(host.id(), world.now), None);
    }
    assert_eq!(world.asked.len(), 0);
}

/// The addresses of an IP version stay if an answer lacks them.
#[test]
fn half_an_answer() {
    let (four, six, moved) = (one(), addresses(&["fd00::1"]), addresses(&["127.0.1.2"]));
    let both = addresses(&["127.0.1.1", "fd00::1"]);
    let all_moved = addresses(&["127.0.1.2", "fd00::1"]);
    let no4 = |failure| Missing { v4: true, v6: false, failure };
    let no6 = |failure| Missing { v4: false, v6: true, failure };
    let cases = [
        ("IPv4 fails", &both, &six, no4(Some(ServerFailure)), &both, &[Resolved, Failing, Recovered][..]),
        (
            "IPv6 fails while IPv4 moves",
            &both,
            &moved,
            no6(Some(Timeout)),
            &all_moved,
            &[Resolved, Changed, Failing, Recovered],
        ),
        ("IPv6 is late", &both, &four, no6(None), &both, &[Resolved]),
        ("IPv4 is gone", &both, &six, Missing::default(), &six, &[Resolved, Changed, Changed]),
        ("IPv6 is gone", &both, &four, Missing::default(), &four, &[Resolved, Changed, Changed]),
        ("IPv6 fails and never was", &four, &four, no6(Some(Timeout)), &four, &[Resolved]),
        ("nothing is left", &four, &vec![], no4(Some(ServerFailure)), &four, &[Resolved, Failing, Recovered]),
        ("nothing is there yet", &four, &vec![], no4(None), &four, &[Resolved, Failing, Recovered]),
        ("cut", &two(), &moved, no4(Some(ServerFailure)), &two(), &[Resolved, Failing, Recovered]),
        (
            "cut with one more",
            &four,
            &moved,
            no4(Some(ServerFailure)),
            &two(),
            &[Resolved, Changed, Failing, Recovered],
        ),
    ];
    for (name, known, answer, missing, want, changes) in cases {
        let mut world = World::new();
        world.answers(known, 0);
        let host = world.join("app");
        world.expect(&host, known, 0);
        world.answers_partly(answer, missing);
        world.ask(&host, 10 * MILLISECOND, 20 * SECOND);
        assert_eq!(&list(&host), want, "{name}");
        if missing.failure.is_some() {
            assert_eq!(world.hosts.drop_refused(&host, want[0]), None, "{name}: dropped what DNS names");
        }
        world.answers(known, 0);
        world.ask(&host, 10 * MILLISECOND, 3 * SECOND);
        assert_eq!(world.changes, changes, "{name}");
    }
}

/// A late part brings the next lookup forward, but only if it contains a new address.
#[test]
fn a_late_part_is_merged_when_it_comes() {
    let mut world = World::new();
    let both = addresses(&["127.0.1.1", "fd00::1"]);
    world.answers_partly(&one(), Missing { v4: false, v6: true, failure: None });
    let host = world.join_with("app", 0, HOUR);
    world.expect(&host, &one(), 0);
    world.pass(300 * MILLISECOND);
    world.answers(&both, 0);
    for (late, lookups) in [(&one(), 1), (&addresses(&["ff02::1", "::ffff:127.0.1.1"]), 1), (&both, 2), (&both, 2)] {
        let report = world.hosts.resolved_late(host.id(), late, world.now);
        assert_eq!(report.lookups_due, world.asked.len() < lookups, "{late:?}");
        world.look();
        assert_eq!(world.asked.len(), lookups, "{late:?}");
    }
    world.expect(&host, &both, 0);
    world.ask(&host, MINUTE, 10 * HOUR + MINUTE);
    assert!((12..=15).contains(&world.asked.len()), "{} lookups", world.asked.len());
}

#[test]
fn a_refusing_address_is_dropped() {
    let mut world = World::new();
    world.answers(&two(), 0);
    let host = world.join("app");
    world.expect(&host, &two(), 0);
    assert_eq!(world.hosts.drop_refused(&host, two()[1]), None, "dropped an address that DNS names");
    world.fails(NotFound, 0);
    world.ask(&host, 100 * MILLISECOND, 2 * SECOND);
    let before = host.addresses().unwrap();
    assert_eq!(world.hosts.drop_refused(&host, two()[1]), Some(host.id()));
    assert_eq!(world.hosts.drop_refused(&host, two()[1]), None, "dropped twice");
    let after = host.addresses().unwrap();
    assert_eq!((before.list().len(), after.list()), (2, &one()[..]));
    assert!(after.generation() > before.generation() && !after.contains(two()[1]));
}

/// Users of the addresses are notified of changes.
#[test]
fn moves() {
    let hosts = World::new().hosts;
    let host = hosts.join("app", 0, SECOND);
    for (n, (answer, moves)) in
        [(one(), true), (one(), false), (two(), true), (Vec::new(), false), (one(), true)].into_iter().enumerate()
    {
        let now = n as u64 * 2 * SECOND;
        host.touch(now, 0, true);
        let mut begun = Vec::new();
        hosts.due(now, 0, |lookup| begun.push((lookup.host, lookup.name.to_string(), lookup.resolver)));
        assert_eq!(begun, [(host.id(), "app".to_string(), 0)]);
        let learned = hosts.resolved(host.id(), &answer, Missing::default(), now, 0);
        // The first time a request waits for it; later only a refresh is overdue.
        assert_eq!((learned.addresses_changed, learned.report.wake), (moves, n == 0 || moves), "{answer:?}");
    }
}

/// A report about an unknown host, or one without a running lookup, changes nothing.
#[test]
fn unexpected_reports() {
    let hosts = World::new().hosts;
    let host = hosts.join("app", 0, SECOND);
    for id in [host.id(), HostId::new(0), HostId::new(99)] {
        let learned = hosts.resolved(id, &one(), Missing::default(), 0, 0);
        assert!(!learned.addresses_changed && learned.report.change == HostChange::None && !learned.report.wake);
        assert_eq!(hosts.lookup_failed(id, Timeout, 0, 0).report.change, HostChange::None);
        assert!(!hosts.resolved_late(id, &one(), 0).wake);
    }
    assert_eq!((list(&host), host.lookups_ended()), (Vec::new(), 0));
    assert_eq!(hosts.known(HostId::new(99), 0), None);
}
