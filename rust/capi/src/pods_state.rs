//! What is known about pods, for people: `doors_pods_list`, `doors_pods_idle`.

use crate::pods::doors_pods;
use crate::status::Status;
use crate::types::{doors_addr, doors_idle, doors_pod_state};
use crate::{guard, memory};

/// Tells about all pods: `list` gets at most `cap` of them (NULL with 0 for none), by address (IPv4 first) and port;
/// `*count` gets how many are known, which may be more. With `cap` 0 nothing but the number is worked out. The lock is taken
/// for a few pods at a time: each is what it was at one moment, all together are not.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_list(
    pods: *const doors_pods,
    list: *mut doors_pod_state,
    cap: usize,
    count: *mut usize,
) -> i32 {
    guard::status(|| unsafe {
        let (pods, count) = (memory::handle(pods)?, memory::output(count)?);
        if cap == 0 {
            count.write(pods.0.known());
            return Ok(());
        }
        let list = memory::output(list)?;
        let known = pods.0.list();
        for (index, pod) in known.iter().take(cap).enumerate() {
            list.add(index).write(pod.into());
        }
        count.write(known.len());
        Ok(())
    })
}

/// Tells whether the pods at an address, on all ports together, had no request for `idle` nanoseconds, so that they may be
/// stopped. `started` is when the caller began to report requests. An address that is not known had none. A pod that the
/// table had to forget is not called idle too early. For that, once pods were forgotten, an address in many is taken for
/// one of them: with 20,000 forgotten pods in use, one in fifty.
///
/// `*out` gets DOORS_IDLE_YES: none is in flight, and none was for `idle`; _JUST_STARTED: none is in flight, but
/// `now - started` is less than `idle`; or _BUSY. No request does not mean no page: a browser disconnects a hidden page, and
/// comes back to it. Only the app knows its pages.
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _RANGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_pods_idle(
    pods: *const doors_pods,
    addr: *const doors_addr,
    idle: u64,
    started: u64,
    now: u64,
    out: *mut doors_idle,
) -> i32 {
    guard::status(|| unsafe {
        let (pods, addr, out) = (memory::handle(pods)?, memory::handle(addr)?, memory::output(out)?);
        let address = addr.address().ok_or(Status::Address)?;
        let (idle, started, now) = (memory::time(idle)?, memory::time(started)?, memory::time(now)?);
        out.write(pods.0.idle(address, idle, started, now).into());
        Ok(())
    })
}
