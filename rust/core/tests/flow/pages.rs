//! Which pods get requests without a token.

use std::collections::BTreeMap;

use doors_routing::{Action, Cause, Options, Outcome, Pod, Report, SECOND};

use crate::world::*;

#[test]
fn the_cookies_pod_then_its_upstream_then_the_others() {
    let mut world = World::new(2, Options::default());
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.dns("app1", &[pod(1, 1)]);
    world.know_all();
    for _ in 0..50 {
        let (mut request, action) = world.request(&page("", &cookie(pod(0, 1))));
        assert_eq!(action, dial(0, 1));
        assert_eq!(world.in_flight(pod(0, 1)), 1);
        assert_eq!(world.failed(&mut request, Outcome::Refused), dial(0, 2));
        assert_eq!((world.in_flight(pod(0, 1)), world.in_flight(pod(0, 2))), (0, 1));
        assert_eq!(world.failed(&mut request, Outcome::Unreachable), dial(1, 1));
        world.ended(request);
        // Its pod failed recently.
        let (request, action) = world.request(&page("", &cookie(pod(0, 1))));
        assert_eq!(action, dial(1, 1));
        world.ended(request);
        for last in 1..3 {
            world.tell(pod(0, last), Outcome::Connected);
        }
    }
    // A draining pod has left DNS: the page goes to the other pods of its upstream.
    assert!([pod(0, 1), pod(0, 2)].contains(&dialled(world.ask(&page("", &cookie(pod(0, 9)))))));
}

#[test]
fn failing_pods_come_last_and_those_outside_after_them() {
    let mut world = World::new(2, Options::default());
    let (outside0, outside1) = (pod(8, 1), pod(9, 1));
    world.dns("app0", &[pod(0, 1), outside0]);
    world.dns("app1", &[pod(1, 1), outside1]);
    world.know_all();
    for failing in [pod(0, 1), pod(1, 1), outside1] {
        world.tell(failing, Outcome::Unreachable);
    }
    let (mut request, mut action) = world.request(&page("", &cookie(pod(0, 7))));
    let mut order = Vec::new();
    while let Action::Dial { pod, .. } = action {
        order.push(pod);
        action = world.failed(&mut request, Outcome::Unreachable);
    }
    assert_eq!(order, [pod(0, 1), pod(1, 1), outside0, outside1]);
    assert_eq!(action, unavailable(Cause::NoPod, true));
}

#[test]
fn a_request_dials_eight_pods_and_none_twice() {
    let mut world = World::new(1, Options { page_wait: 0, ..Options::default() });
    world.dns("app0", &(1..=20).map(|last| pod(0, last)).collect::<Vec<_>>());
    let (mut request, mut action) = world.request(&page("", ""));
    let mut seen = Vec::new();
    while let Action::Dial { pod, .. } = action {
        assert!(!seen.contains(&pod));
        seen.push(pod);
        action = world.failed(&mut request, Outcome::Refused);
    }
    assert_eq!((seen.len(), action), (8, unavailable(Cause::NoPod, true)));
}

#[test]
fn all_pods_of_an_upstream_are_equally_likely() {
    for pods in [3, 100] {
        let mut world = World::new(1, Options::default());
        world.dns("app0", &(1..=pods).map(|last| pod(0, last)).collect::<Vec<_>>());
        let mut counts = BTreeMap::new();
        for _ in 0..u32::from(pods) * 1000 {
            *counts.entry(dialled(world.ask(&page("", "")))).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), usize::from(pods));
        assert!(counts.values().all(|count| (800..1200).contains(count)), "{counts:?}");
    }
}

#[test]
fn a_dropped_request_is_not_sent_again() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    let post_page = post("/");
    for (incoming, want) in [(page("", ""), unavailable(Cause::PodDropped, true)), (post_page, Action::Done)] {
        let (mut request, action) = world.request(&incoming);
        dialled(action);
        assert_eq!(world.failed(&mut request, Outcome::Dropped), want);
        world.ended(request);
    }
}

#[test]
fn only_page_loads_are_held() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1)]);
    world.know_all();
    let (mut request, action) = world.request(&post("/"));
    assert_eq!(action, dial(0, 1));
    let began = world.now;
    assert_eq!(world.failed(&mut request, Outcome::Refused), unavailable(Cause::NoPod, false));
    assert_eq!(world.now, began);
}

#[test]
fn a_fault_of_this_machine_affects_no_pod() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    let (mut request, action) = world.request(&page("", ""));
    let first = dialled(action);
    let second = dialled(world.failed(&mut request, Outcome::OwnFault));
    assert_ne!(first, second);
    let began = world.now;
    assert_eq!(world.failed(&mut request, Outcome::OwnFault), unavailable(Cause::OwnFault, true));
    assert_eq!(world.now, began);
    world.ended(request);
    assert!(world.take_reports().iter().all(|report| report.changed.is_none()));
}

