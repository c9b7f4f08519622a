//! The part of the model that implements the calls.

use super::*;

impl Model {
    fn starts_search(&mut self, of: Of, every: u64, now: u64) -> bool {
        let due = self.searched.get(&of).is_none_or(|at| now - at >= every);
        if due {
            self.searched.insert(of, now);
        }
        due
    }

    /// Handles a request that wants a pod that takes pages.
    fn wants_pod(&mut self, source: u64, now: u64) -> bool {
        self.wanted.insert(source, now);
        self.starts_search(Of::Source(source), SECOND / 4, now)
    }

    /// Takes one token from a bucket with the capacity of one second.
    fn take(&mut self, bucket: Of, rate: u32, now: u64) -> bool {
        let full = u128::from(rate) * u128::from(SECOND);
        let (left, at) = self.buckets.entry(bucket).or_insert((full, now));
        *left = full.min(*left + u128::from(now - *at) * u128::from(rate));
        *at = now;
        let enough = rate == 0 || *left >= u128::from(SECOND);
        *left -= if enough && rate > 0 { u128::from(SECOND) } else { 0 };
        enough
    }

    fn used(&mut self, upstream: u64, pod: u8, now: u64) {
        let (uses, held) = (&self.uses, |pod| self.is_kept(pod));
        if let Some(pod) = uses.to_forget(pod, held, now) {
            let held = self.is_held(pod);
            self.uses.forget(pod);
            self.record(pod, 0, Forgotten { held }, now);
        }
        self.uses.used(upstream, pod, now);
        let named = self.dns.get(&upstream).map(|pods| pods.contains(&pod));
        self.record(pod, upstream, Asked(named), now);
    }

    /// Declares a pod gone that has failed for `gone_after`, and for two seconds after a witness has worked. If
    /// it is unreachable, another witness must work after a failure in the last four seconds, and the pod must
    /// fail again two seconds later. Returns whether it has failed for long enough and there is a witness, and
    /// whether it is unreachable and lacks one.
    fn judge(&mut self, upstream: u64, pod: u8, now: u64) -> (bool, bool) {
        let good = |what| Model::no_drops(what) || what == Said(Outcome::Connected);
        let gone_after = self.rules.gone_after;
        let lasts = |(_, long): &(u64, u64)| *long >= gone_after;
        let verdict = self.verdict(pod);
        let unreachable = self.lasting(pod, Outcome::Unreachable, good, now);
        let unreachable = unreachable.filter(|_| verdict == Verdict::Unreachable);
        let drops = self.lasting(pod, Outcome::Dropped, Model::no_drops, now);
        let (dropped, (first, long)) = match (unreachable.filter(lasts), drops.filter(lasts), unreachable, drops) {
            _ if verdict == Verdict::Gone => return (false, false),
            (Some(span), ..) => (false, span),
            (None, Some(span), ..) => (true, span),
            (None, None, Some(span), _) => (false, span),
            (None, None, None, Some(span)) => (true, span),
            (None, None, None, None) => return (false, false),
        };
        let last = first + long;
        // The failure from which on a witness is needed, if there was one before.
        let again = self.again.get(&pod).copied().filter(|(span, _)| !dropped && *span == first);
        let since = again.map_or(first, |(_, since)| since);
        let before = self.beside.remove(&pod).filter(|before| (before.0, before.1) == (dropped, since));
        let Some(sign) = self.witnessed(pod, upstream, dropped, since, now) else { return (false, !dropped) };
        let (.., sign) = *self.beside.entry(pod).or_insert(before.unwrap_or((dropped, since, sign)));
        if gone_after > 0 && last < sign + (2 * SECOND).min(gone_after / 2) {
            return (long >= gone_after, false);
        }
        let is_last = dropped || again.is_some() || gone_after == 0;
        if is_last && long >= gone_after && now - last < SECOND {
            self.record(pod, upstream, Condemned { drops: dropped }, now);
        }
        let needs_another = !is_last && long + 4 * SECOND >= gone_after;
        if needs_another {
            self.again.insert(pod, (first, last));
            self.beside.remove(&pod);
        }
        (long >= gone_after, needs_another)
    }

