//! When a mark ends: with a later response, with DNS, or with the process.

use doors_routing::{Options, Outcome, SECOND};

use super::*;

#[test]
fn a_mark_ends_with_an_answer_to_a_later_request() {
    let mut world = world(1, Options::default());
    let stream = path(pod(0, 1), 's');
    let (mut early, _) = world.begin(&page(&stream, ""));
    world.now += SECOND;
    world.mark(pod(0, 1), DRAINING);
    world.now += SECOND;
    // This request began before the last mark, so it says nothing about the present.
    assert_eq!(world.answered(&mut early, NONE), Action::Done);
    world.ended(early);
    assert_eq!((world.told(), world.serve(&page("", ""), NONE)), (vec![(pod(0, 1), true)], dial(0, 2)));
    world.mark(pod(0, 1), NONE);
    assert_eq!((world.told(), world.marked_since(pod(0, 1))), (vec![(pod(0, 1), false)], None));
    assert_eq!(world.ask(&page("", &cookie(pod(0, 1)))), dial(0, 1));
}

#[test]
fn a_mark_ends_when_the_address_is_back_in_dns() {
    let mut world = world(1, Options::default());
    world.mark(pod(0, 1), DRAINING);
    for (pods, marked) in [(vec![pod(0, 2)], true), (vec![pod(0, 1), pod(0, 2)], false)] {
        world.dns("app0", &pods);
        let _ = world.ask(&page("", ""));
        world.pass(2 * SECOND);
        assert_eq!(world.marked_since(pod(0, 1)).is_some(), marked);
    }
    assert_eq!(world.ask(&page("", &cookie(pod(0, 1)))), dial(0, 1));
}

/// The draining process has ended, so whatever listens there next is another one.
#[test]
fn a_mark_ends_with_a_refused_connection() {
    let mut world = world(1, Options::default());
    world.mark(pod(0, 1), DRAINING);
    world.tell(pod(0, 1), Outcome::Refused);
    assert_eq!(world.marked_since(pod(0, 1)), None);
    world.mark(pod(0, 2), DRAINING);
    world.tell(pod(0, 2), Outcome::Unreachable);
    assert!(world.marked_since(pod(0, 2)).is_some());
}

/// The mark of the old process at an address still holds when the other address begins to drain, because the
/// new process has had no request.
#[test]
fn a_rollout_between_two_addresses_without_dns() {
    let mut world = world(1, Options::default());
    for round in 0..20 {
        let (old, new) = (1 + round % 2, 2 - round % 2);
        world.now += 1;
        if round % 3 == 0 {
            world.mark(pod(0, old), DRAINING);
            world.now += 1;
        }
        let (mut request, mut action) = world.request(&page("", &cookie(pod(0, old))));
        if round % 3 != 0 {
            assert_eq!(action, dial(0, old));
            action = world.answered(&mut request, REFUSED);
        }
        assert_eq!(action, dial(0, new));
        assert_eq!(world.answered(&mut request, NONE), Action::Done);
        world.ended(request);
    }
}

/// Otherwise a new process at this address would get no page.
#[test]
fn one_page_in_ten_seconds_tests_whether_a_pod_still_drains() {
    let mut world = world(1, Options::default());
    world.mark(pod(0, 1), DRAINING);
    let (mut asked, start) = (Vec::new(), world.now);
    while world.now < start + 40 * SECOND {
        world.now += SECOND / 10;
        let (mut request, action) = world.request(&page("", ""));
        if action == dial(0, 1) {
            asked.push((world.now - start) / SECOND);
            assert_eq!(world.answered(&mut request, REFUSED), dial(0, 2));
        }
        assert_eq!(world.answered(&mut request, NONE), Action::Done);
        world.ended(request);
    }
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(asked.is_sorted_by(|one, next| next - one >= 10), "{asked:?}");
    // Requests that cannot be sent again do not test a pod.
    world.now += 20 * SECOND;
    assert!((0..50).all(|_| world.ask(&post("/form")) == dial(0, 2)));
}
