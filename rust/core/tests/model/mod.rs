//! A slow and simple model of lookups and decisions, to compare the real ones with. Shared with the fuzz
//! targets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use doors_routing::{Decision, Kind, PathKind, Reason, Router, TokenCipher, TokenError};

/// A CIDR in the model: the bits of an address and how many of them count.
#[derive(Clone, Debug, PartialEq)]
pub struct Prefix {
    pub bits: String,
    pub four: bool,
}

impl Prefix {
    pub fn holds(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.four && bits(address).starts_with(&self.bits)
    }

    pub fn text(&self) -> String {
        let all = if self.four { 32 } else { 128 };
        let padded = format!("{:0<all$}", self.bits);
        let address: IpAddr = if self.four {
            Ipv4Addr::from(u32::from_str_radix(&padded, 2).unwrap()).into()
        } else {
            Ipv6Addr::from(u128::from_str_radix(&padded, 2).unwrap()).into()
        };
        format!("{address}/{}", self.bits.len())
    }
}

pub fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:032b}", u32::from(address)),
        IpAddr::V6(address) => format!("{:0128b}", u128::from(address)),
    }
}

/// Looks up an address by scanning all prefixes for the longest match.
pub fn lookup(prefixes: &[Prefix], address: IpAddr) -> Option<usize> {
    let address = match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::from),
        four => four,
    };
    if address.is_unspecified() || address.is_multicast() || address == IpAddr::from(Ipv4Addr::BROADCAST) {
        return None;
    }
    let matching = prefixes.iter().enumerate().filter(|(_, prefix)| prefix.holds(address));
    matching.max_by_key(|(_, prefix)| prefix.bits.len()).map(|(index, _)| index)
}

/// The model of a router.
#[derive(Debug, Clone)]
pub struct Model {
    /// In base64.
    pub keys: Vec<String>,
    pub cookie_name: Option<String>,
    /// Each with its upstream.
    pub prefixes: Vec<(Prefix, u32)>,
    /// One per upstream.
    pub ports: Vec<u16>,
}

impl Model {
    /// The real router for the same configuration.
    pub fn router(&self) -> Router {
        let upstreams: Vec<_> = (0..)
            .zip(&self.ports)
            .map(|(index, port)| {
                let own = self.prefixes.iter().filter(|(_, upstream)| *upstream == index);
                let cidrs: Vec<_> = own.map(|(prefix, _)| prefix.text()).collect();
                serde_json::json!({"cidrs": cidrs, "host": format!("h{index}"), "port": port})
            })
            .collect();
        let mut config = serde_json::json!({"secret": self.keys.join(" "), "upstreams": upstreams});
        if let Some(name) = &self.cookie_name {
            config["cookie_name"] = name.clone().into();
        }
        Router::from_json(config.to_string().as_bytes()).unwrap()
    }

    /// Tries the keys one by one, each with its own cipher.
    fn open(&self, token: &[u8]) -> Result<(IpAddr, u32), Reason> {
        let mut reason = Reason::Refused;
        for (index, key) in self.keys.iter().enumerate() {
            match TokenCipher::new(key.as_bytes()).unwrap().decode(token) {
                Ok(opened) => return Ok((opened.address, index as u32)),
                Err(TokenError::Format) => reason = Reason::Malformed,
                Err(_) => (),
            }
        }
        Err(reason)
    }

    fn upstream(&self, address: IpAddr) -> Option<u32> {
        let prefixes: Vec<_> = self.prefixes.iter().map(|(prefix, _)| prefix.clone()).collect();
        lookup(&prefixes, address).map(|index| self.prefixes[index].1)
    }

    pub fn decide(&self, path: &[u8], cookies: &[u8]) -> Decision {
        let mut decision = Decision {
            kind: Kind::Any,
            reason: Reason::NoCookie,
            upstream: None,
            key: None,
            port: 0,
            path: PathKind::Page,
            address: None,
        };
        let path = path.split(|byte| *byte == b'?').next().unwrap();
        // A target may be a whole URL.
        let scheme = path.windows(3).position(|three| three == b"://").filter(|end| {
            let others = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            path[0].is_ascii_alphabetic() && path[..*end].iter().all(others)
        });
        let path = scheme.map_or(path, |end| {
            let rest = &path[end + 3..];
            &rest[rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len())..]
        });
        let segments: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        if segments.len() >= 3 && segments[0].is_empty() && segments[1] == b"~" && !segments[2].is_empty() {
            decision.path = match (segments.get(3), segments.len()) {
                (Some(&b"s"), 5..) => PathKind::Sync,
                (Some(&b"h"), 5..) => PathKind::Hook,
                (Some(&b"u"), 5..) => PathKind::History,
                (Some(&b"r"), 5..) => PathKind::Resource,
                _ => PathKind::Other,
            };
            decision.kind = Kind::Gone;
            match self.open(segments[2]) {
                Err(reason) => decision.reason = reason,
                Ok((address, key)) => {
                    (decision.address, decision.key) = (Some(address), Some(key));
                    decision.upstream = self.upstream(address);
                    decision.reason = Reason::NoCidr;
                    if let Some(upstream) = decision.upstream {
                        decision.kind = Kind::Pod;
                        decision.reason = Reason::None;
                        decision.port = self.ports[upstream as usize];
                    }
                }
            }
            return decision;
        }
        if let Some(name) = &self.cookie_name {
            let mut tried = 0;
            for pair in cookies.split(|byte| *byte == b';') {
                let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { continue };
                if pair[..equals].trim_ascii() != name.as_bytes() {
                    continue;
                }
                decision.reason = Reason::CookieUnusable;
                let value = pair[equals + 1..].trim_ascii();
                let quoted = value.len() > 1 && value.starts_with(b"\"") && value.ends_with(b"\"");
                let value = if quoted { &value[1..value.len() - 1] } else { value };
                if value.len() != 43 && value.len() != 59 {
                    continue;
                }
                tried += 1;
                if tried > 8 {
                    break;
                }
                if let Ok((address, key)) = self.open(value)
                    && let Some(upstream) = self.upstream(address)
                {
                    return Decision {
                        kind: Kind::Upstream,
                        reason: Reason::Cookie,
                        upstream: Some(upstream),
                        key: Some(key),
                        port: self.ports[upstream as usize],
                        path: PathKind::Page,
                        address: Some(address),
                    };
                }
            }
        }
        if self.ports.len() == 1 {
            return Decision {
                kind: Kind::Upstream,
                reason: Reason::OnlyUpstream,
                upstream: Some(0),
                port: self.ports[0],
                ..decision
            };
        }
        decision
    }
}
