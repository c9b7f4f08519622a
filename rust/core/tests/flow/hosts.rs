//! Upstreams with several hosts, both names and addresses.

use std::collections::BTreeSet;

use doors_routing::{Action, Cause, LookupFailure, Marks, Options, Outcome, Pod, SECOND, Verdict};

use crate::world::*;

/// The pods that get page loads. Makes enough of them to reach every pod.
fn gets_pages(world: &mut World) -> BTreeSet<Pod> {
    (0..60).map(|_| dialled(world.ask(&page("", "")))).collect()
}

fn pods(last: &[u8]) -> BTreeSet<Pod> {
    last.iter().map(|last| pod(0, *last)).collect()
}

#[test]
fn addresses_need_no_lookup() {
    let mut world = World::with_hosts(&["10.0.0.1 10.0.0.2"], Options::default());
    let (request, action) = world.begin(&page("", ""));
    assert!([dial(0, 1), dial(0, 2)].contains(&action));
    world.ended(request);
    assert_eq!(gets_pages(&mut world), pods(&[1, 2]));
    world.pass(100 * SECOND);
    assert_eq!((world.looked_up.len(), gets_pages(&mut world)), (0, pods(&[1, 2])));
    assert_eq!(world.source.fresh(0).unwrap().inside(), [pod(0, 1), pod(0, 2)]);
}

#[test]
fn the_fresh_pods_are_those_of_all_hosts() {
    let mut world = World::with_hosts(&["one 10.0.0.9 two"], Options::default());
    world.dns("one", &[pod(0, 1), pod(0, 2)]);
    world.dns("two", &[pod(0, 2), pod(0, 3)]);
    // One known address is enough at first.
    let (request, action) = world.begin(&page("", ""));
    assert_eq!(action, dial(0, 9));
    world.ended(request);
    world.pass(SECOND / 10);
    assert_eq!(gets_pages(&mut world), pods(&[1, 2, 3, 9]));
    // An address that one name has lost may still belong to another.
    world.dns("one", &[pod(0, 1)]);
    world.pass(2 * SECOND);
    assert_eq!(gets_pages(&mut world), pods(&[1, 2, 3, 9]));
    world.dns("two", &[pod(0, 3)]);
    world.pass(2 * SECOND);
    assert_eq!(gets_pages(&mut world), pods(&[1, 3, 9]));
    let host = world.state.host(world.source.upstream_host(0).unwrap(), world.now).unwrap();
    assert_eq!((host.failure, host.active, host.age.is_some()), (None, true, true));
    // Without requests, lookups stop.
    world.pass(20 * SECOND);
    world.looked_up.clear();
    world.pass(20 * SECOND);
    assert_eq!(world.looked_up.len(), 0);
}

#[test]
fn a_failing_name_hides_no_other() {
    let mut world = World::with_hosts(&["one two"], Options::default());
    world.no_dns("one", LookupFailure::NotFound, 0);
    world.slow_dns("two", &[pod(0, 2)], SECOND / 5);
    let began = world.now;
    assert_eq!(world.ask(&page("", "")), dial(0, 2));
    assert_eq!(world.now - began, SECOND / 5, "waited for the one that answers");
    world.no_dns("two", LookupFailure::ServerFailure, 0);
    world.pass(5 * SECOND);
    assert_eq!(gets_pages(&mut world), pods(&[2]));
    let host = world.state.host(world.source.upstream_host(0).unwrap(), world.now).unwrap();
    assert_eq!(host.failure, Some(LookupFailure::NotFound), "the one that has failed for longest");
}

/// One name has not been resolved, so a pod that the others do not list may be fresh.
#[test]
fn a_pod_may_be_fresh_while_one_name_is_unknown() {
    let mut world = World::with_hosts(&["one 10.0.0.9"], Options { page_wait: 0, ..Options::default() });
    world.slow_dns("one", &[pod(0, 1)], 10 * SECOND);
    assert_eq!(world.ask(&page("", "")), dial(0, 9));
    world.tell(pod(0, 9), Outcome::Unreachable);
    world.tell(pod(0, 2), Outcome::Connected);
    world.tell(pod(0, 3), Outcome::Refused);
    let reload = path(pod(0, 3), 'h');
    assert_eq!(world.ask(&page(&reload, "")), gone(Cause::PodGone), "the page may get pod 2");
    world.pass(11 * SECOND);
    world.tell(pod(0, 9), Outcome::Unreachable);
    assert_eq!(world.ask(&page("", "")), dial(0, 1));
    world.tell(pod(0, 2), Outcome::Connected);
    let (mut request, _) = world.request(&page(&reload, ""));
    assert_eq!(world.failed(&mut request, Outcome::Refused), unavailable(Cause::NoPod, false));
    world.ended(request);
}

