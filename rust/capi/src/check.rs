//! Checks single values of a configuration: `doors_check`.

use std::ffi::c_char;

use doors_routing::Field;

use crate::status::{Failure, Status};
use crate::types::doors_error;
use crate::{guard, memory, numbers};

/// Checks one value by the rules of doors_router_new(), for programs that parse a configuration word by word.
/// `field` is DOORS_FIELD_*. The message does not start with the name of the field.
///
/// Returns DOORS_STATUS_OK, _SECRET (`err->index` is the key), _CIDR, _CONFIG, _TOO_LARGE, _RANGE (unknown
/// field) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_check(field: u32, value: *const c_char, len: usize, err: *mut doors_error) -> i32 {
    unsafe {
        guard::error(err, || {
            let field = match field {
                numbers::DOORS_FIELD_SECRET => Field::Secret,
                numbers::DOORS_FIELD_COOKIE_NAME => Field::CookieName,
                numbers::DOORS_FIELD_CIDR => Field::Cidr,
                numbers::DOORS_FIELD_HOST => Field::Host,
                numbers::DOORS_FIELD_PORT => Field::Port,
                unknown => {
                    let message = format!("{unknown} is not a field; use one of DOORS_FIELD_*");
                    return Err(Failure { status: Status::Range, index: None, message });
                }
            };
            Ok(doors_routing::check(field, memory::bytes(value, len)?)?)
        })
    }
}
