//! Random configurations and requests, decided by the router and by a slow model that is easy to believe.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use doors_caddy::{CidrList, Decision, Kind, PathKind, Reason, Router, TokenCipher, TokenError};
use proptest::collection::vec;
use proptest::prelude::*;

const KEYS: [&str; 3] =
    ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "AAECAwQFBgcICQoLDA0ODw=="];

/// A CIDR as the model sees it: the bits of an address and how many of them count.
#[derive(Clone, Debug, PartialEq)]
struct Prefix {
    bits: String,
    four: bool,
}

impl Prefix {
    fn holds(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.four && bits(address).starts_with(&self.bits)
    }

    fn text(&self) -> String {
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

fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:032b}", u32::from(address)),
        IpAddr::V6(address) => format!("{:0128b}", u128::from(address)),
    }
}

/// The model of a lookup: look at all, keep the longest.
fn model_lookup(prefixes: &[Prefix], address: IpAddr) -> Option<usize> {
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

/// Few different bits, so that prefixes overlap and addresses hit them.
fn prefix() -> impl Strategy<Value = Prefix> {
    (any::<bool>(), any::<u32>(), 0..=32usize).prop_map(|(four, seed, length)| {
        let address = if four { IpAddr::from(near(seed)) } else { IpAddr::from(near6(seed)) };
        let length = if four { length } else { length * 4 };
        Prefix { bits: bits(address)[..length].to_string(), four }
    })
}

fn near(seed: u32) -> Ipv4Addr {
    let base = u32::from(Ipv4Addr::new(10, 0, 0, 0));
    let flip = 1u32.checked_shl(seed % 40).unwrap_or(0) | 1u32.checked_shl((seed >> 8) % 40).unwrap_or(0);
    Ipv4Addr::from(base ^ flip)
}

fn near6(seed: u32) -> Ipv6Addr {
    let base: u128 = 0x2001_0db8 << 96;
    let flip = 1u128.checked_shl(seed % 150).unwrap_or(0) | 1u128.checked_shl((seed >> 8) % 150).unwrap_or(0);
    Ipv6Addr::from(base ^ flip)
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        8 => any::<u32>().prop_map(|seed| IpAddr::from(near(seed))),
        6 => any::<u32>().prop_map(|seed| IpAddr::from(near6(seed))),
        2 => any::<u32>().prop_map(|seed| IpAddr::from(near(seed).to_ipv6_mapped())),
        1 => any::<u32>().prop_map(|bits| IpAddr::from(Ipv4Addr::from(bits))),
        1 => prop::sample::select(vec!["0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1", "::1"])
            .prop_map(|text| text.parse().unwrap()),
    ]
}

fn prefixes() -> impl Strategy<Value = Vec<Prefix>> {
    vec(prefix(), 1..40).prop_map(|mut all| {
        let mut kept: Vec<Prefix> = Vec::new();
        while let Some(prefix) = all.pop() {
            if !kept.contains(&prefix) {
                kept.push(prefix);
            }
        }
        kept
    })
}

/// A router as the model sees it.
#[derive(Debug, Clone)]
struct Model {
    keys: Vec<usize>,
    cookie_name: Option<String>,
    /// For each CIDR its upstream; upstream i has port 1000 + i.
    prefixes: Vec<(Prefix, u32)>,
    upstreams: u32,
}

impl Model {
    fn router(&self) -> Router {
        let secret: Vec<_> = self.keys.iter().map(|key| KEYS[*key]).collect();
        let upstreams: Vec<_> = (0..self.upstreams)
            .map(|index| {
                let own = self.prefixes.iter().filter(|(_, upstream)| *upstream == index);
                let cidrs: Vec<_> = own.map(|(prefix, _)| prefix.text()).collect();
                serde_json::json!({"cidrs": cidrs, "host": format!("h{index}"), "port": 1000 + index})
            })
            .collect();
        let mut config = serde_json::json!({"secret": secret.join(" "), "upstreams": upstreams});
        if let Some(name) = &self.cookie_name {
            config["cookie_name"] = name.clone().into();
        }
        Router::from_json(config.to_string().as_bytes()).unwrap()
    }

    /// Tries the keys one by one, each with a cipher of its own.
    fn open(&self, token: &str) -> Result<(IpAddr, u32), Reason> {
        let mut reason = Reason::Refused;
        for (index, key) in self.keys.iter().enumerate() {
            match TokenCipher::new(KEYS[*key].as_bytes()).unwrap().decode(token.as_bytes()) {
                Ok(opened) => return Ok((opened.address, index as u32)),
                Err(TokenError::Format) => reason = Reason::Malformed,
                Err(_) => (),
            }
        }
        Err(reason)
    }

    fn upstream(&self, address: IpAddr) -> Option<u32> {
        let prefixes: Vec<_> = self.prefixes.iter().map(|(prefix, _)| prefix.clone()).collect();
        model_lookup(&prefixes, address).map(|index| self.prefixes[index].1)
    }

