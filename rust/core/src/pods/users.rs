//! In: which upstream uses a pod, and when. Out: the one that it is listed under, so that two upstreams with the same pods do
//! not take turns; and when each was last told that the pod works.

use super::{Group, SECOND};

/// For so long an upstream that uses the pod keeps it.
const KEEPS: u64 = 60 * SECOND;

/// An upstream of one configuration that lately used the pod.
#[derive(Clone, Copy, Debug)]
struct User {
    source: u64,
    upstream: u64,
    /// When it last did.
    at: u64,
    /// When it was last told that the pod can be reached, and that it answered.
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

/// The upstreams that lately used one pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct Users {
    /// The one that it is listed under.
    listed: User,
    /// The last other one.
    other: Option<User>,
}

impl Users {
    pub(super) fn new(group: &Group<'_>, now: u64) -> Self {
        Users { listed: User::new(group, now), other: None }
    }

    /// A request or a dial uses the pod. Once the listed upstream has not used it for a minute, this one takes over.
    pub(super) fn used(&mut self, group: &Group<'_>, now: u64) {
        if self.listed.is(group) {
            self.listed.at = self.listed.at.max(now);
        } else if now.saturating_sub(self.listed.at) > KEEPS {
            *self = Users::new(group, now);
        } else if let Some(other) = self.other.as_mut().filter(|other| other.is(group)) {
            other.at = other.at.max(now);
        } else {
            self.other = Some(User::new(group, now));
        }
    }

    /// When the upstream that uses the pod now was last told that it can be reached, or that it answered.
    pub(super) fn told(&mut self, group: &Group<'_>, answered: bool) -> &mut Option<u64> {
        let other = self.other.as_mut().filter(|other| other.is(group));
        let user = other.unwrap_or(&mut self.listed);
        if answered { &mut user.answered } else { &mut user.reached }
    }

    /// The upstream that the pod is listed under.
    pub(super) fn upstream(&self) -> u64 {
        self.listed.upstream
    }

    /// The upstreams that used it within the last minute of its use.
    pub(super) fn upstreams(&self) -> [u64; 2] {
        let Users { listed, other } = *self;
        // Without another one the same twice.
        let other = other.unwrap_or(listed);
        let kept = if listed.at.saturating_sub(other.at) <= KEEPS { other } else { listed };
        [listed.upstream, kept.upstream]
    }
}
