//! Where pages go while pods are draining: other pods, refusals, and the last choice.

use doors_routing::{Action, Incoming, Method, Options, Outcome, Request, SECOND};

use super::*;

#[test]
fn no_new_page_after_the_mark_whatever_dns_lists() {
    let mut world = world(1, Options::default());
    world.mark(pod(0, 1), DRAINING);
    assert_eq!((world.told(), world.marked_since(pod(0, 1))), (vec![(pod(0, 1), true)], Some(world.now)));
    let since = world.now;
    for _ in 0..30 {
        world.pass(SECOND);
        assert_eq!(world.serve(&page("", ""), NONE), dial(0, 2));
        assert_eq!(world.serve(&page("", &cookie(pod(0, 1))), NONE), dial(0, 2));
        assert_eq!(world.serve(&post("/form"), NONE), dial(0, 2));
        // Open pages are not affected.
        world.mark(pod(0, 1), DRAINING);
    }
    assert_eq!((world.told(), world.marked_since(pod(0, 1))), (vec![], Some(since)));
}

#[test]
fn a_refused_page_goes_to_another_pod() {
    for method in [Method::Get, Method::Head] {
        let mut world = world(2, Options::default());
        let (mut request, action) = world.request(&Incoming { method, ..page("", &cookie(pod(0, 1))) });
        assert_eq!((action, world.in_flight(pod(0, 1))), (dial(0, 1), 1));
        assert_eq!(world.answered(&mut request, REFUSED), dial(0, 2));
        assert_eq!((world.in_flight(pod(0, 1)), world.in_flight(pod(0, 2))), (0, 1));
        assert_eq!(world.answered(&mut request, REFUSED), dial(1, 1));
        assert_eq!(world.answered(&mut request, NONE), Action::Done);
        world.ended(request);
        assert_eq!(world.told(), [(pod(0, 1), true), (pod(0, 2), true)]);
        assert_eq!(world.in_flight(pod(1, 1)), 0);
    }
}

#[test]
fn the_last_pod_serves_pages_until_there_is_another() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1)]);
    world.know_all();
    for _ in 0..3 {
        let (mut request, action) = world.request(&page("", ""));
        assert_eq!(action, dial(0, 1));
        assert_eq!(world.answered(&mut request, REFUSED), last_choice(0, 1));
        assert_eq!((world.resume(&mut request), world.in_flight(pod(0, 1))), (last_choice(0, 1), 1));
        assert_eq!(world.answered(&mut request, DRAINING), Action::Done);
        world.ended(request);
        world.pass(SECOND);
    }
    // If the pod refuses even then, its response is forwarded.
    let (mut request, _) = world.request(&page("", ""));
    assert_eq!(world.answered(&mut request, REFUSED), last_choice(0, 1));
    assert_eq!(world.answered(&mut request, REFUSED), Action::Done);
    world.ended(request);
    // The pod has signalled to another request, since this one began, that it is draining.
    let (mut first, _) = world.begin(&page("", ""));
    world.now += 1;
    world.mark(pod(0, 1), DRAINING);
    assert_eq!(world.failed(&mut first, Outcome::Cancelled), Action::Done);
    world.ended(first);
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.pass(2 * SECOND);
    assert_eq!(world.serve(&page("", ""), NONE), dial(0, 2));
}

/// Pods outside the networks are ranked by whether they have a fault, but not by which one.
#[test]
fn a_pod_outside_is_not_tried_twice_either() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(77, 1), pod(77, 2)]);
    world.know_all();
    let (mut request, action) = world.request(&page("", ""));
    let other = dialled(world.answered(&mut request, REFUSED));
    assert_ne!(dialled(action), other);
    let last = world.answered(&mut request, REFUSED);
    assert!(matches!(last, Action::Dial { last_choice: true, .. }), "{last:?}");
}

/// The successor is in DNS or in the list of addresses before it listens.
#[test]
fn a_refusing_successor_is_tried_by_each_page() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.know_all();
    world.mark(pod(0, 1), DRAINING);
    for _ in 0..5 {
        world.now += SECOND;
        let (mut request, action) = world.request(&page("", ""));
        assert_eq!(action, dial(0, 2));
        assert_eq!(world.failed(&mut request, Outcome::Refused), dial(0, 1));
        assert_eq!(world.answered(&mut request, REFUSED), last_choice(0, 1));
        world.ended(request);
    }
    world.tell(pod(0, 2), Outcome::Connected);
    assert_eq!(world.serve(&page("", ""), NONE), dial(0, 2));
    // A pod that swallows packets would cost each page a dial timeout.
    world.tell(pod(0, 2), Outcome::Unreachable);
    world.now += SECOND;
    assert_eq!(world.serve(&page("", ""), DRAINING), dial(0, 1));
}

