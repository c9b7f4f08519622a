//! Plans the lookups of all hosts: which start now, and when to check again. Never iterates over all hosts.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::queue::{Bounds, Class, Queue, Ticket};
use super::schedule::{Phase, Schedule};
use super::signal::Signal;
use super::{HostId, shrink};
use crate::SECOND;

/// How long a host without users keeps its addresses, without lookups. This covers a reload that releases
/// hosts before it acquires them, and a configuration that is restored.
pub(super) const KEEP_UNUSED: u64 = 60 * SECOND;

#[derive(Debug)]
pub(super) struct Plan {
    hosts: HashMap<HostId, Box<Planned>>,
    /// The next event of each host. Each has at most one timer.
    timers: BTreeSet<(u64, HostId)>,
    queue: Queue,
    /// Hosts whose users have changed. `join` and `leave` do not know the time, so `advance` plans for these
    /// hosts.
    news: Vec<HostId>,
    /// When the driver was told to check again. `None` if it waits for a report.
    announced: Option<u64>,
}

#[derive(Debug)]
struct Planned {
    schedule: Schedule,
    signal: Arc<Signal>,
    /// The host's place in the queue.
    ticket: Option<Ticket>,
    /// When its running lookup started.
    began: Option<u64>,
    /// With users: when the next lookup is due. Without users: when the host is forgotten.
    timer: Option<u64>,
    /// Whether it is in `news`.
    news: bool,
    /// Lookups continue and the last one failed. The next one will probably fail too.
    failing: bool,
    /// A request used the host before its last user left. During a reload another user may follow, and its
    /// lookups then continue.
    used: bool,
}

/// How the plan has handled a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// A lookup is due or running, and the request waits for it.
    pub(super) waits: bool,
    pub(super) lookups_due: bool,
}

/// What the driver needs to know about a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) users: u32,
    pub(super) refresh: u64,
    pub(super) active: bool,
}

impl Plan {
    pub(super) fn new(bounds: Bounds) -> Self {
        Plan {
            hosts: HashMap::new(),
            timers: BTreeSet::new(),
            queue: Queue::new(bounds),
            news: Vec::new(),
            announced: None,
        }
    }

    /// Adds a user. Starts no lookup: the first request does.
    pub(super) fn join(&mut self, id: HostId, signal: &Arc<Signal>, refresh: u64) {
        let host = self.hosts.entry(id).or_insert_with(|| Box::new(Planned::new(signal)));
        if host.schedule.users() == 0 {
            host.set_timer(id, None, &mut self.timers); // the timer that would forget it
        }
        host.schedule.join(refresh);
        if host.schedule.phase() == Phase::Waiting {
            host.tell(id, &mut self.news);
        }
    }

    /// Removes a user. Returns true if the host is forgotten because it has no users and nothing is known
    /// about it.
    pub(super) fn leave(&mut self, id: HostId, refresh: u64) -> bool {
        let Some(host) = self.hosts.get_mut(&id) else { return false };
        if !host.schedule.leave(refresh) {
            return false;
        }
        host.set_timer(id, None, &mut self.timers);
        if !host.schedule.pending() {
            host.leave_queue(&mut self.queue);
            host.sleep();
            if host.signal.ended() == 0 {
                self.hosts.remove(&id);
                shrink(&mut self.hosts);
                return true;
            }
        }
        host.used |= host.signal.take_use();
        host.signal.sleep();
        host.set_pending();
        host.tell(id, &mut self.news);
        false
    }

    /// Handles a request. `old`: nothing is known, or it is too old to use without a lookup. `waits`: the
    /// request would wait for that lookup.
    pub(super) fn touch(&mut self, id: HostId, now: u64, old: bool, waits: bool) -> Noted {
        let Some(host) = self.hosts.get_mut(&id) else { return Noted::default() };
        let class = if old { Class::Urgent } else { Class::Routine };
        let mut due = host.schedule.touch(now, waits && old);
        if due {
            host.ticket = Some(self.queue.push(id, class));
            host.set_pending();
        }
        if host.schedule.users() > 0 {
            host.signal.wake();
        }
        let waits = waits && old && host.schedule.pending() && !host.failing;
        if waits {
            host.schedule.wait(now);
            if let Some(ticket) = host.ticket.filter(|ticket| ticket.class == Class::Routine) {
                self.queue.remove(ticket);
                host.ticket = Some(self.queue.push(id, Class::Urgent));
                due = true;
            }
        }
        Noted { waits, lookups_due: due && self.lookups_due(now) }
    }

    /// Processes at most `most` hosts with news or an expired timer. Hosts that may be forgotten are added to
    /// `forget`. Returns whether there are more.
    pub(super) fn advance(&mut self, now: u64, most: usize, forget: &mut Vec<HostId>) -> bool {
        for _ in 0..most {
            if let Some(id) = self.news.pop() {
                self.see_to_news(now, id);
            } else if let Some(timer) = self.timers.first().copied().filter(|timer| timer.0 <= now) {
                self.timers.remove(&timer);
                self.tick(now, timer.1, forget);
            } else {
                return false;
            }
        }
        true
    }

