//! Runs the vectors in tests/vectors, which all languages of this repository must satisfy.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doors_routing::{CidrList, Router, Status, TokenCipher, TokenError};
use serde_json::Value;

/// A file of vectors, and the names of those that failed.
struct Vectors {
    file: Value,
    checked: usize,
    failed: Vec<String>,
}

impl Vectors {
    fn read(name: &str) -> Self {
        let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let file = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        Vectors { file, checked: 0, failed: Vec::new() }
    }

    /// Checks each vector of a list. `check` returns what is wrong.
    fn each(&mut self, list: &str, check: impl Fn(&Value) -> Result<(), String>) {
        for vector in not_empty(&self.file, list) {
            self.checked += 1;
            if let Err(wrong) = check(vector) {
                self.failed.push(format!("{list}: {}: {wrong}", vector["name"]));
            }
        }
    }
}

impl Drop for Vectors {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let failed = &self.failed;
            assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), self.checked, failed.join("\n"));
        }
    }
}

/// A list, which must not be empty.
fn not_empty<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    let list = of[name].as_array().unwrap_or_else(|| panic!("no list {name}"));
    assert!(!list.is_empty(), "the list {name} is empty");
    list
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: got {got:?}, expected {expected:?}")) }
}

/// The bytes of a member, which may be given in base64 instead.
fn bytes(vector: &Value, member: &str) -> Vec<u8> {
    match vector.get(format!("{member}_base64")) {
        Some(encoded) => STANDARD.decode(encoded.as_str().expect("a string")).expect("base64"),
        None => vector[member].as_str().unwrap_or_else(|| panic!("{vector}: no string {member}")).as_bytes().to_vec(),
    }
}

fn number(vector: &Value, member: &str) -> u32 {
    optional(vector, member).unwrap_or_else(|| panic!("{vector}: no number {member}"))
}

fn optional(vector: &Value, member: &str) -> Option<u32> {
    let value = vector.get(member).unwrap_or_else(|| panic!("{vector}: no member {member}"));
    if value.is_null() { None } else { Some(value.as_u64().expect("a number").try_into().expect("32 bits")) }
}

fn strings<'a>(vector: &'a Value, member: &str) -> Vec<&'a str> {
    let list = vector[member].as_array().unwrap_or_else(|| panic!("{vector}: no list {member}"));
    list.iter().map(|item| item.as_str().expect("a string")).collect()
}

fn contains(message: &str, vector: &Value) -> Result<(), String> {
    match strings(vector, "contains").iter().find(|part| !message.contains(**part)) {
        None => Ok(()),
        Some(part) => Err(format!("{message:?} does not contain {part:?}")),
    }
}

fn refusal<T>(result: Result<T, doors_routing::Error>) -> Result<doors_routing::Error, String> {
    result.err().ok_or_else(|| "accepted".to_string())
}

#[test]
fn tokens() {
    let mut vectors = Vectors::read("tokens");
    let cipher = |vector: &Value| TokenCipher::new(&bytes(vector, "secret")).map_err(|error| error.to_string());
    vectors.each("accepted", |vector| {
        let opened = cipher(vector)?.decode(&bytes(vector, "token")).map_err(|error| error.to_string())?;
        same("address", opened.address.to_string().as_str(), vector["address"].as_str().unwrap())
    });
    vectors.each("encoded", |vector| {
        let cipher = cipher(vector)?;
        let address: IpAddr = vector["address"].as_str().unwrap().parse().unwrap();
        let token = cipher.encode(address).map_err(|error| error.to_string())?;
        same("length", token.as_bytes().len() as u32, number(vector, "length"))?;
        let opened = cipher.decode(token.as_bytes()).map_err(|error| error.to_string())?;
        same("key", opened.key, 0)?;
        same("address", opened.address.to_string().as_str(), vector["decodes_to"].as_str().unwrap())
    });
    vectors.each("refused", |vector| {
        let expected = match vector["error"].as_str().unwrap() {
            "base64" => TokenError::Format,
            "cipher" => TokenError::Refused,
            other => return Err(format!("unknown error {other}")),
        };
        same("error", cipher(vector)?.decode(&bytes(vector, "token")).err(), Some(expected))
    });
}

