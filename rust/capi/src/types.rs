//! The structs of the C API. All are plain values in the caller's memory.

use std::ffi::c_char;
use std::net::IpAddr;

use doors_routing::{Decision, Idle, Pod};

use crate::memory;
use crate::numbers::*;
use crate::status::{Failure, Status};

/// An IP address.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_addr {
    /// The first `len` bytes in network byte order; the rest is zero.
    pub bytes: [u8; 16],
    /// 4, 16, or 0 for no address. IPv4-mapped IPv6 addresses are always returned as IPv4.
    pub len: u32,
}

/// Where a request goes, and why.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_decision {
    /// DOORS_DECISION_*.
    pub kind: u32,
    /// DOORS_REASON_*.
    pub reason: u32,
    /// The zero-based index of the upstream in the configuration; DOORS_NONE for ANY and GONE.
    pub upstream: u32,
    /// The zero-based index of the key that decrypted the token or cookie; DOORS_NONE if none did.
    pub key: u32,
    /// The upstream's port; 0 for ANY and GONE.
    pub port: u16,
    /// DOORS_PATH_*: the kind of the request.
    pub path: u16,
    /// The token's address (POD, and GONE with DOORS_REASON_NO_CIDR) or the cookie's (UPSTREAM with
    /// DOORS_REASON_COOKIE); otherwise its `len` is 0.
    pub addr: doors_addr,
    /// Always 0.
    pub reserved: [u32; 4],
}

/// Why a handle could not be created, or what is wrong with a value.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_error {
    /// The DOORS_STATUS_* that the function returned.
    pub status: i32,
    /// The zero-based index of the invalid key (secrets), CIDR (doors_cidrs_new) or upstream
    /// (doors_router_new), or DOORS_NONE.
    pub index: u32,
    /// One line of UTF-8, NUL-terminated: the field, the value (only if short and not secret) and the rule.
    /// Longer messages are truncated and end in "...".
    pub message: [c_char; 512],
}

/// The address and port of a pod.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_pod {
    /// The address, with `len` 4 or 16.
    pub addr: doors_addr,
    /// The port.
    pub port: u16,
    /// Must be 0.
    pub reserved: u16,
}

/// Whether the pods at one address can be stopped, judging by their requests.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct doors_idle {
    /// DOORS_IDLE_*.
    pub answer: u32,
    /// The number of requests in flight.
    pub in_flight: u32,
    /// How many of the requests in flight are receiver streams.
    pub streams: u32,
    /// 1 if a pod at the address was used, otherwise 0. Once pods have been forgotten, an address may be
    /// mistaken for that of a forgotten pod.
    pub used: u32,
    /// If `used` is 1: when a pod at the address was last used, by the caller's clock; otherwise 0.
    pub last_seen: i64,
    /// The minimum number of nanoseconds until the answer can be DOORS_IDLE_YES. 0 if it already is, and
    /// while requests are in flight, since their end is unknown.
    pub wait: i64,
}

impl doors_addr {
    /// The canonical address, or `None` unless the length is 4 or 16.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.raw().map(|address| address.to_canonical())
    }

    /// The address as given: an IPv4-mapped one stays IPv6.
    pub(crate) fn raw(&self) -> Option<IpAddr> {
        match self.len {
            4 => self.bytes.first_chunk::<4>().map(|bytes| IpAddr::from(*bytes)),
            16 => Some(IpAddr::from(self.bytes)),
            _ => None,
        }
    }
}

impl From<Option<IpAddr>> for doors_addr {
    fn from(address: Option<IpAddr>) -> Self {
        let mut bytes = [0; 16];
        let len = match address.map(|address| address.to_canonical()) {
            None => 0,
            Some(IpAddr::V4(address)) => {
                bytes[..4].copy_from_slice(&address.octets());
                4
            }
            Some(IpAddr::V6(address)) => {
                bytes = address.octets();
                16
            }
        };
        doors_addr { bytes, len }
    }
}

impl doors_pod {
    pub(crate) fn read(&self) -> Result<Pod, Status> {
        memory::reserved(&[self.reserved])?;
        Ok(Pod::new(self.addr.address().ok_or(Status::Address)?, self.port))
    }
}

impl From<Pod> for doors_pod {
    fn from(pod: Pod) -> Self {
        doors_pod { addr: Some(pod.address()).into(), port: pod.port(), reserved: 0 }
    }
}

impl From<Decision> for doors_decision {
    fn from(decision: Decision) -> Self {
        doors_decision {
            kind: decision.kind as u32,
            reason: decision.reason as u32,
            upstream: decision.upstream.unwrap_or(DOORS_NONE),
            key: decision.key.unwrap_or(DOORS_NONE),
            port: decision.port,
            path: decision.path as u16,
            addr: decision.address.into(),
            reserved: [0; 4],
        }
    }
}

impl From<Idle> for doors_idle {
    fn from(idle: Idle) -> Self {
        doors_idle {
            answer: idle.answer as u32,
            in_flight: idle.in_flight,
            streams: idle.streams,
            used: idle.last_seen.is_some().into(),
            last_seen: idle.last_seen.map_or(0, memory::at),
            wait: memory::lasted(idle.wait),
        }
    }
}

impl From<&Failure> for doors_error {
    fn from(error: &Failure) -> Self {
        const ROOM: usize = 511;
        const CUT: &str = "...";
        let mut message = [0; 512];
        let (text, end) = if error.message.len() <= ROOM {
            (error.message.as_str(), "")
        } else {
            (cut(&error.message, ROOM - CUT.len()), CUT)
        };
        for (to, from) in message.iter_mut().zip(text.bytes().chain(end.bytes())) {
            *to = from as c_char;
        }
        doors_error { status: error.status as i32, index: error.index.unwrap_or(DOORS_NONE), message }
    }
}

/// The start of a text: at most `length` bytes, without splitting a character.
fn cut(text: &str, length: usize) -> &str {
    let end = (0..=length).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}
