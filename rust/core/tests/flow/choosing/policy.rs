//! Tests with a user's load-balancing policy.

use doors_routing::{Action, Cause, Options, Outcome, Place, Pod, Request, SECOND};

use crate::world::*;

fn choices(world: &mut World, request: &mut Request) -> Vec<(u32, Pod)> {
    let mut places: Vec<Place> = Vec::new();
    let report = world.source.choices(request, world.now, &mut places);
    world.obey(report);
    places.iter().map(|place| (place.upstream, place.pod)).collect()
}

fn world(options: Options) -> World {
    let mut world = World::new(2, Options { user_chooses: true, ..options });
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.dns("app1", &[pod(1, 1), pod(9, 9)]);
    world
}

#[test]
fn the_best_pods_are_offered() {
    let mut world = world(Options::default());
    let (mut request, action) = world.request(&page("", ""));
    assert_eq!(action, Action::Choose);
    assert_eq!(choices(&mut world, &mut request), [(0, pod(0, 1)), (0, pod(0, 2)), (1, pod(1, 1))]);
    let step = world.source.chose(&mut request, 1, pod(1, 1), world.now);
    assert_eq!((step.action, world.in_flight(pod(1, 1))), (dial(1, 1), 1));
    assert_eq!(world.failed(&mut request, Outcome::Refused), Action::Choose);
    assert_eq!(choices(&mut world, &mut request), [(0, pod(0, 1)), (0, pod(0, 2))]);
    world.ended(request);
    // First the cookie's pod, then the others of its upstream.
    let (mut request, _) = world.request(&page("", &cookie(pod(0, 2))));
    assert_eq!(choices(&mut world, &mut request), [(0, pod(0, 2))]);
    assert_eq!(world.source.chose(&mut request, 0, pod(0, 2), world.now).action, dial(0, 2));
    assert_eq!(world.failed(&mut request, Outcome::Unreachable), Action::Choose);
    assert_eq!(choices(&mut world, &mut request), [(0, pod(0, 1))]);
    world.ended(request);
    // Requests with a token go to its pod.
    assert_eq!(world.ask(&page(&path(pod(0, 7), 's'), "")), dial(0, 7));
}

#[test]
fn pods_rejected_by_the_policy_are_skipped() {
    let mut world = world(Options { page_wait: 0, ..Options::default() });
    world.tell(pod(1, 1), Outcome::Unreachable);
    let (mut request, mut action) = world.request(&page("", ""));
    let mut offered = Vec::new();
    while action == Action::Choose {
        offered.push(choices(&mut world, &mut request));
        let random = world.random();
        action = world.source.chose_none(&mut request, world.now, random).action;
    }
    let own = vec![(0, pod(0, 1)), (0, pod(0, 2))];
    assert_eq!(offered, [own, vec![(1, pod(1, 1))], vec![(1, pod(9, 9))], vec![]]);
    assert_eq!(action, unavailable(Cause::NoFreshPod, true));
}

/// The policy must see all upstreams, so the first request waits for all that DNS answers in time.
#[test]
fn the_policy_sees_all_upstreams() {
    for (takes0, takes1) in [(100, 300), (300, 100)] {
        let mut world = world(Options::default());
        world.slow_dns("app0", &[pod(0, 1)], takes0 * MS);
        world.slow_dns("app1", &[pod(1, 1)], takes1 * MS);
        let began = world.now;
        let (mut request, action) = world.request(&page("", ""));
        assert_eq!((action, world.now - began), (Action::Choose, 300 * MS));
        assert_eq!(choices(&mut world, &mut request).len(), 2);
        world.ended(request);
    }
    let mut world = self::world(Options::default());
    world.slow_dns("app0", &[pod(0, 1)], 100 * MS);
    world.slow_dns("app1", &[pod(1, 1)], 3600 * SECOND);
    let began = world.now;
    let (mut request, action) = world.request(&page("", ""));
    assert_eq!((action, world.now - began), (Action::Choose, 500 * MS));
    assert_eq!(choices(&mut world, &mut request).len(), 1);
    world.ended(request);
    // Other requests do not wait for the silent one.
    let began = world.now;
    assert_eq!((world.ask(&page("", "")), world.now), (Action::Choose, began));
}

/// The user's retries continue until the caller gives up.
#[test]
fn the_users_retries_start_over() {
    let mut world = World::new(1, Options { user_retries: true, page_wait: 0, ..Options::default() });
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    let (mut request, mut action) = world.request(&page("", ""));
    for _ in 0..100 {
        dialled(action);
        action = world.failed(&mut request, Outcome::Refused);
    }
    let step = world.source.give_up(&mut request, Some(Outcome::Refused), world.now, 0);
    assert_eq!(step.action, unavailable(Cause::NoPod, true));
    assert_eq!(world.in_flight(pod(0, 1)) + world.in_flight(pod(0, 2)), 0);
    world.ended(request);
    // A request that was sent is sent again only because of the user's retries.
    for (incoming, want) in [(page("", ""), unavailable(Cause::PodDropped, true)), (post("/"), Action::Done)] {
        let (mut request, action) = world.request(&incoming);
        let first = dialled(action);
        assert_eq!(world.failed(&mut request, Outcome::Dropped), want);
        assert_ne!(dialled(world.resume(&mut request)), first);
        assert_eq!(world.source.give_up(&mut request, Some(Outcome::Dropped), world.now, 0).action, want);
        world.ended(request);
    }
    // A resource of a dead pod is retried in the usual way.
    world.tell(pod(0, 7), Outcome::Refused);
    let (mut request, mut action) = world.request(&page(&path(pod(0, 7), 'r'), ""));
    for _ in 0..2 {
        dialled(action);
        action = world.failed(&mut request, Outcome::Refused);
    }
    assert_eq!(action, unavailable(Cause::NoPod, false));
    assert_eq!(world.resume(&mut request), Action::Done);
    // No pod is known, so there is nothing to retry.
    let mut world = World::new(1, Options { user_retries: true, page_wait: 0, ..Options::default() });
    assert_eq!(world.ask(&page("", "")), unavailable(Cause::NoFreshPod, true));
}

/// After giving up during an attempt, no request is counted.
#[test]
fn giving_up_under_way() {
    let mut world = World::new(1, Options { user_retries: true, ..Options::default() });
    world.dns("app0", &[pod(0, 1)]);
    let (mut request, action) = world.request(&page("", ""));
    assert_eq!(action, dial(0, 1));
    let step = world.source.give_up(&mut request, None, world.now, 0);
    assert!(matches!(step.action, Action::Wait { .. }), "{step:?}");
    assert_eq!((world.in_flight(pod(0, 1)), world.state.waiting()), (0, 1));
    world.ended(request);
    assert_eq!(world.state.waiting(), 0);
}
