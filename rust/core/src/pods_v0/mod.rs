//! In: events about pods (a request began, a dial succeeded, failed ...) with the time at which they happened. Out:
//! what to do with each request: dial, probe, answer 410, answer 503.
//!
//! A page lives in one pod. When that pod is gone for good, its requests must get 410, so that the page reloads; while
//! the network has a blip they must get 503, so that the page waits. Which of the two it is cannot be seen from one
//! request:
//!
//! ```text
//! verdict   one pod: what its last dials say, and how often it may be dialled
//! server    one upstream: which addresses has it in DNS, and who shows that a fault is not on our side?
//! signs     the last two pods that gave a sign of life
//! pacing    how many pages a second may be told to reload
//! source    does any token open at all, and which pods would take a page?
//! logging   how often a refused token gets a line in the log
//! traffic   one pod: which requests are on their way to it?
//! idle      may a pod be stopped?
//! list      all pods, for people
//! table     what is known about pods, bounded
//! users     which upstream one pod is listed under
//! forgotten what is left of pods that were forgotten
//! recent    a bounded table for servers and sources
//! queues    what both tables are made of
//! addresses the addresses of one upstream
//! ```
//!
//! Nothing here knows a clock: every call says what time it is, so that tests can run through hours in no time.

mod addresses;
mod forgotten;
mod idle;
mod list;
mod logging;
mod pacing;
mod queues;
mod recent;
mod server;
mod signs;
mod source;
mod state;
mod table;
mod traffic;
mod users;
mod verdict;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::router::{PathKind, Reason};
use addresses::Addresses;
pub use idle::{Idle, IdleAnswer};
pub use list::KnownPod;
use state::{AT_ONCE, State};

/// How many pods are remembered unless somebody says otherwise.
pub const MAX_PODS: NonZeroU32 = NonZeroU32::new(10_000).expect("it is not 0");

/// One second in the unit of all times here, nanoseconds.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// How long after a failed dial an address is tried last by all.
const FAILED_RECENTLY: u64 = 10 * SECOND;

/// Failures that are further apart do not belong together: nobody looked in between.
const LONGEST_GAP: u64 = 60 * SECOND;

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

/// What a request belongs to, and the options that apply to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The caller's number for the configuration: one secret and one set of upstreams. It should outlive reloads.
    pub source: u64,
    /// The caller's number for the server (one host and port). It should outlive reloads.
    pub server: u64,
    /// For how long a pod must be unreachable until it is gone, in nanoseconds.
    pub gone_after: u64,
    /// For how long a page load may wait for a pod, in nanoseconds; 0 for not at all.
    pub page_wait: u64,
    /// How many requests a second on the sync path are told 410, per server; 0 for all.
    pub gone_rate: u32,
    /// How many requests may wait for a pod at once.
    pub max_waiting: u32,
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

/// What to do with a request. The numbers are those of `DOORS_ACTION_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Action {
    /// Nothing more: the event does not end the request.
    None = 0,
    /// Dial the pod, or use an open connection.
    Dial = 1,
    /// The same; it is the one request of this second that finds out whether the pod is back.
    Probe = 2,
    /// Answer 410: the page is gone.
    Gone = 3,
    /// Answer 503 with `Retry-After`: the page should wait.
    Unavailable = 4,
    /// Hold the request, and ask again at [`Answer::until`].
    Wait = 5,
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

/// What to do with a request, and what was learned from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What to do.
    pub action: Action,
    /// Seconds for `Retry-After`; 0 unless the action is [`Action::Unavailable`].
    pub retry_after: u32,
    /// What is held against the pod after this event.
    pub verdict: Verdict,
    /// This event changed the verdict: the time to log it.
    pub changed: bool,
    /// No token has opened since the source was first seen, and many came: the time to log it, once a minute.
    pub nothing_opens: bool,
    /// This token was refused: the time to log it, once for each source, reason and 10 s.
    pub log: bool,
    /// With `log`: how many tokens of the source were refused for the same reason since the last time.
    pub suppressed: u32,
    /// No pod is known that would take a page of this source, so nobody is told to reload.
    pub no_pod: bool,
    /// Find out whether a pod takes pages, once a second for each source: dial fresh pods in the background, in the order of
    /// a page load, until one connects, and report each with [`Pods::ended`].
    pub find_pod: bool,
    /// The pod is dead or the fault is on our side; find out which, once a second for each server: dial one other fresh pod
    /// of the server in the background, and report it with [`Pods::ended`].
    pub find_witness: bool,
    /// When to ask again, with [`Action::Wait`]; else 0.
    pub until: u64,
}