    fn see_to_news(&mut self, now: u64, id: HostId) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        host.news = false;
        if host.schedule.users() == 0 {
            host.set_timer(id, Some(now.saturating_add(KEEP_UNUSED)), &mut self.timers);
        } else if let Some(due) = host.schedule.bring_forward(now) {
            host.set_timer(id, Some(due), &mut self.timers);
        }
    }

    fn tick(&mut self, now: u64, id: HostId, forget: &mut Vec<HostId>) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        host.timer = None;
        if host.schedule.users() == 0 {
            forget.push(id);
            return;
        }
        let used = host.take_use();
        let due = host.schedule.tick(now, used);
        // A request may have arrived in between.
        if due || !host.signal.try_sleep() && host.schedule.touch(now, false) {
            host.ticket = Some(self.queue.push(id, Class::Routine));
            host.set_pending();
        } else {
            host.failing = false;
        }
    }

    /// Forgets a host, unless it is in use again.
    pub(super) fn forget(&mut self, id: HostId) -> bool {
        let unused = |host: &Planned| host.schedule.users() == 0 && host.timer.is_none() && !host.news;
        if !self.hosts.get(&id).is_some_and(|host| unused(host)) {
            return false;
        }
        if let Some(mut host) = self.hosts.remove(&id) {
            host.leave_queue(&mut self.queue);
            if let Some(began) = host.began {
                self.queue.end(began, id);
            }
            host.signal.sleep();
            host.signal.end();
            shrink(&mut self.hosts);
        }
        true
    }

    /// Starts lookups, until `begun` contains `most`.
    pub(super) fn begin(&mut self, now: u64, most: usize, begun: &mut Vec<HostId>) {
        while begun.len() < most
            && let Some((id, class)) = self.queue.pop(now)
        {
            let Some(host) = self.hosts.get_mut(&id) else { continue };
            host.ticket = None;
            if host.begins(now, class) {
                host.began = Some(now);
                self.queue.begin(now, id, class);
                begun.push(id);
            }
        }
    }

    /// A lookup that started so long ago that its end is no longer expected.
    pub(super) fn lost(&self, now: u64) -> Option<HostId> {
        self.queue.lost(now)
    }

    /// Whether a lookup of the host is running (`None` if not), and whether its result is wanted.
    pub(super) fn running(&self, id: HostId, now: u64) -> Option<bool> {
        let host = self.hosts.get(&id)?;
        host.began.map(|_| host.schedule.wanted(now))
    }

    /// Handles the end of a lookup. Returns whether a request waited for it.
    pub(super) fn end(&mut self, id: HostId, now: u64, random: u64, answered: bool) -> bool {
        let Some(host) = self.hosts.get_mut(&id) else { return false };
        let Some(began) = host.began.take() else { return false };
        self.queue.end(began, id);
        let awaited = host.schedule.awaited();
        match host.schedule.end(now, random) {
            Some(due) => {
                host.set_timer(id, Some(due), &mut self.timers);
                host.failing = !answered;
                host.signal.check(now);
                host.set_pending();
            }
            None => host.sleep(),
        }
        host.signal.end();
        awaited
    }

    /// Makes the planned lookup of a host due now.
    pub(super) fn hasten(&mut self, id: HostId) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        if host.schedule.hasten() {
            host.set_timer(id, None, &mut self.timers);
            host.ticket = Some(self.queue.push(id, Class::Routine));
            host.set_pending();
        }
    }

    /// Returns when the driver must check again, and remembers it.
    pub(super) fn announce(&mut self, now: u64) -> Option<u64> {
        self.announced = self.next(now);
        self.announced
    }

    /// Whether something is due before the driver checks again.
    pub(super) fn lookups_due(&self, now: u64) -> bool {
        self.next(now).is_some_and(|next| self.announced.is_none_or(|announced| next < announced))
    }

    fn next(&self, now: u64) -> Option<u64> {
        if !self.news.is_empty() {
            return Some(now);
        }
        let timer = self.timers.first().map(|timer| timer.0.max(now));
        [timer, self.queue.next(now)].into_iter().flatten().min()
    }

    pub(super) fn usage(&self, id: HostId) -> Use {
        let Some(host) = self.hosts.get(&id) else { return Use::default() };
        let users = host.schedule.users();
        let active = users > 0 && host.schedule.phase() != Phase::Idle;
        Use { users, refresh: host.schedule.refresh(), active }
    }
}

impl Planned {
    fn new(signal: &Arc<Signal>) -> Self {
        Planned {
            schedule: Schedule::default(),
            signal: signal.clone(),
            ticket: None,
            began: None,
            timer: None,
            news: false,
            failing: false,
            used: false,
        }
    }

    /// Starts the queued lookup if it is wanted.
    fn begins(&mut self, now: u64, class: Class) -> bool {
        let refresh = class == Class::Routine && self.schedule.users() > 0;
        let used = refresh && self.take_use();
        if self.schedule.begin(now, refresh, used) {
            return true;
        }
        // A request may have arrived in between.
        if refresh && !self.signal.try_sleep() {
            return self.schedule.touch(now, false) && self.schedule.begin(now, refresh, true);
        }
        self.sleep();
        false
    }

    fn tell(&mut self, id: HostId, news: &mut Vec<HostId>) {
        if !self.news {
            self.news = true;
            news.push(id);
        }
    }

    fn set_timer(&mut self, id: HostId, timer: Option<u64>, timers: &mut BTreeSet<(u64, HostId)>) {
        if let Some(old) = self.timer {
            timers.remove(&(old, id));
        }
        self.timer = timer;
        if let Some(at) = timer {
            timers.insert((at, id));
        }
    }

    fn leave_queue(&mut self, queue: &mut Queue) {
        if let Some(ticket) = self.ticket.take() {
            queue.remove(ticket);
        }
    }

    fn set_pending(&self) {
        self.signal.set_pending(self.schedule.pending() && !self.failing);
    }

    /// Whether there was a request since the last call.
    fn take_use(&mut self) -> bool {
        self.signal.take_use() | std::mem::take(&mut self.used)
    }

    /// Stops lookups.
    fn sleep(&mut self) {
        (self.failing, self.used) = (false, false);
        self.signal.sleep();
    }
}
