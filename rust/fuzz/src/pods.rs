//! In: three bytes of options, then four bytes for each event: a pause, what happened, to which pod, on which path. Each
//! answer is that of a model that remembers every event.

use std::net::IpAddr;
use std::num::NonZeroU32;

use doors_routing::pods_v0::*;
use doors_routing::{PathKind, Reason};

use crate::Reader;

#[path = "../../core/src/pods_v0/slow.rs"]
mod slow;

use slow::{PODS, SERVERS};

const SECOND: u64 = 1_000_000_000;

/// In milliseconds, around every limit that there is.
const PAUSES: [u64; 16] =
    [0, 0, 1, 300, 500, 999, 1000, 1001, 3000, 9999, 10_000, 20_000, 59_000, 60_000, 61_000, 1_200_000];
const PATHS: [PathKind; 5] = [PathKind::Sync, PathKind::Hook, PathKind::Page, PathKind::Resource, PathKind::Other];
const OUTCOMES: [Outcome; 7] = [
    Outcome::Connected,
    Outcome::Refused,
    Outcome::Unreachable,
    Outcome::OwnFault,
    Outcome::Cancelled,
    Outcome::Answered,
    Outcome::Dropped,
];

/// More would make the model too slow.
const EVENTS: usize = 120;

/// One input.
pub fn run(input: &[u8]) -> bool {
    let mut reader = Reader(input);
    let gone_after = [0, 3 * SECOND, 10 * SECOND, 30 * SECOND][usize::from(reader.byte() % 4)];
    let gone_rate = [0, 1, 2, 100][usize::from(reader.byte() % 4)];
    let options = reader.byte();
    // Fewer than there are, but for one, so that pods are forgotten.
    let most = NonZeroU32::new(u32::from(options % PODS) + 1).expect("one at least");
    let page_wait = [0, SECOND / 2, 10 * SECOND][usize::from(options / 16 % 3)];
    let (pods, mut model, mut now) = (Pods::bounded(most), slow::Model::new(most.get() as usize), 0);
    let mut gone = false;
    for _ in 0..EVENTS {
        if reader.is_empty() {
            break;
        }
        now += PAUSES[usize::from(reader.byte() % 16)] * SECOND / 1000;
        let (what, which, path) = (reader.byte(), reader.byte(), PATHS[usize::from(reader.byte() % 5)]);
        let server = u64::from(which >> 6) % SERVERS;
        let source = slow::source(server);
        let group = Group { source, server, gone_after, page_wait, gone_rate, max_waiting: 3 };
        let last = (which & 63) % PODS;
        let flag = what & 128 != 0;
        let answers = match what % 16 {
            number @ 0..7 => {
                let outcome = OUTCOMES[usize::from(number)];
                let answer = pods.ended(&group, slow::pod(last), path, outcome, now);
                gone |= answer.verdict == Verdict::Gone && answer.changed && outcome != Outcome::Refused;
                Some((answer, model.ended(&group, last, path, outcome, now)))
            }
            7 | 8 => Some((pods.began(&group, slow::pod(last), path, now), model.began(&group, last, path, now))),
            9 => {
                let reason = if flag { Reason::Refused } else { Reason::NoCidr };
                Some((pods.refused_token(&group, reason, path, now), model.refused_token(&group, reason, path, now)))
            }
            10 => {
                let since = now.saturating_sub(u64::from(which) * SECOND / 20);
                let waiting = u32::from(last);
                Some((pods.wait(&group, since, waiting, now), model.wait(&group, since, waiting, now)))
            }
            11 | 12 => {
                pods.entered(&group, slow::pod(last), flag, now);
                model.entered(&group, last, flag, now);
                None
            }
            13 | 14 => {
                pods.left(slow::pod(last), flag, now);
                model.left(last, flag, now);
                None
            }
            _ => {
                let list: Vec<u8> = (0..last).map(|step| (step * (what / 16)) % PODS).collect();
                let list: Vec<u8> = (0..PODS).filter(|one| list.contains(one)).collect();
                pods.resolved(group.server, &list.iter().map(|last| slow::pod(*last)).collect::<Vec<_>>());
                model.resolved(group.server, &list);
                None
            }
        };
        if let Some((got, wanted)) = answers {
            assert_eq!(slow::of(got), wanted);
        }
        assert_eq!(pods.list(), model.list());
        let mut failed = Vec::new();
        pods.failed_recently((0..PODS).map(slow::pod), now, |one| failed.push(one));
        for last in 0..PODS {
            let idle = pods.idle(slow::address(last), 10 * SECOND, SECOND, now);
            assert_eq!(idle, model.idle(last, 10 * SECOND, SECOND, now));
            assert_eq!(pods.verdict(slow::pod(last)), model.verdict(last));
            assert_eq!(failed[usize::from(last)], model.failed_recently(last, now));
        }
    }
    gone
}
