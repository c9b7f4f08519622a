//! Requests with a token. They go to their own pod or to none.

use doors_routing::{Action, Cause, Method, Options, Outcome, SECOND, Verdict};

use crate::world::*;

fn world() -> World {
    let mut world = World::new(2, Options::default());
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.dns("app1", &[pod(1, 1)]);
    world.know_all();
    world
}

#[test]
fn a_token_leads_to_its_pod_whether_it_is_fresh_or_not() {
    let mut world = world();
    for kind in ['s', 'h', 'u', 'r', 'x'] {
        for last in [1, 9] {
            let (request, action) = world.request(&page(&path(pod(0, last), kind), ""));
            assert_eq!(action, dial(0, last), "{kind}");
            assert_eq!(world.in_flight(pod(0, last)), 1);
            world.ended(request);
            assert_eq!(world.in_flight(pod(0, last)), 0);
        }
    }
}

#[test]
fn a_refused_dial_gives_410_once_a_pod_takes_pages() {
    let mut world = world();
    let hook = path(pod(0, 9), 'h');
    let (mut request, _) = world.request(&post(&hook));
    assert_eq!(world.failed(&mut request, Outcome::Refused), unavailable(Cause::NoPod, false));
    assert_eq!(world.in_flight(pod(0, 9)), 0);
    let [report, ..] = world.take_reports()[..] else { panic!() };
    assert_eq!(report.changed, Some((0, pod(0, 9), Verdict::Gone)));
    // The core looks for a pod that takes pages.
    assert!(report.background.is_some_and(|(_, pod)| pod.address() != self::pod(0, 9).address()), "{report:?}");
    world.tell(pod(1, 1), Outcome::Connected);
    assert_eq!(world.ask(&post(&hook)), gone(Cause::PodGone));
    // One request per second tests whether the pod is back.
    world.pass(SECOND);
    let (mut request, action) = world.request(&post(&hook));
    assert_eq!(action, Action::Dial { upstream: 0, pod: pod(0, 9), probe: true, last_choice: false });
    assert_eq!(world.ask(&post(&hook)), gone(Cause::PodGone));
    let report = world.source.answered(&mut request, Default::default(), world.now, 0).report;
    assert_eq!(report.changed, Some((0, pod(0, 9), Verdict::None)));
    assert_eq!(world.ask(&post(&hook)), dial(0, 9));
}

#[test]
fn a_brief_fault_gets_503() {
    let mut world = world();
    world.tell(pod(1, 1), Outcome::Connected);
    for kind in ['s', 'h', 'u', 'x'] {
        let (mut request, _) = world.request(&page(&path(pod(0, 1), kind), ""));
        assert_eq!(world.failed(&mut request, Outcome::Unreachable), unavailable(Cause::PodUnreachable, false));
        world.ended(request);
        assert_eq!(world.ask(&page(&path(pod(0, 1), kind), "")), unavailable(Cause::PodUnreachable, false));
        world.pass(SECOND);
    }
}

#[test]
fn tokens_without_a_pod() {
    let mut world = world();
    world.tell(pod(1, 1), Outcome::Connected);
    let nowhere = path(pod(77, 1), 'h');
    let forged = format!("/~/{}/h/1", "A".repeat(43));
    for (path, cause) in
        [("/~/%/h/1", Cause::TokenMalformed), (&*forged, Cause::TokenRefused), (&nowhere, Cause::NoCidr)]
    {
        world.take_reports();
        assert_eq!(world.ask(&page(path, "")), gone(cause));
        assert_eq!(world.take_reports()[0].refused_token, Some(0));
        assert_eq!(world.ask(&page(path, "")), gone(cause));
        assert!(world.take_reports().iter().all(|report| report.refused_token.is_none()));
    }
}

#[test]
fn a_resource_of_a_gone_pod_comes_from_another_one() {
    let mut world = world();
    let resource = path(pod(0, 9), 'r');
    let (mut request, _) = world.request(&page(&resource, ""));
    let other = dialled(world.failed(&mut request, Outcome::Refused));
    assert!([pod(0, 1), pod(0, 2)].contains(&other), "{other:?}");
    assert_eq!((world.in_flight(pod(0, 9)), world.in_flight(other)), (0, 1));
    let last = dialled(world.failed(&mut request, Outcome::Unreachable));
    assert!(last != other && [pod(0, 1), pod(0, 2)].contains(&last), "{last:?}");
    // Other upstreams do not have the pod, and the request does not wait for it.
    let before = world.now;
    assert_eq!(world.failed(&mut request, Outcome::Refused), unavailable(Cause::NoPod, false));
    assert!(world.now - before <= 500 * MS);
    world.ended(request);
    // The next request avoids the pod.
    assert!([pod(0, 1), pod(0, 2)].contains(&dialled(world.ask(&page(&resource, "")))));
    // Only GET and HEAD requests may be sent elsewhere.
    world.tell(pod(1, 1), Outcome::Connected);
    assert_eq!(world.ask(&post(&resource)), gone(Cause::PodGone));
}

