//! Runs the body of an export and returns its status. A panic becomes `DOORS_STATUS_PANIC` and never unwinds
//! into C.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::numbers::DOORS_STATUS_OK;
use crate::status::{Failure, Status};
use crate::types::doors_error;

/// Runs a body that only returns a status.
pub(crate) fn status<B: FnOnce() -> Result<(), Status>>(body: B) -> i32 {
    let result = contained(body).unwrap_or(Err(Status::Panic));
    #[cfg(test)]
    crate::tests::returns::returned::<B>(result.err());
    match result {
        Ok(()) => DOORS_STATUS_OK,
        Err(status) => status as i32,
    }
}

/// Runs a body that can fail with a message, and writes the message to `err` unless that is NULL.
///
/// # Safety
/// `err` is NULL or valid for writing.
pub(crate) unsafe fn error<B: FnOnce() -> Result<(), Failure>>(err: *mut doors_error, body: B) -> i32 {
    let result = contained(body).unwrap_or_else(|| Err(Status::Panic.into()));
    #[cfg(test)]
    crate::tests::returns::returned::<B>(result.as_ref().err().map(|failure| failure.status));
    let Err(failure) = result else { return DOORS_STATUS_OK };
    if !err.is_null() {
        // SAFETY: the caller passed a pointer that is valid for writing, and nothing is read through it.
        unsafe { err.write(doors_error::from(&failure)) };
    }
    failure.status as i32
}

/// Runs a body that cannot fail. Returns `fallback` after a panic.
pub(crate) fn value<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    contained(body).unwrap_or(fallback)
}

/// Catches panics. Unwind safety: only two things outlive a panic. One is memory of the caller, which is not
/// used after a failure. The other is a `doors_state`, whose locks ignore poisoning.
fn contained<T>(body: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        crate::tests::planted_panic();
        body()
    }))
    .ok()
}
