//! The upstreams that use a pod. The pod stays listed under one of them, even if two upstreams with the same
//! pods take turns.

use crate::SECOND;
use crate::pods::Group;

/// How long an unused pod stays listed under an upstream.
const KEEPS: u64 = 60 * SECOND;

/// An upstream of a configuration that recently used the pod.
#[derive(Clone, Copy, Debug)]
struct User {
    source: u64,
    upstream: u64,
    /// When the upstream last used the pod.
    at: u64,
    /// When the upstream last learned that the pod can be reached, and that it responded.
    reached: Option<u64>,
    answered: Option<u64>,
}

impl User {
    fn new(group: &Group<'_>, at: u64) -> Self {
        User { source: group.source.id(), upstream: group.upstream.id(), at, reached: None, answered: None }
    }

    fn is(&self, group: &Group<'_>) -> bool {
        (self.source, self.upstream) == (group.source.id(), group.upstream.id())
    }
}

/// The upstreams that recently used one pod.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Users {
    /// The upstream under which the pod is listed.
    listed: User,
    /// The last other upstream.
    other: Option<User>,
}

impl Users {
    pub(crate) fn new(group: &Group<'_>, now: u64) -> Self {
        Users { listed: User::new(group, now), other: None }
    }

    /// Records that a request or a dial uses the pod. Its upstream takes over the listing if the listed one
    /// has not used the pod for a minute. Returns whether the upstream is new.
    pub(crate) fn used(&mut self, group: &Group<'_>, now: u64) -> bool {
        if self.listed.is(group) {
            self.listed.at = self.listed.at.max(now);
            return false;
        }
        if now.saturating_sub(self.listed.at) > KEEPS {
            *self = Users::new(group, now);
        } else if let Some(other) = self.other.as_mut().filter(|other| other.is(group)) {
            other.at = other.at.max(now);
            return false;
        } else {
            self.other = Some(User::new(group, now));
        }
        true
    }

    /// When the upstream that uses the pod now last learned that the pod can be reached, or that it
    /// responded.
    pub(crate) fn told(&mut self, group: &Group<'_>, answered: bool) -> &mut Option<u64> {
        let other = self.other.as_mut().filter(|other| other.is(group));
        let user = other.unwrap_or(&mut self.listed);
        if answered { &mut user.answered } else { &mut user.reached }
    }

    /// The ID of the upstream under which the pod is listed.
    pub(crate) fn upstream(&self) -> u64 {
        self.listed.upstream
    }

    /// The last two upstreams that used the pod, however long ago. They change only when [`Users::used`]
    /// returns true.
    pub(crate) fn both(&self) -> [u64; 2] {
        [self.listed.upstream, self.other.unwrap_or(self.listed).upstream]
    }

    /// The upstreams that used the pod within a minute of its last use.
    pub(crate) fn upstreams(&self) -> [u64; 2] {
        let Users { listed, other } = *self;
        // If there is only one, returns it twice.
        let other = other.unwrap_or(listed);
        let kept = if listed.at.saturating_sub(other.at) <= KEEPS { other } else { listed };
        [listed.upstream, kept.upstream]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::pods::tests::anywhere;
    use crate::pods::{SourceHealth, UpstreamHealth};

    /// Two upstreams of two sources, 1 and 2.
    struct World {
        sources: [SourceHealth; 2],
        upstreams: [Arc<UpstreamHealth>; 2],
    }

    impl World {
        fn new() -> Self {
            World {
                sources: [1, 2].map(SourceHealth::new),
                upstreams: [1, 2].map(|id| Arc::new(UpstreamHealth::new(id, |_| None))),
            }
        }

        fn group(&self, source: u64, upstream: u64) -> Group<'_> {
            let (source, upstream) = (&self.sources[source as usize - 1], &self.upstreams[upstream as usize - 1]);
            Group { source, upstream, router: anywhere(), gone_after: 0, gone_rate: 0, drain_max: 0, roll_time: 0 }
        }
    }

    #[test]
    fn an_upstream_keeps_its_pod_while_it_uses_it() {
        let world = World::new();
        let mut users = Users::new(&world.group(1, 1), 0);
        for second in 1..200 {
            users.used(&world.group(1, 1 + second % 2), second * SECOND);
            assert_eq!((users.listed.source, users.upstream()), (1, 1), "second {second}");
        }
        assert_eq!(users.upstreams(), [1, 2]);
        // The upstream last used the pod at 198 s.
        users.used(&world.group(1, 2), 258 * SECOND);
        assert_eq!(users.upstream(), 1);
        users.used(&world.group(1, 2), 258 * SECOND + 1);
        assert_eq!(users.upstreams(), [2, 2]);
        // The same upstream of another source counts separately.
        users.used(&world.group(2, 2), 319 * SECOND);
        assert_eq!(users.listed.source, 2);
    }

    #[test]
    fn an_upstream_that_used_it_long_ago_does_not_count() {
        let world = World::new();
        let mut users = Users::new(&world.group(1, 1), 0);
        users.used(&world.group(1, 2), SECOND);
        users.used(&world.group(1, 1), 61 * SECOND);
        assert_eq!(users.upstreams(), [1, 2]);
        users.used(&world.group(1, 1), 61 * SECOND + 1);
        assert_eq!(users.upstreams(), [1, 1]);
    }
}
