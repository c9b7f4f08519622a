# shellcheck shell=bash disable=SC2034
# The versions used by the scripts. Sourced, never run. scripts/test/versions.sh compares them with
# Cargo.toml, the go.mod files and tools/go.mod.

caddy_default=v2.11.9 # bin/caddy; the version in caddy/go.mod
xcaddy_version=v0.4.7 # the version in tools/go.mod
rust_least=1.89       # rust-version in Cargo.toml
go_least=1.26.0       # the minimum for Caddy ${caddy_default}
cargo_c_version=0.10.24+cargo-0.98.0 # the last version that Rust 1.95 can build
cargo_fuzz_version=0.13.2
cargo_mutants_version=27.1.0
