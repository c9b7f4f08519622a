//! Tests that Cargo.toml, the header, the ABI description, the SONAME and CHANGELOG.md agree on the version
//! and the numbers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use doors_caddy::numbers::DOORS_ABI;
use serde_json::Value;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(path: &str) -> String {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join(path);
    fs::read_to_string(&full).unwrap_or_else(|error| panic!("{}: {error}", full.display()))
}

fn description() -> Value {
    serde_json::from_str(&read("rust/capi/abi.json")).unwrap()
}

/// Parses `#define NAME VALUE` and `NAME = VALUE,` in the header.
fn numbers() -> BTreeMap<String, String> {
    let header = read("include/doors_caddy.h");
    let number = |line: &str| {
        let (name, value) = match line.strip_prefix("#define ") {
            Some(definition) => definition.split_once(' ')?,
            None => line.trim_start().strip_suffix(',')?.split_once(" = ")?,
        };
        (name.starts_with("DOORS_") && !name.contains('(')).then(|| (name.to_owned(), value.to_owned()))
    };
    header.lines().filter_map(number).filter(|(name, _)| name != "DOORS_CADDY_H").collect()
}

/// Below 1.0, a minor version may break programs. After that, only a major version may.
fn soname(version: &str) -> String {
    let parts: Vec<&str> = version.split('.').collect();
    let significant = if parts[0] == "0" { &parts[..2] } else { &parts[..1] };
    format!("libdoors_caddy.so.{}", significant.join("."))
}

/// The versions in CHANGELOG.md, newest first, each with the number after `ABI:`.
fn releases() -> Vec<(String, u32)> {
    let changelog = read("CHANGELOG.md");
    let sections = changelog.split("\n## [").skip(1);
    sections
        .filter(|section| !section.starts_with("Unreleased"))
        .map(|section| {
            let version = section.split(']').next().unwrap();
            let line = section.lines().find_map(|line| line.strip_prefix("ABI: "));
            let line = line.unwrap_or_else(|| panic!("CHANGELOG.md: {version} has no line \"ABI: <number>, ...\""));
            let number = line.split(|c: char| !c.is_ascii_digit()).next().unwrap();
            (version.into(), number.parse().unwrap_or_else(|_| panic!("CHANGELOG.md: {version}: ABI: {line}")))
        })
        .collect()
}

#[test]
fn header() {
    let numbers = numbers();
    let parts: Vec<&str> = VERSION.split('.').collect();
    assert_eq!(numbers["DOORS_VERSION"], format!("\"{VERSION}\""));
    assert_eq!(numbers["DOORS_VERSION_MAJOR"], parts[0]);
    assert_eq!(numbers["DOORS_VERSION_MINOR"], parts[1]);
    assert_eq!(numbers["DOORS_VERSION_PATCH"], parts[2]);
    assert_eq!(numbers["DOORS_ABI"], DOORS_ABI.to_string());
}

#[test]
fn every_number_is_described() {
    let described: BTreeMap<String, String> = serde_json::from_value(description()["constants"].clone()).unwrap();
    let mut numbers = numbers();
    numbers.retain(|name, _| !name.starts_with("DOORS_VERSION"));
    assert_eq!(numbers, described);
    assert!(described.len() > 50, "only {} numbers", described.len());
}

#[test]
fn interface() {
    let description = description();
    assert_eq!(description["abi"], DOORS_ABI);
    assert_eq!(description["soname"], soname(VERSION));
}

#[test]
fn changelog() {
    let releases = releases();
    let newest = releases.first().expect("CHANGELOG.md names no version");
    assert_eq!(*newest, (VERSION.to_owned(), DOORS_ABI), "the newest version in CHANGELOG.md");
    for pair in releases.windows(2) {
        let ((new, new_abi), (old, old_abi)) = (&pair[0], &pair[1]);
        assert!(new_abi >= old_abi, "{new} goes back to ABI {new_abi}");
        assert!(
            new_abi == old_abi || soname(new) != soname(old),
            "{new} changes the ABI of {old} and keeps its SONAME"
        );
    }
}

/// Tests are always compiled to unwind on a panic. So must be the released library, because an abort would
/// end the calling process.
#[test]
fn no_profile_aborts() {
    let manifest = read("Cargo.toml");
    assert!(!manifest.lines().any(|line| line.trim_start().starts_with("panic")), "a profile sets `panic`");
}
