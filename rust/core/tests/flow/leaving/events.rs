//! The events of draining, evicted and failed pods.

use doors_routing::{EventKind, Options, Outcome, Pod, SECOND};

use super::*;
use crate::world::*;

#[test]
fn events_are_listed_in_order() {
    let mut world = world(Options::default());
    assert_eq!(world.events(), []);
    let set = |world: &mut World, pods: &[Pod]| {
        world.dns("app0", pods);
        let _ = world.ask(&page("", ""));
        world.pass(2 * SECOND);
    };
    let mut open = world.open(pod(0, 1), 1);
    set(&mut world, &[pod(0, 1), pod(0, 2), pod(0, 3)]);
    world.says(pod(0, 1), DRAINING);
    set(&mut world, &[pod(0, 2), pod(0, 3)]);
    open.stream.take().into_iter().for_each(|stream| world.ended(stream));
    world.tell(pod(0, 1), Outcome::Refused);
    world.tell(pod(0, 3), Outcome::Refused);
    world.tell(pod(0, 3), Outcome::Connected);
    world.evict(at(pod(0, 2)), 0, false);
    assert!(world.state.undo(&at(pod(0, 2)), world.now));
    let expected = [
        (EventKind::Appeared, Some(pod(0, 3))),
        (EventKind::Marked, Some(pod(0, 1))),
        (EventKind::Left, Some(pod(0, 1))),
        (EventKind::LastPage, Some(pod(0, 1))),
        (EventKind::Ended, Some(pod(0, 1))),
        (EventKind::Failed, Some(pod(0, 3))),
        (EventKind::Alive, Some(pod(0, 3))),
        (EventKind::Evicted, None),
        (EventKind::Undone, None),
    ];
    assert_eq!(world.events(), expected);
    assert!(world.state.events(0).is_sorted_by_key(|event| (event.at, event.number)));
    let known = world.known_pod(pod(0, 1)).unwrap();
    assert_eq!((known.drained_since, known.draining_since.is_some()), (known.unreachable_since, true));
}

/// Two hosts of one upstream: the first answer of the slower one is not an event.
#[test]
fn the_first_answer_for_a_host_is_not_an_event() {
    let mut world = World::with_hosts(&["app0 app1"], Options::default());
    world.dns("app0", &[pod(0, 1)]);
    world.slow_dns("app1", &[pod(0, 2)], SECOND);
    world.know_all();
    world.pass(3 * SECOND);
    world.know_all();
    assert_eq!((world.events(), world.draining_since(pod(0, 2))), (vec![], None));
    assert!(world.known_pod(pod(0, 2)).is_some());
}
