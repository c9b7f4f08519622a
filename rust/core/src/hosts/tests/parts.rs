use std::collections::BTreeMap;
use std::net::IpAddr;

use super::super::addresses::{MAX_ADDRESSES, contains};
use super::super::record::Record;
use super::super::{HostChange, Missing};
use super::{Numbers, numbered};
use crate::SECOND;

fn answer(record: &mut Record, now: u64, list: &[IpAddr]) -> HostChange {
    record.answer(now, list, Missing::default()).change
}

/// With a name server that returns complete answers, an address leaves with the first answer that lacks it,
/// regardless of the others.
#[test]
fn a_rollout_with_complete_answers() {
    let flaps_far_apart: Vec<Vec<u8>> = [vec![1, 2], vec![1]]
        .into_iter()
        .chain(std::iter::repeat_n(vec![1, 2], 9))
        .chain([vec![2], vec![1, 2], vec![1, 3]])
        .collect();
    let cases: [(&str, Vec<Vec<u8>>); 5] = [
        ("one by one", vec![vec![1, 2, 3], vec![2, 3, 4], vec![3, 4, 5], vec![4, 5, 6]]),
        ("all at once", vec![vec![1, 2, 3], vec![1, 2, 3, 4, 5, 6], vec![4, 5, 6]]),
        ("back and forth", vec![vec![1], vec![2], vec![1], vec![3], vec![4]]),
        (
            "one flaps",
            vec![
                vec![1, 2, 3],
                vec![2, 3],
                vec![1, 2, 3],
                vec![2, 3],
                vec![1, 2, 3],
                vec![2, 3],
                vec![1, 2, 3],
                vec![1, 3],
                vec![3, 4],
            ],
        ),
        ("two flap, far apart", flaps_far_apart),
    ];
    for (name, answers) in cases {
        let mut record = Record::default();
        for (i, list) in answers.into_iter().enumerate() {
            let list = numbered(list);
            let change = answer(&mut record, i as u64 * SECOND, &list);
            assert_eq!(record.list(), list, "{name}: answer {i}");
            assert_ne!(change, HostChange::Partial, "{name}: answer {i}");
        }
    }
}

/// With 8 of 20 addresses in each answer, all are known after a few seconds and stay known. Only changes are
/// reported.
#[test]
fn partial_answers() {
    let mut random = Numbers(8);
    let mut part = |of: &[u8]| {
        let mut left = of.to_vec();
        numbered((0..8).map(|_| left.swap_remove(random.below(left.len() as u64) as usize)))
    };
    let all: Vec<u8> = (1..=20).collect();
    let mut record = Record::default();
    let mut now = 0;
    let mut step = |record: &mut Record, list: Vec<IpAddr>| {
        now += SECOND;
        u32::from(answer(record, now, &list) != HostChange::None)
    };
    for _ in 0..30 {
        step(&mut record, part(&all));
    }
    assert_eq!(record.list(), numbered(all.clone()));
    assert!(record.partial());
    let generation = record.generation();
    let lines: u32 = (0..3600).map(|_| step(&mut record, part(&all))).sum();
    assert_eq!((record.generation(), lines), (generation, 0), "in an hour of the same addresses");

    // An address that leaves is kept for a while unless it refuses. An address in DNS is not dropped.
    let left = &all[3..];
    step(&mut record, part(left));
    for gone in numbered([1, 2]) {
        assert!(record.drop_refused(gone));
    }
    let named = record.parts().unwrap().last()[0];
    assert!(!record.drop_refused(named));
    assert_eq!(record.list(), numbered(all[2..].to_vec()));
    for _ in 0..31 {
        step(&mut record, part(left));
    }
    assert_eq!(record.list(), numbered(left.to_vec()), "31 s after three have left");

    // Once answers are complete again, each replaces all addresses.
    let mut lines: u32 = (0..11).map(|_| step(&mut record, numbered(left.to_vec()))).sum();
    lines += step(&mut record, numbered(left[1..].to_vec()));
    assert_eq!((record.partial(), lines), (false, 2));
    assert_eq!(record.list(), numbered(left[1..].to_vec()));
}

/// All events. The expected results are computed from them each time, address by address.
type History = Vec<(u64, Event)>;

