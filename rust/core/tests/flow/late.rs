//! Late reports still count. The simulator found each of these cases.

use doors_routing::{Action, Cause, LookupFailure, Options, Outcome, SECOND};

use crate::world::*;

fn world() -> World {
    let mut world = World::new(1, Options::default());
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.know_all();
    world
}

/// A stream began before the fault, and its pod responds after dials of it have failed. From then on these
/// failures no longer count.
#[test]
fn a_late_response_to_a_stream_is_a_sign_of_life() {
    let mut world = world();
    let stream = path(pod(0, 1), 's');
    let (mut first, _) = world.request(&page(&stream, ""));
    let _ = world.source.answered(&mut first, Default::default(), world.now, 0);
    let (mut second, _) = world.request(&page(&stream, ""));
    world.pass(SECOND);
    world.tell(pod(0, 1), Outcome::Unreachable);
    world.pass(9 * SECOND);
    let report = world.source.answered(&mut second, Default::default(), world.now, 0).report;
    assert!(report.changed.is_some());
    world.pass(2 * SECOND);
    world.tell(pod(0, 2), Outcome::Connected);
    world.tell(pod(0, 1), Outcome::Unreachable);
    assert_eq!(world.ask(&page(&stream, "")), unavailable(Cause::PodUnreachable, false));
}

/// A host that has lost all its addresses counts as known: its pods take no pages.
#[test]
fn no_page_reloads_when_all_addresses_were_dropped() {
    let mut world = world();
    world.dns("app0", &[pod(0, 1), pod(0, 2), pod(0, 3)]);
    world.pass(2 * SECOND);
    world.tell(pod(0, 3), Outcome::Connected);
    world.dns("app0", &[pod(0, 1), pod(0, 2)]);
    world.pass(2 * SECOND);
    assert_eq!(world.source.fresh(0).map(|fresh| fresh.all().len()), Some(2));
    world.no_dns("app0", LookupFailure::NotFound, 0);
    world.pass(2 * SECOND);
    for last in [1, 2] {
        world.tell(pod(0, last), Outcome::Refused);
    }
    assert!(world.source.fresh(0).is_none());
    assert_eq!(world.ask(&post(&path(pod(0, 1), 'h'))), unavailable(Cause::NoPod, false));
}

/// A page load waits because no pod is known. It goes to the first one that appears, without delay.
#[test]
fn a_waiting_page_load_sees_a_new_pod_at_once() {
    let mut world = World::new(1, Options::default());
    world.no_dns("app0", LookupFailure::NotFound, 0);
    let (mut request, action) = world.begin(&page("", ""));
    let Action::Wait { .. } = action else { panic!("{action:?}") };
    world.pass(SECOND / 10);
    while let Action::Wait { until } = world.resume(&mut request) {
        if until - world.now > SECOND / 2 {
            break;
        }
        world.pass(until - world.now);
    }
    world.dns("app0", &[pod(0, 1)]);
    let began = world.now;
    let mut tries = 0;
    let action = loop {
        world.pass(SECOND / 100);
        tries += 1;
        // Until the host is resolved, no pod is known.
        if world.source.fresh(0).is_some() || tries > 1000 {
            break world.resume(&mut request);
        }
    };
    assert_eq!(action, dial(0, 1), "after {} ms", (world.now - began) / MS);
}
