//! Stories in virtual time.

use super::*;

mod bounds;
mod drops;
mod pages;
mod witnesses;

const GROUP: Group =
    Group { source: 1, server: 1, gone_after: 10 * SECOND, page_wait: 10 * SECOND, gone_rate: 0, max_waiting: 3 };

fn pod(last: u8) -> Pod {
    Pod::new(IpAddr::from([10, 0, 0, last]), 8080)
}

fn began(pods: &Pods, last: u8, now: u64) -> Action {
    pods.began(&GROUP, pod(last), PathKind::Sync, now).action
}

fn ended(pods: &Pods, last: u8, outcome: Outcome, now: u64) -> Action {
    end(pods, last, outcome, now).action
}

/// The same, with all that is answered.
fn end(pods: &Pods, last: u8, outcome: Outcome, now: u64) -> Answer {
    pods.ended(&GROUP, pod(last), PathKind::Sync, outcome, now)
}

#[test]
fn a_refusal_is_gone_at_once_and_a_success_clears_it() {
    let pods = Pods::new();
    ended(&pods, 2, Outcome::Answered, 0);
    assert_eq!(began(&pods, 1, 0), Action::Dial);
    let answer = pods.ended(&GROUP, pod(1), PathKind::Sync, Outcome::Refused, 5);
    assert_eq!((answer.action, answer.verdict, answer.changed), (Action::Gone, Verdict::Gone, true));
    assert_eq!(began(&pods, 1, 10), Action::Gone);
    assert_eq!(began(&pods, 1, SECOND + 5), Action::Probe);
    assert_eq!(began(&pods, 1, SECOND + 6), Action::Gone);
    let answer = pods.ended(&GROUP, pod(1), PathKind::Sync, Outcome::Connected, SECOND + 7);
    assert_eq!((answer.action, answer.verdict, answer.changed), (Action::None, Verdict::None, true));
    assert_eq!(began(&pods, 1, SECOND + 8), Action::Dial);
}

#[test]
fn unreachable_is_a_blip_until_it_lasts() {
    let pods = Pods::new();
    ended(&pods, 2, Outcome::Connected, 0);
    for second in 1..=10 {
        assert_eq!(ended(&pods, 1, Outcome::Unreachable, second * SECOND), Action::Unavailable);
    }
    assert_eq!(ended(&pods, 1, Outcome::Unreachable, 11 * SECOND), Action::Gone);
    // And with one success between, it starts again.
    let pods = Pods::new();
    ended(&pods, 2, Outcome::Connected, 0);
    for second in 1..=18 {
        let outcome = if second == 8 { Outcome::Answered } else { Outcome::Unreachable };
        assert_ne!(ended(&pods, 1, outcome, second * SECOND), Action::Gone, "second {second}");
    }
    assert_eq!(ended(&pods, 1, Outcome::Unreachable, 19 * SECOND), Action::Gone);
}

#[test]
fn a_dead_pod_is_dialled_once_a_second() {
    let pods = Pods::new();
    ended(&pods, 1, Outcome::Refused, 0);
    let dials = (0..10_000).filter(|millisecond| began(&pods, 1, millisecond * 1_000_000) == Action::Probe).count();
    assert_eq!(dials, 9);
}

#[test]
fn own_faults_and_cancelled_requests_say_nothing() {
    let pods = Pods::new();
    assert_eq!(ended(&pods, 1, Outcome::OwnFault, 0), Action::Unavailable);
    assert_eq!(ended(&pods, 1, Outcome::Cancelled, 0), Action::None);
    assert_eq!(began(&pods, 1, 0), Action::Dial);
    let mut failed = Vec::new();
    pods.failed_recently([pod(1)], 0, |one| failed.push(one));
    assert_eq!(failed, [false]);
}

