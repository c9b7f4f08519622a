use super::super::schedule::{Phase, Schedule, bounded_refresh};
use super::{HOUR, MILLISECOND, MINUTE, Numbers};
use crate::SECOND;

/// A random number that gives half the maximum jitter.
const HALF: u64 = u64::MAX / 2;

#[test]
fn the_cycle() {
    let mut s = Schedule::default();
    assert!(!s.touch(0, false), "a lookup without a user");
    s.join(SECOND);
    assert!(!s.pending(), "joining planned a lookup");
    assert!(s.touch(0, false) && !s.touch(0, false), "the first request, and only that, must queue a lookup");
    assert!(s.begin(0, false, false) && !s.begin(0, false, false), "a queued lookup begins once");
    let due = s.end(100 * MILLISECOND, HALF).unwrap();
    assert!(due.abs_diff(SECOND) <= 1, "{due}");
    for n in 1..10 {
        let now = n * SECOND;
        assert!(s.tick(now, false) && s.begin(now, true, false), "no lookup at {now}");
        s.end(now, 0);
    }
    assert!(!s.tick(10 * SECOND, false), "lookups continue 10 intervals after the last request");
    assert_eq!(s.phase(), Phase::Idle);
    assert!(s.touch(60 * SECOND, false), "a request must start lookups again");
}

#[test]
fn jitter_only_shortens() {
    let mut s = Schedule::default();
    s.join(SECOND);
    let mut due = |random| {
        s.touch(0, false);
        s.begin(0, false, false);
        let due = s.end(0, random).unwrap();
        s.tick(due, true);
        s.begin(due, false, false);
        due
    };
    assert_eq!(due(0), SECOND);
    assert!(due(u64::MAX).abs_diff(800 * MILLISECOND) <= 1);
}

#[test]
fn the_smallest_refresh_counts() {
    let mut s = Schedule::default();
    s.join(MINUTE);
    s.touch(0, false);
    s.begin(0, false, false);
    s.end(0, 0);
    s.join(SECOND);
    assert_eq!(s.bring_forward(10 * SECOND), Some(11 * SECOND));
    s.join(30 * SECOND);
    assert_eq!((s.bring_forward(10 * SECOND), s.refresh()), (None, SECOND));
    s.leave(SECOND);
    assert_eq!(s.refresh(), 30 * SECOND, "after the fastest user left");
    assert!(!s.leave(7 * SECOND) && s.users() == 2, "somebody left who never joined");
    assert!(!s.leave(30 * SECOND));
    assert!(s.leave(MINUTE));
    assert_eq!(s.phase(), Phase::Idle);
}

/// A lookup also serves the requests that wait for it. For them it starts and ends even after the last user
/// has left.
#[test]
fn a_lookup_with_waiting_requests() {
    let mut s = Schedule::default();
    s.join(SECOND);
    s.touch(0, true);
    s.wait(0);
    s.leave(SECOND);
    assert!(s.begin(SECOND, false, false) && s.wanted(3 * SECOND), "it ended with the last user");
    assert!(!s.wanted(11 * SECOND), "nobody waits any more");
    assert_eq!(s.end(11 * SECOND, 0), None, "lookups continue without a user");
    assert_eq!(s.phase(), Phase::Idle);
    assert!(!s.touch(0, false) && s.touch(MINUTE, true), "without a user a request must wait to have a lookup");
    s.wait(MINUTE);
    assert!(!s.begin(2 * MINUTE, false, false), "a queued lookup that nobody wants began");
    assert_eq!((s.phase(), s.awaited()), (Phase::Idle, false));
    s.join(SECOND);
    s.touch(0, false);
    assert!(s.leave(SECOND) && s.phase() == Phase::Idle, "nobody waits for the queued lookup");
}

/// A refresh that was queued for long is skipped if the host was not used in the meantime.
#[test]
fn a_refresh_that_came_too_late() {
    for (refresh, used, begins) in [(true, false, false), (true, true, true), (false, false, true)] {
        let mut s = Schedule::default();
        s.join(SECOND);
        s.touch(0, false);
        s.begin(0, false, false);
        s.end(0, 0);
        assert!(s.tick(SECOND, false));
        assert_eq!(s.begin(10 * SECOND, refresh, used), begins);
        assert_eq!(s.phase(), if begins { Phase::Running } else { Phase::Idle });
    }
}

