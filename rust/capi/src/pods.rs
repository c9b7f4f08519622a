//! Events of pods, and what to do: `doors_pods`. What is known about them is read in `pods_state`.

use std::num::NonZeroU32;

use doors_routing::pods_v0::{Group, Outcome, Pod, Pods};
use doors_routing::{PathKind, Reason};

use crate::numbers::*;
use crate::status::Status;
use crate::types::{doors_answer, doors_group, doors_pod};
use crate::{guard, memory};

/// What is known about the pods of this process: which are dead, how often they may be dialled, how many pages may be
/// told to reload. Keep one for the process, beside all routers; it should outlive changes of the configuration. From
/// doors_pods_new() to doors_pods_free().
///
/// The one handle that changes: its calls take a lock for well under a microsecond, unless they say more. `now` is nanoseconds of one
/// monotonic clock of the caller with any start, so 0 is a time like any other; times and durations are at most INT64_MAX.
pub struct doors_pods(pub(crate) Pods);

fn group_of(group: &doors_group) -> Result<Group, Status> {
    let doors_group { source, server, gone_after, page_wait, gone_rate, max_waiting } = *group;
    let (gone_after, page_wait) = (memory::time(gone_after)?, memory::time(page_wait)?);
    Ok(Group { source, server, gone_after, page_wait, gone_rate, max_waiting })
}

fn bound_of(max_pods: u32) -> Result<NonZeroU32, Status> {
    NonZeroU32::new(max_pods).ok_or(Status::Range)
}

pub(crate) fn pod_of(pod: &doors_pod) -> Result<Pod, Status> {
    let pod = pod.read()?;
    Ok(Pod::new(pod.address(), pod.port()))
}

fn path_of(number: u32) -> Result<PathKind, Status> {
    Ok(match number {
        DOORS_PATH_PAGE => PathKind::Page,
        DOORS_PATH_SYNC => PathKind::Sync,
        DOORS_PATH_HOOK => PathKind::Hook,
        DOORS_PATH_HISTORY => PathKind::History,
        DOORS_PATH_RESOURCE => PathKind::Resource,
        DOORS_PATH_OTHER => PathKind::Other,
        _ => return Err(Status::NoMatch),
    })
}

fn outcome_of(number: u32) -> Result<Outcome, Status> {
    Ok(match number {
        DOORS_OUTCOME_CONNECTED => Outcome::Connected,
        DOORS_OUTCOME_REFUSED => Outcome::Refused,
        DOORS_OUTCOME_UNREACHABLE => Outcome::Unreachable,
        DOORS_OUTCOME_OWN_FAULT => Outcome::OwnFault,
        DOORS_OUTCOME_CANCELLED => Outcome::Cancelled,
        DOORS_OUTCOME_ANSWERED => Outcome::Answered,
        DOORS_OUTCOME_DROPPED => Outcome::Dropped,
        _ => return Err(Status::NoMatch),
    })
}

/// The reasons of DOORS_DECISION_GONE.
fn gone_reason_of(number: u32) -> Result<Reason, Status> {
    Ok(match number {
        DOORS_REASON_MALFORMED => Reason::Malformed,
        DOORS_REASON_REFUSED => Reason::Refused,
        DOORS_REASON_NO_CIDR => Reason::NoCidr,
        _ => return Err(Status::NoMatch),
    })
}

/// Makes an empty one, which remembers at most `max_pods` pods; 10,000 is a good value. Then pods are forgotten with which
/// nothing is wrong, those without requests in flight first, and then those against which something is held; of several the
/// one not used for longest. What is held against a pod that nobody has wanted for an hour goes before all. `*out` gets it.
///
/// Returns DOORS_STATUS_OK, _RANGE (`max_pods` is 0) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_new(max_pods: u32, out: *mut *mut doors_pods) -> i32 {
    guard::status(|| unsafe {
        let out = memory::output(out)?;
        let pods = Pods::bounded(bound_of(max_pods)?);
        out.write(Box::into_raw(Box::new(doors_pods(pods))));
        Ok(())
    })
}

/// Changes how many pods are remembered. Those that are too many are forgotten, a few at a time: no other call waits for
/// all of them.
///
/// Returns DOORS_STATUS_OK, _RANGE (`max_pods` is 0) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_limit(pods: *const doors_pods, max_pods: u32) -> i32 {
    guard::status(|| unsafe {
        memory::handle(pods)?.0.limit(bound_of(max_pods)?);
        Ok(())
    })
}

