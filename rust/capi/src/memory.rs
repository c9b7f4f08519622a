//! Turns pointers from C into slices and references, or returns the status for an invalid one.

use std::ffi::c_char;
use std::net::IpAddr;

use doors_routing::KeyId;

use crate::status::Status;
use crate::types::doors_addr;

/// The bytes of an input. NULL with length 0 is the empty input.
///
/// # Safety
/// `data` is NULL or valid for reading `length` bytes for as long as the slice is used.
pub(crate) unsafe fn bytes<'a>(data: *const c_char, length: usize) -> Result<&'a [u8], Status> {
    // SAFETY: the contract of this function.
    unsafe { items(data.cast(), length) }
}

/// The items of an input. NULL with 0 items is the empty input.
///
/// # Safety
/// `data` is NULL or aligned and valid for reading `count` items for as long as the slice is used.
pub(crate) unsafe fn items<'a, T>(data: *const T, count: usize) -> Result<&'a [T], Status> {
    if count == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Status::NullPointer);
    }
    // No object is larger, and a larger slice would be undefined behaviour.
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(Status::TooLarge);
    }
    // SAFETY: not NULL, not too large, and valid for reading by contract.
    Ok(unsafe { std::slice::from_raw_parts(data, count) })
}

/// An address.
///
/// # Safety
/// As for [`handle`].
pub(crate) unsafe fn address(addr: *const doors_addr) -> Result<IpAddr, Status> {
    // SAFETY: the contract of this function.
    unsafe { handle(addr) }?.address().ok_or(Status::Address)
}

/// A handle created by this library, or a struct of the caller for reading.
///
/// # Safety
/// `handle` is NULL, or came from the matching `_new` and was not freed, or is valid for reading.
pub(crate) unsafe fn handle<'a, T>(handle: *const T) -> Result<&'a T, Status> {
    // SAFETY: NULL or live by contract; nothing writes through such a pointer during the call.
    unsafe { handle.as_ref() }.ok_or(Status::NullPointer)
}

/// Converts a time of the caller's clock, which may start anywhere, to the core's unsigned time.
pub(crate) fn clock(now: i64) -> u64 {
    now as u64 ^ 1 << 63
}

/// The inverse of [`clock`].
pub(crate) fn at(time: u64) -> i64 {
    (time ^ 1 << 63) as i64
}

/// A flag: 1 or 0.
pub(crate) fn flag(number: u32) -> Result<bool, Status> {
    if number > 1 { Err(Status::Range) } else { Ok(number == 1) }
}

/// A duration in nanoseconds.
pub(crate) fn duration(nanoseconds: i64) -> Result<u64, Status> {
    u64::try_from(nanoseconds).map_err(|_| Status::Range)
}

/// Converts a duration of the core.
pub(crate) fn lasted(nanoseconds: u64) -> i64 {
    i64::try_from(nanoseconds).unwrap_or(i64::MAX)
}

/// Rejects reserved members that are not zero, because a later version may give them a meaning.
pub(crate) fn reserved<T: Copy + Default + PartialEq>(members: &[T]) -> Result<(), Status> {
    if members.iter().all(|member| *member == T::default()) { Ok(()) } else { Err(Status::Range) }
}

/// Rejects an output pointer that is NULL before any work is done.
pub(crate) fn output<T>(out: *mut T) -> Result<*mut T, Status> {
    if out.is_null() { Err(Status::NullPointer) } else { Ok(out) }
}

/// Writes a text and a NUL.
///
/// # Safety
/// `out` is valid for writing one byte more than the length of the text, and does not overlap it.
pub(crate) unsafe fn write_text(text: &[u8], out: *mut c_char) {
    // SAFETY: the contract of this function.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), out, text.len());
        out.add(text.len()).write(0);
    }
}

/// Room for a list. May be NULL if `cap` is 0.
pub(crate) fn room<T>(list: *mut T, cap: usize) -> Result<*mut T, Status> {
    if list.is_null() && cap > 0 { Err(Status::NullPointer) } else { Ok(list) }
}

/// Writes the first `cap` items.
///
/// # Safety
/// `room` is valid for writing `cap` items.
pub(crate) unsafe fn fill<T>(room: *mut T, cap: usize, items: impl Iterator<Item = T>) {
    for (index, item) in items.take(cap).enumerate() {
        // SAFETY: `index` is less than `cap`.
        unsafe { room.add(index).write(item) };
    }
}

/// Writes the ID of one key.
///
/// # Safety
/// `id` is NULL or valid for writing DOORS_KEY_ID_SIZE characters.
pub(crate) unsafe fn key_id(ids: &[KeyId], index: u32, id: *mut c_char) -> Result<(), Status> {
    let out = output(id)?;
    let found = ids.get(index as usize).ok_or(Status::NoMatch)?;
    // SAFETY: the contract of this function; memory of the library does not overlap memory of the caller.
    unsafe { write_text(found.as_bytes(), out) };
    Ok(())
}

/// Frees a handle.
///
/// # Safety
/// `handle` is NULL, or came from [`Box::into_raw`] and is not used again.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: the contract of this function.
        drop(unsafe { Box::from_raw(handle) });
    }
}
