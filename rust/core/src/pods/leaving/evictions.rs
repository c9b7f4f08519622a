//! The evictions that an operator has requested, and their rate limits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use crate::error::{Error, Status};
use crate::pods::pacing::Bucket;
use crate::pods::{Group, Pod};

/// The maximum number of evictions.
const MOST: usize = 256;

/// Above this number of buckets, the full ones are dropped.
const MOST_BUCKETS: usize = 1024;

/// The pods to evict: those in a network, those of an upstream, or those of an upstream in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    network: Option<IpNet>,
    upstream: Option<u64>,
}

impl Target {
    /// Creates a target: the pods in a network or at one address, on any port. With the ID of an upstream
    /// ([`Source::upstream_id`](crate::Source::upstream_id)), only its pods. Without a network, all its pods.
    ///
    /// # Errors
    /// The prefix is too long, host bits are set, or neither a network nor an upstream is given.
    pub fn new(network: Option<(IpAddr, u8)>, upstream: Option<u64>) -> Result<Self, Error> {
        let wrong = |message: String| Error::new(Status::Cidr, None, message);
        let Some((address, bits)) = network else {
            let none = || wrong("the target is empty; name a network or an upstream".into());
            return upstream.map(|_| Target { network: None, upstream }).ok_or_else(none);
        };
        let (canonical, mapped) = (address.to_canonical(), address.is_ipv6() && address.to_canonical().is_ipv4());
        let length = if mapped { bits.checked_sub(96) } else { Some(bits) };
        let net = length.and_then(|bits| IpNet::new(canonical, bits).ok());
        let net = net.ok_or_else(|| {
            wrong(format!("{address}/{bits} is not a valid network; the length of the prefix is out of range"))
        })?;
        if net.trunc() != net {
            return Err(wrong(format!("{net} has host bits set; write {}", net.trunc())));
        }
        Ok(Target { network: Some(net), upstream })
    }

    /// The network address and the length of its prefix.
    pub fn network(&self) -> Option<(IpAddr, u8)> {
        self.network.map(|net| (net.addr(), net.prefix_len()))
    }

    /// The ID of the upstream.
    pub fn upstream(&self) -> Option<u64> {
        self.upstream
    }

    /// Whether it covers a pod that these upstreams use.
    pub(crate) fn covers(&self, pod: Pod, upstreams: &[u64]) -> bool {
        self.network.is_none_or(|net| net.contains(&pod.address()))
            && self.upstream.is_none_or(|upstream| upstreams.contains(&upstream))
    }
}

/// A snapshot of an eviction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownEviction {
    /// The pods to which it applies.
    pub target: Target,
    /// How many pages per upstream and second are told to reload; 0 for
    /// [`Options::gone_rate`](crate::Options::gone_rate).
    pub rate: u32,
    /// Whether the pages that have been idle longest go first.
    pub idle_first: bool,
    /// When it began, in nanoseconds of the caller's clock.
    pub since: u64,
    /// How many pages have been told to reload.
    pub told: u64,
}

/// One eviction.
#[derive(Debug)]
pub(crate) struct Eviction {
    target: Target,
    since: u64,
    rate: AtomicU32,
    idle_first: AtomicBool,
    told: AtomicU64,
    /// By the ID of the upstream.
    buckets: Mutex<HashMap<u64, Bucket>>,
}

impl Eviction {
    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    /// The rate, or that of the source if it has none.
    pub(crate) fn rate(&self, gone_rate: u32) -> u32 {
        match self.rate.load(Ordering::Relaxed) {
            0 => gone_rate,
            rate => rate,
        }
    }

    pub(crate) fn is_idle_first(&self) -> bool {
        self.idle_first.load(Ordering::Relaxed)
    }

    /// Whether one more page may be told to reload now. Counts it if so.
    pub(crate) fn admits(&self, group: &Group<'_>, now: u64) -> bool {
        let admits = match self.rate.load(Ordering::Relaxed) {
            0 => group.upstream.admits(group.gone_rate, now),
            rate => self.take(group.upstream.id(), rate, now),
        };
        if admits {
            self.told.fetch_add(1, Ordering::Relaxed);
        }
        admits
    }

    fn take(&self, upstream: u64, rate: u32, now: u64) -> bool {
        let mut buckets = lock(&self.buckets);
        if buckets.len() >= MOST_BUCKETS && !buckets.contains_key(&upstream) {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        buckets.entry(upstream).or_default().take(rate, now)
    }

    fn known(&self) -> KnownEviction {
        KnownEviction {
            target: self.target,
            rate: self.rate.load(Ordering::Relaxed),
            idle_first: self.is_idle_first(),
            since: self.since,
            told: self.told.load(Ordering::Relaxed),
        }
    }
}

/// All evictions of a process, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Evictions {
    list: Mutex<Vec<Arc<Eviction>>>,
    /// Whether there are any.
    any: AtomicBool,
}

impl Evictions {
    /// Adds an eviction, or changes the one with the same target. Returns false if there are too many.
    pub(crate) fn add(&self, target: Target, rate: u32, idle_first: bool, now: u64) -> bool {
        let mut list = lock(&self.list);
        if let Some(found) = list.iter().find(|eviction| eviction.target == target) {
            found.rate.store(rate, Ordering::Relaxed);
            found.idle_first.store(idle_first, Ordering::Relaxed);
            return true;
        }
        let has_room = list.len() < MOST;
        if has_room {
            list.push(Arc::new(Eviction {
                target,
                since: now,
                rate: rate.into(),
                idle_first: idle_first.into(),
                told: AtomicU64::new(0),
                buckets: Mutex::default(),
            }));
            self.any.store(true, Ordering::Relaxed);
        }
        has_room
    }

    /// Removes the eviction with this target. Returns false if there is none.
    pub(crate) fn remove(&self, target: &Target) -> bool {
        let mut list = lock(&self.list);
        let before = list.len();
        list.retain(|eviction| eviction.target != *target);
        self.any.store(!list.is_empty(), Ordering::Relaxed);
        list.len() < before
    }

    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Finds the eviction that covers a pod used by these upstreams, the most recent one if there are
    /// several. Takes no lock while there are no evictions.
    pub(crate) fn of(&self, pod: Pod, upstreams: &[u64]) -> Option<Arc<Eviction>> {
        if !self.any() {
            return None;
        }
        lock(&self.list).iter().rfind(|eviction| eviction.target.covers(pod, upstreams)).cloned()
    }

    pub(crate) fn known(&self) -> Vec<KnownEviction> {
        lock(&self.list).iter().map(|eviction| eviction.known()).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
