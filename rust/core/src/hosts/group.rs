//! Combines the hosts of one upstream into a single host with all their addresses. Each may be a name or an
//! address.

use std::net::IpAddr;
use std::sync::Arc;

use super::host::{Host, Touch};
use super::{HostId, Hosts, KnownHost, addresses, lock};

impl Hosts {
    /// Like [`Hosts::join`], for several hosts. The combined host has all their addresses and is never looked
    /// up itself.
    pub(crate) fn join_all(&self, names: &[String], resolver: u64, refresh: u64) -> Arc<Host> {
        let mut members: Vec<Arc<Host>> = names.iter().map(|name| self.join(name, resolver, refresh)).collect();
        if members.len() == 1
            && let Some(host) = members.pop()
        {
            return host;
        }
        members.sort_by_key(|member| member.id());
        let all: Vec<&str> = members.iter().map(|member| member.name()).collect();
        let key = (Arc::from(all.join(" ")), resolver);
        let mut table = lock(&self.table);
        let group = match table.by_name.get(&key).and_then(|id| table.by_id.get(id)) {
            Some(group) => group.clone(),
            None => table.add_group(key, members, &self.plan),
        };
        lock(&self.plan).join(group.id(), &group.signal, refresh);
        drop(table);
        group.gather();
        group
    }

    /// Updates the groups of a host whose addresses have changed. Returns their IDs.
    pub(crate) fn gather(&self, host: HostId) -> Vec<HostId> {
        let groups = lock(&self.table).groups_of(host);
        groups.iter().for_each(|group| group.gather());
        groups.iter().map(|group| group.id()).collect()
    }
}

impl Host {
    /// Publishes the addresses of all members.
    fn gather(&self) {
        // Under the lock, the last thread to get here sees the latest addresses of all members.
        let mut record = lock(&self.record);
        let members: Vec<_> = self.members.iter().filter_map(|member| member.addresses()).collect();
        let all: Vec<IpAddr> = members.iter().flat_map(|member| member.list().iter().copied()).collect();
        record.replace(&addresses::canonical(&all));
        self.publish(&record);
    }

    /// Whether any member lists an address. `None` if none does and at least one has never been resolved.
    pub(super) fn group_lists(&self, address: IpAddr) -> Option<bool> {
        let mut all_known = true;
        for member in &self.members {
            match member.lists(address) {
                Some(true) => return Some(true),
                known => all_known &= known.is_some(),
            }
        }
        all_known.then_some(false)
    }

    /// Handles a request. It uses all members.
    pub(super) fn touch_members(&self, now: u64, stale_max: u64, waits: bool) -> Touch {
        let mut all = Touch::default();
        for member in &self.members {
            let touch = member.touch(now, stale_max, waits);
            all.pending |= touch.pending;
            all.first |= touch.first;
            all.stale |= touch.stale;
            all.lookups_due |= touch.lookups_due;
            all.ready |= !touch.pending && member.peek().is_some();
        }
        all
    }

    /// What is known about all members together: the oldest answer and the longest failure.
    pub(super) fn group_known(&self, known: KnownHost, now: u64) -> KnownHost {
        let members: Vec<KnownHost> = self.members.iter().map(|member| member.known(now)).collect();
        let failing = members.iter().filter(|member| member.failure.is_some()).max_by_key(|member| member.failing_for);
        KnownHost {
            age: members.iter().filter_map(|member| member.age).max(),
            failure: failing.and_then(|member| member.failure),
            failing_for: failing.and_then(|member| member.failing_for),
            partial: members.iter().any(|member| member.partial),
            active: members.iter().any(|member| member.active),
            ..known
        }
    }
}
