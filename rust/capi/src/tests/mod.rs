//! Tests of all exports as C calls them: NULL, lengths, untouched outputs, and a panic inside each.

mod evictions;
mod flow;
mod misuse;
mod numbers;
pub(crate) mod returns;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use crate::check::*;
use crate::cidrs::*;
use crate::cipher::*;
use crate::numbers::*;
use crate::router::*;
use crate::status::{Failure, Status};
use crate::text::*;
use crate::types::*;

thread_local! {
    static PLANTED: Cell<bool> = const { Cell::new(false) };
}

/// Makes the next call of an export panic.
pub(crate) fn plant() {
    PLANTED.set(true);
}

/// Panics once after [`plant`]. Every export must contain the panic.
pub(crate) fn planted_panic() {
    if PLANTED.take() {
        panic!("planted by a test");
    }
}

pub(crate) const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(crate) const POD: doors_pod = doors_pod {
    addr: doors_addr { bytes: [10, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], len: 4 },
    port: 8080,
    reserved: 0,
};

pub(crate) fn config() -> String {
    format!(r#"{{"secret": "{SECRET}", "upstreams": [{{"cidr": "127.0.0.0/8", "host": "svc", "port": 8080}}]}}"#)
}

pub(crate) fn chars(text: &str) -> (*const c_char, usize) {
    (text.as_ptr().cast(), text.len())
}

fn message(error: &doors_error) -> String {
    unsafe { CStr::from_ptr(error.message.as_ptr()) }.to_str().unwrap().to_owned()
}

/// Live handles of each kind, freed at the end.
pub(crate) struct Handles {
    pub(crate) cipher: *mut doors_cipher,
    pub(crate) cidrs: *mut doors_cidrs,
    pub(crate) router: *mut doors_router,
}

impl Handles {
    pub(crate) fn new() -> Self {
        let mut handles = Handles { cipher: null_mut(), cidrs: null_mut(), router: null_mut() };
        let config = config();
        let ((secret, secret_len), (cidr, cidr_len), (json, json_len)) =
            (chars(SECRET), chars("10.0.0.0/8"), chars(&config));
        unsafe {
            assert_eq!(doors_cipher_new(secret, secret_len, &mut handles.cipher, null_mut()), DOORS_STATUS_OK);
            assert_eq!(doors_cidrs_new(cidr, cidr_len, &mut handles.cidrs, null_mut()), DOORS_STATUS_OK);
            assert_eq!(doors_router_new(json, json_len, &mut handles.router, null_mut()), DOORS_STATUS_OK);
        }
        handles
    }
}

impl Drop for Handles {
    fn drop(&mut self) {
        unsafe {
            doors_cipher_free(self.cipher);
            doors_cidrs_free(self.cidrs);
            doors_router_free(self.router);
        }
    }
}

#[test]
fn a_panic_stays_inside_every_export() {
    let handles = Handles::new();
    let Handles { cipher, cidrs, router } = handles;
    let (mut token, mut length, mut index, mut port) = ([0; 60], 0, 0, 0);
    let (mut host, mut error) = ([0; 256], MaybeUninit::<doors_error>::uninit());
    let host = host.as_mut_ptr();
    let (mut address, mut decision) = (MaybeUninit::<doors_addr>::uninit(), MaybeUninit::<doors_decision>::uninit());
    let (error, address, decision) = (error.as_mut_ptr(), address.as_mut_ptr(), decision.as_mut_ptr());
    let (data, len) = chars("x");
    let ip: *const doors_addr = &POD.addr;
    let (mut new_cipher, mut new_cidrs, mut new_router) = (null_mut(), null_mut(), null_mut());
    let mut called = BTreeSet::new();
    let mut plant = |name: &'static str| {
        called.insert(name);
        crate::tests::plant();
    };
    macro_rules! contained {
        ($($export:ident($($argument:expr),*) == $expected:expr;)*) => {
            $(
                plant(stringify!($export));
                #[allow(unused_unsafe, reason = "some exports are safe")]
                let got = unsafe { $export($($argument),*) };
                assert_eq!(got, $expected, stringify!($export));
            )*
        };
    }
    let unknown = |text: *const c_char| unsafe { CStr::from_ptr(text) } == c"unknown";
    contained! {
        doors_cipher_new(data, len, &mut new_cipher, error) == DOORS_STATUS_PANIC;
        doors_cipher_encode(cipher, ip, token.as_mut_ptr(), 60, &mut length) == DOORS_STATUS_PANIC;
        doors_cipher_decode(cipher, data, len, address, &mut index) == DOORS_STATUS_PANIC;
        doors_cipher_keys(cipher, &mut index) == DOORS_STATUS_PANIC;
        doors_cipher_key_id(cipher, 0, token.as_mut_ptr()) == DOORS_STATUS_PANIC;
        doors_cipher_free(cipher) == ();
        doors_cidrs_new(data, len, &mut new_cidrs, error) == DOORS_STATUS_PANIC;
        doors_cidrs_lookup(cidrs, ip, &mut index) == DOORS_STATUS_PANIC;
        doors_cidrs_free(cidrs) == ();
        doors_router_new(data, len, &mut new_router, error) == DOORS_STATUS_PANIC;
        doors_router_decide(router, data, len, data, len, decision) == DOORS_STATUS_PANIC;
        doors_router_lookup(router, ip, &mut index) == DOORS_STATUS_PANIC;
        doors_router_upstreams(router, &mut index) == DOORS_STATUS_PANIC;
        doors_router_upstream(router, 0, host, &mut port) == DOORS_STATUS_PANIC;
        doors_router_keys(router, &mut index) == DOORS_STATUS_PANIC;
        doors_router_key_id(router, 0, token.as_mut_ptr()) == DOORS_STATUS_PANIC;
        doors_router_warning(router, 0, error) == DOORS_STATUS_PANIC;
        doors_router_free(router) == ();
        doors_check(DOORS_FIELD_HOST, data, len, error) == DOORS_STATUS_PANIC;
        doors_abi() == 0;
    }
    for (name, text) in [
        ("doors_status_str", (|| doors_status_str(0)) as fn() -> *const c_char),
        ("doors_decision_str", || doors_decision_str(1)),
        ("doors_reason_str", || doors_reason_str(0)),
        ("doors_path_str", || doors_path_str(0)),
        ("doors_outcome_str", || doors_outcome_str(1)),
        ("doors_verdict_str", || doors_verdict_str(0)),
        ("doors_idle_str", || doors_idle_str(1)),
        ("doors_version", || doors_version()),
    ] {
        plant(name);
        assert!(unknown(text()), "{name}");
    }
    // doors_check wrote the last error.
    let error = unsafe { &*error };
    assert_eq!((error.status, error.index), (DOORS_STATUS_PANIC, DOORS_NONE));
    assert_eq!(message(error), "internal error: the library panicked");
    called.extend(crate::tests::misuse::PANICS);
    assert_eq!(called, exports(), "the lists of this test and of tests::misuse must name every export of the header");
}

