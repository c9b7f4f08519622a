//! No key is left in freed memory: not its bytes, which also begin its key schedule, nor its text.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use doors_caddy::{Router, TokenCipher};

/// The bytes 0xa0, 0xa1 ... of a key, built up at run time only where they are meant to be.
const FIRST: u8 = 0xa0;
/// The middle of the same 32 bytes in base64.
const TEXT: &[u8] = b"KGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9";

static LEFT: AtomicUsize = AtomicUsize::new(0);
static FREED: AtomicUsize = AtomicUsize::new(0);

/// Looks at every block that is freed, or moved by growing.
struct Looking;

fn look(pointer: *const u8, size: usize) {
    let block = unsafe { std::slice::from_raw_parts(pointer, size) };
    let counts_up = |window: &[u8]| window.iter().zip(0..).all(|(byte, index)| *byte == FIRST + index);
    let key = block.windows(16).any(counts_up);
    let text = block.windows(TEXT.len()).any(|window| window == TEXT);
    LEFT.fetch_add(usize::from(key || text), Ordering::Relaxed);
    FREED.fetch_add(1, Ordering::Relaxed);
}

// Blocks are cleared when they are made, so that looking at them reads no uninitialised memory.
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

// One test: the counters are of the whole process.
#[test]
fn no_key_is_left() {
    const SECRET: &str = "oKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr8=";
    const OTHER: &str = "AAECAwQFBgcICQoLDA0ODw==";
    assert!(SECRET.as_bytes().windows(TEXT.len()).any(|window| window == TEXT));

    // The test finds what is left.
    assert_eq!(left_by(|| drop((FIRST..FIRST + 32).collect::<Vec<u8>>())), 1);
    assert_eq!(left_by(|| drop(SECRET.to_string())), 1);

    let secrets = [SECRET.to_string(), format!("{SECRET} {OTHER}"), format!("{OTHER} {SECRET}")];
    let wrong = [format!("{SECRET} x"), format!("{SECRET} {SECRET}"), format!("{SECRET} {}", &OTHER[4..])];
    for secret in &secrets {
        assert_eq!(left_by(|| drop(TokenCipher::new(secret.as_bytes()).unwrap())), 0);
    }
    for secret in &wrong {
        assert_eq!(left_by(|| drop(TokenCipher::new(secret.as_bytes()).unwrap_err())), 0);
    }
    let config = |secret: &str, port: &str| {
        format!(r#"{{"secret": "{secret}", "upstreams": [{{"cidr": "10.0.0.0/8", "host": "a", "port": {port}}}]}}"#)
    };
    let jsons = [config(&secrets[0], "1"), config(&secrets[1], "1"), config(&secrets[2], "0"), config(&wrong[0], "1")];
    let token = TokenCipher::new(SECRET.as_bytes()).unwrap().encode([10, 0, 0, 1].into()).unwrap();
    let path = format!("/~/{}/s/1", token.as_str());
    for json in &jsons {
        let left = left_by(|| {
            if let Ok(router) = Router::from_json(json.as_bytes()) {
                router.decide(b"/~/x/s/1", b"");
                // Opened, then remembered.
                assert_eq!(router.decide(path.as_bytes(), b""), router.decide(path.as_bytes(), b""));
            }
        });
        assert_eq!(left, 0);
    }
}
