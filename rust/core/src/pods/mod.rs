//! What is known about pods, and what it means for their requests: dial, probe, answer 410, or answer 503.
//!
//! A page lives in one pod. When that pod is gone for good, the page's requests must get 410, so that the
//! page reloads. During a brief network fault they must get 503, so that the page waits. A single request
//! cannot tell the two apart, so this module combines what is known from all requests:
//!
//! ```text
//! events    what each event changes, and the answer to its request
//! shard     a part of the pod table, behind one lock
//! queues    the data structure of a shard
//! record    what is known about one pod
//! takers    which pods would take a page, and which to dial in the background
//! standing  one pod: how suitable it is for a request that other pods can serve too
//! forgotten what remains of forgotten pods
//! known     the list of pods for display, and whether one may be stopped
//! leaving   why a pod drains, and which of its pages must reload
//! journal   recent changes, for display
//! upstream  one upstream: which of its pods prove that a fault is not on our side
//! source    one configuration: whether its key works, and which pods would take a page
//! pacing    how many pages per second may reload, and which pods were recently dialled in the background
//! ```
//!
//! Nothing here reads a clock: every call passes the time, so that tests can cover hours in moments. Nothing
//! here depends on names, DNS or networks, except through the callback of [`UpstreamHealth`].
//!
//! The table is split into shards by address, each with its own lock, so that calls about different pods do
//! not wait for each other. No call holds the locks of two shards: information about other pods, such as a
//! witness, is read between two locks of a pod's own shard.

mod events;
mod forgotten;
mod journal;
mod known;
mod leaving;
mod pacing;
mod queues;
mod record;
mod shard;
mod source;
mod standing;
mod takers;
#[cfg(test)]
mod tests;
mod upstream;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use events::{Began, Group, Learned, Leaving, Told};
use journal::Journal;
pub use journal::{Event, EventKind, Subject};
pub use known::{Idle, IdleAnswer, KnownPod};
use leaving::Evictions;
pub use leaving::{KnownEviction, Target};
use record::Known;
use shard::Shard;
pub(crate) use source::SourceHealth;
pub(crate) use standing::{Look, Looker, Standing};
pub(crate) use takers::Wait;
pub(crate) use upstream::UpstreamHealth;

use crate::SECOND;

/// For this long after a failed dial, an address is tried last.
const FAILED_RECENTLY: u64 = 10 * SECOND;

/// Failures further apart than this are unrelated, because nothing was observed in between.
const LONGEST_GAP: u64 = 60 * SECOND;

/// The maximum number of shards. A shard takes 256 bytes, and more once it contains a pod.
const MOST_SHARDS: usize = 4096;

/// A pod, identified by address and port. Ordered by address, IPv4 first, then by port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pod {
    address: IpAddr,
    port: u16,
}

impl Pod {
    /// Creates a pod. An IPv4-mapped address denotes the same pod as the IPv4 address.
    pub fn new(address: IpAddr, port: u16) -> Self {
        Pod { address: address.to_canonical(), port }
    }

    /// The address. Never an IPv4-mapped one.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// The port.
    pub fn port(self) -> u16 {
        self.port
    }
}

/// The outcome of a dial or a request. The numbers equal `DOORS_OUTCOME_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Outcome {
    /// The dial succeeded.
    Connected = 1,
    /// The pod's address refused the connection: nothing listens on the port.
    Refused = 2,
    /// There was no route, the host or network was unreachable, or nothing answered in time.
    Unreachable = 3,
    /// The dial failed because of a problem on this machine, unrelated to the pod.
    OwnFault = 4,
    /// The client gave up, which is unrelated to the pod.
    Cancelled = 5,
    /// The pod responded to a request, perhaps over a reused connection.
    Answered = 6,
    /// The connection ended before the first byte of a response. The request may have been sent.
    Dropped = 7,
}

/// The faults recorded for a pod. The numbers equal `DOORS_VERDICT_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Verdict {
    /// No fault.
    #[default]
    None = 0,
    /// The last dials of the pod failed. It may be back soon.
    Unreachable = 1,
    /// The pod is dead, and its pages are lost.
    Gone = 2,
}

/// What is known about the pods of a process. Can be used from any number of threads. A call holds one lock
/// at a time, usually for well under a microsecond: that of the pod's shard, and that of an upstream or a
/// source after a failure and about once a second for each working pod. Times are in nanoseconds of one
/// monotonic clock. If calls arrive with times out of order, an earlier time counts as the later one wherever
/// the calls touch the same data.
pub(crate) struct Pods {
    shards: Box<[Line]>,
    /// The current and the maximum number of remembered pods.
    known: AtomicUsize,
    most: AtomicUsize,
    /// A time after the last failure of any pod, or 0. Lets [`Pods::look`] answer without a lock.
    last_failure: AtomicU64,
    /// Whether any pod has ever drained or been evicted.
    any_draining: AtomicBool,
    evictions: Evictions,
    journal: Journal,
}

/// A shard with its own two cache lines, since processors fetch lines in pairs.
#[repr(align(128))]
struct Line(Mutex<Shard>);

