//! A simulated environment in virtual time: hosts, a driver that follows `due`, and scripted name servers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::super::{Host, HostChange, HostId, Hosts, LookupFailure, Missing, Touch};
use super::{MILLISECOND, MINUTE, Numbers};
use crate::SECOND;

/// How long a request waits for DNS in total.
pub(super) const MAX_WAIT: u64 = 500 * MILLISECOND;

/// The driver's timeout for a lookup.
pub(super) const LOOKUP_TIMEOUT: u64 = 30 * SECOND;

pub(super) const STALE_MAX: u64 = 5 * MINUTE;

/// A DNS answer and its delay.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) missing: Missing,
    pub(super) failure: Option<LookupFailure>,
    pub(super) takes: u64,
}

pub(super) struct World {
    pub(super) hosts: Hosts,
    pub(super) now: u64,
    /// When the driver checks again.
    next: Option<u64>,
    answer: Answer,
    /// Answers for particular names.
    special: BTreeMap<String, Answer>,
    /// Running lookups by end time.
    running: BTreeSet<(u64, HostId)>,
    pub(super) random: Numbers,
    /// The names that were looked up, with times.
    pub(super) asked: Vec<(u64, String)>,
    pub(super) most_at_once: usize,
    pub(super) changes: Vec<HostChange>,
    /// How many reports set `wake`.
    pub(super) wakes: usize,
    /// How often the driver checked.
    pub(super) looks: usize,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_bounds(64, 256, 100)
    }

    pub(super) fn with_bounds(at_once: u32, slow: u32, rate: u32) -> Self {
        let some = |n| NonZeroU32::new(n).unwrap();
        World {
            hosts: Hosts::new(some(at_once), slow, some(rate)),
            now: 0,
            next: None,
            answer: Answer { addresses: Vec::new(), missing: Missing::default(), failure: None, takes: 0 },
            special: BTreeMap::new(),
            running: BTreeSet::new(),
            random: Numbers(1),
            asked: Vec::new(),
            most_at_once: 0,
            changes: Vec::new(),
            wakes: 0,
            looks: 0,
        }
    }

    /// Sets the DNS answer from now on.
    pub(super) fn answers(&mut self, addresses: &[IpAddr], takes: u64) {
        self.answer = Answer { addresses: addresses.to_vec(), missing: Missing::default(), failure: None, takes };
    }

    pub(super) fn answers_partly(&mut self, addresses: &[IpAddr], missing: Missing) {
        self.answers(addresses, 0);
        self.answer.missing = missing;
    }

    pub(super) fn fails(&mut self, failure: LookupFailure, takes: u64) {
        self.answers(&[], takes);
        self.answer.failure = Some(failure);
    }

    /// Sets the DNS answer for one name.
    pub(super) fn special(&mut self, name: &str, answer: Option<Answer>) {
        match answer {
            Some(answer) => self.special.insert(name.into(), answer),
            None => self.special.remove(name),
        };
    }

    pub(super) fn join(&mut self, name: &str) -> Arc<Host> {
        self.join_with(name, 0, SECOND)
    }

    pub(super) fn join_with(&mut self, name: &str, resolver: u64, refresh: u64) -> Arc<Host> {
        let host = self.hosts.join(name, resolver, refresh);
        self.look();
        host
    }

    pub(super) fn leave(&mut self, host: &Host) {
        self.leave_with(host, SECOND);
    }

    pub(super) fn leave_with(&mut self, host: &Host, refresh: u64) {
        self.hosts.leave(host, refresh);
        self.look();
    }

    /// Runs the driver until nothing more is due.
    pub(super) fn look(&mut self) {
        loop {
            self.looks += 1;
            let mut begun = Vec::new();
            let random = self.random.next();
            self.next = self.hosts.due(self.now, random, |lookup| begun.push((lookup.host, lookup.name.to_string())));
            for (id, name) in begun {
                let takes = self.special.get(&name).unwrap_or(&self.answer).takes.min(LOOKUP_TIMEOUT);
                assert!(!self.running.iter().any(|running| running.1 == id), "two lookups of {name} at once");
                self.running.insert((self.now + takes, id));
                self.asked.push((self.now, name));
            }
            self.most_at_once = self.most_at_once.max(self.running.len());
            let ended = self.running.first().is_some_and(|first| first.0 <= self.now);
            if ended {
                self.end_first();
            } else if self.next.is_none_or(|next| next > self.now) {
                return;
            }
        }
    }

    fn end_first(&mut self) {
        let Some((_, id)) = self.running.pop_first() else { return };
        let Some(host) = self.hosts.find(id) else { return };
        let answer = self.special.get(host.name()).unwrap_or(&self.answer).clone();
        let failure = if answer.takes >= LOOKUP_TIMEOUT { Some(LookupFailure::Timeout) } else { answer.failure };
        let random = self.random.next();
        let learned = match failure {
            Some(failure) => self.hosts.lookup_failed(id, failure, self.now, random),
            None => self.hosts.resolved(id, &answer.addresses, answer.missing, self.now, random),
        };
        self.wakes += usize::from(learned.report.wake);
        if learned.report.change != HostChange::None {
            self.changes.push(learned.report.change);
        }
    }

    /// Advances time to `end`, or until `enough` returns true.
    fn pass_until(&mut self, end: u64, enough: impl Fn() -> bool) {
        while !enough() {
            let lookup = self.running.first().map(|running| running.0);
            match [lookup, self.next].into_iter().flatten().min().filter(|next| *next <= end) {
                Some(next) => {
                    self.now = self.now.max(next);
                    self.look();
                }
                None => {
                    self.now = end;
                    return;
                }
            }
        }
    }

    /// Advances time.
    pub(super) fn pass(&mut self, time: u64) {
        self.pass_until(self.now + time, || false);
    }

    /// Makes a request that does not wait.
    pub(super) fn touch(&mut self, host: &Host) -> Touch {
        let touch = host.touch(self.now, STALE_MAX, false);
        if touch.lookups_due {
            self.look();
        }
        touch
    }

    /// Makes a request that waits for addresses if necessary. Returns how long it waited.
    pub(super) fn request(&mut self, host: &Host) -> u64 {
        self.wait(host, STALE_MAX, MAX_WAIT)
    }

    /// Makes a request that waits at most `most`; `stale_max` as for `touch`.
    pub(super) fn wait(&mut self, host: &Host, stale_max: u64, most: u64) -> u64 {
        let (began, ended) = (self.now, host.lookups_ended());
        let touch = host.touch(self.now, stale_max, true);
        if touch.lookups_due {
            self.look();
        }
        if touch.pending {
            self.pass_until(began + most, || host.lookups_ended() != ended);
        }
        self.now - began
    }

    /// Makes a request every `interval`.
    pub(super) fn ask(&mut self, host: &Host, interval: u64, time: u64) {
        let end = self.now + time;
        while self.now < end {
            self.request(host);
            self.pass(interval);
        }
    }

    /// Makes a request and checks the addresses that it gets and how long it waits.
    #[track_caller]
    pub(super) fn expect(&mut self, host: &Host, want: &[IpAddr], takes: u64) {
        let took = self.request(host);
        assert_eq!((list(host), took), (want.to_vec(), takes));
    }
}

/// The current addresses.
pub(super) fn list(host: &Host) -> Vec<IpAddr> {
    host.peek().as_ref().map_or(Vec::new(), |addresses| addresses.list().to_vec())
}
