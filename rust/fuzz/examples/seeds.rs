//! Writes the seeds of all targets, rust/fuzz/seeds/TARGET/NUMBER, from the vectors: `cargo run --example seeds`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

type Seeds = BTreeSet<Vec<u8>>;

/// Longer ones slow every run down, and a few of each kind are enough.
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
        ("pods", pods()),
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
        // Tokens made by the target.
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

/// Each event is a pause, what happened, the pod (from 64 and from 128: of another server), the path.
fn pods() -> Seeds {
    let story = |options: [u8; 3], events: &[[u8; 4]]| [&options[..], &events.concat()].concat();
    let mut blip = vec![[0, 0, 1, 0]];
    blip.extend([[6, 2, 0, 0]; 30]);
    blip.extend([[6, 7, 0, 0], [1, 7, 0, 1], [1, 0, 0, 0], [1, 7, 0, 0]]);
    let mut all_down = vec![[0, 0, 0, 0], [0, 0, 1, 0]];
    all_down.extend([[6, 2, 0, 0], [0, 2, 1, 0]].repeat(15));
    // Nobody else uses the upstream, until the caller looks for a witness.
    let mut alone = vec![[6, 2, 0, 0]; 12];
    alone.extend([[0, 0, 1, 4], [0, 7, 0, 0], [7, 7, 0, 0]]);
    let drops = [[6, 5, 1, 0], [0, 7, 0, 1], [0, 0, 0, 1], [0, 6, 0, 1]].repeat(12);
    // One after the other works and is forgotten, while one fails.
    let crowd: Vec<[u8; 4]> =
        (0..24).flat_map(|n| [[6, 0, 1 + n % 5, 2], [0, 2, 0, 0], [0, 11, 1 + n % 4, 0]]).collect();
    let waits =
        [[0, 1, 0, 0], [0, 10, 0, 2], [6, 10, 1, 2], [0, 10, 3, 2], [0, 0, 1, 4], [0, 10, 0, 2], [11, 10, 255, 2]];
    Seeds::from([
        story([0, 0, 5], &[[0, 1, 0, 0], [0, 7, 0, 0], [6, 7, 0, 0], [0, 0, 0, 0], [0, 7, 0, 0]]),
        story([1, 1, 5], &blip),
        story([2, 2, 1], &blip),
        story([0, 3, 3], &blip),
        story([2, 0, 5], &all_down),
        story([2, 0, 5], &alone),
        story([2, 1, 3], &drops),
        story([1, 0, 2], &crowd),
        story([2, 0, 33], &waits),
        story(
            [0, 1, 5],
            &[[0, 1, 0, 0], [0, 7, 0, 0], [0, 7, 0, 0], [0, 9, 0, 0], [0, 9, 64, 0], [0, 31, 3, 0], [0, 7, 0, 0]],
        ),
        story(
            [0, 3, 5],
            &[
                [0, 139, 1, 0],
                [6, 11, 1, 0],
                [0, 14, 1, 0],
                [1, 0, 5, 0],
                [0, 142, 1, 0],
                [10, 11, 5, 0],
                [1, 14, 5, 0],
            ],
        ),
        story(
            [3, 3, 0],
            &[[0, 5, 130, 2], [14, 2, 129, 0], [14, 2, 129, 0], [0, 3, 0, 0], [0, 4, 0, 0], [9, 47, 68, 0]],
        ),
    ])
}

/// Calls by their numbers in the target; a length below 100 stands for an input that is known to be good.
fn c_api() -> Seeds {
    let ready: &[u8] = &[0, 0, 1, 0, 2, 0, 3, 9];
    let token: &[u8] = &[4, 0, 10, 0, 0, 7, 60];
    // A state and a source; a page load, or a hook with the token; the lookups that are due, and their answer.
    let flow: &[u8] = &[26, 0, 1, 0, 0, 0, 4, 0, 0, 99, 0, 0, 0];
    let page = [&[26, 0, 1, 0, 0, 1], &b"/h/"[..], &[104, b'/', b'x', 100, 1, 0]].concat();
    let hook = [&[26, 0, 1, 0, 0, 1], &b"/h/"[..], &[0, 100, 3, 1]].concat();
    let due: &[u8] = &[26, 0, 1, 0, 0, 15, 26, 0, 1, 0, 0, 17, 2, 0, 10, 0, 0, 7, 0, 10, 0, 0, 8, 0, 2];
    let end = [26, 0, 1, 0, 0, 13];
    let all = |parts: &[&[u8]]| parts.concat();
    Seeds::from([
        all(&[ready, token, b"\x06/s/\x00\x00"]),
        all(&[ready, token, b"\x06/h/\x00\x64", &[5, 0, 8, 0, 10, 0, 0, 7, 9, 0, 9, 1, 9, 2, 10, 0]]),
        all(&[ready, token, b"\x07/r/\x67/\x00", &[13, 0, 13, 1, 13, 2, 13, 3], token]),
        all(&[ready, &[4, 130], &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 60], b"\x06/s/\x00\x00"]),
        all(&[ready, &[4, 0, 10, 0, 0, 7, 20, 4, 203, 1, 2, 3, 60, 5, 100, 5, 101]]),
        all(&[ready, &[11, 3, 0, 11, 4, 0, 11, 1, 110, b'x', b'y', 11, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 1]]),
        all(&[ready, &[16, 9, 1, 1, 1, 1, 2, 1, 0, 10, 0, 0, 7, 80, 15, 9, 1, 1, 1, 1, 0, 1, 0, 10, 0, 0, 7, 80]]),
        all(&[ready, &[17, 255, 1, 1, 1, 1, 3, 1, 0, 10, 0, 0, 7, 80, 18, 9, 1, 1, 1, 1, 2, 0]]),
        all(&[
            ready,
            &[19, 9, 1, 1, 1, 1, 2, 2, 0, 10, 0, 0, 7, 80, 0, 10, 0, 0, 8, 80, 14, 255, 255, 255, 255, 0, 0, 0, 0],
        ]),
        all(&[
            ready,
            &[
                22, 9, 1, 1, 1, 1, 2, 1, 0, 10, 0, 0, 7, 80, 21, 3, 0, 10, 0, 0, 7, 80, 1, 1, 20, 0, 0, 20, 0, 1, 20,
                1, 0,
            ],
            &[23, 9, 1, 1, 1, 1, 2, 1, 0, 10, 0, 0, 7, 80, 21, 0, 0, 10, 0, 0, 7, 80, 1, 1],
        ]),
        all(&[&[0, 101, 1, 100, 2, 101], ready, &[0, 0, 2, 0]]),
        all(&[ready, token, flow, &page, due, &[26, 0, 1, 0, 0, 7], &[26, 0, 1, 0, 2, 6], &end]),
        all(&[
            ready,
            token,
            flow,
            &hook,
            due,
            &[26, 0, 1, 0, 1, 14],
            &[26, 0, 1, 0, 0, 12],
            &[26, 0, 1, 0, 0, 18],
            &end,
        ]),
    ])
}
