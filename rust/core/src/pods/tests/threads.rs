//! Threads can share the table, and shards make no visible difference.

use std::sync::atomic::AtomicBool;

use super::*;

fn sharded(most: u32, shards: usize) -> World {
    World::with(Pods::sharded(NonZeroU32::new(most).unwrap(), shards))
}

fn at(number: u32) -> Pod {
    Pod::new((0x0a00_0000 + number).to_be_bytes().into(), 8080 + (number % 3) as u16)
}

#[test]
fn shards_have_the_documented_size() {
    let shards = |most| Pods::new(NonZeroU32::new(most).unwrap()).shards.len();
    assert_eq!([1, 15, 16, 10_000, 1_000_000, u32::MAX].map(shards), [1, 1, 2, 1024, 4096, 4096]);
    // Neighbouring addresses are in different shards.
    let World { pods, .. } = World::new();
    let mut counts = vec![0; pods.shards.len()];
    (0..10_000).for_each(|number| counts[pods.shard(at(number).address())] += 1);
    assert!(counts.iter().all(|count| (1..30).contains(count)), "{counts:?}");
    assert!(size_of::<Line>() == 256);
}

/// Eight threads add and use pods. Each thread owns some, and all share others.
#[test]
fn threads_share_it() {
    const OWN: u32 = 40;
    let world = sharded(300, 8);
    world.resolved(1, &(0..8 * OWN).map(at).collect::<Vec<_>>());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|thread| {
                let world = &world;
                scope.spawn(move || {
                    for now in 0..3_000u64 {
                        for pod in [at(thread * OWN + now as u32 % OWN), at(1_000_000 + now as u32 % 50)] {
                            let (began, _) =
                                world.pods.began(&world.group(), pod, PathKind::Sync, now % 2 == 0, b"", now);
                            let outcome = if now % 3 == 0 { Outcome::Unreachable } else { Outcome::Connected };
                            let learned = world.pods.learn(&world.group(), pod, outcome, now);
                            if learned.find_witness {
                                let fresh: Vec<IpAddr> = (0..20).map(|number| at(number).address()).collect();
                                world.pods.witness(&world.upstream, pod, (&fresh, 8080), now, now);
                            }
                            world.pods.failed_recently(pod, now);
                            if matches!(began, Began::Dial { .. }) {
                                world.pods.left(pod, now % 2 == 0, now);
                            }
                        }
                    }
                })
            })
            .collect();
        // A reader runs all the time.
        let looker = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert!(world.pods.list(None, usize::MAX, |_, _| (true, 0)).is_sorted_by_key(|known| known.pod));
                assert!(world.pods.known() <= 308);
                world.pods.limit(NonZeroU32::new(300).unwrap());
                world.refused_token(Reason::Refused, PathKind::Sync, 0);
            }
        });
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        done.store(true, Ordering::Relaxed);
        looker.join().unwrap();
    });
    world.pods.limit(NonZeroU32::new(300).unwrap());
    let list = world.list();
    assert_eq!(list.len(), 300);
    assert!(list.iter().all(|known| known.in_flight == 0 && known.streams == 0), "{list:?}");
    assert!((0..8 * OWN).all(|number| world.pods.idle(at(number).address(), 0, 0, 3_000).answer == IdleAnswer::Yes));
}

/// However unevenly the pods are distributed, a pod with a fault is kept while any shard has another.
#[test]
fn pods_without_a_fault_are_forgotten_first_across_shards() {
    let world = sharded(40, 8);
    let held = |list: &[KnownPod]| list.iter().filter(|known| known.verdict != Verdict::None).count();
    // More in one shard than its share.
    let crowded: Vec<Pod> = (0..10_000).map(at).filter(|pod| world.pods.shard(pod.address()) == 3).take(60).collect();
    for (number, pod) in crowded.iter().enumerate() {
        let now = number as u64;
        world.pods.entered(&world.group(), at(20_000 + number as u32), false, now);
        world.pods.learn(&world.group(), *pod, Outcome::Refused, now);
        let list = world.list();
        assert_eq!(held(&list), (number + 1).min(40));
        assert!(list.len() <= 40 && list.iter().any(|known| known.pod == *pod));
    }
    // All remaining pods have a fault; another working pod replaces the oldest.
    let list = world.list();
    assert!(list.iter().all(|known| crowded[20..].contains(&known.pod)));
    world.pods.entered(&world.group(), at(30_000), false, 100);
    assert_eq!(held(&world.list()), 39);
    assert_eq!(world.pods.verdict(crowded[20]), Verdict::None);
    // The pod is the first to be forgotten, whatever its shard.
    world.pods.entered(&world.group(), at(30_001), false, 101);
    let list = world.list();
    assert_eq!(held(&list), 39);
    assert!(list.iter().any(|known| known.pod == at(30_001)));
}

/// The list is read in pages.
#[test]
fn pages_of_the_list_are_contiguous() {
    let world = sharded(10_000, 16);
    (0..500).for_each(|number| _ = world.pods.entered(&world.group(), at(number), false, 0));
    let whole = world.list();
    let mut pages = Vec::new();
    while let page = world.pods.list(pages.last().map(|known: &KnownPod| known.pod), 64, |_, _| (false, 0))
        && !page.is_empty()
    {
        assert!(page.len() == 64 || pages.len() + page.len() == 500);
        pages.extend(page);
    }
    assert_eq!(pages, whole);
    assert!(world.pods.list(None, 0, |_, _| (false, 0)).is_empty());
}
