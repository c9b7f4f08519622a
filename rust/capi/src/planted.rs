//! Deliberate memory faults, with which each memory checker proves that it can see into this library.
//! Compiled only with `--cfg doors_planted_faults`. Neither in the header nor in any release.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::UnsafeCell;
use std::hint::black_box;

const BLOCK: usize = 24;

/// A heap block with one initialised byte.
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

/// Reads the byte after a block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn planted_out_of_bounds() -> u8 {
    unsafe {
        let block = block();
        let found = block.add(black_box(BLOCK)).read_volatile();
        dealloc(block, layout());
        found
    }
}

/// Reads a freed block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn planted_use_after_free() -> u8 {
    unsafe {
        let block = block();
        dealloc(block, layout());
        black_box(block).read_volatile()
    }
}

/// Leaks a block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn planted_leak() -> u8 {
    unsafe { block().read_volatile() }
}

/// Branches on an uninitialised byte.
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

// SAFETY: none; that is the fault.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(UnsafeCell::new(0));

/// Increments a counter without synchronisation. A race if two threads call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn planted_race() -> u8 {
    unsafe {
        let counter = SHARED.0.get();
        counter.write_volatile(counter.read_volatile() + 1);
    }
    0
}
