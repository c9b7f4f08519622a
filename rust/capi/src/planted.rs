//! Faults of memory, made on purpose, with which each memory checker proves that it sees into this library.
//! Compiled only with `--cfg doors_planted_faults`; not in the header, and no part of any release.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::UnsafeCell;
use std::hint::black_box;

const BLOCK: usize = 24;

/// A block on the heap of which one byte is written.
unsafe fn block() -> *mut u8 {
    unsafe {
        let block = alloc(layout());
        block.write_volatile(1);
        black_box(block)
    }
}

fn layout() -> Layout {
    Layout::new::<[u8; BLOCK]>()
}

/// Reads the byte behind a block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn planted_out_of_bounds() -> u8 {
    unsafe {
        let block = block();
        let found = block.add(black_box(BLOCK)).read_volatile();
        dealloc(block, layout());
        found
    }
}

/// Reads a block that was freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn planted_use_after_free() -> u8 {
    unsafe {
        let block = block();
        dealloc(block, layout());
        black_box(block).read_volatile()
    }
}

/// Forgets a block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn planted_leak() -> u8 {
    unsafe { block().read_volatile() }
}

/// Decides by a byte that was never written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn planted_uninitialised() -> u8 {
    unsafe {
        let block = block();
        let found = u8::from(block.add(1).read_volatile() > 7);
        dealloc(block, layout());
        if found == 1 { black_box(2) } else { black_box(3) }
    }
}

struct Shared(UnsafeCell<u64>);

// SAFETY: it is not; that is the fault.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(UnsafeCell::new(0));

/// Counts without any lock. A race as soon as two threads call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn planted_race() -> u8 {
    unsafe {
        let counter = SHARED.0.get();
        counter.write_volatile(counter.read_volatile() + 1);
    }
    0
}
