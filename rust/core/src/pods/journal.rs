//! The most recent changes of pods, for display.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::leaving::Target;
use super::{Group, Pod, Pods, Verdict};

/// The maximum number of stored events.
const MOST: usize = 256;

/// The kind of an event. The numbers equal `DOORS_EVENT_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum EventKind {
    /// DNS lists the pod and did not before. Not reported for a host's first answer.
    Appeared = 1,
    /// The pod signals that it is draining.
    Marked = 2,
    /// DNS no longer lists the pod.
    Left = 3,
    /// An operator has evicted pods.
    Evicted = 4,
    /// An operator has cancelled an eviction.
    Undone = 5,
    /// The last receiver stream of a draining pod has ended. If that happens again, the new event replaces
    /// the old one.
    LastPage = 6,
    /// The process of a draining pod has ended.
    Ended = 7,
    /// The pod is gone and was not draining.
    Failed = 8,
    /// The pod works again after being unreachable or gone.
    Alive = 9,
}

impl EventKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [EventKind; 9] = [
        EventKind::Appeared,
        EventKind::Marked,
        EventKind::Left,
        EventKind::Evicted,
        EventKind::Undone,
        EventKind::LastPage,
        EventKind::Ended,
        EventKind::Failed,
        EventKind::Alive,
    ];

    /// A short identifier for logs and JSON.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Appeared => "appeared",
            EventKind::Marked => "marked",
            EventKind::Left => "left_dns",
            EventKind::Evicted => "evicted",
            EventKind::Undone => "eviction_undone",
            EventKind::LastPage => "last_page",
            EventKind::Ended => "ended",
            EventKind::Failed => "failed",
            EventKind::Alive => "alive",
        }
    }
}

/// The subject of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A pod of the upstream with this ID.
    Pod(Pod, u64),
    /// The pods covered by an eviction.
    Target(Target),
}

/// A change of one or several pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// A sequence number, starting at 1.
    pub number: u64,
    /// When it happened, in nanoseconds of the caller's clock.
    pub at: u64,
    /// The pod or pods.
    pub subject: Subject,
    /// What happened.
    pub kind: EventKind,
    /// The number of receiver streams at that time.
    pub pages: u32,
}

/// The most recent events of a process. Has one lock, which is only taken for changes.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Events>);

#[derive(Debug, Default)]
struct Events {
    last: u64,
    list: VecDeque<Event>,
}

impl Journal {
    pub(super) fn add(&self, subject: Subject, kind: EventKind, pages: u32, at: u64) {
        let mut events = self.lock();
        events.last += 1;
        let event = Event { number: events.last, at, subject, kind, pages };
        let list = &mut events.list;
        if kind == EventKind::LastPage {
            list.retain(|other| (other.kind, other.subject) != (kind, subject));
        }
        // Allocates for all events with the first, so that requests that cause later events do not allocate.
        list.reserve_exact(MOST - list.len());
        if list.len() >= MOST {
            list.pop_front();
        }
        list.push_back(event);
    }

    /// The events after the one with this number, oldest first.
    pub(super) fn after(&self, number: u64) -> Vec<Event> {
        self.lock().list.iter().filter(|event| event.number > number).copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Events> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pods {
    /// Records a change of a pod's verdict. `drained`: the pod drained before the change.
    pub(super) fn note_verdict(&self, group: &Group<'_>, pod: Pod, drained: bool, verdict: Verdict, now: u64) {
        let (drains, pages) = {
            let shard = self.lock(self.shard(pod.address));
            shard.peek(pod).map_or((false, 0), |known| (known.drains(), known.traffic.streams))
        };
        let kind = match verdict {
            Verdict::Unreachable => return,
            Verdict::Gone if drained || drains => EventKind::Ended,
            Verdict::Gone => EventKind::Failed,
            Verdict::None => EventKind::Alive,
        };
        self.journal.add(Subject::Pod(pod, group.upstream.id()), kind, pages, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(last: u8) -> Subject {
        Subject::Pod(Pod::new([10, 0, 0, last].into(), 80), 1)
    }

    fn numbers(journal: &Journal, after: u64) -> Vec<u64> {
        journal.after(after).iter().map(|event| event.number).collect()
    }

    #[test]
    fn the_last_256_the_oldest_first() {
        let journal = Journal::default();
        assert_eq!(numbers(&journal, 0), [0; 0]);
        for last in 0..=255 {
            journal.add(pod(last), EventKind::Left, 0, 5);
        }
        assert_eq!(numbers(&journal, 0), (1..=256).collect::<Vec<_>>());
        journal.add(pod(1), EventKind::Ended, 3, 6);
        assert_eq!(numbers(&journal, 0), (2..=257).collect::<Vec<_>>());
        assert_eq!(numbers(&journal, 255), [256, 257]);
        let last = Event { number: 257, at: 6, subject: pod(1), kind: EventKind::Ended, pages: 3 };
        assert_eq!((journal.after(256), journal.after(257)), (vec![last], vec![]));
    }

    #[test]
    fn the_last_page_of_a_pod_is_reported_once() {
        let journal = Journal::default();
        for (last, kind) in [(1, EventKind::LastPage), (2, EventKind::LastPage), (1, EventKind::Ended)] {
            journal.add(pod(last), kind, 0, 1);
        }
        (0..1000).for_each(|at| journal.add(pod(1), EventKind::LastPage, 0, at));
        assert_eq!(numbers(&journal, 0), [2, 3, 1003]);
    }

    #[test]
    fn names_and_numbers_follow_each_other() {
        assert!((1..).zip(EventKind::ALL).all(|(number, kind)| kind as u32 == number));
    }
}