/// The dial of the request's own pod is one of the eight. That pod is not tried again.
#[test]
fn a_resource_is_dialled_eight_times_in_all() {
    let mut world = World::new(1, Options::default());
    let all: Vec<_> = (1..=12).map(|last| pod(0, last)).collect();
    world.dns("app0", &all);
    world.know_all();
    let (mut request, action) = world.request(&page(&path(pod(0, 5), 'r'), ""));
    let mut seen = vec![dialled(action)];
    for _ in 1..8 {
        seen.push(dialled(world.failed(&mut request, Outcome::Refused)));
    }
    assert!(matches!(world.failed(&mut request, Outcome::Refused), Action::Answer { .. }));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 8);
}

#[test]
fn dropped_connections() {
    for (kind, method, want) in [
        ('s', Method::Get, Cause::PodDropped),
        ('s', Method::Other, Cause::PodDropped),
        ('h', Method::Other, Cause::PodDropped),
        ('u', Method::Get, Cause::PodDropped),
        ('r', Method::Other, Cause::PodDropped),
    ] {
        let mut world = world();
        let path = path(pod(0, 1), kind);
        let incoming = doors_routing::Incoming { method, has_body: method == Method::Other, ..page(&path, "") };
        let (mut request, action) = world.request(&incoming);
        assert_eq!(action, dial(0, 1));
        assert_eq!(world.failed(&mut request, Outcome::Dropped), unavailable(want, false), "{kind} {method:?}");
    }
    // A resource comes from another pod. The same pod is not tried again.
    let mut world = world();
    for _ in 0..20 {
        let (mut request, _) = world.request(&page(&path(pod(0, 1), 'r'), ""));
        assert_eq!(world.failed(&mut request, Outcome::Dropped), dial(0, 2));
        assert_eq!(world.failed(&mut request, Outcome::Dropped), unavailable(Cause::PodDropped, false));
    }
}

#[test]
fn a_fault_of_this_machine_gets_503() {
    let mut world = world();
    for kind in ['s', 'h', 'r'] {
        let (mut request, _) = world.request(&page(&path(pod(0, 1), kind), ""));
        assert_eq!(world.failed(&mut request, Outcome::OwnFault), unavailable(Cause::OwnFault, false));
        assert_eq!(world.ask(&page(&path(pod(0, 1), kind), "")), dial(0, 1));
    }
}

/// A dead pod may swallow packets. Its page then gets 410 within `gone_after` plus 5 s, even if it is the
/// only user of its upstream.
#[test]
fn one_visitor_is_enough_to_detect_a_dead_pod() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 2)]);
    let (began, sync) = (world.now, path(pod(0, 1), 's'));
    loop {
        let (mut request, mut action) = world.begin(&post(&sync));
        if let Action::Dial { .. } = action {
            world.pass(3 * SECOND); // the dial timeout
            action = world.failed(&mut request, Outcome::Unreachable);
        }
        world.ended(request);
        for background in world.take_background() {
            world.tell(background, Outcome::Connected);
        }
        if action == gone(Cause::PodGone) {
            break;
        }
        assert!(world.now - began < 15 * SECOND, "{action:?}");
        world.pass(SECOND / 5);
    }
    // While no pod of the upstream can be reached, none is declared gone.
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 2)]);
    for _ in 0..100 {
        let (mut request, mut action) = world.begin(&post(&sync));
        if let Action::Dial { .. } = action {
            world.pass(3 * SECOND);
            action = world.failed(&mut request, Outcome::Unreachable);
        }
        world.ended(request);
        assert!(
            matches!(action, Action::Answer { status: doors_routing::AnswerStatus::Unavailable, .. }),
            "{action:?}"
        );
        for background in world.take_background() {
            world.tell(background, Outcome::Unreachable);
        }
        world.pass(SECOND / 5);
    }
}

/// The pod may have seen the request, so it must not be sent again.
#[test]
fn a_dropped_stream_is_not_held() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 2)]);
    world.know_all();
    world.tell(pod(0, 1), Outcome::Refused);
    world.pass(SECOND);
    let (mut request, action) = world.request(&page(&path(pod(0, 1), 's'), ""));
    assert_eq!(action, Action::Dial { upstream: 0, pod: pod(0, 1), probe: true, last_choice: false });
    let before = world.now;
    assert_eq!(world.failed(&mut request, Outcome::Dropped), unavailable(Cause::NoPod, false));
    assert_eq!(world.now, before);
}

/// A body that was sent is no longer available.
#[test]
fn a_request_with_a_body_is_sent_only_once() {
    let mut world = world();
    let resource = path(pod(0, 1), 'r');
    let with_body = |path| doors_routing::Incoming { has_body: true, ..page(path, "") };
    let (mut request, _) = world.request(&with_body(&resource));
    assert_eq!(world.failed(&mut request, Outcome::Dropped), unavailable(Cause::PodDropped, false));
    let (mut request, action) = world.request(&with_body("/"));
    dialled(action);
    assert_eq!(world.failed(&mut request, Outcome::Dropped), Action::Done);
}
