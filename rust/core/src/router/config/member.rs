//! The names of configuration members as they appear in messages, such as `upstreams[1].cidr`.

use std::fmt;

/// A member of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Root,
    Secret,
    CookieName,
    Source,
    Upstreams,
    Upstream(u32),
    Cidr(u32),
    Cidrs(u32),
    CidrsItem(u32, u32),
    Host(u32),
    Hosts(u32),
    HostsItem(u32, u32),
    Port(u32),
}

impl Member {
    /// The index that errors carry: that of the upstream.
    pub(crate) fn index(self) -> Option<u32> {
        match self {
            Member::Root | Member::Secret | Member::CookieName | Member::Source | Member::Upstreams => None,
            Member::Upstream(index)
            | Member::Cidr(index)
            | Member::Cidrs(index)
            | Member::CidrsItem(index, _)
            | Member::Host(index)
            | Member::Hosts(index)
            | Member::HostsItem(index, _)
            | Member::Port(index) => Some(index),
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Member::Root => write!(out, "config"),
            Member::Secret => write!(out, "secret"),
            Member::CookieName => write!(out, "cookie_name"),
            Member::Source => write!(out, "source"),
            Member::Upstreams => write!(out, "upstreams"),
            Member::Upstream(index) => write!(out, "upstreams[{index}]"),
            Member::Cidr(index) => write!(out, "upstreams[{index}].cidr"),
            Member::Cidrs(index) => write!(out, "upstreams[{index}].cidrs"),
            Member::CidrsItem(index, item) => write!(out, "upstreams[{index}].cidrs[{item}]"),
            Member::Host(index) => write!(out, "upstreams[{index}].host"),
            Member::Hosts(index) => write!(out, "upstreams[{index}].hosts"),
            Member::HostsItem(index, item) => write!(out, "upstreams[{index}].hosts[{item}]"),
            Member::Port(index) => write!(out, "upstreams[{index}].port"),
        }
    }
}
