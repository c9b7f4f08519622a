//! A router and a source need less than 1 KB per upstream, and dropping them frees everything.

mod counting;

use std::fmt::Write;

use counting::kept;
use doors_routing::{Options, Router, Source, State};

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The maximum bytes per upstream that stay allocated.
const LIMIT: isize = 1024;

/// Formats the CIDRs of one upstream.
type Cidrs = fn(u32) -> String;

const ONE: Cidrs = |index| format!(r#""cidr": "10.{}.{}.{}/32""#, index >> 16, (index >> 8) & 255, index & 255);
const SIX: Cidrs = |index| format!(r#""cidr": "2001:db8:{:x}:{:x}::/64""#, index >> 16, index & 0xffff);
const BOTH: Cidrs = |index| {
    let [_, a, b, c] = index.to_be_bytes();
    format!(r#""cidrs": ["10.{a}.{b}.{c}/32", "2001:db8:{a:x}:{b:x}:{c:x}::/80"]"#)
};
/// Each causes a warning.
const LOOPBACK: Cidrs = |index| ONE(index).replacen("10.", "127.", 1);

fn config(count: u32, cidrs: Cidrs) -> String {
    let mut json = format!(r#"{{"secret": "{SECRET}", "cookie_name": "up", "upstreams": ["#);
    for index in 0..count {
        let comma = if index == 0 { "" } else { "," };
        let host = format!("app-{index}.namespace.svc.cluster.local.");
        write!(json, r#"{comma}{{{}, "host": "{host}", "port": 8080}}"#, cidrs(index)).unwrap();
    }
    json + "]}"
}

fn check(name: &str, cidrs: Cidrs, count: u32) {
    let json = config(count, cidrs);
    let (bytes, left) = kept(|| {
        let (router, bytes) = kept(|| Router::from_json(json.as_bytes()).unwrap());
        assert_eq!(router.upstreams().len(), count as usize);
        bytes
    });
    assert_eq!(left, 0, "{name}: a router that was dropped has left something");
    let each = bytes / count as isize;
    println!("{name}, {count} upstreams: {each} bytes each");
    assert!(each > 0 && each < LIMIT, "{name}, {count} upstreams: {each} bytes each");
}

#[test]
fn an_upstream_keeps_less_than_one_kilobyte() {
    for (name, cidrs) in [("IPv4", ONE), ("IPv6", SIX), ("both", BOTH), ("IPv4 with warnings", LOOPBACK)] {
        check(name, cidrs, 10_000);
    }
    check("both", BOTH, 100_000);
}

/// The maximum bytes per upstream for a source, in addition to the router, before a request uses it.
const SOURCE_LIMIT: isize = 832;

#[test]
fn a_source_adds_little_to_its_router() {
    for count in [20_000, 100_000] {
        let json = config(count, ONE);
        let state = State::default();
        let (_, left) = kept(|| {
            let router = Router::from_json(json.as_bytes()).unwrap();
            let (source, bytes) = kept(|| Source::new(&state, router, Options::default()));
            let each = bytes / count as isize;
            println!("{count} upstreams: {each} bytes each");
            assert!(each > 0 && each < SOURCE_LIMIT, "{count} upstreams: {each} bytes each");
            // An overlapping reload shares what it can.
            let router = Router::from_json(json.as_bytes()).unwrap();
            let (next, bytes) = kept(|| Source::new(&state, router, Options::default()));
            println!("{count} upstreams: {} bytes each for the next", bytes / count as isize);
            assert!(bytes < (count * 128) as isize, "{bytes} bytes for a second configuration");
            drop((source, next));
            state.due(0, 0, |_| panic!("a lookup"));
        });
        println!("{} bytes each are left", left / count as isize);
        assert!(left < 1 << 16, "{count} upstreams leave {left} bytes");
    }
}
