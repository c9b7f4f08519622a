//! In: work with keys. Out: its result, and a stack that has forgotten the keys.

use std::hint::black_box;

use zeroize::Zeroize;

/// In words of 8 bytes, 16 KiB: more than any such work uses, also when it is not optimised.
const DEPTH: usize = 2 << 10;

/// Runs `work`, then overwrites the part of the stack that it used. A key schedule is made on the stack and moved to its
/// box, and a key is moved out of its parser: what a move leaves behind has no owner that could wipe it.
pub(crate) fn wiped<T>(work: impl FnOnce() -> T) -> T {
    let result = apart(work);
    wipe();
    result
}

/// Never part of its caller, so that all that `work` puts on the stack lies where `wipe` will write.
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
