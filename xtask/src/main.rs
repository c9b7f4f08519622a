//! `cargo run -p xtask -- header [--check]`: writes include/doors_caddy.h from rust/src/ffi, or fails with the lines
//! that differ.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

mod header;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["header"] => false,
        ["header", "--check"] => true,
        _ => {
            eprintln!("usage: cargo run -p xtask -- header [--check]");
            return ExitCode::from(2);
        }
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    let path = root.join("include/doors_caddy.h");
    let fresh = match header::generate(&root.join("rust/src/ffi")) {
        Ok(fresh) => fresh,
        Err(error) => {
            eprintln!("header: {error}");
            return ExitCode::FAILURE;
        }
    };
    if !check {
        return match fs::write(&path, fresh) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                ExitCode::FAILURE
            }
        };
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    if committed == fresh {
        return ExitCode::SUCCESS;
    }
    print_difference(&committed, &fresh);
    eprintln!("{} is not what its source says; run: cargo run -p xtask -- header", path.display());
    ExitCode::FAILURE
}

/// The lines between the common start and the common end of both texts.
fn print_difference(old: &str, new: &str) {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(old, new)| old == new).count();
    eprintln!("@@ line {} @@", start + 1);
    old[start..old.len() - end].iter().for_each(|line| eprintln!("-{line}"));
    new[start..new.len() - end].iter().for_each(|line| eprintln!("+{line}"));
}
