//! Tests of waiting for a pod.

use std::num::NonZeroU32;

use doors_routing::{Action, Cause, Incoming, LookupFailure, Method, Options, Outcome, Request, SECOND};

use crate::world::*;

fn world(page_wait: u64) -> World {
    let mut world = World::new(1, Options { page_wait, ..Options::default() });
    world.dns("app0", &[pod(0, 1)]);
    world.know_all();
    world
}

/// Begins a request and lets its first dial fail.
fn refused(world: &mut World, incoming: &Incoming<'_>) -> (Request, Action) {
    let (mut request, mut action) = world.begin(incoming);
    if let Action::Dial { .. } = action {
        let random = world.random();
        let step = world.source.failed(&mut request, Outcome::Refused, world.now, random);
        world.obey(step.report);
        action = step.action;
    }
    (request, action)
}

#[test]
fn a_page_load_and_a_receiver_stream_wait_for_a_pod() {
    for (path, method) in
        [("/".to_owned(), Method::Get), ("/".to_owned(), Method::Head), (path(pod(0, 1), 's'), Method::Get)]
    {
        let mut world = world(3600 * SECOND);
        let (mut request, action) = refused(&mut world, &Incoming { method, ..page(&path, "") });
        assert!(matches!(action, Action::Wait { .. }), "{action:?}");
        assert_eq!((world.in_flight(pod(0, 1)), world.state.waiting()), (0, 1));
        // The pod comes back, which a background dial discovers.
        for _ in 0..20 {
            let Action::Wait { until } = world.resume(&mut request) else { panic!() };
            world.pass(until - world.now);
        }
        let background = world.take_background();
        assert!(!background.is_empty() && background.iter().all(|one| *one == pod(0, 1)), "{background:?}");
        world.tell(pod(0, 1), Outcome::Connected);
        assert!(world.take_reports().iter().any(|report| report.wake));
        assert_eq!(world.resume(&mut request), dial(0, 1));
        assert_eq!((world.in_flight(pod(0, 1)), world.state.waiting()), (1, 0));
    }
}

#[test]
fn requests_that_cannot_wait_get_503() {
    let sync = path(pod(0, 1), 's');
    for (page_wait, method, has_body, path, cause, shows) in [
        (0, Method::Get, false, "/", Cause::NoPod, true),
        (0, Method::Head, false, "/", Cause::NoPod, true),
        (3600, Method::Other, false, "/", Cause::NoPod, false),
        (3600, Method::Get, true, "/", Cause::NoPod, false),
        (3600, Method::Other, true, &*sync, Cause::NoPod, false),
        (3600, Method::Head, false, &*sync, Cause::NoPod, false),
        (3600, Method::Other, true, &path(pod(0, 1), 'h'), Cause::NoPod, false),
        (3600, Method::Get, false, &path(pod(0, 1), 'h'), Cause::NoPod, false),
        (3600, Method::Get, false, &path(pod(0, 1), 'u'), Cause::NoPod, false),
        (0, Method::Get, false, &*sync, Cause::NoPod, false),
    ] {
        let mut world = world(page_wait * SECOND);
        let incoming = Incoming { method, has_body, ..page(path, "") };
        let (_, action) = refused(&mut world, &incoming);
        assert_eq!((action, world.state.waiting()), (unavailable(cause, shows), 0), "{incoming:?}");
    }
}

#[test]
fn a_wait_has_an_end() {
    for name in ["app0", "nothing"] {
        let mut world = World::with_hosts(&[name], Options { page_wait: 10 * SECOND, ..Options::default() });
        world.dns("app0", &[pod(0, 1)]);
        world.no_dns("nothing", LookupFailure::NotFound, 0);
        let began = world.now;
        let (mut request, mut action) = world.request(&page("", ""));
        while let Action::Dial { .. } = action {
            action = world.failed(&mut request, Outcome::Unreachable);
        }
        let cause = if name == "app0" { Cause::NoPod } else { Cause::NoFreshPod };
        assert_eq!((action, world.now - began), (unavailable(cause, true), 10 * SECOND));
        assert_eq!(world.state.waiting(), 0);
    }
}

/// A pod is known, but the request cannot reach it: it tries four times a second until the end.
#[test]
fn attempts_are_a_quarter_of_a_second_apart() {
    let mut world = world(2 * SECOND);
    let (mut request, mut action) = world.begin(&page("", ""));
    let mut tries = Vec::new();
    while let Action::Dial { pod, .. } = action {
        tries.push((world.now - 1000 * SECOND) / MS);
        // Other requests reach it all the time.
        world.tell(pod, Outcome::Connected);
        let random = world.random();
        let step = world.source.next(&mut request, Outcome::Refused, world.now, random);
        world.obey(step.report);
        action = world.wait(&mut request, step.action);
    }
    assert_eq!(tries.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>(), [250; 7], "{tries:?}");
    assert_eq!(action, unavailable(Cause::NoPod, true));
}

