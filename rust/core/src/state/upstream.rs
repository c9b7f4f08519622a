//! One upstream, shared by all configurations with the same host and port. Passes on changes of the host's
//! addresses to the pod table and to those configurations.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::upstreams::Upstreams;
use crate::hosts::{Addresses, Host, HostId};
use crate::pods::{Pod, Pods, UpstreamHealth};

/// One upstream, shared by its configurations: a host with its resolver, and a port.
pub(crate) struct Upstream {
    pub(crate) host: Arc<Host>,
    pub(crate) port: u16,
    pub(crate) health: Arc<UpstreamHealth>,
    followed: Mutex<Followed>,
}

struct Followed {
    /// The addresses that were last seen.
    last: Last,
    /// The configurations that use the upstream, each with the upstream's index there.
    users: Vec<(Weak<Upstreams>, u32)>,
}

/// The addresses of an upstream when it was last examined.
enum Last {
    /// It was never examined, or never had addresses.
    Unknown,
    /// It had addresses and lost them.
    Lost,
    Addresses(Arc<Addresses>),
}

impl Last {
    fn addresses(&self) -> Option<&Arc<Addresses>> {
        match self {
            Last::Addresses(addresses) => Some(addresses),
            Last::Unknown | Last::Lost => None,
        }
    }
}

impl Upstream {
    pub(super) fn new(host: Arc<Host>, port: u16) -> Self {
        let named = host.clone();
        let health = UpstreamHealth::new(id(host.id(), port), move |pod| lists(&named, pod));
        let last = host.addresses().map_or(Last::Unknown, Last::Addresses);
        let health = Arc::new(health);
        Upstream { host, port, health, followed: Mutex::new(Followed { last, users: Vec::new() }) }
    }

    /// Whether DNS lists a pod of this upstream; `None` while nothing is known.
    pub(super) fn has(&self, pod: Pod) -> Option<bool> {
        lists(&self.host, pod)
    }

    /// The pod of this upstream at an address.
    pub(crate) fn pod_at(&self, address: IpAddr) -> Pod {
        Pod::new(address, self.port)
    }

    fn lock(&self) -> MutexGuard<'_, Followed> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a configuration. It gets the current addresses and all changes.
    pub(super) fn add_user(&self, user: &Arc<Upstreams>, index: u32) {
        let mut followed = self.lock();
        followed.users.retain(|(user, _)| user.strong_count() > 0);
        followed.users.reserve_exact(1);
        followed.users.push((Arc::downgrade(user), index));
        user.set(index, followed.last.addresses().map(|addresses| &**addresses));
    }

    /// How long a page may be silent: the longest value of the configurations that use the upstream.
    pub(super) fn silence(&self) -> Option<u64> {
        let users: Vec<_> = self.lock().users.iter().filter_map(|(user, _)| user.upgrade()).collect();
        users.iter().map(|user| user.silence()).max()
    }

    /// Checks whether the host's addresses have changed. A new address may be a different pod, so its verdict
    /// is cleared. This does not apply to the first addresses. `fresh` returns whether DNS lists a pod for
    /// the upstream with an ID; `is_first` means that the addresses came with the first answer for a host.
    pub(super) fn follow_host(&self, pods: &Pods, fresh: impl Fn(u64, Pod) -> bool, is_first: bool, at: u64) {
        let id = self.health.id();
        let pod_at = |address: &IpAddr| self.pod_at(*address);
        let mut followed = self.lock();
        let now = self.host.addresses();
        match (&now, &followed.last) {
            (None, Last::Unknown | Last::Lost) => return,
            (Some(now), Last::Addresses(last)) if Arc::ptr_eq(now, last) => return,
            (Some(now), Last::Addresses(last)) => {
                let added = now.list().iter().filter(|address| !last.contains(**address));
                let removed = last.list().iter().filter(|address| !now.contains(**address));
                pods.appeared(id, added.map(pod_at), !is_first, at);
                pods.disappeared(id, removed.map(pod_at), fresh, at);
            }
            (Some(now), Last::Lost) => pods.appeared(id, now.list().iter().map(pod_at), !is_first, at),
            (None, Last::Addresses(last)) => pods.disappeared(id, last.list().iter().map(pod_at), fresh, at),
            (Some(_), Last::Unknown) => (),
        }
        followed.users.retain(|(user, index)| {
            let user = user.upgrade();
            if let Some(user) = &user {
                user.set(*index, now.as_deref());
            }
            user.is_some()
        });
        followed.last = now.map_or(Last::Lost, Last::Addresses);
    }
}

fn lists(host: &Host, pod: Pod) -> Option<bool> {
    host.lists(pod.address())
}

/// The ID of the upstream with this host and port. Host numbers are sequential, so they leave room for the
/// port.
fn id(host: HostId, port: u16) -> u64 {
    host.number() << 16 | u64::from(port)
}

/// The host and port of the upstream with this ID.
pub(super) fn key(id: u64) -> (HostId, u16) {
    (HostId::new(id >> 16), id as u16)
}
