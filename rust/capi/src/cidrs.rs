//! Lists of CIDRs: `doors_cidrs`.

use std::ffi::c_char;

use doors_routing::CidrList;

use crate::status::Status;
use crate::types::{doors_addr, doors_error};
use crate::{guard, memory};

/// A list of CIDRs. Created by doors_cidrs_new(), freed by doors_cidrs_free().
pub struct doors_cidrs(CidrList);

/// Creates a list from CIDRs of both families, separated by ASCII white space. `::ffff:a.b.c.d/n` with n of
/// 96 or more is IPv4 with the prefix length n - 96. Sets `*out` to the list.
///
/// Returns DOORS_STATUS_OK, _CIDR (`err->index` is the CIDR: it is malformed, a bare address or a duplicate,
/// or has host bits set; an empty list has no index), _TOO_LARGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cidrs_new(
    cidrs: *const c_char,
    len: usize,
    out: *mut *mut doors_cidrs,
    err: *mut doors_error,
) -> i32 {
    unsafe {
        guard::error(err, || {
            let out = memory::output(out)?;
            let list = CidrList::new(memory::bytes(cidrs, len)?)?;
            out.write(Box::into_raw(Box::new(doors_cidrs(list))));
            Ok(())
        })
    }
}

/// Finds the CIDR with the longest prefix that contains an address. Sets `*index` to its zero-based position
/// in the list. IPv4-mapped addresses count as IPv4. Unspecified, multicast and broadcast addresses are in no
/// CIDR.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH, _ADDRESS or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cidrs_lookup(
    cidrs: *const doors_cidrs,
    addr: *const doors_addr,
    index: *mut u32,
) -> i32 {
    guard::status(|| unsafe {
        let cidrs = memory::handle(cidrs)?;
        let index = memory::output(index)?;
        let found = cidrs.0.lookup(memory::address(addr)?).ok_or(Status::NoMatch)?;
        index.write(found);
        Ok(())
    })
}

/// Frees a list. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_cidrs_free(cidrs: *mut doors_cidrs) {
    guard::value((), || unsafe { memory::free(cidrs) })
}
