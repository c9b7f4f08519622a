#!/usr/bin/env bash
# Builds a Cargo tool into the cache folder, unless it is there, and prints the path of its program as the
# last line. The version is in scripts/versions.sh. The tools:
#     cargo-c       installs a Rust crate as a C library; takes minutes to build
#     cargo-fuzz    builds the fuzz targets; takes a minute or two
#     cargo-mutants finds untested code; takes a minute or two
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/versions.sh"

name=${1:-}
case $name in
cargo-c) version=$cargo_c_version program=cargo-cinstall ;;
cargo-fuzz) version=$cargo_fuzz_version program=cargo-fuzz ;;
cargo-mutants) version=$cargo_mutants_version program=cargo-mutants ;;
*)
    printf 'usage: scripts/cargo-tool.sh cargo-c|cargo-fuzz|cargo-mutants\n' >&2
    exit 2
    ;;
esac

folder=$DOORS_CACHE/$name-$version
if [ ! -x "$folder/bin/$program" ]; then
    printf 'cargo-tool.sh: building %s %s\n' "$name" "$version" >&2
    build=$folder.$$
    trap 'rm -rf -- "$build"' EXIT
    # Unoptimised, because it only starts compilers. Built elsewhere and then moved, so that an interrupted
    # build leaves nothing that looks complete.
    CARGO_TARGET_DIR=$build/target CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 \
        cargo install --quiet --locked --debug --version "$version" --root "$build" "$name" >&2
    rm -rf -- "$build/target" "$folder"
    mv -- "$build" "$folder"
fi
printf '%s\n' "$folder/bin/$program"