/// What is known about the pods of a process. Usable from any number of threads; each call takes one lock for well
/// under a microsecond, unless it says more. Times are nanoseconds of one monotonic clock; a time that is earlier than that of another call
/// counts as the later one wherever both meet.
///
/// ```
/// use doors_routing::PathKind;
/// use doors_routing::pods_v0::{Action, Group, Outcome, Pod, Pods};
///
/// const SECOND: u64 = 1_000_000_000;
/// let pods = Pods::new();
/// let group = Group {
///     source: 1,
///     server: 1,
///     gone_after: 10 * SECOND,
///     page_wait: 10 * SECOND,
///     gone_rate: 100,
///     max_waiting: 1000,
/// };
/// let pod = Pod::new("10.0.0.7".parse().unwrap(), 8080);
///
/// assert_eq!(pods.began(&group, pod, PathKind::Hook, 0).action, Action::Dial);
/// // Its own host refuses the connection: the pod is gone, but there is no other for the page to reload onto.
/// assert_eq!(pods.ended(&group, pod, PathKind::Hook, Outcome::Refused, 0).action, Action::Unavailable);
/// // Now there is.
/// let other = Pod::new("10.0.0.8".parse().unwrap(), 8080);
/// pods.ended(&group, other, PathKind::Page, Outcome::Connected, 1);
/// assert_eq!(pods.began(&group, pod, PathKind::Hook, 2).action, Action::Gone);
/// // One request a second finds out whether it is back.
/// assert_eq!(pods.began(&group, pod, PathKind::Hook, SECOND).action, Action::Probe);
/// ```
pub struct Pods {
    state: Mutex<State>,
    /// The time of the last failed dial plus one, or 0: lets [`Pods::failed_recently`] answer without the lock.
    last_failure: AtomicU64,
    /// Held by a call of [`Pods::resolved`], so that two for one server do not mix while the state is not locked.
    resolving: Mutex<()>,
}

impl Default for Pods {
    fn default() -> Self {
        Pods::new()
    }
}

impl Pods {
    /// Knows nothing. Remembers at most [`MAX_PODS`] pods.
    pub fn new() -> Self {
        Pods::bounded(MAX_PODS)
    }

    /// Knows nothing. Remembers at most that many pods. Then pods are forgotten with which nothing is wrong, those without
    /// requests in flight first, and then those against which something is held; of several the one not used for longest. What
    /// is held against a pod that nobody has wanted for an hour goes before all.
    pub fn bounded(most: NonZeroU32) -> Self {
        let (state, resolving) = (Mutex::new(State::new(size(most))), Mutex::default());
        Pods { state, last_failure: AtomicU64::new(0), resolving }
    }

    /// Changes how many pods are remembered. Those that are too many are forgotten, a few at a time.
    pub fn limit(&self, most: NonZeroU32) {
        while !self.lock().limit(size(most)) {}
    }

    /// Nothing in the state is ever half changed for longer than a call, and a panic in one is contained by the caller:
    /// the next call goes on with what there is.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request with a token for `pod` began. Says whether to dial or what to answer at once.
    pub fn began(&self, group: &Group, pod: Pod, path: PathKind, now: u64) -> Answer {
        self.lock().began(group, pod, path, now)
    }

    /// A request began that has no pod: its token does not open or lies in no CIDR ([`crate::Kind::Gone`]). Says whether
    /// to answer 410 or 503.
    pub fn refused_token(&self, group: &Group, reason: Reason, path: PathKind, now: u64) -> Answer {
        self.lock().refused_token(group, reason, path, now)
    }

    /// What became of a dial of `pod`, or of a request to it, whether it had a token or not. For a failed dial the
    /// answer says what its request gets.
    pub fn ended(&self, group: &Group, pod: Pod, path: PathKind, outcome: Outcome, now: u64) -> Answer {
        if matches!(outcome, Outcome::Refused | Outcome::Unreachable | Outcome::Dropped) {
            self.last_failure.fetch_max(now.saturating_add(1), Ordering::Relaxed);
        }
        self.lock().ended(group, pod, path, outcome, now)
    }

