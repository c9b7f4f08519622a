//! Cargo wants a build script where `links` is set. There is nothing to build.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