pub(crate) const HEADER: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/include/doors_caddy.h"));

/// The functions that the header declares.
fn exports() -> BTreeSet<&'static str> {
    let code = HEADER.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.filter_map(|line| {
        let name = line.split_once('(')?.0.rsplit([' ', '*']).next()?;
        name.starts_with("doors_").then_some(name)
    })
    .collect()
}

#[test]
pub(crate) fn null_is_refused_or_harmless() {
    let handles = Handles::new();
    let Handles { cipher, cidrs, router } = handles;
    let (mut token, mut length, mut index, mut port) = ([0; 60], 0, 0, 0);
    let (mut host, mut error) = ([0; 256], MaybeUninit::<doors_error>::uninit());
    let host = host.as_mut_ptr();
    let (mut address, mut decision) = (MaybeUninit::<doors_addr>::uninit(), MaybeUninit::<doors_decision>::uninit());
    let (error, address, decision) = (error.as_mut_ptr(), address.as_mut_ptr(), decision.as_mut_ptr());
    let (secret, secret_len) = chars(SECRET);
    let (token_out, ip): (_, *const doors_addr) = (token.as_mut_ptr(), &POD.addr);
    let mut out = null_mut();
    unsafe {
        for status in [
            doors_cipher_new(null(), 1, &mut out, error),
            doors_cipher_new(secret, secret_len, null_mut(), error),
            doors_cipher_new(secret, secret_len, null_mut(), null_mut()),
            doors_cipher_encode(null(), ip, token_out, 60, &mut length),
            doors_cipher_encode(cipher, null(), token_out, 60, &mut length),
            doors_cipher_encode(cipher, ip, null_mut(), 60, &mut length),
            doors_cipher_encode(cipher, ip, token_out, 60, null_mut()),
            doors_cipher_decode(null(), secret, 1, address, &mut index),
            doors_cipher_decode(cipher, null(), 1, address, &mut index),
            doors_cipher_decode(cipher, secret, 1, null_mut(), &mut index),
            doors_cipher_decode(cipher, secret, 1, address, null_mut()),
            doors_cipher_keys(null(), &mut index),
            doors_cipher_keys(cipher, null_mut()),
            doors_cipher_key_id(null(), 0, token_out),
            doors_cipher_key_id(cipher, 0, null_mut()),
            doors_cidrs_new(null(), 1, null_mut(), error),
            doors_cidrs_lookup(null(), ip, &mut index),
            doors_cidrs_lookup(cidrs, null(), &mut index),
            doors_cidrs_lookup(cidrs, ip, null_mut()),
            doors_router_new(null(), 1, null_mut(), error),
            doors_router_decide(null(), null(), 0, null(), 0, decision),
            doors_router_decide(router, null(), 1, null(), 0, decision),
            doors_router_decide(router, null(), 0, null(), 1, decision),
            doors_router_decide(router, null(), 0, null(), 0, null_mut()),
            doors_router_lookup(null(), ip, &mut index),
            doors_router_lookup(router, ip, null_mut()),
            doors_router_upstreams(null(), &mut index),
            doors_router_upstreams(router, null_mut()),
            doors_router_upstream(null(), 0, host, &mut port),
            doors_router_upstream(router, 0, null_mut(), &mut port),
            doors_router_upstream(router, 0, host, null_mut()),
            doors_router_keys(null(), &mut index),
            doors_router_keys(router, null_mut()),
            doors_router_key_id(null(), 0, token_out),
            doors_router_key_id(router, 0, null_mut()),
            doors_router_warning(null(), 0, error),
            doors_router_warning(router, 0, null_mut()),
            doors_check(DOORS_FIELD_HOST, null(), 1, error),
        ] {
            assert_eq!(status, DOORS_STATUS_NULL_POINTER);
        }
        doors_cipher_free(null_mut());
        doors_cidrs_free(null_mut());
        doors_router_free(null_mut());
        // NULL with length 0 is the empty string.
        assert_eq!(doors_router_decide(router, null(), 0, null(), 0, decision), DOORS_STATUS_OK);
        assert_eq!((*decision).kind, DOORS_DECISION_UPSTREAM);
        assert_eq!(doors_cipher_decode(cipher, null(), 0, address, &mut index), DOORS_STATUS_TOKEN_REFUSED);
        assert_eq!(doors_cipher_new(null(), 0, &mut out, error), DOORS_STATUS_SECRET);
        assert_eq!(doors_check(DOORS_FIELD_HOST, null(), 0, error), DOORS_STATUS_CONFIG);
        // Impossible lengths.
        assert_eq!(doors_cipher_decode(cipher, secret, usize::MAX, address, &mut index), DOORS_STATUS_TOO_LARGE);
    }
    assert!(out.is_null());
}

