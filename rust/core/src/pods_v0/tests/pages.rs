//! A page is told to reload only when there is something to reload onto.

use super::*;

fn began_with(pods: &Pods, path: PathKind, now: u64) -> Answer {
    pods.began(&GROUP, pod(1), path, now)
}

/// Whether a page of a dead pod is told to reload.
fn reloads(pods: &Pods, now: u64) -> bool {
    let answer = pods.refused_token(&GROUP, Reason::NoCidr, PathKind::Hook, now);
    assert_eq!(answer.no_pod, answer.action == Action::Unavailable);
    answer.action == Action::Gone
}

#[test]
fn the_only_pod_is_killed_and_another_takes_its_place() {
    let pods = Pods::new();
    let group = Group { gone_rate: 2, ..GROUP };
    pods.resolved(1, &[pod(1)]);
    ended(&pods, 1, Outcome::Answered, 0);
    let answer = pods.ended(&group, pod(1), PathKind::Sync, Outcome::Refused, SECOND);
    assert_eq!((answer.action, answer.retry_after, answer.verdict), (Action::Unavailable, 1, Verdict::Gone));
    assert_eq!((answer.changed, answer.no_pod, answer.find_pod), (true, true, true));
    for path in [PathKind::Sync, PathKind::Hook, PathKind::History, PathKind::Other, PathKind::Page] {
        let answer = began_with(&pods, path, SECOND);
        assert_eq!((answer.action, answer.verdict), (Action::Unavailable, Verdict::Gone), "{path:?}");
        assert_eq!((answer.retry_after, answer.no_pod, answer.find_pod), (1, true, false), "{path:?}");
    }
    let answer = began_with(&pods, PathKind::Resource, SECOND);
    assert_eq!((answer.action, answer.no_pod, answer.find_pod), (Action::Gone, false, false));
    // The caller is asked once a second. A page load is not: it waits.
    assert!(!began_with(&pods, PathKind::Hook, 2 * SECOND - 1).find_pod);
    assert_eq!(began_with(&pods, PathKind::Hook, 2 * SECOND).action, Action::Probe);
    assert!(!began_with(&pods, PathKind::Page, 2 * SECOND).find_pod);
    assert!(began_with(&pods, PathKind::Hook, 2 * SECOND).find_pod);
    // Three seconds later its successor is in DNS and connects: all reload, at the usual pace.
    pods.resolved(1, &[pod(2)]);
    assert_eq!(pods.ended(&group, pod(2), PathKind::Other, Outcome::Connected, 4 * SECOND).action, Action::None);
    assert_eq!(began(&pods, 1, 4 * SECOND), Action::Probe);
    let answers: Vec<_> = (0..4).map(|_| pods.began(&group, pod(1), PathKind::Sync, 4 * SECOND)).collect();
    let actions: Vec<_> = answers.iter().map(|answer| answer.action).collect();
    assert_eq!(actions, [Action::Gone, Action::Gone, Action::Unavailable, Action::Unavailable]);
    assert!(answers.iter().all(|answer| !answer.no_pod && !answer.find_pod));
    assert_eq!(began_with(&pods, PathKind::Hook, 4 * SECOND).action, Action::Gone);
}

#[test]
fn the_only_pod_is_back_at_the_same_address() {
    let pods = Pods::new();
    pods.resolved(1, &[pod(1)]);
    ended(&pods, 1, Outcome::Answered, 0);
    // A stream was open when it was killed.
    assert_eq!(ended(&pods, 1, Outcome::Dropped, SECOND), Action::Unavailable);
    assert!(end(&pods, 1, Outcome::Refused, SECOND).no_pod);
    assert_eq!(pods.wait(&GROUP, SECOND, 0, 2 * SECOND).action, Action::Wait);
    // Whoever is asked to find a pod finds it, also for pages of other pods and for page loads.
    ended(&pods, 1, Outcome::Connected, 4 * SECOND);
    assert_eq!(began(&pods, 1, 4 * SECOND), Action::Dial);
    assert_eq!(pods.wait(&GROUP, SECOND, 0, 4 * SECOND).action, Action::Dial);
    assert!(reloads(&pods, 4 * SECOND));
}