enum Event {
    Answer(Vec<IpAddr>),
    Refused(IpAddr),
}

#[derive(Clone, Copy, Default)]
struct Fate {
    /// The number of the answer, counted from 1, and its time.
    named: Option<(u64, u64)>,
    back: Option<(u64, u64)>,
}

fn replay(history: &History) -> (Vec<IpAddr>, bool) {
    let mut fates: BTreeMap<IpAddr, Fate> = BTreeMap::new();
    let (mut fresh, mut partial, mut number) = (Vec::new(), false, 0);
    for (at, event) in history {
        let answer = match event {
            Event::Answer(answer) => answer,
            Event::Refused(address) => {
                if let Some(fate) = fates.get_mut(address)
                    && fate.named.is_some_and(|named| named.0 < number)
                    && fresh.contains(address)
                {
                    fate.named = None;
                    fresh.retain(|other| other != address);
                }
                continue;
            }
        };
        number += 1;
        let soon = |seen: Option<(u64, u64)>| seen.is_some_and(|(n, t)| number - n < 10 && at - t <= 30 * SECOND);
        for address in answer {
            let fate = fates.entry(*address).or_default();
            if fate.named.is_some_and(|named| named.0 + 1 < number) && soon(fate.named) {
                fate.back = Some((number, *at));
            }
            fate.named = Some((number, *at));
        }
        partial = fates.values().filter(|fate| soon(fate.back)).count() >= 2;
        let in_force = |address: &IpAddr, fate: &Fate| {
            fate.named.is_some_and(|(n, t)| {
                let kept = at - t <= 30 * SECOND && (soon(fate.named) || fresh.contains(address));
                n == number || partial && kept
            })
        };
        fresh = fates.iter().filter(|(address, fate)| in_force(address, fate)).map(|(address, _)| *address).collect();
    }
    (fresh, partial)
}

/// Random name servers of all kinds, random times and refusals: at each moment, the record must match its
/// whole history.
#[test]
fn parts_against_the_whole_history() {
    for seed in 0..60 {
        let mut random = Numbers(seed);
        let pods = 1 + random.below(12) as u8;
        let mut share = random.below(1000);
        let pace = (1 + random.below(5)) * SECOND;
        let (mut record, mut history, mut now) = (Record::default(), History::new(), 0);
        for event in 0..200 {
            now += random.below(pace);
            if random.below(40) == 0 {
                share = random.below(1000);
            }
            let answered = random.below(4) != 0;
            if answered {
                let list = numbered((1..=pods).filter(|_| random.below(1000) <= share));
                if list.is_empty() {
                    continue;
                }
                answer(&mut record, now, &list);
                history.push((now, Event::Answer(list)));
            } else {
                let address = numbered([1 + random.below(pods.into()) as u8])[0];
                record.drop_refused(address);
                history.push((now, Event::Refused(address)));
            }
            let (fresh, partial) = replay(&history);
            assert_eq!(record.list(), fresh, "seed {seed}, event {event}");
            if answered {
                let returned = record.parts().unwrap().sizes()[2];
                assert_eq!(returned >= 2, partial, "seed {seed}, event {event}");
            }
        }
    }
}

/// Memory stays bounded however many addresses a name server invents, and the last answer applies.
#[test]
fn a_flood_of_addresses() {
    let block = |n: u32| -> Vec<IpAddr> {
        (0..MAX_ADDRESSES as u32)
            .map(|i| IpAddr::from((0x0a00_0000 + n * MAX_ADDRESSES as u32 + i).to_be_bytes()))
            .collect()
    };
    let blocks: Vec<Vec<IpAddr>> = (0..4).map(block).collect();
    // Two return soon enough to be detected as partial answers, four do not.
    for (turns, partial) in [(2, true), (4, false)] {
        let mut record = Record::default();
        for round in 0..12_u64 {
            let list = &blocks[round as usize % turns];
            answer(&mut record, round * SECOND / 100, list);
            assert!(list.iter().all(|address| contains(record.list(), *address)));
            let sizes = record.parts().unwrap().sizes();
            assert!(
                record.list().len() <= MAX_ADDRESSES && sizes.iter().all(|size| *size <= MAX_ADDRESSES),
                "{sizes:?}"
            );
        }
        assert_eq!(record.partial(), partial);
    }
}
