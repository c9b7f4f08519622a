//! A single visitor whose pod is dead.

use super::*;

/// One page on a dead pod. The client backs off as Doors does. Each dial takes `dial`. Requested witnesses
/// are dialled; `reached` returns which can be reached. Returns when the page is told to reload.
struct Alone<'a> {
    world: &'a World,
    dial: u64,
    reached: &'a dyn Fn(Pod) -> bool,
}

impl Alone<'_> {
    fn gone_at(&self, group: &Group<'_>, pod: Pod, until: u64) -> Option<u64> {
        let (mut now, mut pause) = (0, SECOND / 5);
        let mut asked = Vec::new();
        while now < until {
            let started = now;
            let mut answer = self.world.begin_of(group, pod, PathKind::Sync, now);
            if matches!(answer.action, Action::Dial | Action::Probe) {
                now += self.dial;
                answer = self.world.end_of(group, pod, PathKind::Sync, Outcome::Unreachable, now);
            }
            if answer.action == Action::Gone {
                return Some(now);
            }
            assert_eq!(answer.action, Action::Unavailable);
            if answer.learned.find_witness {
                asked.push(now);
                self.dial_witness(group, pod, now);
            }
            if now - started < SECOND {
                now += pause;
                pause = (pause * 5 / 4).min(12 * SECOND);
            }
        }
        assert!(asked.len() as u64 >= until / (13 * SECOND), "{asked:?}");
        assert!(asked.windows(2).all(|two| two[1] - two[0] >= SECOND), "asked too often");
        None
    }

    fn dial_witness(&self, group: &Group<'_>, missing: Pod, now: u64) {
        let named = self.world.dns.lock().unwrap().get(&group.upstream.id()).cloned().unwrap_or_default();
        let fresh: Vec<IpAddr> = named.iter().map(|pod| pod.address()).collect();
        let random = now.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let Some(witness) = self.world.pods.witness(group.upstream, missing, (&fresh, 8080), now, random) else {
            return;
        };
        let outcome = if (self.reached)(witness) { Outcome::Connected } else { Outcome::Unreachable };
        let learned = self.world.pods.learn(group, witness, outcome, now + SECOND / 100);
        assert!(!learned.find_witness, "one dial in the background leads to the next");
    }
}

/// Within `gone_after` plus 5 s, and after three dials at least, without other users of the upstream, however
/// the pod is dead and however long pages wait.
#[test]
fn a_dead_pod_is_gone_without_other_visitors() {
    for (gone_after, dial) in [0, 3, 10, 30].into_iter().flat_map(|long| [(long, SECOND / 1000), (long, 3 * SECOND)]) {
        let latest = ((gone_after + 5) * SECOND).max(if gone_after > 0 { 3 * dial + 2 * SECOND } else { 0 });
        // The last one drains.
        for last in [1, 3] {
            let world = World { gone_after: gone_after * SECOND, ..World::new() };
            world.resolved(1, &[pod(1), pod(2)]);
            let alone = Alone { world: &world, dial, reached: &|_| true };
            let gone = alone.gone_at(&world.group(), pod(last), 2400 * SECOND).expect("it is dead");
            assert!((gone_after * SECOND..=latest).contains(&gone), "{gone_after}, {dial}: {gone}");
        }
    }
}

#[test]
fn a_dead_pod_is_gone_even_if_others_are_dead_too() {
    let world = World::new();
    world.resolved(1, &(1..=4).map(pod).collect::<Vec<_>>());
    let alone = Alone { world: &world, dial: 3 * SECOND, reached: &|one| one == pod(4) };
    let gone = alone.gone_at(&world.group(), pod(1), 2400 * SECOND).expect("it is dead");
    assert!(gone <= 20 * SECOND, "{gone}");
}

#[test]
fn two_host_names_for_the_same_pods_and_one_visitor() {
    let world = World::new();
    let other = upstream(&world.dns, 2);
    world.resolved(1, &[pod(1), pod(2)]);
    world.resolved(2, &[pod(1), pod(2)]);
    let alone = Alone { world: &world, dial: 3 * SECOND, reached: &|_| true };
    let gone = alone.gone_at(&Group { upstream: &other, ..world.group() }, pod(1), 2400 * SECOND).expect("it is dead");
    assert!(gone <= 15 * SECOND, "{gone}");
}

#[test]
fn one_dead_pod_among_50_000_and_one_visitor() {
    let world = World::new();
    let all: Vec<Pod> =
        (0..50_000u32).map(|number| Pod::new((0x0a01_0000 + number).to_be_bytes().into(), 8080)).collect();
    world.dns.lock().unwrap().insert(1, all.clone());
    let alone = Alone { world: &world, dial: 3 * SECOND, reached: &|one| one != all[7] };
    let gone = alone.gone_at(&world.group(), all[7], 2400 * SECOND).expect("it is dead");
    assert!(gone <= 15 * SECOND, "{gone}");
}

#[test]
fn when_nothing_can_be_reached_nothing_is_gone() {
    for dial in [SECOND / 1000, 3 * SECOND] {
        let world = World::new();
        world.resolved(1, &[pod(1), pod(2), pod(3)]);
        // The pod was healthy until a moment ago.
        (1..=3).for_each(|last| _ = world.ended(last, Outcome::Answered, 0));
        let alone = Alone { world: &world, dial, reached: &|_| false };
        assert_eq!(alone.gone_at(&world.group(), pod(1), 2400 * SECOND), None);
        assert_eq!([1, 2].map(|last| world.pods.verdict(pod(last))), [Verdict::Unreachable; 2]);
    }
}