#[test]
fn coming_back_in_dns_clears_and_staying_there_does_not() {
    let pods = Pods::new();
    pods.resolved(1, &[pod(1), pod(2)]);
    ended(&pods, 1, Outcome::Refused, 0);
    pods.resolved(1, &[pod(1), pod(2)]);
    assert_eq!(pods.verdict(pod(1)), Verdict::Gone);
    pods.resolved(1, &[pod(2)]);
    assert_eq!(pods.verdict(pod(1)), Verdict::Gone);
    pods.resolved(1, &[pod(2), pod(1)]);
    assert_eq!(pods.verdict(pod(1)), Verdict::None);
    assert_eq!(began(&pods, 1, 1), Action::Dial);
}

#[test]
fn only_the_sync_path_is_paced() {
    let group = Group { gone_rate: 2, ..GROUP };
    let pods = Pods::new();
    pods.ended(&group, pod(2), PathKind::Page, Outcome::Connected, 0);
    pods.ended(&group, pod(1), PathKind::Page, Outcome::Refused, 0);
    let action = |path| pods.began(&group, pod(1), path, 1).action;
    let sync: Vec<_> = (0..4).map(|_| action(PathKind::Sync)).collect();
    assert_eq!(sync, [Action::Gone, Action::Gone, Action::Unavailable, Action::Unavailable]);
    for path in [PathKind::Hook, PathKind::History, PathKind::Resource, PathKind::Other] {
        assert_eq!(action(path), Action::Gone);
    }
    let token = |path| pods.refused_token(&group, Reason::Refused, path, 1);
    let sync: Vec<_> = (0..3).map(|_| token(PathKind::Sync).action).collect();
    assert_eq!(sync, [Action::Gone, Action::Gone, Action::Unavailable]);
    assert_eq!(token(PathKind::Sync).retry_after, 1);
    assert_eq!((token(PathKind::Hook).action, token(PathKind::Hook).retry_after), (Action::Gone, 0));
}

#[test]
fn a_wrong_key_is_noticed() {
    let pods = Pods::new();
    let token = |reason, now| pods.refused_token(&GROUP, reason, PathKind::Sync, now).nothing_opens;
    assert!((0..19).all(|_| !token(Reason::Refused, 0)));
    assert!(token(Reason::Malformed, 0));
    assert!(!token(Reason::Refused, 59 * SECOND));
    assert!(token(Reason::Refused, 60 * SECOND));
    // A token in no CIDR opened all the same.
    assert!(!token(Reason::NoCidr, 61 * SECOND));
    assert!(!token(Reason::Refused, 200 * SECOND));
}

#[test]
fn failed_pods_are_tried_last_for_ten_seconds() {
    let pods = Pods::new();
    ended(&pods, 2, Outcome::Unreachable, SECOND);
    ended(&pods, 3, Outcome::Refused, SECOND);
    ended(&pods, 4, Outcome::Refused, SECOND);
    ended(&pods, 4, Outcome::Connected, SECOND);
    let failed = |now| {
        let mut all = Vec::new();
        pods.failed_recently((1..=4).map(pod), now, |one| all.push(one));
        all
    };
    assert_eq!(failed(11 * SECOND - 1), [false, true, true, false]);
    assert_eq!(failed(11 * SECOND), [false; 4]);
}