    /// What to do with a request that no pod could take: a page load, or a receiver stream whose answer had
    /// [`Answer::no_pod`]. `since` is when it began, `waiting` how many requests the caller holds already. [`Action::Dial`]: a
    /// pod is known that would take a page, try again now; [`Action::Wait`]: hold the request and ask again at
    /// [`Answer::until`], or earlier when a dial succeeded or addresses changed; [`Action::Unavailable`]: give up.
    pub fn wait(&self, group: &Group, since: u64, waiting: u32, now: u64) -> Answer {
        self.lock().wait(group, since, waiting, now)
    }

    /// A request of any kind is sent to `pod` now; it is in flight until [`Pods::left`]. `stream`: it is a receiver stream
    /// (GET of [`PathKind::Sync`]), of which each open page has one.
    pub fn entered(&self, group: &Group, pod: Pod, stream: bool, now: u64) {
        self.lock().entered(group, pod, stream, now);
    }

    /// A request that entered has ended, whatever became of it, or goes to another pod. `stream` is as it was. Without a
    /// request in flight it counts as nothing.
    pub fn left(&self, pod: Pod, stream: bool, now: u64) {
        self.lock().left(pod, stream, now);
    }

    /// The addresses of a server in DNS now, with its port. Clears what is held against those that were not there
    /// before: a new pod may have the address of a dead one. The lock is taken for a few of them at a time; calls that go on at
    /// the same time wait for each other.
    pub fn resolved(&self, server: u64, pods: &[Pod]) {
        let addresses = Arc::new(Addresses::new(pods));
        let _one_at_a_time = self.resolving.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.lock().addresses(server);
        if before.as_ref() == Some(&addresses) {
            return;
        }
        let was_there = |pod: &Pod| before.as_ref().is_some_and(|before| before.contains(*pod));
        let added: Vec<Pod> = addresses.iter().filter(|pod| !was_there(pod)).collect();
        self.lock().set_addresses(server, addresses);
        added.chunks(AT_ONCE).for_each(|part| self.lock().clear(part));
    }

    /// For each pod: should it be tried last, because its last dial failed within the last 10 s? From then on, until a dial
    /// succeeds or the failure is a minute old, the answer is no once a second: this caller finds out whether the pod is
    /// back. Costs no lock while no dial of any pod has failed for a minute.
    pub fn failed_recently(&self, pods: impl IntoIterator<Item = Pod>, now: u64, mut found: impl FnMut(bool)) {
        let last = self.last_failure.load(Ordering::Relaxed);
        if last == 0 || now.saturating_sub(last - 1) >= LONGEST_GAP {
            pods.into_iter().for_each(|_| found(false));
            return;
        }
        let mut pods = pods.into_iter().peekable();
        while pods.peek().is_some() {
            let mut state = self.lock();
            pods.by_ref().take(AT_ONCE).for_each(|pod| found(state.failed_recently(pod, now)));
        }
    }

    /// What is held against a pod. Does not count as a use of it.
    pub fn verdict(&self, pod: Pod) -> Verdict {
        self.lock().verdict(pod)
    }

    /// How many pods are known.
    pub fn known(&self) -> usize {
        self.lock().known()
    }

    /// All pods that are known, by address (IPv4 first) and port. The lock is taken for a few of them at a time: each is
    /// what it was at one moment, all together are not.
    pub fn list(&self) -> Vec<KnownPod> {
        let mut pods = Vec::with_capacity(self.known());
        while self.lock().list_more(&mut pods) {}
        pods
    }

    /// Whether the pods at an address, on all ports, had no request for `idle` nanoseconds. `started` is when the caller
    /// began to tell of requests. An address that is not known had none.
    ///
    /// No request does not mean no page: a page in a hidden tab may have disconnected and come back.
    pub fn idle(&self, address: IpAddr, idle: u64, started: u64, now: u64) -> Idle {
        self.lock().idle(address.to_canonical(), idle, started, now)
    }
}

fn size(most: NonZeroU32) -> usize {
    usize::try_from(most.get()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod tests;
