//! Fuzzes decisions and compares them with a slow model. The input is the number of a router from the
//! vectors, a path, a line feed, and cookies. Bytes 0x80 to 0xbf stand for valid tokens, because random
//! mutations do not produce any.

use std::net::IpAddr;
use std::sync::LazyLock;

use doors_routing::{Kind, Reason, Router, TokenCipher};
use serde_json::Value;

use crate::cidrs::prefix;
use crate::model::Model;

/// Addresses inside and outside the CIDRs of the routers.
const ADDRESSES: [&str; 16] = [
    "10.0.0.1",
    "10.0.0.255",
    "10.0.1.0",
    "10.0.1.9",
    "10.1.2.3",
    "10.1.2.4",
    "10.1.2.200",
    "192.168.3.4",
    "172.16.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "2001:db8::1",
    "2001:db8:1::1",
    "2001:db9::1",
    "::",
];

struct Subject {
    router: Router,
    model: Model,
    /// Created with each of its keys in turn.
    tokens: Vec<String>,
}

static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    let vectors: Value = serde_json::from_str(include_str!("../../../tests/vectors/decisions.json")).unwrap();
    vectors["routers"].as_array().unwrap().iter().map(|vector| subject(&vector["config"])).collect()
});

fn subject(config: &Value) -> Subject {
    let keys: Vec<String> = config["secret"].as_str().unwrap().split_whitespace().map(String::from).collect();
    let mut model =
        Model { keys, cookie_name: config["cookie_name"].as_str().map(String::from), prefixes: vec![], ports: vec![] };
    for (index, upstream) in (0..).zip(config["upstreams"].as_array().unwrap()) {
        model.ports.push(upstream["port"].as_u64().unwrap() as u16);
        let one = upstream["cidr"].as_str().into_iter();
        let several = upstream["cidrs"].as_array().into_iter().flatten().filter_map(Value::as_str);
        model.prefixes.extend(one.chain(several).map(|cidr| (prefix(cidr).unwrap(), index)));
    }
    let tokens = (0..64)
        .map(|index| {
            let cipher = TokenCipher::new(model.keys[index / 16 % model.keys.len()].as_bytes()).unwrap();
            let address: IpAddr = ADDRESSES[index % 16].parse().unwrap();
            cipher.encode(address).unwrap().as_str().to_string()
        })
        .collect();
    Subject { router: model.router(), model, tokens }
}

/// Runs one input.
pub fn run(input: &[u8]) -> bool {
    let Some((number, text)) = input.split_first() else { return false };
    let subject = &SUBJECTS[usize::from(*number) % SUBJECTS.len()];
    let mut text: Vec<u8> = text
        .iter()
        .flat_map(|byte| match byte {
            0x80..=0xbf => subject.tokens[usize::from(byte - 0x80)].as_bytes().to_vec(),
            other => vec![*other],
        })
        .collect();
    let path = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let cookies = text.split_off(path);
    let cookies = cookies.get(1..).unwrap_or_default();
    let decision = subject.router.decide(&text, cookies);
    assert_eq!(decision, subject.model.decide(&text, cookies));
    assert_eq!(decision, subject.router.decide(&text, cookies), "the same twice");
    if let Some(upstream) = decision.upstream {
        assert_eq!(decision.port, subject.router.upstreams()[upstream as usize].port);
    }
    decision.kind == Kind::Pod || decision.reason == Reason::Cookie
}
