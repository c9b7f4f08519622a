#!/usr/bin/env bash
# In:  a name, and its version in scripts/versions.sh:
#          cargo-c       installs a Rust crate as a C library; minutes to build
#          cargo-fuzz    builds the fuzz targets; a minute or two
#          cargo-mutants finds code that no test looks at; a minute or two
# Out: that tool in the cache folder, built there once. The path of its program is the last line printed.
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
    # Not optimised: it starts compilers and has nothing else to do. Made beside and moved, so that a
    # build that is interrupted leaves nothing that looks finished.
    CARGO_TARGET_DIR=$build/target CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 \
        cargo install --quiet --locked --debug --version "$version" --root "$build" "$name" >&2
    rm -rf -- "$build/target" "$folder"
    mv -- "$build" "$folder"
fi
printf '%s\n' "$folder/bin/$program"