#[test]
fn extra_calls_are_harmless() {
    let mut world = world(10 * SECOND);
    let (mut request, action) = world.begin(&page("", ""));
    assert_eq!(action, dial(0, 1));
    assert_eq!((world.resume(&mut request), world.in_flight(pod(0, 1))), (dial(0, 1), 1));
    let (_, waits) = (world.ended(request), refused(&mut world, &page("", "")));
    let (mut request, Action::Wait { .. }) = waits else { panic!("{waits:?}") };
    for _ in 0..1000 {
        assert!(matches!(world.resume(&mut request), Action::Wait { until } if until > world.now));
    }
    assert_eq!(world.state.waiting(), 1);
    world.source.ended(&mut request, world.now);
    assert_eq!((world.state.waiting(), world.resume(&mut request)), (0, Action::Done));
}

#[test]
fn the_number_of_waiting_requests_is_limited() {
    let limits = doors_routing::Limits { max_waiting: 3, max_pods: NonZeroU32::MIN, ..Default::default() };
    let mut world = World::new(1, Options::default());
    world.state = doors_routing::State::new(limits);
    world.reload(&["app0"], Options::default());
    world.dns("app0", &[pod(0, 1)]);
    world.know_all();
    let mut held: Vec<Request> = (0..3).map(|_| refused(&mut world, &page("", "")).0).collect();
    assert_eq!(world.state.waiting(), 3);
    assert_eq!(refused(&mut world, &page("", "")).1, unavailable(Cause::NoPod, true));
    // Not even for the pause between two attempts, when a pod takes pages.
    world.pass(SECOND);
    let (mut request, action) = world.begin(&page("", ""));
    world.tell(dialled(action), Outcome::Connected);
    let random = world.random();
    let step = world.source.next(&mut request, Outcome::Refused, world.now, random);
    assert_eq!((step.action, world.state.waiting()), (unavailable(Cause::NoPod, true), 3));
    world.tell(pod(0, 1), Outcome::Refused);
    world.source.ended(&mut held[0], world.now);
    assert!(matches!(refused(&mut world, &page("", "")).1, Action::Wait { .. }));
}

/// The held stream of a page on a gone pod is answered as soon as a pod would take the page.
#[test]
fn a_held_stream_is_told_to_reload() {
    let mut world = world(10 * SECOND);
    world.dns("app0", &[pod(0, 2)]);
    world.pass(2 * SECOND);
    for (path, cause) in [(path(pod(0, 1), 's'), Cause::PodGone), (path(pod(77, 1), 's'), Cause::NoCidr)] {
        world.tell(pod(0, 2), Outcome::Refused);
        let (mut request, action) = refused(&mut world, &page(&path, ""));
        assert!(matches!(action, Action::Wait { .. }), "{action:?}");
        world.pass(SECOND / 2);
        world.tell(pod(0, 2), Outcome::Connected);
        assert_eq!(world.resume(&mut request), gone(cause));
        world.pass(SECOND / 2);
    }
}

/// A response over a reused connection is as good a sign of life as a new connection.
#[test]
fn a_response_wakes_waiting_requests() {
    let mut world = world(10 * SECOND);
    let (mut first, action) = world.begin(&page("", ""));
    assert_eq!(action, dial(0, 1));
    let (mut request, action) = refused(&mut world, &page("", ""));
    assert!(matches!(action, Action::Wait { .. }), "{action:?}");
    world.pass(SECOND);
    assert!(world.source.answered(&mut first, Default::default(), world.now, 0).report.wake);
    assert_eq!(world.resume(&mut request), dial(0, 1));
}

/// There may be thousands of waiting requests, and as many connections to draining pods.
#[test]
fn a_pod_that_takes_no_pages_wakes_no_requests() {
    let mut world = world(10 * SECOND);
    let (mut request, action) = refused(&mut world, &page("", ""));
    assert!(matches!(action, Action::Wait { .. }), "{action:?}");
    world.pass(SECOND);
    world.take_reports();
    world.tell(pod(0, 9), Outcome::Connected);
    assert!(world.take_reports().iter().all(|report| !report.wake));
    world.tell(pod(0, 1), Outcome::Connected);
    assert!(world.take_reports().iter().any(|report| report.wake));
    assert_eq!(world.resume(&mut request), dial(0, 1));
}