#[test]
fn secrets() {
    let mut vectors = Vectors::read("secrets");
    vectors.each("accepted", |vector| {
        let cipher = TokenCipher::new(&bytes(vector, "secret")).map_err(|error| error.to_string())?;
        let ids: Vec<&str> = cipher.key_ids().iter().map(|id| id.as_str()).collect();
        same("key ids", ids, strings(vector, "key_ids"))
    });
    vectors.each("refused", |vector| {
        let secret = bytes(vector, "secret");
        let error = refusal(TokenCipher::new(&secret))?;
        same("status", error.status, Status::Secret)?;
        same("index", error.index, optional(vector, "index"))?;
        let text = String::from_utf8_lossy(&secret).into_owned();
        match text.split_whitespace().find(|key| key.len() > 4 && error.message.contains(*key)) {
            Some(_) => Err(format!("the message holds a key: {error}")),
            None => Ok(()),
        }
    });
}

#[test]
fn cidrs() {
    let mut vectors = Vectors::read("cidrs");
    vectors.each("tables", |vector| {
        let list = CidrList::new(strings(vector, "cidrs").join(" ").as_bytes()).map_err(|error| error.to_string())?;
        for lookup in not_empty(vector, "lookups") {
            let address = lookup["address"].as_str().unwrap();
            same(address, list.lookup(address.parse().expect("an address")), optional(lookup, "index"))?;
        }
        Ok(())
    });
    vectors.each("refused", |vector| {
        let error = refusal(CidrList::new(strings(vector, "cidrs").join(" ").as_bytes()))?;
        same("status", error.status, Status::Cidr)?;
        same("index", error.index, optional(vector, "index"))?;
        contains(&error.message, vector)
    });
}

#[test]
fn decisions() {
    let mut vectors = Vectors::read("decisions");
    vectors.each("routers", |vector| {
        let json = serde_json::to_vec(&vector["config"]).unwrap();
        let router = Router::from_json(&json).map_err(|error| error.to_string())?;
        for request in not_empty(vector, "requests") {
            let decision = router.decide(&bytes(request, "path"), &bytes(request, "cookies"));
            let check = || {
                same("kind", decision.kind as u32, number(request, "kind"))?;
                same("reason", decision.reason as u32, number(request, "reason"))?;
                same("upstream", decision.upstream, optional(request, "upstream"))?;
                same("key", decision.key, optional(request, "key"))?;
                same("port", u32::from(decision.port), number(request, "port"))?;
                same("path_kind", decision.path as u32, number(request, "path_kind"))?;
                let address = decision.address.map(|address| address.to_string());
                same("address", address.as_deref(), request["address"].as_str())
            };
            check().map_err(|wrong| format!("{}: {wrong}", request["name"]))?;
        }
        Ok(())
    });
}

#[test]
fn config() {
    let mut vectors = Vectors::read("config");
    vectors.each("accepted", |vector| {
        let router = Router::from_json(&bytes(vector, "json")).map_err(|error| error.to_string())?;
        same("upstreams", router.upstreams().len() as u32, number(vector, "upstreams"))?;
        let expected = vector["warnings"].as_array().expect("warnings");
        same("warnings", router.warnings().len(), expected.len())?;
        for (warning, parts) in router.warnings().iter().zip(expected) {
            for part in parts.as_array().expect("parts") {
                let part = part.as_str().expect("a string");
                if !warning.message.contains(part) {
                    return Err(format!("{warning} does not contain {part:?}"));
                }
            }
        }
        Ok(())
    });
    vectors.each("refused", |vector| {
        let error = refusal(Router::from_json(&bytes(vector, "json")))?;
        contains(&error.message, vector)?;
        same("status", error.status as u32, number(vector, "status")).map_err(|wrong| format!("{wrong} ({error})"))?;
        same("index", error.index, optional(vector, "index")).map_err(|wrong| format!("{wrong} ({error})"))?;
        match strings(vector, "never").iter().find(|never| error.message.contains(**never)) {
            Some(_) => Err(format!("the message holds what it never may: {error}")),
            None => Ok(()),
        }
    });
}