/// Call it when a request with a pod begins (DOORS_DECISION_POD), before any dial. `path` is the decision's.
///
/// `*out` gets DOORS_ACTION_DIAL or _PROBE: go on, and report with doors_pods_ended() what became of it; or _GONE or
/// _UNAVAILABLE: answer at once. While a pod is unreachable or gone, one request a second is told to probe it. A pod that
/// doors_pods_ended() would call gone is gone here too, which sets DOORS_ANSWER_CHANGED.
///
/// _GONE makes the page reload, so it needs a pod onto which it can: one that was told to work (_CONNECTED, _ANSWERED) to the
/// same source in the last minute, has not failed since, and is among the addresses of its server, if any were told. As long as
/// none is known the answer is _UNAVAILABLE with DOORS_ANSWER_NO_POD, here and for every other call that gives _GONE.
/// DOORS_PATH_RESOURCE (GET and HEAD) is no page: it gets _GONE, and may go to another pod of the server instead.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _NO_MATCH (no such path), _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_began(
    pods: *const doors_pods,
    group: *const doors_group,
    pod: *const doors_pod,
    path: u32,
    now: u64,
    out: *mut doors_answer,
) -> i32 {
    guard::status(|| unsafe {
        let (pods, group, pod) = (memory::handle(pods)?, memory::handle(group)?, memory::handle(pod)?);
        let out = memory::output(out)?;
        let answer = pods.0.began(&group_of(group)?, pod_of(pod)?, path_of(path)?, memory::time(now)?);
        out.write(answer.into());
        Ok(())
    })
}

/// Call it for a request that no pod can answer (DOORS_DECISION_GONE). `reason` and `path` are the decision's. Of
/// `group`, `source` and `gone_rate` count.
///
/// `*out` gets DOORS_ACTION_GONE or _UNAVAILABLE: answer at once. Its flag DOORS_ANSWER_NOTHING_OPENS is set when 20 or
/// more tokens came to this source and none ever opened, once a minute: its secret is probably wrong. DOORS_ANSWER_LOG is
/// set when a line about the token is due in the log, without the token: once for each source, reason and 10 seconds;
/// `suppressed` is then how many others there were since.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (no such reason or path), _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_refused_token(
    pods: *const doors_pods,
    group: *const doors_group,
    reason: u32,
    path: u32,
    now: u64,
    out: *mut doors_answer,
) -> i32 {
    guard::status(|| unsafe {
        let (pods, group, out) = (memory::handle(pods)?, memory::handle(group)?, memory::output(out)?);
        let (reason, path) = (gone_reason_of(reason)?, path_of(path)?);
        let answer = pods.0.refused_token(&group_of(group)?, reason, path, memory::time(now)?);
        out.write(answer.into());
        Ok(())
    })
}

/// Call it when a dial has ended, as soon as that is known, for every kind of request; and with DOORS_OUTCOME_ANSWERED
/// when a pod answered over an open connection (once every few seconds for a pod is enough): a pod that works is how a
/// dead pod is told from a fault on our side. `path` is the decision's.
///
/// `*out` gets for a failure what its request gets if it had to reach this pod: DOORS_ACTION_GONE or _UNAVAILABLE; otherwise
/// DOORS_ACTION_NONE. The flag DOORS_ANSWER_CHANGED is set when this event changed the verdict.
///
/// A pod that refuses is gone at once. One that is unreachable is gone when failures span `group->gone_after` without a
/// success and without a pause of more than a minute, and a witness shows that the fault is not on our side: another pod of
/// the server, one of the last two that connected, refused or answered, within the last minute and without being unreachable
/// since. Without one the flag DOORS_ANSWER_FIND_WITNESS is set. A pod that only drops connections (_DROPPED) is gone after the
/// same time, if the witness has answered. Then a connection alone does not bring it back, as it does otherwise, but an
/// answer.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _NO_MATCH (no such path or outcome), _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_ended(
    pods: *const doors_pods,
    group: *const doors_group,
    pod: *const doors_pod,
    path: u32,
    outcome: u32,
    now: u64,
    out: *mut doors_answer,
) -> i32 {
    guard::status(|| unsafe {
        let (pods, group, pod) = (memory::handle(pods)?, memory::handle(group)?, memory::handle(pod)?);
        let out = memory::output(out)?;
        let (path, outcome) = (path_of(path)?, outcome_of(outcome)?);
        let answer = pods.0.ended(&group_of(group)?, pod_of(pod)?, path, outcome, memory::time(now)?);
        out.write(answer.into());
        Ok(())
    })
}

