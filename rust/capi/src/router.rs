//! Decisions: `doors_router`.

use std::ffi::c_char;

use doors_routing::Router;

use crate::status::{Failure, Status};
use crate::types::{doors_addr, doors_decision, doors_error};
use crate::{guard, memory};

/// Decides where requests go. Created by doors_router_new(), freed by doors_router_free().
pub struct doors_router(());

impl doors_router {
    /// The router behind a C pointer, which may belong to a source.
    ///
    /// # Safety
    /// As for [`memory::handle`].
    unsafe fn read<'a>(router: *const doors_router) -> Result<&'a Router, Status> {
        // SAFETY: the contract of this function.
        unsafe { memory::handle(router.cast()) }
    }

    /// The C pointer to a router.
    pub(crate) fn of(router: &Router) -> *const doors_router {
        std::ptr::from_ref(router).cast()
    }
}

/// Creates a router from JSON (UTF-8, at most 64 MiB), such as `{"secret": "<keys>", "upstreams": [{"cidr":
/// "10.0.0.0/24", "host": "svc.example", "port": 8080}]}`.
///
/// `secret` is as for doors_cipher_new(). An upstream has `cidr` (a string) or `cidrs` (an array of strings),
/// `host` (as for DOORS_FIELD_HOST) or `hosts` (an array of strings), and `port` (a number). `cookie_name` is
/// required with more than one upstream. `source` is allowed and ignored. Any other member is an error, and
/// so is a duplicate. Sets `*out` to the router. The caller may wipe `json` afterwards. Do not escape
/// characters of the secret in it, because the unescaped copy is not wiped.
///
/// Returns DOORS_STATUS_OK, _SECRET, _CIDR, _CONFIG, _TOO_LARGE or _NULL_POINTER. The message starts with the
/// member, such as `upstreams[1].cidr`, and contains no part of the secret. `err->index` is the upstream or,
/// for _SECRET, the key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_router_new(
    json: *const c_char,
    len: usize,
    out: *mut *mut doors_router,
    err: *mut doors_error,
) -> i32 {
    unsafe {
        guard::error(err, || {
            let out = memory::output(out)?;
            let router = Router::from_json(memory::bytes(json, len)?)?;
            out.write(Box::into_raw(Box::new(router)).cast());
            Ok(())
        })
    }
}

/// Decides where a request goes. `path` is its escaped path or its whole target: a query is ignored, and so
/// are the scheme and authority of a target in absolute form (RFC 9112, section 3.2.2). `cookies` is its
/// Cookie header, with several fields joined by "; ". Any bytes are accepted. Sets `*out` to the decision;
/// DOORS_DECISION_GONE is a success too. Allocates nothing and takes no lock.
///
/// Returns DOORS_STATUS_OK, _TOO_LARGE or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_router_decide(
    router: *const doors_router,
    path: *const c_char,
    path_len: usize,
    cookies: *const c_char,
    cookies_len: usize,
    out: *mut doors_decision,
) -> i32 {
    guard::status(|| unsafe {
        let router = doors_router::read(router)?;
        let out = memory::output(out)?;
        let decision = router.decide(memory::bytes(path, path_len)?, memory::bytes(cookies, cookies_len)?);
        out.write(decision.into());
        Ok(())
    })
}

/// Finds the upstream whose CIDR contains an address; the longest prefix wins. Sets `*upstream` to its
/// zero-based index.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH, _ADDRESS or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_router_lookup(
    router: *const doors_router,
    addr: *const doors_addr,
    upstream: *mut u32,
) -> i32 {
    guard::status(|| unsafe {
        let router = doors_router::read(router)?;
        let upstream = memory::output(upstream)?;
        let found = router.lookup(memory::address(addr)?).ok_or(Status::NoMatch)?;
        upstream.write(found);
        Ok(())
    })
}

/// Sets `*count` to the number of upstreams, at least 1.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_router_upstreams(router: *const doors_router, count: *mut u32) -> i32 {
    guard::status(|| unsafe {
        let router = doors_router::read(router)?;
        memory::output(count)?.write(router.upstreams().len() as u32);
        Ok(())
    })
}

/// Gets one upstream. Writes its host (the first, if there are several) and a NUL to `host`, at most
/// DOORS_HOST_SIZE characters, and sets `*port` to its port.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (no such upstream) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_router_upstream(
    router: *const doors_router,
    index: u32,
    host: *mut c_char,
    port: *mut u16,
) -> i32 {
    guard::status(|| unsafe {
        let router = doors_router::read(router)?;
        let (host, port) = (memory::output(host)?, memory::output(port)?);
        let upstream = router.upstreams().get(index as usize).ok_or(Status::NoMatch)?;
        memory::write_text(upstream.hosts[0].as_bytes(), host);
        port.write(upstream.port);
        Ok(())
    })
}

/// Sets `*count` to the number of keys, 1 to 8.
///
/// Returns DOORS_STATUS_OK or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_router_keys(router: *const doors_router, count: *mut u32) -> i32 {
    guard::status(|| unsafe {
        let router = doors_router::read(router)?;
        memory::output(count)?.write(router.key_ids().len() as u32);
        Ok(())
    })
}

/// Gets the ID of one key, like doors_cipher_key_id(). `index` is `key` of doors_decision.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (no such key) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_router_key_id(router: *const doors_router, index: u32, id: *mut c_char) -> i32 {
    guard::status(|| unsafe { memory::key_id(doors_router::read(router)?.key_ids(), index, id) })
}

/// Gets a warning about a setting that is valid but probably a mistake, such as a CIDR that covers every
/// address. `n` is its zero-based number. Sets `*out` to the warning: the message names the member and the
/// reason, the index is the upstream, and the status is that of an error in this member.
///
/// Returns DOORS_STATUS_OK, _NO_MATCH (past the last warning) or _NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_router_warning(router: *const doors_router, n: u32, out: *mut doors_error) -> i32 {
    guard::status(|| unsafe {
        let router = doors_router::read(router)?;
        let out = memory::output(out)?;
        let warning = router.warnings().get(n as usize).ok_or(Status::NoMatch)?;
        out.write((&Failure::from(warning.clone())).into());
        Ok(())
    })
}

/// Frees a router and wipes its keys. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doors_router_free(router: *mut doors_router) {
    guard::value((), || unsafe { memory::free(router.cast::<Router>()) })
}
