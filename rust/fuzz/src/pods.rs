//! In: two bytes of options, then four bytes for each event: a pause, what happened, to which pod, on which path. Each
//! answer is that of a model that remembers every event.

use std::net::IpAddr;

use doors_caddy::pods::*;
use doors_caddy::{PathKind, Reason};

use crate::Reader;

#[path = "../../src/pods/slow.rs"]
mod slow;

const SECOND: u64 = 1_000_000_000;

/// In milliseconds, around every limit that there is.
const PAUSES: [u64; 16] =
    [0, 0, 1, 300, 500, 999, 1000, 1001, 3000, 7000, 9999, 10_000, 20_000, 59_000, 60_000, 61_000];
const PATHS: [PathKind; 4] = [PathKind::Sync, PathKind::Hook, PathKind::Page, PathKind::Resource];
const OUTCOMES: [Outcome; 6] = [
    Outcome::Connected,
    Outcome::Refused,
    Outcome::Unreachable,
    Outcome::OwnFault,
    Outcome::Cancelled,
    Outcome::Answered,
];

/// More would make the model too slow; each pause is at most a minute.
const EVENTS: usize = 120;

/// One input.
pub fn run(input: &[u8]) -> bool {
    let mut reader = Reader(input);
    let gone_after = [0, 3 * SECOND, 10 * SECOND, 30 * SECOND][usize::from(reader.byte() % 4)];
    let gone_rate = [0, 1, 2, 100][usize::from(reader.byte() % 4)];
    let (pods, mut model, mut now) = (Pods::new(), slow::Model::new(MAX_PODS), SECOND);
    let mut gone = false;
    for _ in 0..EVENTS {
        if reader.is_empty() {
            break;
        }
        now += PAUSES[usize::from(reader.byte() % 16)] * SECOND / 1000;
        let (what, last, path) = (reader.byte(), reader.byte(), PATHS[usize::from(reader.byte() % 4)]);
        let group = Group { source: 7, server: u64::from(last >> 7), gone_after, gone_rate };
        let last = last % 6;
        let stream = what & 128 != 0;
        match what % 16 {
            number @ 0..6 => {
                let outcome = OUTCOMES[usize::from(number)];
                let answer = pods.ended(&group, slow::pod(last), path, outcome, now);
                assert_eq!((answer.action, answer.changed), model.ended(&group, last, path, outcome, now));
                assert_eq!(answer.retry_after == 1, answer.action == Action::Unavailable);
                gone |= answer.action == Action::Gone && outcome == Outcome::Unreachable;
            }
            6 | 7 => {
                let answer = pods.began(&group, slow::pod(last), path, now);
                assert_eq!(answer.action, model.began(&group, last, path, now));
            }
            8 => {
                let reason = if stream { Reason::Refused } else { Reason::NoCidr };
                let answer = pods.refused_token(&group, reason, path, now);
                assert_eq!((answer.log, answer.suppressed), model.line(reason, now));
                let within = path != PathKind::Sync || model.take((false, 7), gone_rate, now);
                assert_eq!(answer.action, if within { Action::Gone } else { Action::Unavailable });
            }
            9..=11 => {
                pods.entered(&group, slow::pod(last), stream, now);
                model.entered(&group, last, stream, now);
            }
            12..=14 => {
                pods.left(slow::pod(last), stream, now);
                model.left(last, stream, now);
            }
            _ => {
                let list: Vec<u8> = (0..last).map(|step| (step * (what / 16)) % 6).collect();
                let list: Vec<u8> = (0..6).filter(|one| list.contains(one)).collect();
                pods.resolved(group.server, &list.iter().map(|last| slow::pod(*last)).collect::<Vec<_>>());
                model.resolved(group.server, &list);
            }
        }
        assert_eq!(pods.list(), model.list());
        let mut failed = Vec::new();
        pods.failed_recently((0..6).map(slow::pod), now, |one| failed.push(one));
        for last in 0..6 {
            let idle = pods.idle(slow::address(last), 10 * SECOND, SECOND, now);
            assert_eq!(idle, model.idle(last, 10 * SECOND, SECOND, now));
            assert_eq!(pods.verdict(slow::pod(last)), model.verdict(last).0);
            assert_eq!(failed[usize::from(last)], model.failed_recently(last, now));
        }
    }
    gone
}
