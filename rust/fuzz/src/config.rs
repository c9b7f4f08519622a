//! Fuzzes the configuration parser with JSON. An accepted configuration must have the values that a general
//! JSON parser reads. Serialised and parsed again, it must decide in the same way. The error for a rejected
//! configuration must not contain any part of its secret.

use doors_routing::{Error, Router, Status, TokenCipher};
use serde_json::Value;

use crate::cidrs::prefix;
use crate::model::{self, Prefix};

/// Checks that a message is one line and contains no part of the secret.
fn check_message(error: &Error, json: &[u8]) {
    assert!(!error.message.is_empty());
    assert!(!error.message.chars().any(|character| character.is_control()), "{:?}", error.message);
    let Ok(config) = serde_json::from_slice::<Value>(json) else { return };
    for word in config["secret"].as_str().unwrap_or_default().split_whitespace() {
        for part in word.as_bytes().windows(24) {
            // Only real keys count, not 24 spaces or a word of the message itself.
            let part = str::from_utf8(part).unwrap_or("\n");
            let is_key = TokenCipher::new(part.as_bytes()).is_ok() || TokenCipher::new(word.as_bytes()).is_ok();
            assert!(!is_key || !error.message.contains(part), "{:?}", error.message);
        }
    }
}

fn texts(upstream: &Value) -> impl Iterator<Item = &str> {
    let several = upstream["cidrs"].as_array().into_iter().flatten();
    upstream["cidr"].as_str().into_iter().chain(several.filter_map(Value::as_str))
}

fn check_accepted(router: &Router, json: &[u8]) {
    let config: Value = serde_json::from_slice(json).expect("an accepted input is JSON");
    let members: Vec<_> = config.as_object().unwrap().keys().collect();
    assert!(members.iter().all(|name| ["secret", "cookie_name", "upstreams", "source"].contains(&name.as_str())));
    TokenCipher::new(config["secret"].as_str().unwrap().as_bytes()).unwrap();
    let upstreams = config["upstreams"].as_array().unwrap();
    assert_eq!(upstreams.len(), router.upstreams().len());
    let mut prefixes: Vec<(Prefix, u32)> = Vec::new();
    for ((index, value), real) in (0..).zip(upstreams).zip(router.upstreams()) {
        let one = value["host"].as_str().into_iter();
        let hosts: Vec<_> =
            one.chain(value["hosts"].as_array().into_iter().flatten().filter_map(Value::as_str)).collect();
        assert_eq!(hosts, real.hosts);
        assert!(value.get("host").is_some() != value.get("hosts").is_some());
        assert_eq!(value["port"], real.port);
        assert!(value.get("cidr").is_some() != value.get("cidrs").is_some());
        prefixes.extend(texts(value).map(|cidr| (prefix(cidr).expect("an accepted value is a CIDR"), index)));
    }
    let again = Router::from_json(config.to_string().as_bytes()).unwrap();
    assert_eq!(router.upstreams(), again.upstreams());
    assert_eq!(router.warnings(), again.warnings());
    let bare: Vec<Prefix> = prefixes.iter().map(|(prefix, _)| prefix.clone()).collect();
    for (prefix, _) in &prefixes {
        let address = prefix.text().split_once('/').unwrap().0.parse().unwrap();
        let expected = model::lookup(&bare, address).map(|index| prefixes[index].1);
        assert_eq!(router.lookup(address), expected);
        assert_eq!(again.lookup(address), expected);
    }
}

/// Runs one input.
pub fn run(input: &[u8]) -> bool {
    match Router::from_json(input) {
        Ok(router) => {
            router.warnings().iter().for_each(|warning| check_message(warning, input));
            check_accepted(&router, input);
            true
        }
        Err(error) => {
            assert!(matches!(error.status, Status::Secret | Status::Cidr | Status::Config));
            check_message(&error, input);
            assert_eq!(Router::from_json(input).map(drop).unwrap_err(), error, "the same twice");
            false
        }
    }
}