impl Pods {
    /// Creates an empty table for at most `most` pods. When it is full, it forgets first the pods with a
    /// fault that were not used for an hour, then pods without a fault, and only then other pods with a
    /// fault. Within a shard it starts with pods without requests in flight and, among those, with the least
    /// recently used.
    pub(crate) fn new(most: NonZeroU32) -> Self {
        Pods::sharded(most, shards(most))
    }

    fn sharded(most: NonZeroU32, shards: usize) -> Self {
        Pods {
            shards: (0..shards).map(|_| Line(Mutex::new(Shard::new(shards)))).collect(),
            known: AtomicUsize::new(0),
            most: AtomicUsize::new(size(most)),
            last_failure: AtomicU64::new(0),
            any_draining: AtomicBool::new(false),
            evictions: Evictions::default(),
            journal: Journal::default(),
        }
    }

    /// The shard for all pods at an address.
    fn shard(&self, address: IpAddr) -> usize {
        forgotten::mixed(address) as usize & (self.shards.len() - 1)
    }

    /// Ignores poisoning: each call leaves its shard consistent, and the caller contains panics.
    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The verdict on a pod. Does not count as a use of it.
    pub(crate) fn verdict(&self, pod: Pod) -> Verdict {
        self.lock(self.shard(pod.address)).peek(pod).map_or(Verdict::None, |known| known.state.verdict())
    }

    /// Changes the maximum number of pods. Forgets excess pods, one per lock.
    pub(crate) fn limit(&self, most: NonZeroU32) {
        self.most.store(size(most), Ordering::Relaxed);
        let mut shard = 0;
        while self.known() > size(most) && self.forget(shard, None, 0) {
            shard += 1; // so that every shard gives up pods
        }
    }

    /// The number of known pods. May briefly exceed the maximum by one per thread.
    pub(crate) fn known(&self) -> usize {
        self.known.load(Ordering::Relaxed)
    }

    /// Clears the faults of pods that are back in DNS, since their addresses may belong to new pods. `says`:
    /// record an event.
    pub(crate) fn appeared(&self, upstream: u64, pods: impl IntoIterator<Item = Pod>, says: bool, now: u64) {
        for pod in pods {
            self.lock(self.shard(pod.address)).clear(upstream, pod);
            if says {
                self.journal.add(Subject::Pod(pod, upstream), EventKind::Appeared, 0, now);
            }
        }
    }

    /// Handles pods of an upstream that DNS no longer lists. They drain from now on, unless `fresh` returns
    /// that DNS lists them for another upstream that uses them.
    pub(crate) fn disappeared(
        &self,
        upstream: u64,
        pods: impl IntoIterator<Item = Pod>,
        fresh: impl Fn(u64, Pod) -> bool,
        now: u64,
    ) {
        for pod in pods {
            let users = self.lock(self.shard(pod.address)).peek(pod).map(|known| known.users.upstreams());
            let leaves =
                users.is_some_and(|users| users.contains(&upstream) && !users.iter().any(|of| fresh(*of, pod)));
            let pages = if leaves { self.lock(self.shard(pod.address)).left_dns(pod, now) } else { 0 };
            self.journal.add(Subject::Pod(pod, upstream), EventKind::Left, pages, now);
        }
    }

    /// The events after the one with this number, oldest first.
    pub(crate) fn events(&self, after: u64) -> Vec<Event> {
        self.journal.after(after)
    }

    /// Changes what is known about a pod that is being used. If the pod is new and the table is full, forgets
    /// another pod.
    fn with<T>(&self, group: &Group<'_>, pod: Pod, now: u64, change: impl FnOnce(&mut Known) -> T) -> T {
        let index = self.shard(pod.address);
        let mut shard = self.lock(index);
        let (told, is_new) = shard.with(group, &self.evictions, pod, now, change);
        if is_new && self.known.fetch_add(1, Ordering::Relaxed) >= self.most.load(Ordering::Relaxed) {
            if shard.forget(Some(pod), false, now) {
                self.known.fetch_sub(1, Ordering::Relaxed);
            } else {
                drop(shard);
                self.forget(index, Some(pod), now);
            }
        }
        told
    }

    /// Forgets one pod other than `keep`, from the first possible shard starting at `first`. Takes a pod with
    /// a fault only if there are no others. Locks one shard at a time. Returns false if there is none.
    fn forget(&self, first: usize, keep: Option<Pod>, now: u64) -> bool {
        let shards = || (0..self.shards.len()).map(|step| (first + step) & (self.shards.len() - 1));
        let found = [false, true]
            .into_iter()
            .any(|even_held| shards().any(|shard| self.lock(shard).forget(keep, even_held, now)));
        if found {
            self.known.fetch_sub(1, Ordering::Relaxed);
        }
        found
    }
}

fn size(most: NonZeroU32) -> usize {
    usize::try_from(most.get()).unwrap_or(usize::MAX)
}

/// The number of shards: a power of two that gives each shard 8 to 15 pods when the table is full. With fewer
/// shards, processors would contend for the memory of shards even when they serve different pods.
fn shards(most: NonZeroU32) -> usize {
    let wanted = (size(most) / 8).clamp(1, MOST_SHARDS);
    1 << wanted.ilog2()
}