#[test]
fn a_cancelled_request_reveals_nothing() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1)]);
    let (mut request, action) = world.request(&page("", ""));
    assert_eq!(action, dial(0, 1));
    assert_eq!(world.failed(&mut request, Outcome::Cancelled), Action::Done);
    assert_eq!(world.in_flight(pod(0, 1)), 0);
    assert_eq!(world.ask(&page("", "")), dial(0, 1));
}

#[test]
fn an_answer_clears_a_verdict() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1)]);
    world.know_all();
    world.tell(pod(0, 1), Outcome::Unreachable);
    let (mut request, action) = world.request(&page("", ""));
    assert_eq!(action, dial(0, 1));
    let report = world.source.answered(&mut request, Default::default(), world.now, 0).report;
    assert_eq!(report.changed, Some((0, pod(0, 1), doors_routing::Verdict::None)));
    // Checked once a second.
    let (mut request, _) = world.request(&page("", ""));
    assert_eq!(world.source.answered(&mut request, Default::default(), world.now, 0).report, Report::default());
}

/// The tokens of pages there are refused, so a page would have to reload again and again.
#[test]
fn pods_outside_do_not_make_pages_reload() {
    let mut world = World::new(1, Options { page_wait: 0, ..Options::default() });
    let outside = Pod::new(address("10.9.0.9"), 80);
    world.dns("app0", &[outside]);
    assert_eq!(dialled(world.ask(&page("", ""))), outside);
    world.tell(outside, Outcome::Connected);
    let stream = path(outside, 's');
    assert_eq!(world.ask(&page(&stream, "")), unavailable(Cause::NoCidr, false));
    world.tell(pod(0, 1), Outcome::Connected);
    assert_eq!(world.ask(&page(&stream, "")), unavailable(Cause::NoCidr, false), "not in DNS");
    world.dns("app0", &[outside, pod(0, 1)]);
    world.pass(2 * SECOND);
    world.tell(pod(0, 1), Outcome::Connected);
    assert_eq!(world.ask(&page(&stream, "")), gone(Cause::NoCidr));
}

/// The warning is repeated once a minute while the address is there.
#[test]
fn pods_outside_are_warned_about() {
    let mut world = World::new(1, Options::default());
    let outside = Pod::new(address("10.9.9.9"), 80);
    world.dns("app0", &[pod(0, 1), outside]);
    let warnings = |world: &mut World, seconds: u64| {
        for _ in 0..seconds {
            assert_eq!(world.ask(&page("", "")), dial(0, 1));
            world.pass(SECOND);
        }
        let reports = world.take_reports();
        let told: Vec<_> = reports.iter().filter_map(|report| report.outside).collect();
        assert!(told.iter().all(|told| *told == (0, outside.address())));
        told.len()
    };
    assert_eq!(warnings(&mut world, 210), 4);
    world.dns("app0", &[pod(0, 1)]);
    warnings(&mut world, 3);
    assert_eq!(warnings(&mut world, 180), 0);
}

#[test]
fn a_request_of_another_source_changes_nothing() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1)]);
    let (mut request, action) = world.request(&page("", ""));
    assert_eq!(action, dial(0, 1));
    let other = World::source(&world.state, &["app0"], Options::default());
    let before = format!("{request:?}");
    assert_eq!(other.next(&mut request, Outcome::Refused, world.now, 0).action, Action::Done);
    other.ended(&mut request, world.now);
    assert_eq!((format!("{request:?}"), world.in_flight(pod(0, 1))), (before, 1));
    world.source.ended(&mut request, world.now);
    world.source.ended(&mut request, world.now);
    assert_eq!((request.tag(), world.in_flight(pod(0, 1))), (0, 0));
    assert_eq!(world.source.resume(&mut request, world.now, 0).action, Action::Done);
}

/// Tokens of pages on a pod in another upstream's network lead to that upstream.
#[test]
fn a_pod_in_the_network_of_another_upstream_is_outside() {
    let mut world = World::new(2, Options::default());
    world.dns("app0", &[pod(0, 1), pod(1, 7)]);
    world.dns("app1", &[pod(1, 1)]);
    world.know_all();
    assert_eq!(world.source.fresh(0).unwrap().outside(), [pod(1, 7)]);
    for _ in 0..50 {
        assert_ne!(dialled(world.ask(&page("", ""))), pod(1, 7));
        assert_eq!(world.ask(&page("", &cookie(pod(0, 9)))), dial(0, 1));
    }
}
