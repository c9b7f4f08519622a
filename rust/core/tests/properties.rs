//! Compares the decisions of the router and of a slow, simple model for random configurations and requests.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use doors_routing::{CidrList, Router, TokenCipher};
use proptest::collection::vec;
use proptest::prelude::*;

mod model;

use model::{Model, Prefix, bits};

const KEYS: [&str; 3] =
    ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "AAECAwQFBgcICQoLDA0ODw=="];

/// Few different bits, so that prefixes overlap and addresses match them.
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

fn model() -> impl Strategy<Value = Model> {
    let keys = prop::sample::subsequence(vec![0, 1, 2], 1..=3).prop_shuffle();
    let name = prop::option::of(prop::sample::select(vec!["up", "a", "__Host-up"]));
    (keys, name, prefixes(), vec(any::<u32>(), 40), 1..5u32).prop_map(|(keys, name, prefixes, seeds, most)| {
        let upstreams = most.min(prefixes.len() as u32);
        // The first ones give each upstream a CIDR.
        let owner = |index: usize| if (index as u32) < upstreams { index as u32 } else { seeds[index] % upstreams };
        let prefixes = prefixes.into_iter().enumerate().map(|(index, prefix)| (prefix, owner(index))).collect();
        let cookie_name = name.map(str::to_string).or_else(|| (upstreams > 1).then(|| "up".into()));
        let keys = keys.into_iter().map(|key: usize| KEYS[key].to_string()).collect();
        Model { keys, cookie_name, prefixes, ports: (1000..1000 + upstreams as u16).collect() }
    })
}

/// A token of any of the three keys, or something similar.
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
        6 => (token(), prop::sample::select(vec!["", "/", "/s/1", "/s", "/h/1/2", "/u/x", "/r/a.js", "/x/y", "//s/", "?/s/1", "/s/1?a=/"]),
              prop::sample::select(vec!["", "", "", "http://a", "http://", "http:/"]))
            .prop_map(|(token, rest, front)| format!("{front}/~/{token}{rest}")),
        1 => prop::sample::select(vec!["", "/", "/~/", "/~", "/~//s/1", "/a/~/b", "/%7E/x/s/1", "*", "http://a", "http://a?/~/b"]).prop_map(String::from),
        1 => "[/~a-z%?]{0,12}",
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
            let expected = model::lookup(&prefixes, address).map(|index| index as u32);
            prop_assert_eq!(list.lookup(address), expected, "{} in {:?}", address, text);
        }
    }

    #[test]
    fn decisions_are_those_of_the_model(model in model(), requests in vec((path(), cookies()), 1..12)) {
        let router = model.router();
        // The second time, the router has cached the tokens. The model never does.
        for (path, cookies) in requests.iter().chain(&requests) {
            prop_assert_eq!(
                router.decide(path.as_bytes(), cookies.as_bytes()),
                model.decide(path.as_bytes(), cookies.as_bytes()),
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

#[test]
fn more_tokens_than_a_router_remembers() {
    let cipher = TokenCipher::new(KEYS[0].as_bytes()).unwrap();
    let upstreams =
        (0..8).map(|index| format!(r#"{{"cidr": "10.{index}.0.0/16", "host": "h", "port": {}}}"#, index + 1));
    let upstreams = upstreams.collect::<Vec<_>>().join(",");
    let json = format!(r#"{{"secret": "{}", "cookie_name": "up", "upstreams": [{upstreams}]}}"#, KEYS[0]);
    let router = Router::from_json(json.as_bytes()).unwrap();
    // No CIDR covers two of the ten second bytes.
    let requests = (0..3000u16).map(|number| {
        let address = IpAddr::from([10, (number % 10) as u8, (number >> 8) as u8, number as u8]);
        let path = format!("/~/{}/s/1", cipher.encode(address).unwrap().as_str());
        let upstream = u32::from(number % 10);
        (path, address, (upstream < 8).then_some(upstream))
    });
    let requests: Vec<_> = requests.collect();
    std::thread::scope(|scope| {
        for thread in 0..4usize {
            let (router, requests) = (&router, &requests);
            // Coprime to 3000, so that each thread uses all of them in its own order, and each token again
            // soon after.
            let order = move |step: usize| (step / 2 + step % 2) * [1, 7, 11, 13][thread] % requests.len();
            scope.spawn(move || {
                for (path, address, upstream) in (0..12_000).map(|step| &requests[order(step)]) {
                    let decision = router.decide(path.as_bytes(), b"");
                    assert_eq!((decision.address, decision.key), (Some(*address), Some(0)));
                    assert_eq!(decision.upstream, *upstream);
                    assert_eq!(u32::from(decision.port), upstream.map_or(0, |upstream| upstream + 1));
                }
            });
        }
    });
}
