//! The slow model of hosts: it visits all hosts at each step.

use std::sync::Arc;

use super::super::super::{Host, Touch};
use crate::SECOND;

pub(super) const AT_ONCE: usize = 2;
pub(super) const SLOW: usize = 1;
pub(super) const RATE: u64 = 2;
pub(super) const NAMES: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Idle,
    Waiting { due: u64 },
    Queued { urgent: bool, order: u64 },
    Running { since: u64, slow: bool },
}

/// One host, from its first user until it is forgotten.
#[derive(Clone, Debug)]
pub(super) struct Slow {
    pub(super) host: Arc<Host>,
    pub(super) state: State,
    pub(super) users: Vec<u64>,
    /// The last request that keeps lookups going.
    last_used: u64,
    used: bool,
    /// When addresses last arrived.
    pub(super) answered: Option<u64>,
    checked: u64,
    followed: bool,
    failing: bool,
    pub(super) ever_failed: bool,
    pub(super) awaited: Option<u64>,
    pub(super) ended: u64,
    /// Users have changed since the driver last checked.
    news: bool,
    /// When the driver noticed that the host has no user.
    unused: Option<u64>,
}

impl Slow {
    fn new(host: Arc<Host>) -> Self {
        Slow {
            host,
            state: State::Idle,
            users: Vec::new(),
            last_used: 0,
            used: false,
            answered: None,
            checked: 0,
            followed: false,
            failing: false,
            ever_failed: false,
            awaited: None,
            ended: 0,
            news: false,
            unused: None,
        }
    }

    pub(super) fn refresh(&self) -> u64 {
        self.users.iter().copied().min().unwrap_or(0)
    }

    fn pending(&self) -> bool {
        matches!(self.state, State::Queued { .. } | State::Running { .. })
    }

    pub(super) fn wanted(&self, now: u64) -> bool {
        !self.users.is_empty() || self.awaited.is_some_and(|at| now - at <= 10 * SECOND)
    }

    fn quiet(&mut self, now: u64) -> bool {
        if std::mem::take(&mut self.used) {
            self.last_used = now;
        }
        now - self.last_used >= 10 * self.refresh()
    }

    fn sleep(&mut self) {
        self.state = State::Idle;
        self.rest();
        (self.failing, self.used) = (false, false);
        self.awaited = None;
    }

    fn rest(&mut self) {
        self.followed = false;
        self.checked = self.answered.unwrap_or(0);
    }
}

pub(super) struct Model {
    pub(super) now: u64,
    /// All hosts, by name.
    pub(super) hosts: [Option<Slow>; NAMES],
    pub(super) orders: u64,
    urgent_next: bool,
    /// The unused refreshes of up to one second, as a duration, and the time to which this applies.
    credit: (u64, u64),
    pub(super) announced: Option<u64>,
}

impl Model {
    pub(super) fn new() -> Self {
        let hosts = Default::default();
        Model { now: 0, hosts, orders: 0, urgent_next: true, credit: (SECOND, 0), announced: None }
    }

    pub(super) fn join(&mut self, name: usize, host: Arc<Host>, refresh: u64) {
        let slow = self.hosts[name].get_or_insert_with(|| Slow::new(host));
        slow.unused = None;
        slow.users.push(refresh);
        slow.news |= matches!(slow.state, State::Waiting { .. });
    }

    pub(super) fn queue(orders: &mut u64, host: &mut Slow, urgent: bool) {
        *orders += 1;
        host.state = State::Queued { urgent, order: *orders };
    }

    pub(super) fn touch(&mut self, name: usize, stale_max: u64, waits: bool) -> Touch {
        let now = self.now;
        let Some(host) = &mut self.hosts[name] else { return Touch { stale: true, ..Touch::default() } };
        let stale = !host.followed;
        let old = host.answered.is_none() || now - host.checked > stale_max;
        let mut due = false;
        if host.state == State::Idle && (!host.users.is_empty() || waits && old) {
            Self::queue(&mut self.orders, host, old);
            due = true;
        }
        host.last_used = now;
        if !host.users.is_empty() {
            (host.used, host.followed) = (true, true);
        }
        let pending = waits && old && host.pending() && !host.failing;
        if pending {
            host.awaited = Some(now);
            if matches!(host.state, State::Queued { urgent: false, .. }) {
                Self::queue(&mut self.orders, host, true);
                due = true;
            }
        }
        let first = pending && host.answered.is_none() && !host.ever_failed;
        Touch { pending, first, stale, lookups_due: due && self.is_due(), ready: false }
    }

    pub(super) fn leave(&mut self, name: usize, which: usize) -> Option<u64> {
        let host = self.hosts[name].as_mut().filter(|host| !host.users.is_empty())?;
        let refresh = host.users.remove(which % host.users.len());
        if host.users.is_empty() {
            host.news = true;
            host.rest();
            let goes_on = match host.state {
                State::Running { .. } => true,
                State::Queued { .. } => host.awaited.is_some(),
                _ => false,
            };
            if !goes_on {
                host.sleep();
                if host.ended == 0 {
                    self.hosts[name] = None;
                }
            }
        }
        Some(refresh)
    }

    pub(super) fn end(&mut self, name: usize, answered: bool) {
        let now = self.now;
        let Some(host) = &mut self.hosts[name] else { return };
        host.ended += 1;
        if host.wanted(now) {
            host.answered = if answered { Some(now) } else { host.answered };
            host.ever_failed = !answered;
        }
        host.awaited = None;
        if host.users.is_empty() {
            host.sleep();
            return;
        }
        host.state = State::Waiting { due: now + host.refresh() };
        (host.failing, host.checked, host.followed) = (!answered, now, true);
    }

