#!/usr/bin/env bash
# The proof of rollouts: deploys, harms and reloads under hundreds of visitors, prints a table, and fails if a visitor has
# lost anything.  scripts/rollout.sh           several minutes
#                 scripts/rollout.sh -short    two minutes; -help lists all options
# It tests bin/caddy, or the one that DOORS_CADDY names; with -proxy pingora it builds and tests examples/pingora-proxy.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"

mkdir -p -- "$doors_root/bin"
(cd -- "$doors_root/tests/e2e" && go build -o "$doors_root/bin/rollout" ./rollout)
binary=${DOORS_CADDY:-$doors_root/bin/caddy}
if [[ " $* " =~ \ --?proxy[\ =]pingora\  ]]; then
    CARGO_TARGET_DIR=$doors_root/target/pingora cargo build --quiet --locked --manifest-path "$doors_root/examples/pingora-proxy/Cargo.toml"
    binary=$doors_root/target/pingora/debug/doors-pingora-proxy
fi
exec "$doors_root/bin/rollout" -binary "$binary" "$@"
