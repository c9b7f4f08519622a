//! Tests of background dials.

use doors_routing::{Action, Options, Outcome, Pod, SECOND};

use crate::world::*;

fn world(pods: u8, options: Options) -> World {
    let mut world = World::new(1, options);
    world.dns("app0", &(1..=pods).map(|last| pod(0, last)).collect::<Vec<_>>());
    world.know_all();
    world.take_background();
    world
}

/// Dials that are neither answered nor refused: one every 250 ms, and the same pod only after 3 s.
#[test]
fn background_dials_are_made_four_times_a_second() {
    let mut world = world(20, Options::default());
    let hook = path(pod(0, 99), 'h');
    world.tell(pod(0, 99), Outcome::Refused);
    let mut named: Vec<(u64, Pod)> = Vec::new();
    for _ in 0..1000 {
        world.ask(&post(&hook));
        let now = world.now;
        named.extend(world.take_background().into_iter().map(|pod| (now, pod)));
        world.pass(10 * MS);
    }
    assert_eq!(named.len(), 40);
    for (index, (at, pod)) in named.iter().enumerate() {
        assert!(named[..index].iter().all(|(before, _)| at - before >= 250 * MS));
        assert!(named[..index].iter().all(|(before, other)| other != pod || at - before >= 3 * SECOND));
    }
}

/// A page whose token is refused also needs a pod for its reload.
#[test]
fn a_forged_token_starts_a_search_for_a_pod() {
    for upstreams in [1, 2] {
        let mut world = World::new(upstreams, Options::default());
        world.dns("app0", &[pod(0, 1)]);
        let forged = format!("/~/{}/h/1", "A".repeat(43));
        assert_eq!(world.ask(&post(&forged)), unavailable(doors_routing::Cause::TokenRefused, false));
        world.pass(SECOND);
        world.ask(&post(&forged));
        assert_eq!(world.take_background(), [pod(0, 1)]);
        world.tell(pod(0, 1), Outcome::Connected);
        assert_eq!(world.ask(&post(&forged)), gone(doors_routing::Cause::TokenRefused));
    }
}

/// A failed dial leads to the next at that rate, but only for a while.
#[test]
fn failed_dials_continue_only_while_a_pod_is_wanted() {
    let mut world = world(20, Options { page_wait: 0, ..Options::default() });
    world.tell(pod(0, 99), Outcome::Refused);
    world.ask(&post(&path(pod(0, 99), 'h')));
    let (began, mut dials) = (world.now, 0);
    loop {
        let background = world.take_background();
        let Some(next) = background.first() else { break };
        dials += 1;
        world.pass(300 * MS);
        world.tell(*next, Outcome::Unreachable);
    }
    assert!((2..20).contains(&dials) && world.now - began <= 3 * SECOND, "{dials} dials");
}

#[test]
fn a_pod_is_not_its_own_witness() {
    for (pods, expected) in [(1, None), (2, Some(pod(0, 2)))] {
        let mut world = world(pods, Options::default());
        let mut named = Vec::new();
        for _ in 0..14 {
            world.tell(pod(0, 1), Outcome::Unreachable);
            named.extend(world.take_background());
            world.pass(SECOND);
            world.ask(&page("", "")); // so that lookups continue
        }
        named.dedup();
        assert_eq!(named.first(), expected.as_ref());
        assert!(!named.contains(&pod(0, 1)), "{named:?}");
    }
}

/// A dead pod is detected just as soon among very many live pods, whichever of them worked last.
#[test]
fn a_dead_pod_among_very_many() {
    let mut world = World::with_hosts(&["app0"], Options::default());
    let fresh: Vec<Pod> = (2..250).map(|last| pod(0, last)).collect();
    world.dns("app0", &fresh);
    world.know_all();
    let (began, hook) = (world.now, path(pod(0, 1), 'h'));
    for round in 0.. {
        for one in fresh.iter().skip(round % 50).step_by(50) {
            world.tell(*one, Outcome::Connected);
        }
        let (mut request, mut action) = world.begin(&post(&hook));
        if let Action::Dial { .. } = action {
            action = world.failed(&mut request, Outcome::Unreachable);
        }
        world.ended(request);
        if action == gone(doors_routing::Cause::PodGone) {
            break;
        }
        assert!(world.now - began < 15 * SECOND, "{action:?}");
        world.pass(SECOND);
    }
}
