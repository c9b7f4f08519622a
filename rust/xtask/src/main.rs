//! `cargo run -p xtask -- NAME [--check]`: writes a generated file, or with --check fails and prints the
//! differing lines.
//!
//! | NAME | file | source |
//! |---|---|---|
//! | header | include/doors_caddy.h | rust/capi/src |
//! | abi | rust/capi/abi.json | the header and the compiled layouts |
//! | reference | docs/c-api.md and docs/c-api | the header |
//! | python | bindings/python/src/doors_caddy/numbers.py | the header |
//! | ctypes | bindings/python/src/doors_caddy/_native/declarations.py | the header |
//! | node | bindings/node/src/numbers.ts | the header |
//! | java | Numbers.java and c/Abi.java in bindings/java | the header |

use std::fs;
use std::path::Path;
use std::process::ExitCode;

mod abi;
mod enums;
mod groups;
mod header;
mod java;
mod numbers;
mod pages;
mod parse;
mod python;
mod reference;

const USAGE: &str = "usage: cargo run -p xtask -- header|abi|reference|python|ctypes|node|java [--check]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, check) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [task] => (task, false),
        [task, "--check"] => (task, true),
        _ => ("", false),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it lies in rust/xtask");
    let Some(files) = files(task, root) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let delivered = files
        .and_then(|files| files.iter().try_for_each(|(file, fresh)| deliver(task, &root.join(file), fresh, check)));
    match delivered {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{task}: {error}");
            ExitCode::FAILURE
        }
    }
}

type Files = Vec<(String, String)>;

/// The files of a task and their contents. `None` for an unknown task.
fn files(task: &str, root: &Path) -> Option<Result<Files, String>> {
    let one = |file: &str, text: String| vec![(file.to_string(), text)];
    Some(match task {
        "header" => header::generate(&root.join("rust/capi/src")).map(|text| one("include/doors_caddy.h", text)),
        "abi" => items(root).and_then(|(_, items)| Ok(one("rust/capi/abi.json", abi::describe(&items)?))),
        "python" => items(root)
            .and_then(|(_, items)| Ok(one("bindings/python/src/doors_caddy/numbers.py", python::numbers(&items)?))),
        "ctypes" => items(root).and_then(|(_, items)| {
            Ok(one("bindings/python/src/doors_caddy/_native/declarations.py", python::declarations(&items)?))
        }),
        "node" => items(root).and_then(|(_, items)| Ok(one("bindings/node/src/numbers.ts", numbers::node(&items)?))),
        "java" => items(root).and_then(|(_, items)| {
            let folder = "bindings/java/src/main/java/dev/doors/caddy";
            Ok(vec![
                (format!("{folder}/Numbers.java"), java::numbers(&items)?),
                (format!("{folder}/c/Abi.java"), java::interface(&items, &abi::layouts())?),
            ])
        }),
        "reference" => items(root).and_then(|(rules, items)| reference::render(&rules, &items)),
        _ => return None,
    })
}

fn items(root: &Path) -> Result<(String, Vec<parse::Item>), String> {
    parse::parse(&header::generate(&root.join("rust/capi/src"))?)
}

fn deliver(task: &str, path: &Path, fresh: &str, check: bool) -> Result<(), String> {
    let committed = fs::read_to_string(path).unwrap_or_default();
    if committed == fresh {
        return Ok(());
    }
    if task == "abi" && !committed.is_empty() {
        let breaks = abi::breaks(&committed, fresh)?;
        if !breaks.is_empty() {
            let list = breaks.join("\n  ");
            return Err(format!(
                "existing programs would break, so raise DOORS_ABI and the minor version, and say so in \
                 CHANGELOG.md:\n  {list}"
            ));
        }
    }
    if check {
        print_difference(&committed, fresh);
        return Err(format!("{} differs from its source; run: cargo run -p xtask -- {task}", path.display()));
    }
    let folder = path.parent().expect("a file in the repository");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, fresh))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Prints the lines between the common start and the common end of both texts.
fn print_difference(old: &str, new: &str) {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(old, new)| old == new).count();
    eprintln!("@@ line {} @@", start + 1);
    old[start..old.len() - end].iter().for_each(|line| eprintln!("-{line}"));
    new[start..new.len() - end].iter().for_each(|line| eprintln!("+{line}"));
}
