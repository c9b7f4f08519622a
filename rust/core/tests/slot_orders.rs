//! Tests a slot of the token cache under every order in which memory operations of its threads can take
//! effect, including those of weakly ordered processors.

use loom::sync::Arc;
use loom::thread;

mod atomic {
    pub use loom::sync::atomic::{AtomicU64, Ordering, fence};
}
#[path = "../src/token/cache/slot.rs"]
mod slot;

use slot::Slot;

const FIRST: [u64; 2] = [1, 2];
const SECOND: [u64; 2] = [3, 4];

fn read(slot: &Slot<2>) -> Option<[u64; 2]> {
    slot.read_if(|_| true)
}

fn check(seen: Option<[u64; 2]>) {
    assert!(seen.is_none() || seen == Some(FIRST) || seen == Some(SECOND), "a mixture: {seen:?}");
}

/// Runs `work` in another thread.
fn beside<T: 'static>(slot: &Arc<Slot<2>>, work: impl FnOnce(&Slot<2>) -> T + 'static) -> thread::JoinHandle<T> {
    let slot = slot.clone();
    thread::spawn(move || work(&slot))
}

// Loom starts with the parent thread and explores fewer orders in which the child comes first, so each pair
// of threads is tried both ways.
#[test]
fn a_reader_and_a_writer() {
    for reader_first in [true, false] {
        loom::model(move || {
            let slot = Arc::new(Slot::new());
            slot.write(&FIRST);
            if reader_first {
                let writer = beside(&slot, |slot| slot.write(&SECOND));
                check(read(&slot));
                writer.join().unwrap();
            } else {
                let reader = beside(&slot, |slot| check(read(slot)));
                slot.write(&SECOND);
                reader.join().unwrap();
            }
            assert_eq!(read(&slot), Some(SECOND));
            assert_eq!(slot.writes(), 2);
        });
    }
}

#[test]
fn two_writers_and_a_reader() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        let writers = [FIRST, SECOND].map(|words| beside(&slot, move |slot| slot.write(&words)));
        check(read(&slot));
        for writer in writers {
            writer.join().unwrap();
        }
        // One of them may have given way, but not both.
        let last = read(&slot);
        assert!(last.is_some());
        check(last);
    });
}
