//! Does nothing. Cargo requires a build script if `links` is set.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
