#!/usr/bin/env bash
# In:  the version in scripts/versions.sh.
# Out: cargo-fuzz, which builds the fuzz targets, in the cache folder; built there once, in a minute or two.
#      Its path is the last line printed.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/versions.sh"

folder=$DOORS_CACHE/cargo-fuzz-$cargo_fuzz_version
if [ ! -x "$folder/bin/cargo-fuzz" ]; then
    printf 'cargo-fuzz.sh: building cargo-fuzz %s\n' "$cargo_fuzz_version" >&2
    build=$folder.$$
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf -- '$build'" EXIT
    # As cargo-c.sh does, for the same reasons.
    CARGO_TARGET_DIR=$build/target CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 \
        cargo install --quiet --locked --debug --version "$cargo_fuzz_version" --root "$build" cargo-fuzz >&2
    rm -rf -- "$build/target" "$folder"
    mv -- "$build" "$folder"
fi
printf '%s\n' "$folder/bin/cargo-fuzz"