    fn decide(&self, path: &str, cookies: &str) -> Decision {
        let mut decision = Decision {
            kind: Kind::Any,
            reason: Reason::NoCookie,
            upstream: None,
            key: None,
            port: 0,
            path: PathKind::Page,
            address: None,
        };
        let segments: Vec<&str> = path.split('/').collect();
        if segments.len() >= 3 && segments[0].is_empty() && segments[1] == "~" && !segments[2].is_empty() {
            decision.path = match (segments.get(3), segments.len()) {
                (Some(&"s"), 5..) => PathKind::Sync,
                (Some(&"h"), 5..) => PathKind::Hook,
                (Some(&"u"), 5..) => PathKind::History,
                (Some(&"r"), 5..) => PathKind::Resource,
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
                        decision.port = 1000 + upstream as u16;
                    }
                }
            }
            return decision;
        }
        if let Some(name) = &self.cookie_name {
            let mut tried = 0;
            for pair in cookies.split(';') {
                let Some((found, value)) = pair.split_once('=') else { continue };
                if found.trim() != name {
                    continue;
                }
                decision.reason = Reason::CookieUnusable;
                let value = value.trim();
                let quoted = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
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
                        kind: Kind::Server,
                        reason: Reason::Cookie,
                        upstream: Some(upstream),
                        key: Some(key),
                        port: 1000 + upstream as u16,
                        path: PathKind::Page,
                        address: Some(address),
                    };
                }
            }
        }
        if self.upstreams == 1 {
            return Decision {
                kind: Kind::Server,
                reason: Reason::OnlyUpstream,
                upstream: Some(0),
                port: 1000,
                ..decision
            };
        }
        decision
    }
}

fn model() -> impl Strategy<Value = Model> {
    let keys = prop::sample::subsequence(vec![0, 1, 2], 1..=3).prop_shuffle();
    let name = prop::option::of(prop::sample::select(vec!["up", "a", "__Host-up"]));
    (keys, name, prefixes(), vec(any::<u32>(), 40), 1..5u32).prop_map(|(keys, name, prefixes, seeds, most)| {
        let upstreams = most.min(prefixes.len() as u32);
        // The first ones make sure that each upstream has a CIDR.
        let owner = |index: usize| if (index as u32) < upstreams { index as u32 } else { seeds[index] % upstreams };
        let prefixes = prefixes.into_iter().enumerate().map(|(index, prefix)| (prefix, owner(index))).collect();
        let cookie_name = name.map(str::to_string).or_else(|| (upstreams > 1).then(|| "up".into()));
        Model { keys, cookie_name, prefixes, upstreams }
    })
}

/// A token of any of the three keys, or something close to one.
fn token() -> impl Strategy<Value = String> {
    let made = (0..3usize, address())
        .prop_map(|(key, address)| {
            TokenCipher::new(KEYS[key].as_bytes()).unwrap().encode(address).unwrap().as_str().to_string()
        })
        .boxed();
    let changed =
        (made.clone(), any::<prop::sample::Index>(), prop::sample::select(vec!['A', 'B', '+', '=', ' ', '%']))
            .prop_map(|(token, index, character)| {
                let mut characters: Vec<char> = token.chars().collect();
                let index = index.index(characters.len());
                characters[index] = character;
                characters.into_iter().collect()
            });
    prop_oneof![6 => made, 2 => changed, 1 => "[A-Za-z0-9_-]{0,60}", 1 => "[ -~]{0,60}"]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (token(), prop::sample::select(vec!["", "/", "/s/1", "/s", "/h/1/2", "/u/x", "/r/a.js", "/x/y", "//s/"]))
            .prop_map(|(token, rest)| format!("/~/{token}{rest}")),
        1 => prop::sample::select(vec!["", "/", "/~/", "/~", "/~//s/1", "/a/~/b", "/%7E/x/s/1", "*"]).prop_map(String::from),
        1 => "[/~a-z%]{0,12}",
    ]
}

fn cookies() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["up", "a", "__Host-up", "UP", "upstream", " up ", ""]);
    let pair = (name, token(), 0..4u8).prop_map(|(name, value, form)| match form {
        0 => format!("{name}=\"{value}\""),
        1 => name.to_string(),
        _ => format!("{name}={value}"),
    });
    (vec(pair, 0..12), prop::sample::select(vec!["; ", ";", " ; "])).prop_map(|(pairs, between)| pairs.join(between))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lookups_are_those_of_a_linear_scan(prefixes in prefixes(), addresses in vec(address(), 1..40)) {
        let text: Vec<_> = prefixes.iter().map(Prefix::text).collect();
        let list = CidrList::new(text.join(" ").as_bytes()).unwrap();
        for address in addresses {
            let expected = model_lookup(&prefixes, address).map(|index| index as u32);
            prop_assert_eq!(list.lookup(address), expected, "{} in {:?}", address, text);
        }
    }

    #[test]
    fn decisions_are_those_of_the_model(model in model(), requests in vec((path(), cookies()), 1..12)) {
        let router = model.router();
        for (path, cookies) in requests {
            prop_assert_eq!(
                router.decide(path.as_bytes(), cookies.as_bytes()),
                model.decide(&path, &cookies),
                "{} {}", path, cookies
            );
        }
    }

    #[test]
    fn tokens_come_back(key in 0..3usize, address in address()) {
        let cipher = TokenCipher::new(KEYS[key].as_bytes()).unwrap();
        let token = cipher.encode(address).unwrap();
        prop_assert_eq!(cipher.decode(token.as_bytes()).unwrap().address, address.to_canonical());
    }

    #[test]
    fn no_input_panics(bytes in vec(any::<u8>(), 0..300), text in "\\PC{0,200}") {
        let json = format!(r#"{{"secret": "{}", "upstreams": [{{"cidr": "10.0.0.0/8", "host": "a", "port": 1}}]}}"#, KEYS[0]);
        let router = Router::from_json(json.as_bytes()).unwrap();
        router.decide(&bytes, &bytes);
        router.decide(text.as_bytes(), text.as_bytes());
        for input in [&bytes[..], text.as_bytes()] {
            let _ = Router::from_json(input);
            let _ = CidrList::new(input);
            let _ = TokenCipher::new(input);
        }
    }
}