/// At most four of eight dials go to refusing pods.
#[test]
fn many_dead_pods_do_not_hide_a_draining_one() {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &(1..=30).map(|last| pod(0, last)).collect::<Vec<_>>());
    world.know_all();
    world.mark(pod(0, 1), DRAINING);
    (2..=30).for_each(|last| world.tell(pod(0, last), Outcome::Refused));
    world.now += SECOND;
    let (mut request, mut action) = world.request(&page("", ""));
    for _ in 0..4 {
        assert_ne!(dialled(action), pod(0, 1));
        action = world.failed(&mut request, Outcome::Refused);
    }
    assert_eq!(action, dial(0, 1));
    assert_eq!(world.answered(&mut request, REFUSED), last_choice(0, 1));
    world.ended(request);
}

/// Only a GET or HEAD without a body outside `/~/` can be sent again. Other requests must be served.
#[test]
fn refusals_of_unrepeatable_requests_are_forwarded() {
    let mut world = world(1, Options::default());
    let form = Incoming { has_body: true, ..page("/form", "") };
    let token = path(pod(0, 1), 'h');
    for incoming in [post("/form"), form, page(&token, "")] {
        let (mut request, _) = world.request(&incoming);
        assert_eq!(world.answered(&mut request, REFUSED), Action::Done);
        world.ended(request);
        world.now += 1;
    }
    (1..=2).for_each(|last| world.mark(pod(0, last), DRAINING));
    world.now += 1;
    for incoming in [post("/form"), form] {
        assert!(matches!(world.ask(&incoming), Action::Dial { last_choice: true, .. }));
    }
}

#[test]
fn the_policy_sees_draining_pods_only_if_there_are_no_others() {
    let mut world = world(1, Options { user_chooses: true, ..Options::default() });
    let choices = |world: &mut World, request: &mut Request| {
        let mut places = Vec::new();
        let report = world.source.choices(request, world.now, &mut places);
        world.obey(report);
        places.iter().map(|place| place.pod).collect::<Vec<_>>()
    };
    let (mut request, action) = world.request(&page("", ""));
    assert_eq!((action, choices(&mut world, &mut request)), (Action::Choose, vec![pod(0, 1), pod(0, 2)]));
    assert_eq!(world.source.chose(&mut request, 0, pod(0, 1), world.now).action, dial(0, 1));
    assert_eq!(world.answered(&mut request, REFUSED), Action::Choose);
    assert_eq!(choices(&mut world, &mut request), [pod(0, 2)]);
    assert_eq!(world.source.chose(&mut request, 0, pod(0, 2), world.now).action, dial(0, 2));
    assert_eq!(world.answered(&mut request, REFUSED), Action::Choose);
    assert_eq!(choices(&mut world, &mut request), [pod(0, 1), pod(0, 2)]);
    assert_eq!(world.source.chose(&mut request, 0, pod(0, 2), world.now).action, last_choice(0, 2));
    assert_eq!(world.answered(&mut request, DRAINING), Action::Done);
    world.ended(request);
}

/// Two processes at each address respond in turn, and one of them is draining.
#[test]
fn contradictory_marks_do_not_cause_endless_requests() {
    let mut world = world(1, Options::default());
    let (mut request, mut action) = world.request(&page("", ""));
    let mut dials = 0;
    while let Action::Dial { pod: refuses, last_choice: false, .. } = action {
        dials += 1;
        assert_ne!(dials, 9);
        action = world.answered(&mut request, REFUSED);
        world.now += 1;
        world.mark(refuses, NONE);
    }
    assert!(matches!(action, Action::Dial { last_choice: true, .. }), "{action:?}");
    assert_eq!(dials, 2, "each is asked once");
    world.ended(request);
}

/// A page waits for a pod, and a refusing pod answers each background dial at once: the others still get
/// their turns.
#[test]
fn a_refusing_pod_does_not_block_other_background_dials() {
    for marked in [false, true] {
        for last in [Outcome::Unreachable, Outcome::Connected] {
            let mut world = world(1, Options::default());
            if marked {
                world.mark(pod(0, 2), DRAINING);
            }
            world.tell(pod(0, 2), last);
            world.now += 61 * SECOND;
            world.tell(pod(0, 2), last);
            world.tell(pod(0, 1), Outcome::Refused);
            world.now += 2 * SECOND;
            if last == Outcome::Connected {
                // A sign of life counts for a minute only.
                world.now += 61 * SECOND;
                world.tell(pod(0, 1), Outcome::Refused);
                world.now += 2 * SECOND;
            }
            let stream = path(pod(0, 1), 's');
            let (mut request, mut action) = world.begin(&page(&stream, ""));
            let mut asked = Vec::new();
            for _ in 0..40 {
                action = match action {
                    Action::Dial { .. } => world.failed_once(&mut request, Outcome::Refused),
                    Action::Wait { until } => {
                        world.now = world.now.max(until);
                        world.resume(&mut request)
                    }
                    other => panic!("{other:?} after {asked:?}"),
                };
                for dialled in world.take_background() {
                    asked.push(dialled);
                    world.tell(dialled, Outcome::Refused);
                }
                if asked.contains(&pod(0, 2)) {
                    break;
                }
            }
            assert!(asked.contains(&pod(0, 2)), "marked: {marked}, {last:?}: {asked:?}");
            world.ended(request);
        }
    }
}