#[test]
fn after_ten_seconds_one_request_a_second_finds_out_whether_a_failed_pod_is_back() {
    let pods = Pods::new();
    ended(&pods, 1, Outcome::Unreachable, SECOND);
    let tried = |milliseconds: std::ops::Range<u64>| {
        let mut tried = 0;
        milliseconds
            .for_each(|at| pods.failed_recently([pod(1)], at * SECOND / 1000, |last| tried += u32::from(!last)));
        tried
    };
    assert_eq!(tried(1_000..11_000), 0);
    assert_eq!(tried(11_000..14_000), 3);
    // A request that only this pod can answer finds it out for the others, and need not wait for them.
    assert_eq!(began(&pods, 1, 14 * SECOND), Action::Probe);
    assert_eq!(tried(14_000..15_000), 0);
    assert_eq!(tried(15_000..15_001), 1);
    assert_eq!(began(&pods, 1, 15 * SECOND), Action::Probe);
    // The first of them has failed: ten seconds more.
    ended(&pods, 1, Outcome::Unreachable, 16 * SECOND);
    assert_eq!(tried(16_000..26_000), 0);
    assert_eq!(tried(26_000..27_000), 1);
    ended(&pods, 1, Outcome::Connected, 27 * SECOND);
    assert_eq!(tried(27_000..28_000), 1_000);
    // Nobody has looked for a minute.
    ended(&pods, 1, Outcome::Refused, 30 * SECOND);
    assert_eq!(tried(90_000..91_000), 1_000);
}

fn idle(pods: &Pods, last: u8, now: u64) -> (IdleAnswer, u64) {
    let idle = pods.idle(pod(last).address(), 60 * SECOND, 0, now);
    (idle.answer, idle.wait / SECOND)
}

#[test]
fn traffic_goes_on_whatever_the_verdict_is() {
    let pods = Pods::new();
    pods.entered(&GROUP, pod(1), true, SECOND);
    ended(&pods, 1, Outcome::Unreachable, 2 * SECOND);
    ended(&pods, 1, Outcome::Refused, 3 * SECOND);
    ended(&pods, 1, Outcome::Connected, 4 * SECOND);
    ended(&pods, 1, Outcome::Refused, 5 * SECOND);
    pods.resolved(1, &[pod(1)]);
    ended(&pods, 1, Outcome::Unreachable, 6 * SECOND);
    ended(&pods, 1, Outcome::Refused, 7 * SECOND);
    let [known] = pods.list()[..] else { panic!("{:?}", pods.list()) };
    assert_eq!((known.first_seen, known.last_seen), (SECOND, 7 * SECOND));
    assert_eq!((known.in_flight, known.streams, known.refused, known.fresh), (1, 1, 3, true));
    assert_eq!((known.verdict, known.unreachable_since), (Verdict::Gone, Some(6 * SECOND)));
    assert_eq!(idle(&pods, 1, 1000 * SECOND), (IdleAnswer::Busy, 0));
    pods.left(pod(1), true, 8 * SECOND);
    assert_eq!(idle(&pods, 1, 9 * SECOND), (IdleAnswer::JustStarted, 59));
    assert_eq!(idle(&pods, 1, 61 * SECOND), (IdleAnswer::Busy, 7));
    assert_eq!(idle(&pods, 1, 68 * SECOND), (IdleAnswer::Yes, 0));
}

#[test]
fn the_list_is_sorted() {
    let pods = Pods::new();
    // More than are copied at once.
    let mut listed: Vec<IpAddr> = (0..200).map(|last| IpAddr::from([9, 0, 0, last])).collect();
    listed.extend(["10.0.0.2", "10.0.0.10", "2001:db8::1"].map(|address| address.parse::<IpAddr>().unwrap()));
    for address in listed.iter().rev() {
        for port in [9000, 80] {
            pods.entered(&GROUP, Pod::new(*address, port), false, 0);
        }
    }
    let found: Vec<_> = pods.list().iter().map(|known| (known.pod.address(), known.pod.port())).collect();
    assert_eq!(found, listed.iter().flat_map(|one| [(*one, 80), (*one, 9000)]).collect::<Vec<_>>());
    assert_eq!(pods.known(), 406);
}

#[test]
fn threads_share_it() {
    let pods = Pods::new();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let pods = &pods;
            scope.spawn(move || {
                for now in 0..2_000 {
                    began(pods, thread, now);
                    ended(pods, thread, if now % 2 == 0 { Outcome::Refused } else { Outcome::Connected }, now);
                }
            });
        }
    });
    assert!((0..8).all(|last| pods.verdict(pod(last)) == Verdict::None));
}
