//! Fuzzes the C API. The input is a program with one byte per call and more bytes for the arguments.
//!
//! Calls every export with live handles, with inputs in blocks of exactly their size, and with NULL. Checks
//! that outputs are written only on success and that no call panics. Frees all handles at the end, so that
//! leaks are found.

use std::ffi::{CStr, c_char};
use std::mem::{MaybeUninit, size_of};
use std::ptr::{null, null_mut};

use doors_caddy::check::*;
use doors_caddy::cidrs::*;
use doors_caddy::cipher::*;
use doors_caddy::numbers::*;
use doors_caddy::router::*;
use doors_caddy::text::*;
use doors_caddy::types::*;

use crate::Reader;
use crate::c_flow::Flow;

const KEY: &str = "dYUi5Yiobw4MRlS3RWII9u+9CocobfbgqvzOO0h2jYw=";
pub(crate) const CONFIG: &str = r#"{"secret": "dYUi5Yiobw4MRlS3RWII9u+9CocobfbgqvzOO0h2jYw=", "cookie_name": "up", "upstreams": [
    {"cidr": "10.0.0.0/8", "host": "a", "port": 1}, {"cidr": "2001:db8::/32", "host": "b", "port": 2}]}"#;
const LIST: &str = "10.0.0.0/8 10.0.0.0/24 2001:db8::/32";

/// The initial content of every output.
const UNTOUCHED: u8 = 0xa5;

/// An output that must stay untouched on failure.
#[repr(transparent)]
pub(crate) struct Output<T>(MaybeUninit<T>);

impl<T> Output<T> {
    pub(crate) fn new() -> Self {
        let mut value = MaybeUninit::<T>::uninit();
        unsafe { value.as_mut_ptr().cast::<u8>().write_bytes(UNTOUCHED, size_of::<T>()) };
        Output(value)
    }

    pub(crate) fn pointer(&mut self) -> *mut T {
        self.0.as_mut_ptr()
    }

    /// The value, if the call succeeded.
    pub(crate) fn after(&self, status: i32) -> Option<&T> {
        assert_ne!(status, DOORS_STATUS_PANIC);
        if status == DOORS_STATUS_OK {
            return Some(unsafe { self.0.assume_init_ref() });
        }
        let bytes = unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast::<u8>(), size_of::<T>()) };
        assert!(bytes.iter().all(|byte| *byte == UNTOUCHED), "written on failure, status {status}");
        None
    }
}

/// Checks that an error is written only on failure, and that it is one line.
pub(crate) fn check_error(error: &Output<doors_error>, status: i32) {
    assert_ne!(status, DOORS_STATUS_PANIC);
    if status == DOORS_STATUS_OK {
        let bytes = unsafe { std::slice::from_raw_parts(error.0.as_ptr().cast::<u8>(), size_of::<doors_error>()) };
        assert!(bytes.iter().all(|byte| *byte == UNTOUCHED));
        return;
    }
    let error = unsafe { error.0.assume_init_ref() };
    assert_eq!(error.status, status);
    assert!(error.message.contains(&0));
    let message = unsafe { CStr::from_ptr(error.message.as_ptr()) }.to_str().expect("messages are UTF-8");
    assert!(!message.is_empty() && !message.contains(KEY), "{message}");
}

/// A handle that is freed at the end or when it is replaced.
pub(crate) struct Handle<T>(pub(crate) *mut T, pub(crate) unsafe extern "C" fn(*mut T));

impl<T> Handle<T> {
    pub(crate) fn replace(&mut self, new: *mut T) {
        unsafe { (self.1)(self.0) };
        self.0 = new;
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        unsafe { (self.1)(self.0) };
    }
}

/// An input: a block of exactly its size, or occasionally NULL.
pub(crate) struct Input(Option<Box<[u8]>>, pub(crate) usize);

impl Input {
    pub(crate) fn read(reader: &mut Reader, known: &[u8]) -> Self {
        let length = usize::from(reader.byte());
        match length {
            // Inputs that reach deeper than random bytes.
            0..100 => Input(Some(known.into()), known.len()),
            100 => Input(None, 0),
            101 => Input(None, 9),
            _ => {
                let bytes = reader.bytes(length - 102);
                Input(Some(bytes.into()), bytes.len())
            }
        }
    }

    pub(crate) fn chars(&self) -> *const c_char {
        self.0.as_ref().map_or(null(), |bytes| bytes.as_ptr().cast())
    }
}

