//! The exports as C calls them.

use std::cell::Cell;

thread_local! {
    static PLANTED: Cell<bool> = const { Cell::new(false) };
}

/// Panics once after a test has asked for it: every export must contain it.
pub(super) fn planted_panic() {
    if PLANTED.take() {
        panic!("planted by a test");
    }
}
