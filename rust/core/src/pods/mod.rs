//! In: events about pods (a request began, a dial succeeded, failed ...) with the time at which they happened. Out: what is
//! known about each pod, and what to do with each request: dial, probe, answer 410, answer 503.
//!
//! A page lives in one pod. When that pod is gone for good, its requests must get 410, so that the page reloads; while
//! the network has a blip they must get 503, so that the page waits. Which of the two it is cannot be seen from one
//! request:
//!
//! ```text
//! events    what each event changes, and what its request is told
//! shard     a part of the table of pods, behind one lock
//! queues    what it is made of
//! record    what is known about one pod
//! takers    which pods would take a page, and who may be asked
//! standing  one pod: how well it takes a request that others may take as well
//! forgotten what is left of pods that were forgotten
//! known     what is known, for people: the list of pods, and whether one may be stopped
//! leaving   why a pod drains, and which of its pages are to reload
//! journal   what has happened to pods, for people
//! upstream  one upstream: who shows that a fault is not on our side, and whom to ask?
//! source    one configuration: does any token open at all, and which pods would take a page?
//! pacing    how many pages a second may be told to reload, and which pods are dialled in the background
//! ```
//!
//! Nothing here knows a clock: every call says what time it is, so that tests can run through hours in no time. Nothing here
//! knows names, addresses in DNS or networks, except by asking [`UpstreamHealth`]'s creator whether a pod is fresh.
//!
//! The table of pods is cut into shards by address, each behind a lock of its own, so that calls about different pods do not
//! wait for each other. No call holds two locks of shards at once: what is learned about one pod from others (a witness, a
//! pod that takes pages) is looked up between two locks of its own shard.

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

/// How long after a failed dial an address is tried last by all.
const FAILED_RECENTLY: u64 = 10 * SECOND;

/// Failures that are further apart do not belong together: nobody looked in between.
const LONGEST_GAP: u64 = 60 * SECOND;

/// A shard takes 256 bytes, and more once it has a pod.
const MOST_SHARDS: usize = 4096;

/// One pod: where it is dialled. Ordered by address, IPv4 first, then by port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pod {
    address: IpAddr,
    port: u16,
}

impl Pod {
    /// An IPv4-mapped address is the same pod as the IPv4 one.
    pub fn new(address: IpAddr, port: u16) -> Self {
        Pod { address: address.to_canonical(), port }
    }

    /// Its address, never an IPv4-mapped one.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// Its port.
    pub fn port(self) -> u16 {
        self.port
    }
}

/// What became of a dial or of a request. The numbers are those of `DOORS_OUTCOME_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Outcome {
    /// The dial succeeded.
    Connected = 1,
    /// The pod's own host refused the connection.
    Refused = 2,
    /// No route, host or network unreachable, or no answer in time.
    Unreachable = 3,
    /// The dial failed for a reason on this machine; it says nothing about the pod.
    OwnFault = 4,
    /// The client gave up; it says nothing about the pod.
    Cancelled = 5,
    /// The pod answered a request, perhaps over a connection that was open already.
    Answered = 6,
    /// The connection was made, and ended before a byte of an answer. Perhaps the request was sent.
    Dropped = 7,
}

/// What is held against a pod. The numbers are those of `DOORS_VERDICT_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Verdict {
    /// Nothing.
    #[default]
    None = 0,
    /// Its last dials failed; it may be a blip.
    Unreachable = 1,
    /// It is dead, and its pages with it.
    Gone = 2,
}

/// What is known about the pods of a process. Usable from any number of threads. A call holds one lock at a time, that of the
/// pods that share a shard with its own, for well under a microsecond unless it says more; that of an upstream or a source
/// it needs when something fails, and about once a second for each pod that works. Times are nanoseconds of one monotonic
/// clock; a time that is earlier than that of another call counts as the later one wherever both meet.
pub(crate) struct Pods {
    shards: Box<[Line]>,
    /// How many pods are remembered, and how many may be.
    known: AtomicUsize,
    most: AtomicUsize,
    /// A time after the last failure of any pod, or 0: lets [`Pods::look`] answer without a lock.
    last_failure: AtomicU64,
    /// Some pod has said that it drains, or was evicted.
    any_draining: AtomicBool,
    evictions: Evictions,
    journal: Journal,
}

/// A shard in cache lines of its own: two, since processors fetch them in pairs.
#[repr(align(128))]
struct Line(Mutex<Shard>);

impl Pods {
    /// Knows nothing. Remembers at most that many pods. Then pods are forgotten with which nothing is wrong, and only when
    /// there are none those against which something is held; but first what is held against a pod that nobody has wanted for
    /// an hour. Of several in one shard it is the one not used for longest, those without requests in flight before others.
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

    /// The shard of all pods at an address.
    fn shard(&self, address: IpAddr) -> usize {
        forgotten::mixed(address) as usize & (self.shards.len() - 1)
    }

    /// Nothing in a shard is ever half changed for longer than a call, and a panic in one is contained by the caller:
    /// the next call goes on with what there is.
    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is held against a pod. Does not count as a use of it.
    pub(crate) fn verdict(&self, pod: Pod) -> Verdict {
        self.lock(self.shard(pod.address)).peek(pod).map_or(Verdict::None, |known| known.state.verdict())
    }

    /// Changes how many pods are remembered. Those that are too many are forgotten, one under each lock.
    pub(crate) fn limit(&self, most: NonZeroU32) {
        self.most.store(size(most), Ordering::Relaxed);
        let mut shard = 0;
        while self.known() > size(most) && self.forget(shard, None, 0) {
            shard += 1; // so that all give the same
        }
    }

    /// How many pods are known. For a moment it may be one more for each thread than are remembered.
    pub(crate) fn known(&self) -> usize {
        self.known.load(Ordering::Relaxed)
    }

    /// What is held against pods of an upstream is cleared: others may have these addresses now, since they are back in DNS.
    /// `says`: it is an event.
    pub(crate) fn appeared(&self, upstream: u64, pods: impl IntoIterator<Item = Pod>, says: bool, now: u64) {
        for pod in pods {
            self.lock(self.shard(pod.address)).clear(upstream, pod);
            if says {
                self.journal.add(Subject::Pod(pod, upstream), EventKind::Appeared, 0, now);
            }
        }
    }

    /// DNS does not name pods of an upstream any more. They drain from now on, unless another upstream that uses them has them:
    /// `fresh` says so.
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

    /// The events after the one with a number, the oldest first.
    pub(crate) fn events(&self, after: u64) -> Vec<Event> {
        self.journal.after(after)
    }

    /// A pod is used now; what is known about it changes. If it was not known and there are too many, another is forgotten.
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

    /// Forgets one pod other than `keep`, from the first shard on that has one; one against which something is held only
    /// where there are no others at all. Locks the shards one after the other. False if there is none.
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

/// How many shards there are for so many pods: a power of two, so that each has 8 to 15 pods when there are as many as are
/// remembered. With fewer shards two processors would take the memory of a shard from each other, whichever pods they serve.
fn shards(most: NonZeroU32) -> usize {
    let wanted = (size(most) / 8).clamp(1, MOST_SHARDS);
    1 << wanted.ilog2()
}
