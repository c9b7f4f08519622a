//! Tests that freed memory contains no part of a key: not its bytes, its key schedule or its text.
//! tests/c/test_wiping.c examines the stack.

use std::alloc::{GlobalAlloc, Layout, System};
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use doors_caddy::{check::*, cipher::*, numbers::*, router::*};
use doors_routing::TokenCipher;

/// The bytes 0xa0, 0xa1, ... of a key. Assembled at run time, so that they occur nowhere else.
const FIRST: u8 = 0xa0;
/// The middle of the same 32 bytes in base64.
const TEXT: &[u8] = b"KGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9";

/// The key schedule from FIPS 197, appendix A.1, without its first part, which is the key.
const SCHEDULE: [u128; 10] = [
    0xa0fafe1788542cb123a339392a6c7605,
    0xf2c295f27a96b9435935807a7359f67f,
    0x3d80477d4716fe3e1e237e446d7a883b,
    0xef44a541a8525b7fb671253bdb0bad00,
    0xd4d1c6f87c839d87caf2b8bc11f915bc,
    0x6d88a37a110b3efddbf98641ca0093fd,
    0x4e54f70e5f5fc9f384a64fb24ea6dc4f,
    0xead27321b58dbad2312bf5607f8d292f,
    0xac7766f319fadc2128d12941575c006e,
    0xd014f9a8c9ee2589e13f0cc8b6630ca6,
];

static LEFT: AtomicUsize = AtomicUsize::new(0);
static FREED: AtomicUsize = AtomicUsize::new(0);

/// An allocator that examines every block that is freed or moved.
struct Looking;

fn look(pointer: *const u8, size: usize) {
    let block = unsafe { std::slice::from_raw_parts(pointer, size) };
    let counts_up = |window: &[u8]| window.iter().zip(0..).all(|(byte, index)| *byte == FIRST + index);
    let key = block.windows(16).any(counts_up);
    let text = block.windows(TEXT.len()).any(|window| window == TEXT);
    let scheduled = |window: &[u8]| SCHEDULE.iter().any(|part| window == part.to_be_bytes());
    let schedule = block.windows(16).any(scheduled);
    LEFT.fetch_add(usize::from(key || text || schedule), Ordering::Relaxed);
    FREED.fetch_add(1, Ordering::Relaxed);
}

// Blocks are zeroed on allocation, so that examining them reads no uninitialised memory.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        look(pointer, layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static LOOKING: Looking = Looking;

fn left_by(body: impl FnOnce()) -> usize {
    let (left, freed) = (LEFT.load(Ordering::Relaxed), FREED.load(Ordering::Relaxed));
    body();
    assert!(FREED.load(Ordering::Relaxed) > freed, "nothing was freed");
    LEFT.load(Ordering::Relaxed) - left
}

/// Creates and frees a cipher, as C does; then checks the same secret as a value.
fn cipher(secret: &str) -> i32 {
    let (start, mut out) = (secret.as_ptr().cast(), null_mut());
    unsafe {
        let status = doors_cipher_new(start, secret.len(), &mut out, null_mut());
        doors_cipher_free(out);
        assert_eq!(doors_check(DOORS_FIELD_SECRET, start, secret.len(), null_mut()), status);
        status
    }
}

/// Creates a router, lets it decrypt and cache a token, and frees it.
fn router(json: &str, path: &str) -> i32 {
    let mut out = null_mut();
    unsafe {
        let status = doors_router_new(json.as_ptr().cast(), json.len(), &mut out, null_mut());
        if status == DOORS_STATUS_OK {
            for _ in 0..2 {
                let (start, mut decision) = (path.as_ptr().cast(), MaybeUninit::uninit());
                let decided = doors_router_decide(out, start, path.len(), null_mut(), 0, decision.as_mut_ptr());
                assert_eq!((decided, decision.assume_init().kind), (DOORS_STATUS_OK, DOORS_DECISION_POD));
            }
        }
        doors_router_free(out);
        status
    }
}

// A single test, because the counters are global.
#[test]
fn no_key_is_left() {
    const SECRET: &str = "oKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr8=";
    const SCHEDULED: &str = "K34VFiiu0qar9xWICc9PPA==";
    const OTHER: &str = "AAECAwQFBgcICQoLDA0ODw==";
    assert!(SECRET.as_bytes().windows(TEXT.len()).any(|window| window == TEXT));

    // The test detects remains of a key.
    assert_eq!(left_by(|| drop((FIRST..FIRST + 32).collect::<Vec<u8>>())), 1);
    assert_eq!(left_by(|| drop(SECRET.to_string())), 1);
    assert_eq!(left_by(|| drop(SCHEDULE[9].to_be_bytes().to_vec())), 1);

    let secrets = [SECRET.to_string(), format!("{SECRET} {SCHEDULED}"), format!("{OTHER} {SECRET} {SCHEDULED}")];
    let wrong = [format!("{SECRET} x"), format!("{SCHEDULED} {SECRET} {SECRET}"), format!("{SECRET} {}", &OTHER[4..])];
    for secret in &secrets {
        assert_eq!(left_by(|| assert_eq!(cipher(secret), DOORS_STATUS_OK)), 0);
    }
    for secret in &wrong {
        assert_eq!(left_by(|| assert_eq!(cipher(secret), DOORS_STATUS_SECRET)), 0);
    }
    let config = |secret: &str, port: &str| {
        format!(r#"{{"secret": "{secret}", "upstreams": [{{"cidr": "10.0.0.0/8", "host": "a", "port": {port}}}]}}"#)
    };
    let token = TokenCipher::new(SECRET.as_bytes()).unwrap().encode([10, 0, 0, 1].into()).unwrap();
    let path = format!("/~/{}/s/1", token.as_str());
    for (json, status) in [
        (config(&secrets[0], "1"), DOORS_STATUS_OK),
        (config(&secrets[1], "1"), DOORS_STATUS_OK),
        (config(&secrets[2], "0"), DOORS_STATUS_CONFIG),
        (config(&wrong[0], "1"), DOORS_STATUS_SECRET),
    ] {
        assert_eq!(left_by(|| assert_eq!(router(&json, &path), status)), 0);
    }
}