    /// The answer to a page that is due for 410, and whether to look for a pod.
    fn gone(&mut self, source: u64, path: PathKind, bucket: Of, now: u64) -> (Told, bool) {
        if path != PathKind::Resource && !self.serves_page(source, now) {
            return (Told::Unavailable { no_pod: true }, self.wants_pod(source, now));
        }
        let late = path == PathKind::Sync && !self.take(bucket, self.rules.gone_rate, now);
        (if late { Told::Unavailable { no_pod: false } } else { Told::Gone }, false)
    }

    fn told(&mut self, upstream: u64, pod: u8, path: PathKind, now: u64) -> (Told, bool) {
        match self.verdict(pod) {
            Verdict::Gone => self.gone(source(upstream), path, Of::Upstream(upstream), now),
            _ => (Told::Unavailable { no_pod: false }, false),
        }
    }

    pub(crate) fn began(&mut self, upstream: u64, pod: u8, path: PathKind, stream: bool, now: u64) -> (Began, Learned) {
        self.used(upstream, pod, now);
        let before = self.verdict(pod);
        let unlisted = self.unlisted(pod).is_some();
        let leaves = self.leaves(pod, path, stream, now).filter(|_| before == Verdict::None);
        let (witnessed, unwitnessed) = self.judge(upstream, pod, now);
        let verdict = self.verdict(pod);
        let mut seeks = false;
        if let Some(eviction) = leaves.filter(|_| !witnessed) {
            if !self.takes_page(source(upstream), now) {
                seeks = self.starts_search(Of::Source(source(upstream)), SECOND / 4, now);
                self.wanted.insert(source(upstream), now);
            } else if self.admits(eviction, upstream, now) {
                let why = if eviction.is_some() { Leaving::Evicted } else { Leaving::DrainMax };
                return (Began::Leaves(why), Learned { unlisted, ..Learned::default() });
            }
        }
        let mut learned =
            Learned { verdict, changed: verdict != before, unlisted, find_pod: seeks, ..Learned::default() };
        let probe = verdict != Verdict::None;
        if probe && self.just_dialled(pod, now) {
            let (told, find_pod) = self.told(upstream, pod, path, now);
            learned.find_pod = find_pod;
            learned.find_witness = unwitnessed && self.starts_search(Of::Upstream(upstream), SECOND, now);
            return (Began::Told(told), learned);
        }
        if probe {
            self.record(pod, upstream, Probed, now);
        }
        self.uses.entered(pod, stream);
        (Began::Dial { probe, report: probe || self.wants_answer(pod, upstream, now) }, learned)
    }

    /// Whether a page must reload, and by which eviction. [`Real`] has no used pages, so its page is always
    /// next.
    fn leaves(&self, pod: u8, path: PathKind, stream: bool, now: u64) -> Option<Option<Eviction>> {
        if !stream {
            return None;
        }
        if let Some(eviction) = self.eviction(pod) {
            return Some(Some(eviction));
        }
        let Rules { drain_max, gone_rate, .. } = self.rules;
        let is_over = drain_max > 0 && self.draining(pod).is_some_and(|since| now - since >= drain_max);
        (is_over && (gone_rate == 0 || path == PathKind::Sync)).then_some(None)
    }

    fn admits(&mut self, eviction: Option<Eviction>, upstream: u64, now: u64) -> bool {
        match eviction {
            Some(Eviction { number, rate, .. }) if rate > 0 => self.take(Of::Eviction(number, upstream), rate, now),
            _ => self.take(Of::Upstream(upstream), self.rules.gone_rate, now),
        }
    }

    pub(crate) fn evict(&mut self, target: Target, rate: u32, now: u64) -> bool {
        match self.evictions.iter_mut().find(|eviction| eviction.target == target) {
            Some(eviction) => eviction.rate = rate,
            None => {
                self.evicted += 1;
                self.evictions.push(Eviction { number: self.evicted, target, rate, since: now });
            }
        }
        true
    }

    pub(crate) fn undo(&mut self, target: &Target) -> bool {
        let before = self.evictions.len();
        self.evictions.retain(|eviction| eviction.target != *target);
        self.evictions.len() < before
    }

    /// Handles the outcome of a dial. Returns whether it was a background dial.
    fn reported(&mut self, of: Of, pod: u8, now: u64) -> bool {
        let named = self.named.get_mut(&(of, pod));
        named.is_some_and(|(at, is_awaited)| std::mem::take(is_awaited) && now - *at <= MINUTE)
    }