/// Call it for a request that no pod could take: for a page load (GET or HEAD without a token) that failed everywhere, and for
/// a receiver stream (GET with DOORS_PATH_SYNC) whose answer had the flag DOORS_ANSWER_NO_POD. Only for those whose failures
/// were told to doors_pods_ended(). `since` is when the request began, `waiting` how many requests the caller holds already.
///
/// `*out` gets DOORS_ACTION_DIAL: a pod is known that would take a page, so try again now, a stream with doors_pods_began();
/// _WAIT: hold the request and call again at `until`, or earlier when a dial succeeded or addresses changed; or
/// _UNAVAILABLE, when `page_wait` is over or `max_waiting` requests wait already. It may have the flag
/// DOORS_ANSWER_FIND_POD. `until` is at most a second away. A call more than needed does no harm.
///
/// Returns DOORS_STATUS_OK, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_wait(
    pods: *const doors_pods,
    group: *const doors_group,
    since: u64,
    waiting: u32,
    now: u64,
    out: *mut doors_answer,
) -> i32 {
    guard::status(|| unsafe {
        let (pods, group, out) = (memory::handle(pods)?, memory::handle(group)?, memory::output(out)?);
        let answer = pods.0.wait(&group_of(group)?, memory::time(since)?, waiting, memory::time(now)?);
        out.write(answer.into());
        Ok(())
    })
}

/// Call it when a request of any kind, with a token or without, is sent to a pod: it is in flight until doors_pods_left().
/// `stream` other than 0 says that it is a receiver stream (GET with DOORS_PATH_SYNC), of which each open page has one. Of
/// `group`, `source` and `server` count.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_entered(
    pods: *const doors_pods,
    group: *const doors_group,
    pod: *const doors_pod,
    stream: u32,
    now: u64,
) -> i32 {
    guard::status(|| unsafe {
        let (pods, group, pod) = (memory::handle(pods)?, memory::handle(group)?, memory::handle(pod)?);
        pods.0.entered(&group_of(group)?, pod_of(pod)?, stream != 0, memory::time(now)?);
        Ok(())
    })
}

/// Call it once for each doors_pods_entered(), with the same pod and `stream`, when the request has ended, whatever became
/// of it, or goes to another pod. Without a request in flight it counts as nothing.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_left(pods: *const doors_pods, pod: *const doors_pod, stream: u32, now: u64) -> i32 {
    guard::status(|| unsafe {
        let (pods, pod) = (memory::handle(pods)?, memory::handle(pod)?);
        pods.0.left(pod_of(pod)?, stream != 0, memory::time(now)?);
        Ok(())
    })
}

/// Call it when the addresses of a server in DNS have changed: `list` holds all of them, `count` of them (NULL with 0
/// for none). What is held against those that were not there at the last call is cleared: a new pod may have the address
/// of a dead one.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE, _TOO_LARGE or _NULL_POINTER; nothing is changed unless it is _OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_resolved(
    pods: *const doors_pods,
    server: u64,
    list: *const doors_pod,
    count: usize,
) -> i32 {
    guard::status(|| unsafe {
        let pods = memory::handle(pods)?;
        let list: Result<Vec<Pod>, Status> = memory::items(list, count)?.iter().map(pod_of).collect();
        pods.0.resolved(server, &list?);
        Ok(())
    })
}

/// Says for each of `count` pods whether it should be tried last, because its last dial failed within the last 10 seconds.
/// From then on, until a dial succeeds or the failure is a minute old, the answer is no once a second: this caller finds
/// out whether the pod is back. `failed[i]` gets 1 or 0. Takes no lock while no dial of any pod has failed for a minute.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE, _TOO_LARGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_failed_recently(
    pods: *const doors_pods,
    list: *const doors_pod,
    count: usize,
    now: u64,
    failed: *mut u8,
) -> i32 {
    guard::status(|| unsafe {
        let pods = memory::handle(pods)?;
        let (list, now) = (memory::items(list, count)?, memory::time(now)?);
        if list.is_empty() {
            return Ok(());
        }
        let failed = memory::output(failed)?;
        // All of them first: nothing is written unless the call succeeds.
        list.iter().try_for_each(|pod| pod_of(pod).map(drop))?;
        let mut index = 0;
        pods.0.failed_recently(list.iter().filter_map(|pod| pod_of(pod).ok()), now, |one| {
            failed.add(index).write(one.into());
            index += 1;
        });
        Ok(())
    })
}

/// Tells what is held against a pod: `*verdict` gets DOORS_VERDICT_*.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_verdict(pods: *const doors_pods, pod: *const doors_pod, verdict: *mut u32) -> i32 {
    guard::status(|| unsafe {
        let (pods, pod, verdict) = (memory::handle(pods)?, memory::handle(pod)?, memory::output(verdict)?);
        verdict.write(pods.0.verdict(pod_of(pod)?) as u32);
        Ok(())
    })
}

/// Frees it. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_free(pods: *mut doors_pods) {
    guard::value((), || unsafe { memory::free(pods) })
}