    /// The names whose lookups start now.
    pub(super) fn due(&mut self) -> Vec<usize> {
        let now = self.now;
        while let Some(name) = self.oldest().filter(|oldest| oldest.0 + 60 * SECOND <= now).map(|oldest| oldest.2) {
            self.end(name, false);
        }
        for host in self.hosts.iter_mut().flatten() {
            host.news = false;
            host.unused = host.unused.or(host.users.is_empty().then_some(now));
            if let State::Waiting { due } = &mut host.state {
                *due = (*due).min(now + host.users.iter().copied().min().unwrap_or(0));
            }
        }
        let mut ticks: Vec<(u64, u64, usize)> = Vec::new();
        for (name, host) in self.hosts.iter_mut().enumerate() {
            let Some(host) = host else { continue };
            match host.state {
                State::Waiting { due } if due <= now => ticks.push((due, host.host.id().number(), name)),
                _ => {}
            }
        }
        ticks.sort_unstable();
        for (_, _, name) in ticks {
            let Some(host) = &mut self.hosts[name] else { continue };
            match host.quiet(now) {
                true => host.sleep(),
                false => Self::queue(&mut self.orders, host, false),
            }
        }
        for host in &mut self.hosts {
            if host.as_ref().is_some_and(|host| host.unused.is_some_and(|since| since + 60 * SECOND <= now)) {
                *host = None;
            }
        }
        self.begin()
    }

    fn begin(&mut self) -> Vec<usize> {
        let now = self.now;
        let mut begun = Vec::new();
        loop {
            while self.running(true) < SLOW
                && let Some((_, _, name)) = self.oldest_fast().filter(|oldest| oldest.0 + SECOND <= now)
                && let Some(Slow { state: State::Running { slow, .. }, .. }) = &mut self.hosts[name]
            {
                *slow = true;
            }
            if self.running(false) == AT_ONCE {
                return begun;
            }
            let affordable = self.affordable_at() <= now;
            let front = |urgent| self.front(urgent).filter(|_| urgent || affordable).map(|name| (name, urgent));
            let Some((name, urgent)) = front(self.urgent_next).or_else(|| front(!self.urgent_next)) else {
                return begun;
            };
            self.urgent_next = !urgent;
            let Some(host) = &mut self.hosts[name] else { continue };
            let in_vain = !urgent && !host.users.is_empty() && host.quiet(now);
            if !host.wanted(now) || in_vain {
                host.sleep();
                continue;
            }
            host.state = State::Running { since: now, slow: false };
            begun.push(name);
            if !urgent {
                self.credit = (self.credit_at(now) - SECOND / RATE, now);
            }
        }
    }

    fn credit_at(&self, now: u64) -> u64 {
        (self.credit.0 + (now - self.credit.1)).min(SECOND)
    }

    fn affordable_at(&self) -> u64 {
        self.now + (SECOND / RATE).saturating_sub(self.credit_at(self.now))
    }

    fn front(&self, wanted: bool) -> Option<usize> {
        let order = |host: &Slow| match host.state {
            State::Queued { urgent, order } if urgent == wanted => Some(order),
            _ => None,
        };
        let hosts = self.hosts.iter().enumerate();
        hosts.filter_map(|(name, host)| Some((order(host.as_ref()?)?, name))).min().map(|first| first.1)
    }

    pub(super) fn all_running(&self) -> impl Iterator<Item = (u64, u64, usize, bool)> {
        let hosts = self.hosts.iter().enumerate();
        hosts.filter_map(|(name, host)| match host.as_ref()?.state {
            State::Running { since, slow } => Some((since, host.as_ref()?.host.id().number(), name, slow)),
            _ => None,
        })
    }

    fn running(&self, slow: bool) -> usize {
        self.all_running().filter(|running| running.3 == slow).count()
    }

    fn oldest(&self) -> Option<(u64, u64, usize)> {
        self.all_running().map(|running| (running.0, running.1, running.2)).min()
    }

    fn oldest_fast(&self) -> Option<(u64, u64, usize)> {
        self.all_running().filter(|running| !running.3).map(|running| (running.0, running.1, running.2)).min()
    }

    /// The time of the next action that no report triggers.
    pub(super) fn next(&self) -> Option<u64> {
        let mut times = Vec::new();
        for host in self.hosts.iter().flatten() {
            match host.state {
                State::Waiting { due } => times.push(due),
                State::Running { since, .. } => times.push(since + 60 * SECOND),
                _ => {}
            }
            times.extend(host.unused.map(|since| since + 60 * SECOND));
            times.extend(host.news.then_some(self.now));
        }
        let paid = match (self.front(true), self.front(false)) {
            (Some(_), _) => Some(self.now),
            (None, Some(_)) => Some(self.affordable_at()),
            (None, None) => None,
        };
        let room = match self.oldest_fast() {
            Some(oldest) if self.running(false) == AT_ONCE && self.running(true) < SLOW => Some(oldest.0 + SECOND),
            Some(_) if self.running(false) == AT_ONCE => None,
            _ => Some(self.now),
        };
        times.extend(paid.zip(room).map(|(paid, room)| paid.max(room)));
        times.into_iter().min().map(|time| time.max(self.now))
    }

    pub(super) fn is_due(&self) -> bool {
        self.next().is_some_and(|next| self.announced.is_none_or(|announced| next < announced))
    }
}
