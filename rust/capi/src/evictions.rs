//! Evictions, and the events of pods: `doors_eviction`, `doors_event`.

use doors_routing::{Event, KnownEviction, Subject, Target};

use crate::numbers::DOORS_EVICT_IDLE_FIRST;
use crate::state::doors_state;
use crate::status::Status;
use crate::types::{doors_addr, doors_pod};
use crate::{guard, memory};

/// An eviction of pods: they get no new pages while there are other pods, and their pages are told to reload.
/// The target is a network, an upstream, or the pods of an upstream in a network.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_eviction {
    /// The network address, without host bits. `len` 0 for all addresses of `upstream`.
    pub addr: doors_addr,
    /// The prefix length: 32 or 128 for one address, 0 if `len` of `addr` is 0.
    pub bits: u32,
    /// The ID of the upstream, see doors_source_upstream(); 0 for any.
    pub upstream: u64,
    /// How many pages per upstream and second are told to reload; 0 for `gone_rate` of the source.
    pub rate: u32,
    /// DOORS_EVICT_IDLE_FIRST, or 0.
    pub flags: u32,
    /// When the eviction began. Output only.
    pub since: i64,
    /// How many pages have been told to reload. Output only.
    pub told: u64,
    /// Must be 0.
    pub reserved: [u64; 2],
}

/// A change of a pod, or of the pods of an eviction.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_event {
    /// A sequence number, starting at 1.
    pub number: u64,
    /// When it happened, by the caller's clock.
    pub at: i64,
    /// The ID of the upstream; 0 for any, with DOORS_EVENT_EVICTED and DOORS_EVENT_UNDONE.
    pub upstream: u64,
    /// The pod. For DOORS_EVENT_EVICTED and DOORS_EVENT_UNDONE: the network, with port 0; `len` 0 for all
    /// addresses of the upstream.
    pub pod: doors_pod,
    /// The prefix length of a network, otherwise 0.
    pub bits: u32,
    /// DOORS_EVENT_*.
    pub kind: u32,
    /// The number of receiver streams at that time.
    pub pages: u32,
    /// Always 0.
    pub reserved: u32,
}

impl doors_eviction {
    /// The target. Ignores members that are output only.
    fn target(&self) -> Result<Target, Status> {
        memory::reserved(&self.reserved)?;
        if self.flags & !DOORS_EVICT_IDLE_FIRST != 0 {
            return Err(Status::Range);
        }
        let upstream = (self.upstream != 0).then_some(self.upstream);
        let network = match self.addr.raw() {
            Some(address) => Some((address, u8::try_from(self.bits).map_err(|_| Status::Cidr)?)),
            None if self.addr.len == 0 && self.bits == 0 && upstream.is_some() => None,
            None => return Err(Status::Address),
        };
        Target::new(network, upstream).map_err(|error| error.status.into())
    }
}

impl From<&KnownEviction> for doors_eviction {
    fn from(known: &KnownEviction) -> Self {
        let network = known.target.network();
        doors_eviction {
            addr: network.map(|(address, _)| address).into(),
            bits: network.map_or(0, |(_, bits)| bits.into()),
            upstream: known.target.upstream().unwrap_or(0),
            rate: known.rate,
            flags: if known.idle_first { DOORS_EVICT_IDLE_FIRST } else { 0 },
            since: memory::at(known.since),
            told: known.told,
            reserved: [0; 2],
        }
    }
}

impl From<&Event> for doors_event {
    fn from(event: &Event) -> Self {
        let (pod, upstream, bits) = match event.subject {
            Subject::Pod(pod, upstream) => (pod.into(), upstream, 0),
            Subject::Target(target) => {
                let network = target.network();
                let addr = network.map(|(address, _)| address).into();
                let bits = network.map_or(0, |(_, bits)| bits.into());
                (doors_pod { addr, port: 0, reserved: 0 }, target.upstream().unwrap_or(0), bits)
            }
        };
        doors_event {
            number: event.number,
            at: memory::at(event.at),
            upstream,
            pod,
            bits,
            kind: event.kind as u32,
            pages: event.pages,
            reserved: 0,
        }
    }
}

/// Evicts pods, including pods that appear later, until doors_state_undo(). They get no new pages while there
/// are other pods. Their pages get 410 in answer to their next receiver stream, never faster than the rate,
/// and only while a known pod would take the page. Open streams are not ended, and other requests of a page
/// are not affected. With DOORS_EVICT_IDLE_FIRST, the least recently used pages go first, starting one
/// `roll_time` after the call. If an eviction with the same target exists, its rate and flags are changed.
/// There can be 256 evictions. The duration of the call grows with the number of known pods, but it delays
/// other calls only briefly.
///
/// Returns DOORS_STATUS_OK, _ADDRESS (neither a network nor an upstream), _CIDR (host bits are set, or the
/// prefix is too long), _RANGE, _TOO_MANY (there are 256 others) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_evict(state: *mut doors_state, eviction: *const doors_eviction, now: i64) -> i32 {
    guard::status(|| unsafe {
        let (state, eviction) = (memory::handle(state)?, memory::handle(eviction)?);
        let idle_first = eviction.flags & DOORS_EVICT_IDLE_FIRST != 0;
        let added = state.0.evict(eviction.target()?, eviction.rate, idle_first, memory::clock(now));
        if added { Ok(()) } else { Err(Status::TooMany) }
    })
}

/// Cancels the eviction with this target; rate and flags are ignored. Its pods get new pages again, and their
/// pages are no longer told to reload. The call takes as long as doors_state_evict().
///
/// Returns DOORS_STATUS_OK, _ADDRESS, _CIDR, _RANGE (all as for doors_state_evict()), _NO_MATCH (no eviction
/// has this target) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_undo(state: *mut doors_state, eviction: *const doors_eviction, now: i64) -> i32 {
    guard::status(|| unsafe {
        let (state, eviction) = (memory::handle(state)?, memory::handle(eviction)?);
        let removed = state.0.undo(&eviction.target()?, memory::clock(now));
        if removed { Ok(()) } else { Err(Status::NoMatch) }
    })
}

/// Lists all evictions, oldest first. Writes at most `cap` of them to `list` (may be NULL if `cap` is 0), and
/// sets `*count` to their total number, at most 256.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_evictions(
    state: *const doors_state,
    list: *mut doors_eviction,
    cap: usize,
    count: *mut usize,
) -> i32 {
    guard::status(|| unsafe {
        let (state, count, room) = (memory::handle(state)?, memory::output(count)?, memory::room(list, cap)?);
        let evictions = state.0.evictions();
        memory::fill(room, cap, evictions.iter().map(Into::into));
        count.write(evictions.len());
        Ok(())
    })
}

/// Lists the events of pods after the one with the number `after` (0 for all), oldest first. Only the last
/// 256 events are kept. Writes at most `cap` of them to `list` (may be NULL if `cap` is 0), and sets `*count`
/// to their total number.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_state_events(
    state: *const doors_state,
    after: u64,
    list: *mut doors_event,
    cap: usize,
    count: *mut usize,
) -> i32 {
    guard::status(|| unsafe {
        let (state, count, room) = (memory::handle(state)?, memory::output(count)?, memory::room(list, cap)?);
        let events = state.0.events(after);
        memory::fill(room, cap, events.iter().map(Into::into));
        count.write(events.len());
        Ok(())
    })
}
