//! Runs code that handles keys, then wipes the stack that it used.

use std::hint::black_box;

use zeroize::Zeroize;

/// The depth to wipe, in words of 8 bytes: 16 KiB. Even unoptimised, no such code uses more.
const DEPTH: usize = 2 << 10;

/// Runs `work`, then overwrites the part of the stack that it used. Key schedules are built on the stack and
/// moved to a box, and keys are moved out of the parser. Moves leave copies behind that no owner wipes.
pub(crate) fn wiped<T>(work: impl FnOnce() -> T) -> T {
    let result = apart(work);
    wipe();
    result
}

/// Never inlined, so that everything `work` puts on the stack lies where `wipe` will write.
#[inline(never)]
fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn wipe() {
    let mut stack = [0u64; DEPTH];
    stack.zeroize();
    black_box(&stack);
}