/// A pod's fault remains when its address moves from one name to another.
#[test]
fn an_address_that_moves_is_not_new() {
    let mut world = World::with_hosts(&["one two"], Options::default());
    world.dns("one", &[pod(0, 1), pod(0, 2)]);
    world.dns("two", &[pod(0, 2), pod(0, 3)]);
    world.know_all();
    world.tell(pod(0, 2), Outcome::Refused);
    for (one, two) in [(&[1, 2][..], &[3][..]), (&[1, 2], &[2, 3]), (&[1], &[2, 3])] {
        world.dns("one", &one.iter().map(|last| pod(0, *last)).collect::<Vec<_>>());
        world.dns("two", &two.iter().map(|last| pod(0, *last)).collect::<Vec<_>>());
        let _ = world.ask(&page("", ""));
        world.pass(2 * SECOND);
        assert_eq!(world.state.verdict(pod(0, 2)), Verdict::Gone, "{one:?} {two:?}");
    }
    world.dns("two", &[pod(0, 3)]);
    let _ = world.ask(&page("", ""));
    world.pass(2 * SECOND);
    world.dns("one", &[pod(0, 1), pod(0, 2)]);
    let _ = world.ask(&page("", ""));
    world.pass(2 * SECOND);
    assert_eq!(world.state.verdict(pod(0, 2)), Verdict::None, "it is back");
}

#[test]
fn a_refused_address_is_dropped_by_the_name_that_lost_it() {
    let mut world = World::with_hosts(&["one 10.0.0.9"], Options::default());
    world.dns("one", &[pod(0, 1)]);
    world.know_all();
    world.no_dns("one", LookupFailure::NotFound, 0);
    let _ = world.ask(&page("", ""));
    world.pass(2 * SECOND);
    world.take_reports();
    [1, 9].into_iter().for_each(|last| world.tell(pod(0, last), Outcome::Refused));
    let dropped: Vec<_> = world.take_reports().iter().filter_map(|report| report.dropped).collect();
    assert_eq!(dropped.iter().map(|(_, address)| *address).collect::<Vec<_>>(), [pod(0, 1).address()]);
    let host = world.state.host(dropped[0].0, world.now).unwrap();
    assert_eq!((&*host.name, host.addresses), ("one", None));
    assert_eq!(world.source.fresh(0).unwrap().inside(), [pod(0, 9)]);
}

/// A reload may list the hosts in another order.
#[test]
fn the_same_hosts_are_the_same_upstream() {
    let mut world = World::with_hosts(&["one 10.0.0.9"], Options::default());
    world.dns("one", &[pod(0, 1)]);
    world.know_all();
    let (id, host) = (world.source.upstream_id(0), world.source.upstream_host(0).unwrap());
    world.reload(&["10.0.0.9 ONE"], Options::default());
    assert_eq!((world.source.upstream_id(0), world.source.upstream_host(0)), (id, Some(host)));
    assert_eq!(gets_pages(&mut world), pods(&[1, 9]));
    world.reload(&["10.0.0.9"], Options::default());
    assert_ne!(world.source.upstream_id(0), id);
    assert_eq!((gets_pages(&mut world), world.state.host(host, world.now)), (pods(&[9]), None));
}

/// On one machine: start the new process on the other address, then stop the old one.
#[test]
fn a_rollout_needs_no_dns() {
    let mut world = World::with_hosts(&["10.0.0.1 10.0.0.2"], Options::default());
    for round in 0..20 {
        let (old, new) = (1 + round % 2, 2 - round % 2);
        // Only the old process runs.
        world.tell(pod(0, old), Outcome::Connected);
        world.tell(pod(0, new), Outcome::Refused);
        world.pass(SECOND / 10);
        assert_eq!(gets_pages(&mut world), pods(&[old]));
        // The new process has started, though no request has noticed it. The old one gets SIGTERM.
        let (mut request, mut action) = world.request(&page("", &cookie(pod(0, old))));
        assert_eq!(action, dial(0, old));
        let refused = Marks { draining: true, refused: true };
        let step = world.source.answered(&mut request, refused, world.now, 1);
        world.obey(step.report);
        action = step.action;
        assert_eq!(action, dial(0, new));
        world.tell(pod(0, new), Outcome::Connected);
        let step = world.source.answered(&mut request, Marks::default(), world.now, 1);
        assert_eq!(step.action, Action::Done);
        world.ended(request);
        world.pass(SECOND / 10);
        assert_eq!(gets_pages(&mut world), pods(&[new]));
    }
}
