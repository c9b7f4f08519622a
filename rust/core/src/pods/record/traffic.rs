//! Counts the requests in flight of one pod, and when it was last used.

/// The traffic of one pod. Independent of its verdict.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    /// Requests that have begun but not ended.
    pub(crate) in_flight: u32,
    /// How many of the requests in flight are receiver streams.
    pub(crate) streams: u32,
    /// When the pod was first and last used for anything.
    pub(crate) first_seen: u64,
    pub(crate) last_seen: u64,
    /// Refused dials.
    pub(crate) refused: u64,
}

impl Traffic {
    pub(crate) fn new(now: u64) -> Self {
        Traffic { in_flight: 0, streams: 0, first_seen: now, last_seen: now, refused: 0 }
    }

    pub(crate) fn seen(&mut self, now: u64) {
        self.last_seen = self.last_seen.max(now);
    }

    pub(crate) fn entered(&mut self, stream: bool) {
        self.in_flight = self.in_flight.saturating_add(1);
        self.streams = self.streams.saturating_add(stream.into());
    }

    /// Counts the end of a request. Returns false if none was in flight.
    pub(crate) fn left(&mut self, stream: bool) -> bool {
        let matched = self.in_flight > 0;
        self.in_flight = self.in_flight.saturating_sub(1);
        self.streams = self.streams.saturating_sub(stream.into()).min(self.in_flight);
        matched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_count_underflows_and_streams_are_requests() {
        let mut traffic = Traffic::new(5);
        assert!(!traffic.left(true));
        traffic.entered(true);
        traffic.entered(false);
        assert_eq!((traffic.in_flight, traffic.streams), (2, 1));
        // The end of a stream was reported as that of another request.
        assert!(traffic.left(false) && traffic.left(false) && !traffic.left(true));
        assert_eq!((traffic.in_flight, traffic.streams), (0, 0));
        traffic.seen(9);
        traffic.seen(7);
        assert_eq!((traffic.first_seen, traffic.last_seen), (5, 9));
    }
}
