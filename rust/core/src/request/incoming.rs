//! The parts of a client's request that determine where it goes.

/// The method of a request, as far as it affects routing.
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

/// A client's request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Incoming<'a> {
    /// The method.
    pub method: Method,
    /// Whether the request may have a body. False only if the length is known to be 0.
    pub has_body: bool,
    /// The escaped path or the whole target: see [`Router::decide`](crate::Router::decide). Any bytes are
    /// accepted.
    pub path: &'a [u8],
    /// The `Cookie` header, with several fields joined by `; `.
    pub cookies: &'a [u8],
}

impl Incoming<'_> {
    /// Whether the method is GET or HEAD.
    pub(super) fn reads(&self) -> bool {
        self.method != Method::Other
    }
}