#[test]
pub(crate) fn outputs_are_written_only_on_success() {
    let handles = Handles::new();
    let (cipher, router) = (handles.cipher, handles.router);
    unsafe {
        let (mut token, mut length) = ([7; 60], 99);
        let encode = |cap, token: &mut [c_char; 60], length: &mut usize| {
            doors_cipher_encode(cipher, &POD.addr, token.as_mut_ptr(), cap, length)
        };
        assert_eq!(encode(43, &mut token, &mut length), DOORS_STATUS_BUFFER);
        assert_eq!((token, length), ([7; 60], 99));
        assert_eq!(encode(44, &mut token, &mut length), DOORS_STATUS_OK);
        assert_eq!((length, token[43], token[44]), (43, 0, 7));
        let (mut addr, mut key) = (doors_addr { bytes: [7; 16], len: 7 }, 7);
        assert_eq!(doors_cipher_decode(cipher, token.as_ptr(), 42, &mut addr, &mut key), DOORS_STATUS_TOKEN_REFUSED);
        assert_eq!((addr.bytes, addr.len, key), ([7; 16], 7, 7));
        assert_eq!(doors_cipher_decode(cipher, token.as_ptr(), 43, &mut addr, &mut key), DOORS_STATUS_OK);
        assert_eq!((addr.bytes, addr.len, key), (POD.addr.bytes, 4, 0));
        let mut error = MaybeUninit::<doors_error>::zeroed().assume_init();
        error.status = 77;
        let (json, len) = (config(), config().len());
        let mut out = null_mut();
        assert_eq!(doors_router_new(json.as_ptr().cast(), len, &mut out, &mut error), DOORS_STATUS_OK);
        assert_eq!(error.status, 77);
        doors_router_free(out);
        let before = out;
        assert_eq!(doors_router_new(json.as_ptr().cast(), len - 1, &mut out, &mut error), DOORS_STATUS_CONFIG);
        assert_eq!(out, before);
        assert_eq!(error.status, DOORS_STATUS_CONFIG);
        assert_eq!(doors_router_warning(router, 0, &mut error), DOORS_STATUS_NO_MATCH);
        let wide = config().replace("127.0.0.0/8", "0.0.0.0/0");
        assert_eq!(doors_router_new(wide.as_ptr().cast(), wide.len(), &mut out, &mut error), DOORS_STATUS_OK);
        assert_eq!(doors_router_warning(out, 0, &mut error), DOORS_STATUS_OK);
        assert!(message(&error).starts_with("upstreams[0].cidr: 0.0.0.0/0 covers every address"));
        assert_eq!((error.status, error.index), (DOORS_STATUS_CIDR, 0));
        assert_eq!(doors_router_warning(out, 1, &mut error), DOORS_STATUS_NO_MATCH);
        doors_router_free(out);
        let (mut host, mut port) = ([7; DOORS_HOST_SIZE as usize], 0);
        assert_eq!(doors_router_upstream(router, 1, host.as_mut_ptr(), &mut port), DOORS_STATUS_NO_MATCH);
        assert_eq!((host[0], port), (7, 0));
        assert_eq!(doors_router_upstream(router, 0, host.as_mut_ptr(), &mut port), DOORS_STATUS_OK);
        assert_eq!((CStr::from_ptr(host.as_ptr()), host[4], port), (c"svc", 7, 8080));
        let (mut keys, mut id) = (0, [7; DOORS_KEY_ID_SIZE as usize]);
        assert_eq!(doors_cipher_keys(cipher, &mut keys), DOORS_STATUS_OK);
        assert_eq!((keys, doors_cipher_key_id(cipher, 1, id.as_mut_ptr())), (1, DOORS_STATUS_NO_MATCH));
        assert_eq!(id, [7; 9]);
        assert_eq!(doors_cipher_key_id(cipher, 0, id.as_mut_ptr()), DOORS_STATUS_OK);
        let cipher_id = id;
        assert!(id[..8].iter().all(|digit| (*digit as u8).is_ascii_hexdigit()) && id[8] == 0);
        assert_eq!(doors_router_keys(router, &mut keys), DOORS_STATUS_OK);
        assert_eq!((keys, doors_router_key_id(router, 1, id.as_mut_ptr())), (1, DOORS_STATUS_NO_MATCH));
        id = [7; 9];
        assert_eq!(doors_router_key_id(router, 0, id.as_mut_ptr()), DOORS_STATUS_OK);
        assert_eq!(id, cipher_id);
    }
}

#[test]
fn long_messages_are_cut_at_a_character() {
    let failure = |message| doors_error::from(&Failure { status: Status::Config, index: None, message });
    let cut = message(&failure("é".repeat(400)));
    assert_eq!(cut, format!("{}...", "é".repeat(254)));
    assert_eq!(message(&failure("x".repeat(511))).len(), 511);
}
