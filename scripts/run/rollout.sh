#!/usr/bin/env bash
# Tests rollouts: deploys, injects faults and reloads with hundreds of visitors, prints a table, and fails if
# a visitor has lost anything.
#     scripts/run/rollout.sh           several minutes
#     scripts/run/rollout.sh -short    two minutes; -help lists all options
# Tests bin/caddy or the binary in DOORS_CADDY; with -proxy pingora, builds and tests examples/pingora-proxy.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"

mkdir -p -- "$doors_root/bin"
(cd -- "$doors_root/tests/e2e" && go build -o "$doors_root/bin/rollout" ./rollout)
binary=${DOORS_CADDY:-$doors_root/bin/caddy}
if [[ " $* " =~ \ --?proxy[\ =]pingora\  ]]; then
    CARGO_TARGET_DIR=$doors_root/target/pingora cargo build --quiet --locked --manifest-path "$doors_root/examples/pingora-proxy/Cargo.toml"
    binary=$doors_root/target/pingora/debug/doors-pingora-proxy
fi
exec "$doors_root/bin/rollout" -binary "$binary" "$@"