/// An address whose length is usually valid.
pub(crate) fn address(reader: &mut Reader) -> doors_addr {
    let len = match reader.byte() {
        0..120 => 4,
        120..200 => 16,
        other => u32::from(other) - 200,
    };
    let mut bytes = [0; 16];
    let known = reader.bytes(bytes.len().min(len as usize));
    bytes[..known.len()].copy_from_slice(known);
    doors_addr { bytes, len }
}

pub(crate) fn pod(reader: &mut Reader) -> doors_pod {
    doors_pod { addr: address(reader), port: u16::from(reader.byte()), reserved: 0 }
}

/// Runs one input.
pub fn run(input: &[u8]) -> bool {
    let mut reader = Reader(input);
    let (mut cipher, mut cidrs) = (Handle(null_mut(), doors_cipher_free), Handle(null_mut(), doors_cidrs_free));
    let mut router = Handle(null_mut(), doors_router_free);
    let mut token: Vec<u8> = b"A".repeat(DOORS_TOKEN_IPV4 as usize);
    let mut flow = Flow::new();
    let (mut now, mut reached) = (0u64, false);
    while !reader.is_empty() {
        unsafe {
            match reader.byte() % 20 {
                0 => {
                    let secret = Input::read(&mut reader, KEY.as_bytes());
                    let (mut out, mut error) = (Output::new(), Output::new());
                    let status = doors_cipher_new(secret.chars(), secret.1, out.pointer(), error.pointer());
                    check_error(&error, status);
                    out.after(status).map(|new| cipher.replace(*new)).unwrap_or_default();
                }
                1 => {
                    let list = Input::read(&mut reader, LIST.as_bytes());
                    let (mut out, mut error) = (Output::new(), Output::new());
                    let status = doors_cidrs_new(list.chars(), list.1, out.pointer(), error.pointer());
                    check_error(&error, status);
                    out.after(status).map(|new| cidrs.replace(*new)).unwrap_or_default();
                }
                2 => {
                    let json = Input::read(&mut reader, CONFIG.as_bytes());
                    let (mut out, mut error) = (Output::new(), Output::new());
                    let status = doors_router_new(json.chars(), json.1, out.pointer(), error.pointer());
                    check_error(&error, status);
                    out.after(status).map(|new| router.replace(*new)).unwrap_or_default();
                }
                3 => {
                    let address = address(&mut reader);
                    let mut buffer = vec![UNTOUCHED; usize::from(reader.byte() % 80)].into_boxed_slice();
                    let mut length = Output::<usize>::new();
                    let status = doors_cipher_encode(
                        cipher.0,
                        &address,
                        buffer.as_mut_ptr().cast(),
                        buffer.len(),
                        length.pointer(),
                    );
                    match length.after(status) {
                        Some(length) => {
                            assert_eq!(buffer[*length], 0);
                            assert!(buffer[*length + 1..].iter().all(|byte| *byte == UNTOUCHED));
                            token = buffer[..*length].to_vec();
                            let (mut opened, mut key) = (Output::<doors_addr>::new(), Output::<u32>::new());
                            let (text, len) = (token.as_ptr().cast(), token.len());
                            let status = doors_cipher_decode(cipher.0, text, len, opened.pointer(), key.pointer());
                            let opened = opened.after(status).expect("a token decodes");
                            assert_eq!(key.after(status), Some(&0));
                            let address: &[u8] = match &address.bytes[..address.len as usize] {
                                [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, four @ ..] => four,
                                other => other,
                            };
                            assert_eq!(&opened.bytes[..opened.len as usize], address);
                        }
                        None => assert!(buffer.iter().all(|byte| *byte == UNTOUCHED)),
                    }
                }
                4 => {
                    let text = Input::read(&mut reader, &token);
                    let (mut out, mut key) = (Output::<doors_addr>::new(), Output::<u32>::new());
                    let status = doors_cipher_decode(cipher.0, text.chars(), text.1, out.pointer(), key.pointer());
                    out.after(status);
                    key.after(status);
                }
                5 => {
                    let rest = reader.bytes(3);
                    let path = Input::read(&mut reader, &[b"/~/", &token[..], rest].concat());
                    let cookies = Input::read(&mut reader, &[b"up=", &token[..]].concat());
                    let mut decisions = [Output::<doors_decision>::new(), Output::new()];
                    let [one, two] = decisions.each_mut().map(|out| {
                        let (path_start, cookies_start) = (path.chars(), cookies.chars());
                        let status =
                            doors_router_decide(router.0, path_start, path.1, cookies_start, cookies.1, out.pointer());
                        out.after(status).copied()
                    });
                    let numbers =
                        |one: doors_decision| (one.kind, one.reason, one.upstream, one.key, one.port, one.path);
                    assert_eq!(one.map(numbers), two.map(numbers));
                    if let Some(decision) = one {
                        assert!(matches!(decision.kind, DOORS_DECISION_POD..=DOORS_DECISION_ANY));
                        assert_eq!(decision.reserved, [0; 4]);
                        assert_ne!(CStr::from_ptr(doors_reason_str(decision.reason)), c"unknown");
                        reached |= decision.kind == DOORS_DECISION_POD || decision.reason == DOORS_REASON_COOKIE;
                    }
                }
                6 => {
                    let address = address(&mut reader);
                    let (mut one, mut two) = (Output::<u32>::new(), Output::<u32>::new());
                    let status = doors_cidrs_lookup(cidrs.0, &address, one.pointer());
                    one.after(status);
                    let status = doors_router_lookup(router.0, &address, two.pointer());
                    two.after(status);
                }
                7 => {
                    let mut host = Output::<[c_char; DOORS_HOST_SIZE as usize]>::new();
                    let (mut port, mut count, index) = (Output::<u16>::new(), Output::<u32>::new(), reader.byte() % 4);
                    let counted = doors_router_upstreams(router.0, count.pointer());
                    let (host_out, port_out) = (host.pointer().cast(), port.pointer());
                    let status = doors_router_upstream(router.0, index.into(), host_out, port_out);
                    port.after(status);
                    if let Some(host) = host.after(status) {
                        assert!(u32::from(index) < *count.after(counted).unwrap());
                        let host = CStr::from_ptr(host.as_ptr()).to_str();
                        assert!(host.is_ok_and(|host| !host.is_empty()));
                    }
                }
                8 => {
                    let mut out = Output::<doors_error>::new();
                    let status = doors_router_warning(router.0, (reader.byte() % 4).into(), out.pointer());
                    out.after(status);
                }
                9 => {
                    let field = (reader.byte() % 8).into();
                    let value = Input::read(&mut reader, b"10.0.0.0/24");
                    let mut error = Output::new();
                    let status = doors_check(field, value.chars(), value.1, error.pointer());
                    check_error(&error, status);
                    assert_eq!(doors_check(field, value.chars(), value.1, null_mut()), status);
                }
                10 => {
                    let number = reader.number();
                    let texts: [extern "C" fn(u32) -> *const c_char; 6] = [
                        doors_decision_str,
                        doors_reason_str,
                        doors_path_str,
                        doors_outcome_str,
                        doors_verdict_str,
                        doors_idle_str,
                    ];
                    for text in texts {
                        assert!(!CStr::from_ptr(text(number as u32)).is_empty());
                    }
                    assert!(!CStr::from_ptr(doors_status_str(number as i32)).is_empty());
                    assert!(!CStr::from_ptr(doors_version()).is_empty());
                    assert_eq!(doors_abi(), DOORS_ABI);
                }
                11 => match reader.byte() % 6 {
                    0 => cipher.replace(null_mut()),
                    1 => cidrs.replace(null_mut()),
                    2 => router.replace(null_mut()),
                    _ => (),
                },
                12 => now = reader.number(),
                13 => {
                    let (index, mut count) = (u32::from(reader.byte() % 9), Output::<u32>::new());
                    let mut id = Output::<[c_char; DOORS_KEY_ID_SIZE as usize]>::new();
                    let (counted, status) = if reader.byte() % 2 == 0 {
                        let status = doors_cipher_key_id(cipher.0, index, id.pointer().cast());
                        (doors_cipher_keys(cipher.0, count.pointer()), status)
                    } else {
                        let status = doors_router_key_id(router.0, index, id.pointer().cast());
                        (doors_router_keys(router.0, count.pointer()), status)
                    };
                    let count = count.after(counted);
                    if let Some(id) = id.after(status) {
                        assert!(index < *count.unwrap());
                        let id = CStr::from_ptr(id.as_ptr()).to_bytes();
                        assert!(id.len() == 8 && id.iter().all(u8::is_ascii_hexdigit));
                    }
                }
                _ => {
                    now = now.wrapping_add(u64::from(reader.byte()) << 24);
                    reached |= flow.call(&mut reader, now, &token);
                }
            }
        }
    }
    reached
}
