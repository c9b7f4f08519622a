//! In: what a client asks for, as bytes. Out: what of it matters for where the request goes.

/// The method of a request, as far as it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Method {
    /// GET.
    #[default]
    Get = 1,
    /// HEAD.
    Head = 2,
    /// Any other.
    Other = 3,
}

/// A request as it comes in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Incoming<'a> {
    /// Its method.
    pub method: Method,
    /// It has a body, or may have one: its length is not known to be 0.
    pub has_body: bool,
    /// Its escaped path, or its whole target: see [`Router::decide`](crate::Router::decide). Any bytes are fine.
    pub path: &'a [u8],
    /// Its `Cookie` header; several fields are joined with `; `.
    pub cookies: &'a [u8],
}

impl Incoming<'_> {
    /// It only asks for something.
    pub(super) fn reads(&self) -> bool {
        self.method != Method::Other
    }
}