#[test]
fn refused_tokens_wait_for_a_pod_too() {
    let (pods, other) = (Pods::new(), Group { source: 2, server: 2, ..GROUP });
    let answer = pods.refused_token(&GROUP, Reason::Refused, PathKind::Sync, 0);
    assert_eq!((answer.action, answer.retry_after, answer.log), (Action::Unavailable, 1, true));
    assert_eq!((answer.no_pod, answer.find_pod), (true, true));
    let answer = pods.refused_token(&GROUP, Reason::Refused, PathKind::Hook, SECOND - 1);
    assert_eq!((answer.no_pod, answer.find_pod), (true, false));
    assert_eq!(pods.refused_token(&GROUP, Reason::Refused, PathKind::Resource, 0).action, Action::Gone);
    assert!(pods.refused_token(&other, Reason::Refused, PathKind::Sync, 0).find_pod);
    // A pod of another source is no place to go.
    pods.ended(&other, pod(1), PathKind::Other, Outcome::Connected, SECOND);
    assert!(!reloads(&pods, SECOND));
    ended(&pods, 2, Outcome::Connected, SECOND);
    assert!(reloads(&pods, SECOND));
    // What waits for nothing takes nothing from the pace.
    let paced = Group { source: 3, gone_rate: 1, ..GROUP };
    let token = |now| pods.refused_token(&paced, Reason::Refused, PathKind::Sync, now).action;
    assert_eq!(token(SECOND), Action::Unavailable);
    pods.ended(&paced, pod(2), PathKind::Other, Outcome::Connected, SECOND);
    assert_eq!([token(SECOND), token(SECOND)], [Action::Gone, Action::Unavailable]);
}

#[test]
fn a_draining_pod_takes_no_page() {
    let pods = Pods::new();
    // Before anybody knows which are fresh, all are.
    ended(&pods, 1, Outcome::Answered, 0);
    assert!(reloads(&pods, 0));
    pods.resolved(1, &[pod(3)]);
    assert!(!reloads(&pods, 0));
    ended(&pods, 1, Outcome::Answered, SECOND);
    ended(&pods, 2, Outcome::Answered, SECOND);
    assert!(!reloads(&pods, SECOND));
    // However much those that drain have to say, the fresh one is not forgotten.
    ended(&pods, 3, Outcome::Answered, 2 * SECOND);
    for second in 2..=62 {
        ended(&pods, 1, Outcome::Answered, second * SECOND);
        ended(&pods, 2, Outcome::Answered, second * SECOND);
        assert!(reloads(&pods, second * SECOND), "second {second}");
    }
    assert!(!reloads(&pods, 63 * SECOND));
    // An address of another upstream is no fresh one of this.
    let other = Group { server: 2, ..GROUP };
    pods.resolved(2, &[pod(1)]);
    ended(&pods, 1, Outcome::Answered, 64 * SECOND);
    assert!(!reloads(&pods, 64 * SECOND));
    pods.ended(&other, pod(1), PathKind::Sync, Outcome::Answered, 64 * SECOND);
    assert!(reloads(&pods, 64 * SECOND));
}

#[test]
fn a_pod_takes_pages_until_it_fails() {
    use Outcome::*;
    for success in [Connected, Answered] {
        for (failure, after) in [
            (Refused, false),
            (Unreachable, false),
            (Dropped, false),
            (OwnFault, true),
            (Cancelled, true),
            (Connected, true),
        ] {
            let pods = Pods::new();
            ended(&pods, 1, success, SECOND);
            assert!(reloads(&pods, 61 * SECOND) && !reloads(&pods, 61 * SECOND + 1));
            pods.ended(&Group { server: 2, ..GROUP }, pod(1), PathKind::Page, failure, 2 * SECOND);
            assert_eq!(reloads(&pods, 3 * SECOND), after, "{success:?}, {failure:?}");
            // The other of the two still does.
            ended(&pods, 2, success, SECOND);
            assert!(reloads(&pods, 3 * SECOND));
        }
    }
    // A refusal, or a connection of a pod that drops them, is no success.
    let pods = Pods::new();
    ended(&pods, 1, Refused, 0);
    ended(&pods, 2, Dropped, 0);
    ended(&pods, 2, Connected, 60 * SECOND);
    assert!(!reloads(&pods, 60 * SECOND));
    ended(&pods, 2, Connected, 60 * SECOND + 1);
    assert!(reloads(&pods, 60 * SECOND + 1));
    // Nor is the success of an earlier pod at the address, of which nothing is held against the new one.
    ended(&pods, 2, Refused, 61 * SECOND);
    pods.resolved(1, &[pod(2)]);
    assert_eq!(pods.verdict(pod(2)), Verdict::None);
    assert!(!reloads(&pods, 62 * SECOND));
}