    pub(crate) fn learn(&mut self, upstream: u64, pod: u8, outcome: Outcome, now: u64) -> Learned {
        self.used(upstream, pod, now);
        let before = self.verdict(pod);
        let reached = outcome == Outcome::Connected && !self.is_dropping(pod, now);
        self.record(pod, upstream, if reached { Reached } else { Said(outcome) }, now);
        let sign = reached || matches!(outcome, Outcome::Answered | Outcome::Refused);
        let told = sign && self.tells(pod, upstream, outcome, now);
        let fresh = told && outcome != Outcome::Refused && self.may_have(upstream, pod);
        let event = self.history.last_mut().unwrap();
        (event.told, event.fresh) = (told, fresh);
        if outcome == Outcome::Refused {
            self.uses.refused(pod);
        }
        let failed = matches!(outcome, Outcome::Refused | Outcome::Unreachable | Outcome::Dropped);
        let dialled = !matches!(outcome, Outcome::Answered | Outcome::Dropped);
        let owners = [Of::Upstream(upstream), Of::Source(source(upstream))];
        let background = dialled && owners.map(|of| self.reported(of, pod, now)).contains(&true);
        let seeks_witness = self.judge(upstream, pod, now).1 && failed && !background;
        let goes_on = background && failed && !self.takes_page(source(upstream), now);
        let wanted = self.wanted.get(&source(upstream)).is_some_and(|at| now - at < 2 * SECOND);
        let verdict = self.verdict(pod);
        Learned {
            verdict,
            changed: verdict != before,
            find_witness: seeks_witness && self.starts_search(Of::Upstream(upstream), SECOND, now),
            find_pod: goes_on && wanted && self.starts_search(Of::Source(source(upstream)), SECOND / 4, now),
            marked: self.mark(pod).is_some(),
            unlisted: false,
        }
    }

    pub(crate) fn failed(
        &mut self,
        upstream: u64,
        pod: u8,
        path: PathKind,
        stream: bool,
        outcome: Outcome,
        now: u64,
    ) -> (Told, Learned) {
        self.left(pod, stream, now);
        let mut learned = match outcome {
            Outcome::Dropped => self.learn(upstream, pod, outcome, now),
            _ => Learned { verdict: self.verdict(pod), ..Learned::default() },
        };
        if outcome == Outcome::OwnFault {
            return (Told::Unavailable { no_pod: false }, learned);
        }
        let (told, find_pod) = self.told(upstream, pod, path, now);
        learned.find_pod |= find_pod;
        (told, learned)
    }

    /// Unrelated to the key.
    pub(crate) fn refused_token(&mut self, source: u64, reason: Reason, path: PathKind, now: u64) -> RefusedToken {
        let earlier = || self.tokens.iter().rev().filter(|(of, why, ..)| (*of, *why) == (source, reason));
        let is_due = !earlier().any(|(.., at, log)| *log && now - at < 10 * SECOND);
        let log = is_due.then(|| earlier().take_while(|(.., log)| !log).count() as u32);
        self.tokens.push((source, reason, now, is_due));
        let (told, find_pod) = self.gone(source, path, Of::Source(source), now);
        RefusedToken { told, find_pod, log, nothing_opens: false }
    }

    pub(crate) fn wait(&mut self, source: u64, end: u64, full: bool, now: u64) -> (Wait, bool) {
        let takes_page = self.serves_page(source, now);
        let over = now >= end;
        if takes_page && !over {
            return (Wait::Again, false);
        }
        let find_pod = !takes_page && self.wants_pod(source, now);
        (if over || full { Wait::Over { no_pod: !takes_page } } else { Wait::Until(end.min(now + SECOND)) }, find_pod)
    }

    /// Requests a background dial for an upstream or source. Returns false if it was requested recently.
    fn name(&mut self, of: Of, pod: u8, now: u64) -> bool {
        let names = self.named.get(&(of, pod)).is_none_or(|(at, is_awaited)| !is_awaited || now - at >= 3 * SECOND);
        if names {
            self.named.insert((of, pod), (now, true));
        }
        names
    }

    pub(crate) fn request_dial(&mut self, source: u64, pods: &[u8], now: u64) -> Option<u8> {
        pods.iter().copied().find(|pod| self.name(Of::Source(source), *pod, now))
    }

