//! In: which upstream uses a pod, and when. Out: the one that it is listed under, so that two upstreams with the same pods do
//! not take turns.

use super::{Group, SECOND};

/// For so long an upstream that uses the pod keeps it.
const KEEPS: u64 = 60 * SECOND;

/// The upstreams that lately used one pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct Users {
    pub(super) source: u64,
    pub(super) server: u64,
    /// When that one last used it.
    at: u64,
    /// The last other one, and when.
    other: Option<(u64, u64)>,
}

impl Users {
    pub(super) fn new(group: &Group, now: u64) -> Self {
        Users { source: group.source, server: group.server, at: now, other: None }
    }

    /// A request or a dial uses the pod. Once the listed upstream has not used it for a minute, this one takes over.
    pub(super) fn used(&mut self, group: &Group, now: u64) {
        if (self.source, self.server) == (group.source, group.server) {
            self.at = self.at.max(now);
        } else if now.saturating_sub(self.at) > KEEPS {
            *self = Users::new(group, now);
        } else {
            self.other = Some((group.server, now));
        }
    }

    /// The upstreams that used it within the last minute of its use.
    pub(super) fn servers(&self) -> impl Iterator<Item = u64> {
        let other = self.other.filter(|(_, at)| self.at.saturating_sub(*at) <= KEEPS);
        std::iter::once(self.server).chain(other.map(|(server, _)| server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(source: u64, server: u64) -> Group {
        Group { source, server, gone_after: 0, page_wait: 0, gone_rate: 0, max_waiting: 0 }
    }

    #[test]
    fn an_upstream_keeps_its_pod_while_it_uses_it() {
        let mut users = Users::new(&group(1, 1), 0);
        for second in 1..200 {
            users.used(&group(1, 1 + second % 2), second * SECOND);
            assert_eq!((users.source, users.server), (1, 1), "second {second}");
        }
        assert_eq!(users.servers().collect::<Vec<_>>(), [1, 2]);
        // It has used it at 198 s for the last time, and is not used any more.
        users.used(&group(1, 2), 258 * SECOND);
        assert_eq!(users.server, 1);
        users.used(&group(1, 2), 258 * SECOND + 1);
        assert_eq!(users.servers().collect::<Vec<_>>(), [2]);
        // The same upstream of another source is another one.
        users.used(&group(2, 2), 319 * SECOND);
        assert_eq!(users.source, 2);
    }

    #[test]
    fn an_upstream_that_used_it_long_ago_has_no_say() {
        let mut users = Users::new(&group(1, 1), 0);
        users.used(&group(1, 2), SECOND);
        users.used(&group(1, 1), 61 * SECOND);
        assert_eq!(users.servers().count(), 2);
        users.used(&group(1, 1), 61 * SECOND + 1);
        assert_eq!(users.servers().collect::<Vec<_>>(), [1]);
    }
}