#[test]
fn a_request_waits_for_a_pod_within_its_limits() {
    let pods = Pods::new();
    let wait = |since: u64, waiting, now: u64| pods.wait(&GROUP, since, waiting, now);
    let answer = wait(0, 0, 0);
    assert_eq!((answer.action, answer.until, answer.retry_after), (Action::Wait, SECOND, 0));
    assert_eq!((answer.no_pod, answer.find_pod), (true, true));
    assert!(!wait(0, 2, SECOND - 1).find_pod && wait(0, 2, SECOND).find_pod);
    // As many wait as may: one more does not, but it asks for a pod.
    let answer = wait(0, 3, 2 * SECOND);
    assert_eq!((answer.action, answer.retry_after, answer.until), (Action::Unavailable, 1, 0));
    assert!(answer.no_pod && answer.find_pod);
    let late = 10 * SECOND - 300_000_000;
    assert_eq!((wait(0, 0, late).action, wait(0, 0, late).until), (Action::Wait, 10 * SECOND));
    assert_eq!(wait(0, 0, 10 * SECOND).action, Action::Unavailable);
    // Its time is over whatever is known, so that no request goes round for ever; until then it may go on even where others wait.
    ended(&pods, 1, Outcome::Connected, 10 * SECOND);
    assert_eq!(wait(0, 0, 10 * SECOND).action, Action::Unavailable);
    let answer = wait(1, 3, 10 * SECOND);
    assert_eq!((answer.action, answer.until, answer.no_pod, answer.find_pod), (Action::Dial, 0, false, false));
    // It dies at this very moment.
    ended(&pods, 1, Outcome::Refused, 10 * SECOND);
    assert_eq!(wait(1, 2, 10 * SECOND).action, Action::Wait);
    let never = Group { page_wait: 0, ..GROUP };
    assert_eq!(pods.wait(&never, 20 * SECOND, 0, 20 * SECOND).action, Action::Unavailable);
    let nobody = Group { max_waiting: 0, ..GROUP };
    assert_eq!(pods.wait(&nobody, 20 * SECOND, 0, 20 * SECOND).action, Action::Unavailable);
    // It began after this, by the clock of another thread.
    assert_eq!(wait(30 * SECOND, 0, 29 * SECOND).until, 30 * SECOND);
}

/// Zero is a time like any other.
#[test]
fn any_start_of_the_clock_will_do() {
    let story = |start: u64| {
        let pods = Pods::new();
        let mut told = Vec::new();
        for (step, outcome) in [
            (0, Outcome::Unreachable),
            (0, Outcome::Refused),
            (0, Outcome::Connected),
            (0, Outcome::Unreachable),
            (10, Outcome::Unreachable),
            (10, Outcome::Dropped),
        ] {
            let now = start + step * SECOND;
            told.push(pods.ended(&GROUP, pod(1), PathKind::Sync, outcome, now));
            told.push(pods.began(&GROUP, pod(1), PathKind::Hook, now));
            told.push(pods.refused_token(&GROUP, Reason::Refused, PathKind::Hook, now));
            told.push(Answer { until: 0, ..pods.wait(&GROUP, start, 0, now) });
            let first = told[0];
            pods.failed_recently([pod(1), pod(2)], now, |failed| told.push(Answer { changed: failed, ..first }));
            let idle = pods.idle(pod(1).address(), 5 * SECOND, start, now);
            told.push(Answer { retry_after: idle.wait as u32, ..told[0] });
        }
        told
    };
    assert_eq!(story(0), story(1_000_000 * SECOND));
}
