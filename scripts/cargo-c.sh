#!/usr/bin/env bash
# In:  the version in scripts/versions.sh.
# Out: cargo-c, which installs a Rust crate as a C library, in the cache folder; built there once, in minutes.
#      Its path is the last line printed.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/versions.sh"

folder=$DOORS_CACHE/cargo-c-$cargo_c_version
if [ ! -x "$folder/bin/cargo-cinstall" ]; then
    printf 'cargo-c.sh: building cargo-c %s\n' "$cargo_c_version" >&2
    build=$folder.$$
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf -- '$build'" EXIT
    # Not optimised: it starts compilers and has nothing else to do. Made beside and moved, so that a
    # build that is interrupted leaves nothing that looks finished.
    CARGO_TARGET_DIR=$build/target CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 \
        cargo install --quiet --locked --debug --version "$cargo_c_version" --root "$build" cargo-c >&2
    rm -rf -- "$build/target" "$folder"
    mv -- "$build" "$folder"
fi
printf '%s\n' "$folder/bin/cargo-cinstall"
