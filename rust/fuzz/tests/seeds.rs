//! Tests that the committed seeds violate no invariant and that enough of them are accepted. Otherwise a
//! fuzzer's figures would mean nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, panic};

use doors_caddy_fuzz::targets;

fn names(folder: PathBuf) -> BTreeSet<String> {
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_export_is_called() {
    let description = include_str!("../../capi/abi.json");
    let description: serde_json::Value = serde_json::from_str(description).unwrap();
    let calls = concat!(include_str!("../src/c_api.rs"), include_str!("../src/c_flow.rs"));
    let words: BTreeSet<&str> = calls.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()).collect();
    let missing: Vec<&String> =
        description["functions"].as_object().unwrap().keys().filter(|name| !words.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "the target c_api does not call {missing:?}");
}

#[test]
fn seeds_hold_and_reach_the_accept_path() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known: BTreeSet<String> = targets().into_keys().map(String::from).collect();
    assert_eq!(names(root.join("seeds")), known, "folders of seeds");
    let programs: BTreeSet<String> =
        names(root.join("fuzz_targets")).iter().map(|name| name.trim_end_matches(".rs").to_string()).collect();
    assert_eq!(programs, known, "programs");
    for (target, run) in targets() {
        let folder = root.join("seeds").join(target);
        let seeds = names(folder.clone());
        let accepted = seeds
            .iter()
            .filter(|name| {
                let seed = fs::read(folder.join(name)).unwrap();
                panic::catch_unwind(|| run(&seed)).unwrap_or_else(|_| panic!("{target}: seed {name}"))
            })
            .count();
        println!("{target:<10}{:>5} seeds, {accepted} accepted", seeds.len());
        assert!(accepted >= 3 && accepted < seeds.len(), "{target}: {accepted} of {} are accepted", seeds.len());
    }
}
