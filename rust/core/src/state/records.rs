//! The records of upstreams and sources. Each exists while a configuration uses it, so that its data outlives
//! a reload.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::upstream::{self, Upstream};
use crate::hosts::{Host, HostId};
use crate::options::Options;
use crate::pods::{Pod, SourceHealth};

/// The key of a source: a digest of its keys and its set of upstreams.
pub(crate) type SourceKey = [u8; 32];

/// The records of a process.
#[derive(Default)]
pub(crate) struct Records(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    upstreams: BTreeMap<(HostId, u16), Weak<Upstream>>,
    sources: HashMap<SourceKey, Weak<SourceHealth>>,
    /// How many sources have been created, which is also the ID of the last one.
    sources_made: u64,
}

impl Records {
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record of the upstream with this host and port.
    pub(crate) fn upstream(&self, host: &Arc<Host>, port: u16) -> Arc<Upstream> {
        let mut tables = self.lock();
        let key = (host.id(), port);
        if let Some(found) = tables.upstreams.get(&key).and_then(Weak::upgrade) {
            return found;
        }
        let made = Arc::new(Upstream::new(host.clone(), port));
        tables.upstreams.insert(key, Arc::downgrade(&made));
        made
    }

    /// The record of the source with these keys and upstreams.
    pub(crate) fn source(&self, key: SourceKey) -> Arc<SourceHealth> {
        let mut tables = self.lock();
        if let Some(found) = tables.sources.get(&key).and_then(Weak::upgrade) {
            return found;
        }
        tables.sources_made += 1;
        let made = Arc::new(SourceHealth::new(tables.sources_made));
        tables.sources.insert(key, Arc::downgrade(&made));
        made
    }

    /// The upstream with this ID.
    fn find(&self, id: u64) -> Option<Arc<Upstream>> {
        self.lock().upstreams.get(&upstream::key(id)).and_then(Weak::upgrade)
    }

    /// Whether the host of the upstream with this ID resolves to the pod.
    pub(super) fn is_fresh(&self, id: u64, pod: Pod) -> bool {
        self.find(id).is_some_and(|upstream| upstream.has(pod) == Some(true))
    }

    /// How long a page of the upstream with this ID may be silent.
    pub(super) fn silence(&self, id: u64) -> u64 {
        let silence = self.find(id).and_then(|upstream| upstream.silence());
        silence.unwrap_or_else(|| Options::default().silence())
    }

    /// The upstreams that use a host.
    pub(super) fn upstreams_of(&self, host: HostId) -> Vec<Arc<Upstream>> {
        let tables = self.lock();
        tables.upstreams.range((host, 0)..=(host, u16::MAX)).filter_map(|(_, upstream)| upstream.upgrade()).collect()
    }

    /// Removes records that no configuration uses any more: of these upstreams, and of any source.
    pub(super) fn sweep(&self, upstreams: &[(HostId, u16)]) {
        let mut tables = self.lock();
        for key in upstreams {
            if tables.upstreams.get(key).is_some_and(|upstream| upstream.strong_count() == 0) {
                tables.upstreams.remove(key);
            }
        }
        tables.sources.retain(|_, source| source.strong_count() > 0);
    }
}