    /// `pods` are in search order.
    pub(crate) fn witness(&mut self, upstream: u64, missing: u8, pods: &[u8], now: u64) -> Option<u8> {
        let fails = |pod: &u8| {
            let mut failures = self.after(*pod, Model::well).filter(|event| event.is_failure());
            failures.next().is_some_and(|event| now - event.at < 10 * SECOND)
        };
        let of = Of::Upstream(upstream);
        let named_at = |pod: u8| self.named.get(&(of, pod)).map(|(at, _)| *at);
        let mut others: Vec<u8> = pods.iter().copied().filter(|pod| *pod != missing).collect();
        others.sort_by_key(|pod| (fails(pod), named_at(*pod)));
        others.into_iter().find(|pod| self.name(of, *pod, now))
    }

    pub(crate) fn entered(&mut self, upstream: u64, pod: u8, now: u64) -> bool {
        self.used(upstream, pod, now);
        self.uses.entered(pod, false);
        self.wants_answer(pod, upstream, now)
    }

    pub(crate) fn marked(&mut self, upstream: u64, pod: u8, draining: bool, began: u64, now: u64) -> bool {
        self.used(upstream, pod, now);
        let before = self.mark(pod).is_some();
        self.record(pod, upstream, if draining { Drains } else { Silent { began } }, now);
        before != self.mark(pod).is_some()
    }

    pub(crate) fn left(&mut self, pod: u8, stream: bool, now: u64) {
        self.uses.left(pod, stream, now);
    }

    pub(crate) fn failed_recently(&mut self, pod: u8, now: u64) -> bool {
        let events: Vec<Event> = self.after(pod, Model::well).copied().collect();
        let looked = events.iter().any(|event| event.what == Looked && now - event.at < SECOND);
        let failed = events.iter().find(|event| event.is_failure()).map(|event| now - event.at);
        match failed {
            Some(since) if (10 * SECOND..MINUTE).contains(&since) && !looked && !self.just_dialled(pod, now) => {
                self.history.push(self.event(pod, 0, Looked, now));
                false
            }
            since => since.is_some_and(|since| since < MINUTE),
        }
    }

    pub(crate) fn list(&self) -> Vec<KnownPod> {
        let has = |upstream: u64, pod: u8| self.dns.get(&upstream).is_some_and(|pods| pods.contains(&pod));
        let mut list: Vec<KnownPod> = Vec::new();
        for (number, mut known, upstreams) in self.uses.list() {
            known.verdict = self.verdict(number);
            known.unreachable_since = self.since.get(&number).copied().filter(|_| known.verdict != Verdict::None);
            known.marked_since = self.mark(number).map(|(since, _)| since);
            known.draining_since = self.draining(number);
            known.evicted_since = self.eviction(number).map(|eviction| eviction.since);
            let drained = known.draining_since.filter(|_| known.in_flight == 0);
            known.drained_since = match known.verdict {
                Verdict::Gone => known.unreachable_since,
                _ => drained.map(|since| since.max(known.last_seen + SILENCE)),
            };
            known.fresh = upstreams.iter().any(|upstream| has(*upstream, number));
            list.push(known);
        }
        list.sort_by_key(|known| (known.pod.address(), known.pod.port()));
        list
    }

    pub(crate) fn idle(&self, number: u8, idle: u64, started: u64, now: u64) -> Idle {
        self.uses.idle(address(number), idle, started.min(now), now)
    }

    pub(crate) fn resolved(&mut self, upstream: u64, pods: &[u8], now: u64) {
        let was_there = |one: &u8| self.dns.get(&upstream).is_some_and(|before| before.contains(one));
        let mut added: Vec<u8> = pods.iter().filter(|one| !was_there(one)).copied().collect();
        added.sort_by_key(|one| pod(*one));
        for pod in added {
            // The pod becomes the last of the pods without a fault.
            if self.is_kept(pod) {
                self.uses.touched(pod);
            }
            self.history.push(self.event(pod, upstream, Back, 0));
            if self.uses.are_users(pod, |users| users.contains(&upstream)) {
                self.history.push(self.event(pod, upstream, Named, now));
            }
        }
        let before = self.dns.insert(upstream, pods.to_vec()).unwrap_or_default();
        for pod in before.into_iter().filter(|pod| !pods.contains(pod)) {
            let has = |upstream: &u64| self.dns.get(upstream).is_some_and(|pods| pods.contains(&pod));
            if self.uses.are_users(pod, |users| users.contains(&upstream) && !users.iter().any(has)) {
                self.history.push(self.event(pod, upstream, Vanished, now));
            }
        }
    }
}
