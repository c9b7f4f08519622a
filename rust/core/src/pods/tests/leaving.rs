//! Evictions as the pod table applies them.

use super::*;

fn network(bits: u8) -> Target {
    Target::new(Some(([10, 0, 0, 0].into(), bits)), None).unwrap()
}

fn at(last: u8) -> Target {
    Target::new(Some((pod(last).address(), 32)), None).unwrap()
}

fn evicted_since(world: &World, last: u8) -> Option<u64> {
    world.list().into_iter().find(|known| known.pod == pod(last)).and_then(|known| known.evicted_since)
}

/// Whether the next stream of a page makes it reload.
fn is_told(world: &World, group: &Group<'_>, last: u8, now: u64) -> bool {
    let (began, _) = world.pods.began(group, pod(last), PathKind::Sync, true, b"/~/T/s/one", now);
    began == Began::Leaves(Leaving::Evicted)
}

#[test]
fn a_pod_that_was_forgotten_is_still_evicted() {
    let world = World::bounded(1);
    let use_pod = |last, second: u64| {
        world.enter(last, false, second * SECOND);
        world.pods.left(pod(last), false, second * SECOND);
    };
    use_pod(1, 1);
    assert!(world.pods.evict(at(1), 1, false, 2 * SECOND));
    assert_eq!(evicted_since(&world, 1), Some(2 * SECOND));
    use_pod(2, 3);
    // The pod is no longer known.
    let looker = Looker { upstream: 1, began: 0, may_test: true, compares: true };
    let look = |last| world.pods.look(pod(last), looker, 4 * SECOND).standing;
    assert_eq!((world.list().len(), look(1), look(2)), (1, Standing::Draining, Standing::Well));
    use_pod(1, 5);
    assert_eq!(evicted_since(&world, 1), Some(2 * SECOND));
    assert!(world.pods.undo(&at(1), 6 * SECOND));
    assert_eq!((evicted_since(&world, 1), look(1)), (None, Standing::Well));
}

#[test]
fn each_upstream_has_the_rate_of_an_eviction() {
    let world = World::new();
    let (group, other) = (world.group(), upstream(&world.dns, 2));
    let other = Group { upstream: &other, ..group };
    world.resolved(1, &[pod(1), pod(9)]);
    world.resolved(2, &[pod(2)]);
    world.ended(9, Outcome::Connected, 0);
    assert!(world.pods.evict(network(30), 1, false, 0));
    for second in 1..4 {
        let told = [(&group, 1), (&group, 1), (&other, 2), (&other, 2)];
        let told = told.map(|(group, last)| is_told(&world, group, last, second * SECOND));
        assert_eq!(told, [true, false, true, false], "second {second}");
    }
    assert_eq!(world.pods.evictions()[0].told, 6);
}

/// The pods of a network leave slowly; then one of them must leave at once.
#[test]
fn the_most_recent_eviction_applies() {
    let world = World::new();
    let group = world.group();
    world.resolved(1, &[pod(1), pod(2), pod(9)]);
    world.ended(9, Outcome::Connected, 0);
    let told = |last, now| (0..100).filter(|_| is_told(&world, &group, last, now)).count();
    assert!(world.pods.evict(network(29), 1, false, 0));
    assert_eq!(told(1, SECOND), 1);
    assert!(world.pods.evict(at(1), 50, false, SECOND));
    assert_eq!((told(1, 2 * SECOND), told(2, 2 * SECOND)), (50, 1));
    // After that is cancelled, the other eviction still applies.
    assert!(world.pods.undo(&at(1), 3 * SECOND));
    assert_eq!((told(1, 3 * SECOND), evicted_since(&world, 1)), (1, Some(0)));
}

#[test]
fn a_pod_is_evicted_with_each_upstream_that_uses_it() {
    let world = World::new();
    let other = upstream(&world.dns, 2);
    let of_two = Target::new(None, Some(2)).unwrap();
    world.enter(1, false, 0);
    assert!(world.pods.evict(of_two, 1, false, SECOND));
    assert_eq!(evicted_since(&world, 1), None);
    world.pods.entered(&Group { upstream: &other, ..world.group() }, pod(1), false, 2 * SECOND);
    assert_eq!(evicted_since(&world, 1), Some(SECOND));
    // The upstream has not used the pod for a minute.
    world.enter(1, false, 63 * SECOND);
    world.pods.entered(&Group { upstream: &upstream(&world.dns, 3), ..world.group() }, pod(1), false, 64 * SECOND);
    assert_eq!(evicted_since(&world, 1), None);
}

#[test]
fn targets_are_networks_upstreams_or_both() {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    for (network, expected) in [
        (("10.0.0.0", 24), "10.0.0.0/24"),
        (("::ffff:10.0.0.0", 120), "10.0.0.0/24"),
        (("2001:db8::", 32), "2001:db8::/32"),
        (("0.0.0.0", 0), "0.0.0.0/0"),
    ] {
        let target = Target::new(Some((address(network.0), network.1)), None).unwrap();
        let (found, bits) = target.network().unwrap();
        assert_eq!(format!("{found}/{bits}"), expected);
    }
    for (network, rule) in [
        (Some(("10.0.0.7", 24)), "10.0.0.7/24 has host bits set; write 10.0.0.0/24"),
        (Some(("10.0.0.7", 33)), "10.0.0.7/33 is not a valid network; the length of the prefix is out of range"),
        (Some(("::ffff:10.0.0.7", 95)), "::ffff:10.0.0.7/95 is not a valid network"),
        (None, "the target is empty; name a network or an upstream"),
    ] {
        let error = Target::new(network.map(|(text, bits)| (address(text), bits)), None).unwrap_err();
        assert!(error.message.contains(rule), "{error}");
    }
    let both = Target::new(Some((address("10.0.0.0"), 24)), Some(7)).unwrap();
    let covers = |pod, upstreams: &[u64]| both.covers(pod, upstreams);
    let outside = Pod::new(address("10.0.1.1"), 80);
    assert_eq!([covers(pod(1), &[3, 7]), covers(pod(1), &[3, 3]), covers(outside, &[7, 7])], [true, false, false]);
}
