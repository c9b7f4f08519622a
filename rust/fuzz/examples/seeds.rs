//! Writes the seeds of all targets, rust/fuzz/seeds/TARGET/NUMBER, from the vectors. Run it with `cargo run
//! --example seeds`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

type Seeds = BTreeSet<Vec<u8>>;

/// Longer seeds slow down every run, and a few of each kind are enough.
const LONGEST: usize = 1500;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = |name: &str| -> Value {
        let file = root.join(format!("../../tests/vectors/{name}.json"));
        serde_json::from_slice(&fs::read(file).expect("the vectors")).expect("vectors are JSON")
    };
    let decisions = vectors("decisions");
    for (target, seeds) in [
        ("token", token(&vectors("tokens"))),
        ("decision", decision(&decisions)),
        ("cidrs", cidrs(&vectors("cidrs"))),
        ("config", config(&vectors("config"), &decisions)),
        ("c_api", c_api()),
    ] {
        let folder = root.join("seeds").join(target);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let seeds = seeds.into_iter().filter(|seed| seed.len() <= LONGEST);
        for (number, seed) in seeds.enumerate() {
            fs::write(folder.join(format!("{number:03}")), seed).expect("a file");
        }
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().expect("a list of vectors")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

fn token(vectors: &Value) -> Seeds {
    let accepted = list(vectors, "accepted").iter().take(30).map(|one| text(&one["token"]).into_bytes());
    let refused = list(vectors, "refused").iter().step_by(5).map(|one| text(&one["token"]).into_bytes());
    let mut seeds: Seeds = accepted.chain(refused).collect();
    for length in [0, 4, 15, 16, 17, 32] {
        for key in [0u8, 1, 5, 200] {
            seeds.insert([&[0, key][..], &[9; 12], &vec![10; length]].concat());
        }
        seeds.insert([&[1][..], &vec![10; length]].concat());
    }
    seeds
}

fn decision(vectors: &Value) -> Seeds {
    let mut seeds = Seeds::new();
    for (number, router) in (0u8..).zip(list(vectors, "routers")) {
        for (index, request) in list(router, "requests").iter().enumerate() {
            if index < 16 || index % 4 == 0 {
                let (path, cookies) = (text(&request["path"]), text(&request["cookies"]));
                seeds.insert([&[number][..], path.as_bytes(), b"\n", cookies.as_bytes()].concat());
            }
        }
        // Tokens that the target creates.
        for made in [0x80, 0x92, 0xa4] {
            seeds.insert([&[number][..], b"/~/", &[made], b"/s/1\n"].concat());
            seeds.insert([&[number][..], b"/page\nother=1; upstream=", &[made], b"; upstream=x"].concat());
        }
    }
    seeds
}

fn cidrs(vectors: &Value) -> Seeds {
    let join = |values: &Value, name: &str| list(values, name).iter().map(text).collect::<Vec<_>>().join(" ");
    let tables = list(vectors, "tables").iter().map(|table| {
        let asked: Vec<String> = list(table, "lookups").iter().map(|lookup| text(&lookup["address"])).collect();
        format!("{}|{}", join(table, "cidrs"), asked.join(" ")).into_bytes()
    });
    tables.chain(list(vectors, "refused").iter().step_by(2).map(|one| join(one, "cidrs").into_bytes())).collect()
}

fn config(vectors: &Value, decisions: &Value) -> Seeds {
    let accepted = list(vectors, "accepted").iter().map(|one| text(&one["json"]).into_bytes());
    let refused = list(vectors, "refused").iter().step_by(3).map(|one| text(&one["json"]).into_bytes());
    let routers = list(decisions, "routers").iter().map(|router| router["config"].to_string().into_bytes());
    accepted.chain(refused).chain(routers).collect()
}

/// Calls, by their numbers in the target. A length below 100 stands for a valid input.
fn c_api() -> Seeds {
    let ready: &[u8] = &[0, 0, 1, 0, 2, 0];
    let token: &[u8] = &[3, 0, 10, 0, 0, 7, 60];
    // A state and a source; a page load, or a hook with the token; the due lookups and their answer.
    let flow: &[u8] = &[14, 0, 1, 0, 0, 0, 4, 0, 0, 99, 0, 0, 0];
    let page = [&[14, 0, 1, 0, 0, 1], &b"/h/"[..], &[104, b'/', b'x', 100, 1, 0]].concat();
    let hook = [&[14, 0, 1, 0, 0, 1], &b"/h/"[..], &[0, 100, 3, 1]].concat();
    let due: &[u8] = &[14, 0, 1, 0, 0, 15, 14, 0, 1, 0, 0, 17, 2, 0, 10, 0, 0, 7, 0, 10, 0, 0, 8, 0, 2];
    let end = [14, 0, 1, 0, 0, 13];
    let all = |parts: &[&[u8]]| parts.concat();
    Seeds::from([
        all(&[ready, token, b"\x05/s/\x00\x00"]),
        all(&[ready, token, b"\x05/h/\x00\x64", &[4, 0, 6, 0, 10, 0, 0, 7, 7, 0, 7, 1, 7, 2, 8, 0]]),
        all(&[ready, token, b"\x05/r/\x67/\x00", &[11, 0, 11, 1, 11, 2], token]),
        all(&[ready, &[3, 130], &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 60], b"\x05/s/\x00\x00"]),
        all(&[ready, &[3, 0, 10, 0, 0, 7, 20, 3, 203, 1, 2, 3, 60, 4, 100, 4, 101]]),
        all(&[ready, &[9, 3, 0, 9, 4, 0, 9, 1, 110, b'x', b'y', 9, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1]]),
        all(&[ready, &[12, 255, 255, 255, 255, 0, 0, 0, 0, 13, 0, 0, 13, 0, 1, 13, 1, 0]]),
        all(&[&[0, 101, 1, 100, 2, 101], ready, &[0, 0, 2, 0]]),
        all(&[ready, token, flow, &page, due, &[14, 0, 1, 0, 0, 7], &[14, 0, 1, 0, 2, 6], &end]),
        all(&[
            ready,
            token,
            flow,
            &hook,
            due,
            &[14, 0, 1, 0, 1, 14],
            &[14, 0, 1, 0, 0, 12],
            &[14, 0, 1, 0, 0, 18],
            &end,
        ]),
    ])
}