#[test]
fn times_have_bounds() {
    for (refresh, stale_max, want) in [
        (SECOND, 5 * MINUTE, SECOND),
        (1, 5 * MINUTE, 10 * MILLISECOND),
        (HOUR, MINUTE, MINUTE),
        (0, 0, 10 * MILLISECOND),
        (u64::MAX, u64::MAX, u64::MAX),
    ] {
        assert_eq!(bounded_refresh(refresh, stale_max), want);
        let mut s = Schedule::default();
        s.join(refresh.min(stale_max));
        assert_eq!(s.refresh(), want);
        assert!(s.leave(refresh.min(stale_max)), "who joined with a small interval can leave with it");
    }
    let mut s = Schedule::default();
    s.join(u64::MAX);
    s.touch(u64::MAX, true);
    s.wait(u64::MAX);
    assert!(s.begin(0, false, false), "a time from before");
    assert_eq!(s.end(u64::MAX, 0), Some(u64::MAX));
    assert!(s.tick(0, true));
}

/// Runs random requests, lookup durations and users in virtual time.
#[test]
fn invariants() {
    for seed in 0..200 {
        let mut random = Numbers(seed);
        let refreshes = [50 * MILLISECOND, SECOND, 7 * SECOND];
        let (mut s, mut users) = (Schedule::default(), Vec::new());
        let (mut lookup_ends, mut last_use, mut due, mut used) = (0, 0, 0, false);
        let mut now = 0;
        while now < 120 * SECOND {
            now += 10 * MILLISECOND;
            match random.below(400) {
                0 => {
                    let refresh = refreshes[random.below(3) as usize];
                    users.push(refresh);
                    s.join(refresh);
                    due = s.bring_forward(now).unwrap_or(due);
                }
                1 if !users.is_empty() => {
                    let refresh = users.swap_remove(random.below(users.len() as u64) as usize);
                    assert_eq!(s.leave(refresh), users.is_empty());
                }
                _ => {}
            }
            // Ten busy seconds, twenty quiet ones.
            if (now / (10 * SECOND)).is_multiple_of(3) && random.below(5) == 0 {
                last_use = now;
                if s.phase() == Phase::Idle {
                    s.touch(now, false);
                } else {
                    used = true;
                }
            }
            match s.phase() {
                Phase::Idle => {}
                Phase::Queued => {
                    if s.begin(now, false, false) {
                        lookup_ends = now + random.below(2000) * MILLISECOND;
                    }
                }
                Phase::Running if now < lookup_ends => {}
                Phase::Running => {
                    let next = s.end(now, random.next());
                    assert_eq!(next.is_some(), !users.is_empty(), "seed {seed}");
                    due = next.unwrap_or(due);
                    let delay = next.map_or(s.refresh(), |next| next - now);
                    assert!(delay <= s.refresh() && delay >= s.refresh() / 5 * 4, "seed {seed}: {delay}");
                }
                Phase::Waiting if now >= due => {
                    let idles = !s.tick(now, std::mem::take(&mut used));
                    let quiet = now - last_use;
                    assert!(!idles || quiet >= 10 * s.refresh(), "seed {seed}: idle {quiet} after a request");
                }
                Phase::Waiting => assert!(due - now <= s.refresh(), "seed {seed}: next lookup in {}", due - now),
            }
            assert_eq!((s.users() as usize, s.refresh()), (users.len(), users.iter().copied().min().unwrap_or(0)));
            assert!(!users.is_empty() || matches!(s.phase(), Phase::Idle | Phase::Running), "seed {seed}");
            // A timer may notice a use late: by up to one lookup and one interval.
            let long_ago = now - last_use > 12 * 7 * SECOND;
            assert!(s.phase() != Phase::Waiting || users.is_empty() || !long_ago, "seed {seed}");
        }
    }
}
